#include "serve/violation_json.h"

#include "judge/violations.h"

#include <stdio.h>

static const char *const severities[] = {"low", "medium", "high", "critical", NULL};
static const char *const reviews[] = {"open", "confirmed", "rejected", NULL};

static const struct form_field file_fields[] = {
	{"role", FORM_STRING, .help = "scene, vehicle, record or clip"},
	{"url", FORM_STRING, .help = "where it is"},
	{"bytes", FORM_INT, .help = "its size"},
	{"sha256", FORM_STRING, .help = "its seal"},
	{0},
};
static const struct form file_form = {"EvidenceFile", file_fields, NULL};

static const struct form_field fields[] = {
	{"id", FORM_INT, .help = "grows; never used again"},
	{"violation_type", FORM_STRING, .help = "speed_violation, red_light, ..."},
	{"device_id", FORM_STRING, .help = "the camera"},
	{"timestamp", FORM_TIME, .help = "of the deed"},
	{"severity", FORM_WORD, .words = severities, .help = "low to critical"},
	{"rule", FORM_STRING, .nullable = true, .help = "its name in the scene"},
	{"class_name", FORM_STRING, .nullable = true, .help = "car, truck, ..."},
	{"plate", FORM_STRING, .nullable = true, .help = "number plate, where one was read"},
	{"track_id", FORM_INT, .nullable = true, .help = "of the road user"},
	{"measured", FORM_REAL, .nullable = true, .help = "in `unit`"},
	{"uncertainty", FORM_REAL, .nullable = true, .help = "half of the 95 % interval"},
	{"limit", FORM_REAL, .nullable = true, .help = "what was allowed"},
	{"tolerance", FORM_REAL, .nullable = true, .help = "what the rule adds to it"},
	{"unit", FORM_STRING, .nullable = true, .help = "km/h, s, m, deg"},
	{"bbox", FORM_ANY, .help = "[x1, y1, x2, y2] in source pixels, or null"},
	{"explanation", FORM_STRING, .max = 512, .nullable = true, .help = "a sentence"},
	{"evidence_path", FORM_STRING, .max = 4096, .nullable = true, .help = "the record's URL"},
	{"config_version", FORM_INT, .nullable = true,
		.help = "version of the stream's configuration that judged it"},
	{"review", FORM_WORD, .words = reviews, .help = "what a person said"},
	{"review_reason", FORM_STRING, .max = 500, .nullable = true, .help = "why"},
	{"review_note", FORM_STRING, .max = 2000, .nullable = true, .help = "for colleagues"},
	{"reviewed_by", FORM_STRING, .nullable = true, .help = "the token's name"},
	{"reviewed_at", FORM_TIME, .nullable = true, .help = "when"},
	{"held", FORM_BOOL, .help = "a case needs it: its evidence is kept"},
	{"files", FORM_LIST, .of = &file_form, .optional = true,
		.help = "its evidence; only where one violation is asked for"},
	{0},
};
const struct form violation_form = {"Violation", fields, "who broke which rule, and the numbers"};

static void integer(struct json *json, const char *key, int64_t value, bool known)
{
	json_key(json, key);
	if (known)
		json_int(json, value);
	else
		json_null(json);
}

static void write_box(struct json *json, const struct box *box)
{
	const double sides[] = {(double)box->x1, (double)box->y1, (double)box->x2, (double)box->y2};
	json_key(json, "bbox");
	if (box->x2 <= box->x1) {
		json_null(json);
		return;
	}
	json_array(json);
	for (int i = 0; i < 4; i++)
		json_real(json, sides[i], 1);
	json_array_end(json);
}

static void write_measures(struct json *json, const struct violation_row *row)
{
	integer(json, "track_id", row->track_id, row->track_id >= 0);
	json_member_real(json, "measured", row->measured, 4);
	json_member_real(json, "uncertainty", row->uncertainty, 4);
	json_member_real(json, "limit", row->limit, 4);
	json_member_real(json, "tolerance", row->tolerance, 4);
	json_member_string(json, "unit", row->unit);
	write_box(json, &row->box);
	json_member_string(json, "explanation", row->explanation);
}

static void write_review(struct json *json, const struct violation_row *row)
{
	json_member_string(json, "review", review_name(row->review));
	json_member_string(json, "review_reason", row->review_reason);
	json_member_string(json, "review_note", row->review_note);
	json_member_string(json, "reviewed_by", row->reviewed_by);
	json_member_wall(json, "reviewed_at", row->reviewed);
	json_member_bool(json, "held", row->held);
}

static void write_files(struct json *json, const struct violation_row *row)
{
	char url[128];
	json_key(json, "files");
	json_array(json);
	for (int i = 0; i < row->file_count; i++) {
		const struct evidence_file *file = &row->files[i];
		snprintf(url, sizeof(url), "/violations/%lld/evidence/%s", (long long)row->id,
			file->role);
		json_object(json);
		json_member_string(json, "role", file->role);
		json_member_string(json, "url", url);
		integer(json, "bytes", file->bytes, true);
		json_member_string(json, "sha256", file->sha256);
		json_object_end(json);
	}
	json_array_end(json);
}

void violation_json_write(struct json *json, const struct violation_row *row)
{
	char record[96];
	snprintf(record, sizeof(record), "/violations/%lld/evidence/record", (long long)row->id);
	json_object(json);
	integer(json, "id", row->id, true);
	json_member_string(json, "violation_type", row->type);
	json_member_string(json, "device_id", row->device);
	json_member_wall(json, "timestamp", row->at);
	json_member_string(json, "severity", severity_name((enum severity)row->severity));
	json_member_string(json, "rule", row->rule);
	json_member_string(json, "class_name", row->class_name);
	json_member_string(json, "plate", row->plate);
	write_measures(json, row);
	json_member_string(json, "evidence_path", row->evidence_path ? record : NULL);
	integer(json, "config_version", row->config_version, row->config_version > 0);
	write_review(json, row);
	if (row->files)
		write_files(json, row);
	json_object_end(json);
}
