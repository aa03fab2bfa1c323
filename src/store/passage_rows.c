#include "store/passage_rows.h"

#include "store/store_inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct addition {
	struct writer_job job;
	struct passage_row row;
	char device[STORE_NAME_MAX + 1], line[STORE_NAME_MAX + 1], class_name[32], direction[16];
	char lane[STORE_NAME_MAX + 1];
};

static int copy_text(const char *what, const char *text, char *to, size_t size, struct err *err)
{
	if (!text || text[0] == '\0' || strlen(text) >= size)
		return err_set(
			err, -EINVAL, "a passage's %s must have 1 to %zu bytes", what, size - 1);
	snprintf(to, size, "%s", text);
	return 0;
}

static int insert(struct sql *sql, const struct passage_row *row, double headway_s, struct err *err)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql,
		"INSERT INTO passages(at_us, device, line, direction, class, track_id, speed_mps,"
		" speed_sigma_mps, headway_s, occupied_s, lane, lane_unsure)"
		" VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, row->at.us);
	sql_bind_text(s, 2, row->device);
	sql_bind_text(s, 3, row->line);
	sql_bind_text(s, 4, row->direction);
	sql_bind_text(s, 5, row->class_name);
	sql_bind_int(s, 6, row->track_id);
	sql_bind_real(s, 7, row->speed_mps);
	sql_bind_real(s, 8, row->speed_sigma_mps);
	sql_bind_real(s, 9, headway_s);
	sql_bind_real(s, 10, row->occupied_s);
	sql_bind_text(s, 11, row->lane);
	sql_bind_int(s, 12, row->lane_unsure);
	return sql_finish(sql, s, err);
}

static int add_step(
	struct writer_job *job, struct sql *sql, struct rollups *rollups, struct err *err)
{
	const struct passage_row *row = &((struct addition *)job)->row;
	struct rollup_passage passage = {
		.at = row->at,
		.device = row->device,
		.line = row->line,
		.direction = row->direction,
		.lane = row->lane ? row->lane : "",
		.lane_unsure = row->lane_unsure,
		.class_name = row->class_name,
		.speed_mps = row->speed_mps,
		.occupied_s = row->occupied_s,
	};
	double headway_s;
	int r = rollups_passage(rollups, sql, &passage, err, &headway_s);
	return r < 0 ? r : insert(sql, row, headway_s, err);
}

static void add_done(struct writer_job *job, int result, const struct err *err)
{
	(void)result;
	(void)err;
	free(job);
}

static int make_addition(
	const struct passage_row *row, struct err *err, struct addition **ret_addition)
{
	struct addition *a = calloc(1, sizeof(*a));
	if (!a)
		return err_set(err, -ENOMEM, "out of memory");
	a->job = (struct writer_job){
		.step = add_step, .done = add_done, .bytes = sizeof(*a), .keep = true};
	a->row = *row;
	a->row.device = a->device;
	a->row.line = a->line;
	a->row.class_name = a->class_name;
	a->row.direction = a->direction;
	a->row.lane = row->lane ? a->lane : NULL;
	int r = copy_text("device", row->device, a->device, sizeof(a->device), err);
	if (r == 0)
		r = copy_text("line", row->line, a->line, sizeof(a->line), err);
	if (r == 0)
		r = copy_text("class", row->class_name, a->class_name, sizeof(a->class_name), err);
	if (r == 0)
		r = copy_text("direction", row->direction, a->direction, sizeof(a->direction), err);
	if (r == 0 && row->lane)
		r = copy_text("lane", row->lane, a->lane, sizeof(a->lane), err);
	if (r < 0) {
		free(a);
		return r;
	}
	*ret_addition = a;
	return 0;
}

int passage_rows_add(struct store *store, const struct passage_row *row, struct err *err)
{
	struct addition *a;
	int r = make_addition(row, err, &a);
	if (r < 0)
		return r;
	r = store_post(store, &a->job, err);
	if (r < 0)
		free(a);
	return r;
}

int passage_rows_add_wait(struct store *store, const struct passage_row *row, struct err *err)
{
	struct addition *a;
	int r = make_addition(row, err, &a);
	if (r < 0)
		return r;
	r = store_do(store, &a->job, err);
	free(a);
	return r;
}
