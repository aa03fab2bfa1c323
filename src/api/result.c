#include "api/result.h"

#include "base/units.h"
#include "record/trails.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct api_result {
	struct trails *trails;
	struct media last_media;
	struct wall last_wall;
	struct gantry_detection detections[DETECTIONS_MAX];
	struct gantry_tracked_vehicle vehicles[TRACKS_MAX];
	struct gantry_point trails_out[TRACKS_MAX][GANTRY_TRAJECTORY_MAX];
	struct gantry_violation violations[VIOLATIONS_MAX];
};

_Static_assert(GANTRY_TRAJECTORY_MAX == TRAIL_MAX, "a trajectory is a whole trail");

int api_result_create(struct api_result **ret_result)
{
	struct api_result *result = calloc(1, sizeof(*result));
	if (!result || trails_create(&result->trails) < 0) {
		api_result_destroy(&result);
		return -ENOMEM;
	}
	*ret_result = result;
	return 0;
}

void api_result_destroy(struct api_result **result)
{
	struct api_result *r = *result;
	*result = NULL;
	if (!r)
		return;
	trails_destroy(&r->trails);
	free(r);
}

static void box_out(struct box box, float out[4])
{
	out[0] = box.x1;
	out[1] = box.y1;
	out[2] = box.x2;
	out[3] = box.y2;
}

static int detections_out(
	struct api_result *r, const struct detections *in, double confidence_threshold)
{
	int count = 0;
	for (int i = 0; i < in->count; i++) {
		const struct detection *d = &in->items[i];
		if (d->confidence_ratio < confidence_threshold)
			continue;
		struct gantry_detection *out = &r->detections[count++];
		box_out(d->box, out->bbox);
		out->confidence = d->confidence_ratio;
		out->class_name = road_user_name(d->road_user);
	}
	return count;
}

static int trail_out(struct api_result *r, uint32_t track_id, int slot)
{
	const struct trail_point *points;
	int count = trails_get(r->trails, track_id, &points);
	for (int i = 0; i < count; i++)
		r->trails_out[slot][i] = (struct gantry_point){points[i].x, points[i].y};
	return count;
}

static void vehicle_out(struct api_result *r, const struct measure *m, int slot)
{
	bool measured = m->speed_status == SPEED_OK;
	struct gantry_tracked_vehicle *out = &r->vehicles[slot];
	*out = (struct gantry_tracked_vehicle){
		.track_id = m->track.id,
		.confidence = m->track.confidence_ratio,
		.class_name = road_user_name(m->track.road_user),
		.trajectory = r->trails_out[slot],
		.trajectory_count = trail_out(r, m->track.id, slot),
		.speed_status = speed_status_name(m->speed_status),
		.speed_kmh = measured ? m->speed_mps * KMH_PER_MPS : NAN,
		.speed_uncertainty_kmh =
			measured ? INTERVAL_95 * m->speed_sigma_mps * KMH_PER_MPS : NAN,
		.lost = m->track.state == TRACK_LOST,
	};
	box_out(m->track.box, out->bbox);
}

static int vehicles_out(struct api_result *r, const struct measures *in)
{
	int count = 0;
	for (int i = 0; i < in->count; i++)
		if (in->items[i].track.state != TRACK_TENTATIVE)
			vehicle_out(r, &in->items[i], count++);
	return count;
}

static void violation_out(const struct api_result *r, const struct scene *scene,
	const struct violation *v, struct gantry_violation *out)
{
	*out = (struct gantry_violation){
		.violation_type = violation_kind_name(v->kind),
		.device_id = scene->pipeline.device_id,
		.media_time_us = v->at.us,
		.severity = severity_name(v->severity),
		.track_id = v->track_id,
		.class_name = road_user_name(v->road_user),
		.rule = v->rule_name,
		.measured = v->measured,
		.uncertainty = v->uncertainty,
		.limit = v->limit,
		.tolerance = v->tolerance,
		.unit = v->unit,
		.explanation = v->explanation,
	};
	box_out(v->box, out->bbox);
	struct wall at = {r->last_wall.us - (r->last_media.us - v->at.us)};
	wall_format(at, out->timestamp, sizeof(out->timestamp));
}

static int violations_out(
	struct api_result *r, const struct scene *scene, const struct violations *in)
{
	for (int i = 0; i < in->count; i++)
		violation_out(r, scene, &in->items[i], &r->violations[i]);
	return in->count;
}

void api_result_fill(struct api_result *result, const struct scene *scene,
	const struct frame *frame, const struct pipeline_result *in, struct gantry_result *out)
{
	trails_step(result->trails, &in->measures);
	result->last_media = frame->media;
	result->last_wall = frame->wall;
	*out = (struct gantry_result){
		.success = true,
		.media_time_us = frame->media.us,
		.detection_count = detections_out(
			result, &in->detections, scene->pipeline.confidence_threshold),
		.detections = result->detections,
		.tracked_vehicle_count = vehicles_out(result, &in->measures),
		.tracked_vehicles = result->vehicles,
		.violation_count = violations_out(result, scene, &in->violations),
		.violations = result->violations,
	};
}

void api_result_fill_late(struct api_result *result, const struct scene *scene,
	const struct violations *late, struct gantry_result *out)
{
	*out = (struct gantry_result){
		.success = true,
		.media_time_us = result->last_media.us,
		.violation_count = violations_out(result, scene, late),
		.violations = result->violations,
	};
}
