#include "cameras/message.h"

#include "base/units.h"
#include "record/fields.h"

/* The latest points of a path: enough to draw it, and no more for every frame. */
#define TRAJECTORY_POINTS 16

static void write_detections(struct json *json, const struct detections *detections)
{
	json_key(json, "detections");
	json_array(json);
	for (int i = 0; i < detections->count; i++) {
		const struct detection *d = &detections->items[i];
		json_object(json);
		fields_box(json, d->box);
		json_member_real(json, "confidence", (double)d->confidence_ratio, 3);
		json_member_string(json, "class_name", road_user_name(d->road_user));
		json_object_end(json);
	}
	json_array_end(json);
}

static void write_trajectory(struct json *json, const struct trails *trails, uint32_t track_id)
{
	const struct trail_point *points;
	int count = trails_get(trails, track_id, &points);
	json_key(json, "trajectory");
	json_array(json);
	for (int i = count > TRAJECTORY_POINTS ? count - TRAJECTORY_POINTS : 0; i < count; i++) {
		json_array(json);
		json_real(json, (double)points[i].x, 1);
		json_real(json, (double)points[i].y, 1);
		json_array_end(json);
	}
	json_array_end(json);
}

static void write_speed(struct json *json, const struct measure *m)
{
	if (m->speed_status != SPEED_OK) {
		json_member_string(json, "speed_status", speed_status_name(m->speed_status));
		return;
	}
	json_member_real(json, "speed_kmh", m->speed_mps * KMH_PER_MPS, 2);
	json_member_real(
		json, "speed_uncertainty_kmh", INTERVAL_95 * m->speed_sigma_mps * KMH_PER_MPS, 2);
}

static void write_vehicles(
	struct json *json, const struct measures *measures, const struct trails *trails)
{
	json_key(json, "tracked_vehicles");
	json_array(json);
	for (int i = 0; i < measures->count; i++) {
		const struct measure *m = &measures->items[i];
		if (m->track.state == TRACK_TENTATIVE)
			continue;
		json_object(json);
		json_member_int(json, "track_id", m->track.id);
		fields_box(json, m->track.box);
		json_member_string(json, "class_name", road_user_name(m->track.road_user));
		write_trajectory(json, trails, m->track.id);
		write_speed(json, m);
		json_object_end(json);
	}
	json_array_end(json);
}

static void write_violations(
	struct json *json, const struct message_about *about, const struct violations *violations)
{
	json_key(json, "violations");
	json_array(json);
	for (int i = 0; i < violations->count; i++) {
		json_object(json);
		fields_violation(json, &violations->items[i], about->device, about->start);
		json_object_end(json);
	}
	json_array_end(json);
}

static double cost_ms(const struct pipeline_cost *cost)
{
	return (double)(cost->detect_us + cost->track_us + cost->measure_us + cost->judge_us) *
	       1e-3;
}

void message_write(struct json *json, const struct message_about *about,
	const struct live_result *result, const struct trails *trails)
{
	static const struct detections none;
	const struct pipeline_result *p = result->pipeline;
	bool looked = result->look == PIPELINE_LOOKED;
	json_object(json);
	json_member_string(json, "type", "frame");
	json_member_string(json, "stream_id", about->stream);
	json_member_string(json, "device_id", about->device);
	fields_time(json, "timestamp", about->start, result->frame->media);
	json_member_int(json, "sequence", result->frame->sequence);
	json_member_int(json, "width_px", result->frame->width_px);
	json_member_int(json, "height_px", result->frame->height_px);
	json_member_int(json, "config_version", about->version);
	json_member_bool(json, "success", true);
	json_member_bool(json, "looked", looked);
	json_member_real(json, "processing_time_ms", cost_ms(&p->cost), 3);
	json_member_real(json, "latency_ms", result->latency_s * 1e3, 1);
	write_detections(json, looked ? &p->detections : &none);
	write_vehicles(json, &p->measures, trails);
	write_violations(json, about, &p->violations);
	json_object_end(json);
}
