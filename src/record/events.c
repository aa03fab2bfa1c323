#include "record/events.h"

#include "base/json.h"
#include "base/units.h"
#include "record/fields.h"
#include "record/lines.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT_VERSION 1

struct events {
	struct lines *lines;
	struct json json; /* of the line in progress */
	struct wall start;
	char *device_id;
};

int events_open(const char *path, struct err *err, struct events **ret_events)
{
	struct events *e = calloc(1, sizeof(*e));
	if (!e)
		return err_set(err, -ENOMEM, "%s: out of memory", path);
	int r = lines_open(path, err, &e->lines);
	if (r < 0) {
		events_close(&e, NULL);
		return r;
	}
	*ret_events = e;
	return 0;
}

int events_close(struct events **events, struct err *err)
{
	struct events *e = *events;
	*events = NULL;
	if (!e)
		return 0;
	int r = lines_close(&e->lines, err);
	json_finish(&e->json);
	free(e->device_id);
	free(e);
	return r;
}

static struct json *begin_line(struct events *e, const char *event)
{
	json_reset(&e->json);
	json_object(&e->json);
	json_member_string(&e->json, "event", event);
	return &e->json;
}

static int end_line(struct events *e, struct err *err)
{
	json_object_end(&e->json);
	json_raw(&e->json, "\n", 1);
	if (e->json.failed)
		return err_set(err, -ENOMEM, "events: out of memory");
	return lines_write(e->lines, e->json.text, e->json.length, err);
}

static void point(struct json *j, const char *key, struct vec2 p)
{
	json_key(j, key);
	json_array(j);
	json_real(j, p.x, 1);
	json_real(j, p.y, 1);
	json_array_end(j);
}

int events_begin(
	struct events *events, const struct events_run *run, struct wall start, struct err *err)
{
	struct events *e = events;
	free(e->device_id);
	e->device_id = strdup(run->device_id ? run->device_id : "");
	if (!e->device_id)
		return err_set(err, -ENOMEM, "events: out of memory");
	e->start = start;
	struct json *j = begin_line(e, "run");
	json_member_int(j, "format", FORMAT_VERSION);
	json_member_string(j, "gantry", GANTRY_VERSION);
	json_member_string(j, "source", run->source);
	json_member_string(j, "device_id", e->device_id);
	fields_time(j, "timestamp", start, (struct media){0});
	json_member_string(j, "detector", run->detector);
	json_member_int(j, "width_px", run->width_px);
	json_member_int(j, "height_px", run->height_px);
	if (run->duration_s > 0)
		json_member_real(j, "duration_s", run->duration_s, 3);
	json_member_bool(j, "calibrated", run->calibrated);
	if (run->calibrated)
		json_member_real(j, "calibration_rms_px", run->calibration_rms_px, 3);
	return end_line(e, err);
}

int events_violation(struct events *events, const struct violation *violation,
	const char *evidence_path, struct err *err)
{
	struct json *j = begin_line(events, "violation");
	fields_violation(j, violation, events->device_id, events->start);
	json_member_string(j, "evidence_path", evidence_path);
	return end_line(events, err);
}

int events_clip(struct events *events, const struct clip *clip, struct err *err)
{
	const struct violation *v = clip->violation;
	const char *kind = violation_kind_name(v->kind);
	struct json *j = begin_line(events, "clip");
	json_member_string(j, "violation_type", kind);
	json_member_string(j, "rule", v->rule_name[0] ? v->rule_name : kind);
	json_member_string(j, "device_id", events->device_id);
	fields_time(j, "timestamp", events->start, v->at);
	json_member_int(j, "track_id", v->track_id);
	fields_seconds(j, "media_s", v->at);
	fields_seconds(j, "from_s", clip->from);
	fields_seconds(j, "to_s", clip->to);
	json_member_string(j, "evidence_path", clip->record_path);
	json_member_string(j, "clip_path", clip->path);
	return end_line(events, err);
}

static void passage_speed(struct json *j, const struct passage *p)
{
	json_member_string(j, "speed_status", speed_status_name(p->speed_status));
	if (p->speed_status != SPEED_OK)
		return;
	json_member_real(j, "speed_kmh", p->speed_mps * KMH_PER_MPS, 2);
	json_member_real(
		j, "speed_uncertainty_kmh", INTERVAL_95 * p->speed_sigma_mps * KMH_PER_MPS, 2);
	fields_seconds(j, "speed_from_s", p->speed_from);
	fields_seconds(j, "speed_to_s", p->speed_to);
	fields_seconds(j, "speed_at_s", p->speed_at);
}

