#include "store/congestion_rows.h"

#include "store/store_inside.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FREE_DAYS 7
#define FREE_MINUTES_MIN 10
#define DENSE_RATIO 0.5
#define QUEUE_RATIO 0.8
#define DAY_US INT64_C(86400000000)

struct addition {
	struct writer_job job;
	struct congestion_row row;
	char device[STORE_NAME_MAX + 1];
};

const char *congestion_state_name(enum congestion_state state)
{
	static const char *const names[] = {"unknown", "free", "dense", "queue"};
	return names[state];
}

static int add_step(
	struct writer_job *job, struct sql *sql, struct rollups *rollups, struct err *err)
{
	const struct addition *a = (const struct addition *)job;
	struct sqlite3_stmt *s;
	(void)rollups;
	int r = sql_get(sql,
		"INSERT OR REPLACE INTO congestion(device, at_us, seen_s, vehicle_count, speed_mps,"
		" calibrated, queue_ratio, queue_m, queue_count)"
		" VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
		err, &s);
	if (r < 0)
		return r;
	sql_bind_text(s, 1, a->device);
	sql_bind_int(s, 2, a->row.from.us);
	sql_bind_real(s, 3, a->row.seen_s);
	sql_bind_real(s, 4, a->row.vehicle_count);
	sql_bind_real(s, 5, a->row.speed_mps);
	sql_bind_int(s, 6, a->row.calibrated);
	sql_bind_real(s, 7, a->row.queue_ratio);
	sql_bind_real(s, 8, a->row.queue_m);
	sql_bind_int(s, 9, a->row.queue_count);
	return sql_finish(sql, s, err);
}

static void add_done(struct writer_job *job, int result, const struct err *err)
{
	(void)result;
	(void)err;
	free(job);
}

int congestion_rows_add(
	struct store *store, const char *device, const struct congestion_row *row, struct err *err)
{
	if (!device || device[0] == '\0' || strlen(device) > STORE_NAME_MAX)
		return err_set(err, -EINVAL, "a device must have 1 to %d bytes", STORE_NAME_MAX);
	struct addition *a = calloc(1, sizeof(*a));
	if (!a)
		return err_set(err, -ENOMEM, "out of memory");
	a->job = (struct writer_job){
		.step = add_step, .done = add_done, .bytes = sizeof(*a), .keep = true};
	a->row = *row;
	snprintf(a->device, sizeof(a->device), "%s", device);
	int r = store_post(store, &a->job, err);
	if (r < 0)
		free(a);
	return r;
}

static enum congestion_state state_of(const struct congestion_row *row, double free_mps)
{
	if (row->vehicle_count <= 0)
		return CONGESTION_FREE;
	if (row->queue_ratio >= QUEUE_RATIO)
		return CONGESTION_QUEUE;
	if (!isfinite(row->speed_mps) || !isfinite(free_mps))
		return CONGESTION_UNKNOWN;
	return row->speed_mps < DENSE_RATIO * free_mps ? CONGESTION_DENSE : CONGESTION_FREE;
}

/* NaN where too little is known. */
static int read_free_speed(
	struct sql *sql, const char *device, struct wall to, struct err *err, double *ret_mps)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql,
		"WITH m AS (SELECT speed_mps v FROM congestion WHERE device = ?1 AND at_us >= ?2"
		" AND at_us < ?3 AND speed_mps IS NOT NULL), n AS (SELECT count(*) n FROM m)"
		" SELECT v, n FROM m, n ORDER BY v LIMIT 1 OFFSET (SELECT n * 85 / 100 FROM n)",
		err, &s);
	if (r < 0)
		return r;
	sql_bind_text(s, 1, device);
	sql_bind_int(s, 2, to.us - FREE_DAYS * DAY_US);
	sql_bind_int(s, 3, to.us);
	r = sql_step(sql, s, err);
	*ret_mps = r > 0 && sql_int(s, 1) >= FREE_MINUTES_MIN ? sql_real(s, 0) : NAN;
	sql_done(s);
	return r < 0 ? r : 0;
}

static struct congestion_row read_row(struct sqlite3_stmt *s)
{
	return (struct congestion_row){
		.from = {sql_int(s, 0)},
		.seen_s = sql_real(s, 1),
		.vehicle_count = sql_real(s, 2),
		.speed_mps = sql_real(s, 3),
		.calibrated = sql_int(s, 4) != 0,
		.queue_ratio = sql_real(s, 5),
		.queue_m = sql_real(s, 6),
		.queue_count = (int)sql_int(s, 7),
	};
}

int congestion_rows_find(struct store *store, const char *device, struct wall from, struct wall to,
	int (*each)(void *opaque, const struct congestion_row *row), void *opaque, struct err *err)
{
	struct sqlite3_stmt *s = NULL;
	struct sql *sql;
	double free_mps;
	int stop = 0;
	int r = store_read_begin(store, err, &sql);
	if (r < 0)
		return r;
	r = read_free_speed(sql, device, to, err, &free_mps);
	if (r == 0)
		r = sql_get(sql,
			"SELECT at_us, seen_s, vehicle_count, speed_mps, calibrated, queue_ratio,"
			" queue_m, queue_count FROM congestion WHERE device = ? AND at_us >= ?"
			" AND at_us < ? ORDER BY at_us",
			err, &s);
	if (r == 0) {
		sql_bind_text(s, 1, device);
		sql_bind_int(s, 2, from.us);
		sql_bind_int(s, 3, to.us);
		while (stop == 0 && (r = sql_step(sql, s, err)) > 0) {
			struct congestion_row row = read_row(s);
			row.state = state_of(&row, free_mps);
			stop = each(opaque, &row);
		}
		sql_done(s);
	}
	store_read_end(store, &sql);
	return r < 0 ? r : stop;
}
