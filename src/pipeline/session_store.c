#include "pipeline/session_store.h"

#include "base/jsonin.h"
#include "store/congestion_rows.h"
#include "store/evidence_files.h"
#include "store/passage_rows.h"
#include "store/violation_rows.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define IMAGES_MAX (EVIDENCE_FILES_MAX - 1)

/* The record and the pictures that it names, each read back from the disk and sealed. */
struct sealed {
	struct evidence_seal seals[EVIDENCE_FILES_MAX];
	char roles[EVIDENCE_FILES_MAX][32];
	struct evidence_file files[EVIDENCE_FILES_MAX];
	int count;
};

static int seal_one(struct sealed *sealed, const char *role, const char *path, struct err *err)
{
	int i = sealed->count;
	int r = evidence_files_seal(path, err, &sealed->seals[i]);
	if (r < 0)
		return r;
	snprintf(sealed->roles[i], sizeof(sealed->roles[i]), "%s", role);
	sealed->files[i] = (struct evidence_file){
		.role = sealed->roles[i],
		.path = sealed->seals[i].path,
		.bytes = sealed->seals[i].bytes,
		.sha256 = sealed->seals[i].sha256,
	};
	sealed->count++;
	return 0;
}

static int seal_image(
	struct sealed *sealed, const char *record_path, const struct jsonin *image, struct err *err)
{
	char path[PATH_MAX];
	const char *slash = strrchr(record_path, '/');
	const char *file = jsonin_string(jsonin_get(image, "file"), "");
	int n = snprintf(path, sizeof(path), "%.*s%s", slash ? (int)(slash - record_path) + 1 : 0,
		record_path, file);
	if (n >= (int)sizeof(path))
		return err_set(err, -ENAMETOOLONG, "%s: path is too long", record_path);
	int r = seal_one(sealed, jsonin_string(jsonin_get(image, "role"), "image"), path, err);
	if (r < 0)
		return r;
	const char *said = jsonin_string(jsonin_get(image, "sha256"), "");
	if (strcmp(said, sealed->seals[sealed->count - 1].sha256) != 0)
		return err_set(err, -EIO, "%s: is not what its record says it is", path);
	return 0;
}

static int seal_all(struct sealed *sealed, const char *record_path, struct err *err)
{
	struct jsonin *record = NULL;
	int r = seal_one(sealed, "record", record_path, err);
	if (r == 0)
		r = jsonin_parse_file(record_path, err, &record);
	if (r < 0)
		return r;
	const struct jsonin *images = jsonin_get(record, "images");
	for (int i = 0; r == 0 && i < jsonin_count(images) && i < IMAGES_MAX; i++)
		r = seal_image(sealed, record_path, jsonin_at(images, i), err);
	jsonin_free(&record);
	return r;
}

#define KEY_SIZE 192

/* The same deed has the same key, however often its video is analysed. */
static void make_key(const struct session_store *to, const struct violation *v, char key[KEY_SIZE])
{
	snprintf(key, KEY_SIZE, "%s/%lld/%s/%u", to->device_id,
		(long long)(to->start.us + v->at.us),
		v->rule_name[0] ? v->rule_name : violation_kind_name(v->kind),
		(unsigned)v->track_id);
}

static bool about_a_number(const struct violation *v)
{
	return v->unit && v->unit[0] != '\0';
}

int session_store_violation(const struct session_store *to, const struct violation *violation,
	const char *evidence_path, struct err *err)
{
	const struct violation *v = violation;
	struct violation_row row = violation_row_init();
	struct sealed sealed = {.count = 0};
	char key[KEY_SIZE];
	if (!to->store)
		return 0;
	int r = evidence_path ? seal_all(&sealed, evidence_path, err) : 0;
	if (r < 0)
		return r;
	row.at.us = to->start.us + v->at.us;
	row.device = to->device_id;
	row.type = violation_kind_name(v->kind);
	row.severity = (int)v->severity;
	row.rule = v->rule_name[0] ? v->rule_name : row.type;
	row.class_name = road_user_name(v->road_user);
	row.track_id = v->track_id;
	if (about_a_number(v)) {
		row.measured = v->measured;
		row.uncertainty = v->uncertainty;
		row.limit = v->limit;
		row.tolerance = v->tolerance;
		row.unit = v->unit;
	}
	row.box = v->box;
	row.explanation = v->explanation;
	row.evidence_path = sealed.count ? sealed.seals[0].path : NULL;
	row.files = sealed.files;
	row.file_count = sealed.count;
	row.config_version = to->config_version;
	make_key(to, v, key);
	row.key = key;
	return violation_rows_add(to->store, &row, NULL, NULL, err);
}

int session_store_clip(const struct session_store *to, const struct violation *violation,
	const char *clip_path, struct err *err)
{
	struct evidence_seal seal;
	char key[KEY_SIZE];
	if (!to->store)
		return 0;
	int r = evidence_files_seal(clip_path, err, &seal);
	if (r < 0)
		return r;
	const struct evidence_file file = {
		.role = "clip", .path = seal.path, .bytes = seal.bytes, .sha256 = seal.sha256};
	make_key(to, violation, key);
	return evidence_files_add(to->store, key, &file, err);
}

static const struct measure *find_measure(const struct measures *measures, uint32_t track_id)
{
	for (int i = 0; measures && i < measures->count; i++)
		if (measures->items[i].track.id == track_id)
			return &measures->items[i];
	return NULL;
}

int session_store_crossings(const struct session_store *to, const struct counts *counts,
	const struct measures *measures, struct err *err)
{
	for (int i = 0; to->store && i < counts->crossing_count; i++) {
		const struct crossing *c = &counts->crossings[i];
		const struct measure *m = find_measure(measures, c->track_id);
		bool known = m && m->best_count > 0;
		struct passage_row row = {
			.at = {to->start.us + c->at.us},
			.device = to->device_id,
			.line = counts->lines[c->line].name,
			.class_name = road_user_name(c->road_user),
			.direction = crossing_direction_name(c->direction),
			.lane = c->lane >= 0 ? counts->lanes[c->lane].name : NULL,
			.lane_unsure = c->lane_unsure,
			.track_id = c->track_id,
			.speed_mps = known ? m->best_speed_mps : NAN,
			.speed_sigma_mps = known ? m->best_sigma_mps : NAN,
			.occupied_s = c->occupied_s,
		};
		int r = passage_rows_add(to->store, &row, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int session_store_minute(
	const struct session_store *to, const struct congestion_minute *minute, struct err *err)
{
	const struct congestion_row row = {
		.from = {minute->from_us},
		.seen_s = minute->seen_s,
		.vehicle_count = minute->vehicle_count,
		.speed_mps = minute->speed_mps,
		.calibrated = minute->calibrated,
		.queue_ratio = minute->queue_ratio,
		.queue_m = minute->queue_m,
		.queue_count = minute->queue_count,
	};
	return to->store ? congestion_rows_add(to->store, to->device_id, &row, err) : 0;
}

int session_store_flush(const struct session_store *to, struct err *err)
{
	return to->store ? store_flush(to->store, err) : 0;
}