int events_passage(struct events *events, const struct passage *passage, struct err *err)
{
	const struct passage *p = passage;
	struct json *j = begin_line(events, "vehicle");
	json_member_string(j, "device_id", events->device_id);
	json_member_int(j, "track_id", p->track_id);
	json_member_string(j, "class_name", road_user_name(p->road_user));
	json_member_real(j, "class_share", (double)p->road_user_share, 3);
	fields_time(j, "first_seen", events->start, p->first);
	fields_time(j, "last_seen", events->start, p->last);
	fields_seconds(j, "first_s", p->first);
	fields_seconds(j, "last_s", p->last);
	json_member_int(j, "detection_count", p->update_count);
	point(j, "from_px", p->from_px);
	point(j, "to_px", p->to_px);
	passage_speed(j, p);
	json_key(j, "violations");
	json_array(j);
	for (int i = 0; i < VIOLATION_KIND_COUNT; i++)
		if (p->violation_kinds & 1u << i)
			json_string(j, violation_kind_name((enum violation_kind)i));
	json_array_end(j);
	if (p->truth_id >= 0)
		json_member_int(j, "truth_id", p->truth_id);
	return end_line(events, err);
}

int events_gap(struct events *events, struct media from, struct media to, struct err *err)
{
	struct json *j = begin_line(events, "gap");
	json_member_string(j, "device_id", events->device_id);
	fields_time(j, "timestamp", events->start, from);
	fields_seconds(j, "from_s", from);
	fields_seconds(j, "to_s", to);
	json_member_real(j, "missing_s", media_diff_s(to, from), 6);
	return end_line(events, err);
}

int events_crossing(struct events *events, const struct counts *counts,
	const struct crossing *crossing, struct err *err)
{
	const struct crossing *c = crossing;
	struct json *j = begin_line(events, "crossing");
	json_member_string(j, "device_id", events->device_id);
	json_member_string(j, "line", counts->lines[c->line].name);
	if (c->lane >= 0) {
		json_member_string(j, "lane", counts->lanes[c->lane].name);
		json_member_bool(j, "lane_unsure", c->lane_unsure);
	}
	json_member_string(j, "direction", crossing_direction_name(c->direction));
	json_member_int(j, "track_id", c->track_id);
	json_member_string(j, "class_name", road_user_name(c->road_user));
	fields_time(j, "timestamp", events->start, c->at);
	fields_seconds(j, "media_s", c->at);
	if (isfinite(c->occupied_s))
		json_member_real(j, "occupied_s", c->occupied_s, 3);
	if (c->truth_id >= 0)
		json_member_int(j, "truth_id", c->truth_id);
	return end_line(events, err);
}

static void count_members(struct json *j, const int count[ROAD_USER_COUNT])
{
	int total = 0;
	for (int i = 0; i < ROAD_USER_COUNT; i++)
		total += count[i];
	json_member_int(j, "total", total);
	json_key(j, "by_class");
	json_object(j);
	for (int i = 0; i < ROAD_USER_COUNT; i++)
		if (count[i] > 0)
			json_member_int(j, road_user_name((enum road_user)i), count[i]);
	json_object_end(j);
}

/* Nothing where the line has no lanes. */
static void lane_members(struct json *j, const struct counts *counts, int line, int direction)
{
	bool any = false;
	for (int i = 0; i < counts->lane_count; i++) {
		const struct lane_count *lane = &counts->lanes[i];
		if (lane->line != line)
			continue;
		if (!any) {
			json_key(j, "lanes");
			json_array(j);
		}
		any = true;
		json_object(j);
		json_member_string(j, "lane", lane->name);
		count_members(j, lane->count[direction]);
		json_member_int(j, "unsure", lane->unsure[direction]);
		json_object_end(j);
	}
	if (any)
		json_array_end(j);
}

static int one_count(
	struct events *e, const struct counts *counts, int line, int direction, struct err *err)
{
	struct json *j = begin_line(e, "count");
	json_member_string(j, "device_id", e->device_id);
	json_member_string(j, "line", counts->lines[line].name);
	json_member_string(
		j, "direction", crossing_direction_name((enum crossing_direction)direction));
	count_members(j, counts->lines[line].count[direction]);
	lane_members(j, counts, line, direction);
	return end_line(e, err);
}

int events_counts(struct events *events, const struct counts *counts, struct err *err)
{
	for (int i = 0; i < counts->line_count; i++)
		for (int k = 0; counts->lines[i].counting && k < CROSSING_DIRECTION_COUNT; k++) {
			int r = one_count(events, counts, i, k, err);
			if (r < 0)
				return r;
		}
	return 0;
}

int events_end(struct events *events, const struct events_run *run, bool complete,
	const char *reason, struct err *err)
{
	struct json *j = begin_line(events, "end");
	json_member_string(j, "device_id", events->device_id);
	json_member_bool(j, "complete", complete);
	json_member_string(j, "reason", reason);
	json_member_int(j, "frames_processed", run->frame_count);
	json_member_int(j, "frames_corrupt", run->corrupt_count);
	json_member_real(j, "duration_s", run->duration_s, 6);
	json_member_int(j, "vehicles_count", run->vehicle_count);
	json_member_int(j, "violations_count", run->violation_count);
	return end_line(events, err);
}
