#include "record/fields.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void fields_time(struct json *j, const char *key, struct wall start, struct media at)
{
	char text[WALL_TEXT_SIZE];
	wall_format((struct wall){start.us + at.us}, text, sizeof(text));
	json_member_string(j, key, text);
}

void fields_seconds(struct json *j, const char *key, struct media at)
{
	json_member_real(j, key, media_seconds(at), 6);
}

void fields_box(struct json *j, struct box box)
{
	const float sides[] = {box.x1, box.y1, box.x2, box.y2};
	json_key(j, "bbox");
	json_array(j);
	for (int i = 0; i < 4; i++)
		json_real(j, sides[i], 1);
	json_array_end(j);
}

/* "km/h" as the end of a name: "kmh". */
static void unit_suffix(const char *unit, char *suffix, size_t size)
{
	size_t n = 0;
	for (; *unit && n + 1 < size; unit++)
		if ((*unit >= 'a' && *unit <= 'z') || (*unit >= '0' && *unit <= '9'))
			suffix[n++] = *unit;
	suffix[n] = '\0';
}

static void quantity(struct json *j, const char *name, const char *suffix, double value)
{
	char key[48];
	if (!isfinite(value))
		return;
	snprintf(key, sizeof(key), "%s_%s", name, suffix);
	json_member_real(j, key, value, 3);
}

/* What was measured, where the rule is about a number; the unit is in every name. */
static void measurement(struct json *j, const struct violation *v)
{
	char suffix[16];
	if (!v->unit || !v->unit[0])
		return;
	unit_suffix(v->unit, suffix, sizeof(suffix));
	quantity(j, "measured", suffix, v->measured);
	quantity(j, "uncertainty", suffix, v->uncertainty);
	quantity(j, "limit", suffix, v->limit);
	quantity(j, "tolerance", suffix, v->tolerance);
}

void fields_violation(
	struct json *j, const struct violation *v, const char *device_id, struct wall start)
{
	json_member_string(j, "violation_type", violation_kind_name(v->kind));
	json_member_string(j, "rule", v->rule_name);
	json_member_string(j, "device_id", device_id);
	fields_time(j, "timestamp", start, v->at);
	json_member_string(j, "severity", severity_name(v->severity));
	json_member_int(j, "track_id", v->track_id);
	json_member_string(j, "class_name", road_user_name(v->road_user));
	fields_box(j, v->box);
	fields_seconds(j, "media_s", v->at);
	fields_seconds(j, "from_s", v->from);
	fields_seconds(j, "to_s", v->to);
	measurement(j, v);
	json_member_string(j, "explanation", v->explanation);
	if (v->truth_id >= 0) {
		json_member_int(j, "truth_id", v->truth_id);
	}
}
