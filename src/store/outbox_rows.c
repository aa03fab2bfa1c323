#include "store/outbox_rows.h"

#include "store/store_inside.h"

#include <stdio.h>

int outbox_rows_insert(struct sql *sql, int64_t violation_id, const char *device, struct err *err)
{
	struct sqlite3_stmt *s;
	int r = sql_get(
		sql, "INSERT INTO outbox(violation_id, device, since_us) VALUES(?, ?, ?)", err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, violation_id);
	sql_bind_text(s, 2, device);
	sql_bind_int(s, 3, wall_now().us);
	return sql_finish(sql, s, err);
}

static int due(struct sql *sql, struct wall now, struct outbox_row *rows, int max, struct err *err)
{
	struct sqlite3_stmt *s;
	int count = 0;
	int r = sql_get(sql,
		"SELECT o.id, o.violation_id, o.attempts, o.next_us, o.device FROM outbox o"
		" WHERE o.id IN (SELECT min(id) FROM outbox GROUP BY device) AND o.next_us <= ?"
		" ORDER BY o.next_us, o.id LIMIT ?",
		err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, now.us);
	sql_bind_int(s, 2, max);
	while ((r = sql_step(sql, s, err)) > 0) {
		struct outbox_row *row = &rows[count++];
		row->id = sql_int(s, 0);
		row->violation_id = sql_int(s, 1);
		row->attempts = (int)sql_int(s, 2);
		row->next.us = sql_int(s, 3);
		snprintf(row->device, sizeof(row->device), "%s", sql_text(s, 4));
	}
	sql_done(s);
	return r < 0 ? r : count;
}

int outbox_rows_due(
	struct store *store, struct wall now, struct outbox_row *rows, int max, struct err *err)
{
	struct sql *sql;
	int r = store_read_begin(store, err, &sql);
	if (r < 0)
		return r;
	r = due(sql, now, rows, max, err);
	store_read_end(store, &sql);
	return r;
}

static int remove_step(
	struct writer_job *job, struct sql *sql, struct rollups *rollups, struct err *err)
{
	const int64_t *id = ((struct store_change *)job)->arguments;
	struct sqlite3_stmt *s;
	(void)rollups;
	int r = sql_get(sql, "DELETE FROM outbox WHERE id = ?", err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, *id);
	return sql_finish(sql, s, err);
}

int outbox_rows_remove(struct store *store, int64_t id, struct err *err)
{
	return store_change(store, remove_step, &id, err, NULL);
}

struct postponement {
	int64_t id;
	struct wall next;
	const char *problem;
};

static int postpone_step(
	struct writer_job *job, struct sql *sql, struct rollups *rollups, struct err *err)
{
	const struct postponement *p = ((struct store_change *)job)->arguments;
	struct sqlite3_stmt *s;
	(void)rollups;
	int r = sql_get(sql,
		"UPDATE outbox SET attempts = attempts + 1, next_us = ?2, problem = ?3"
		" WHERE id = ?1",
		err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, p->id);
	sql_bind_int(s, 2, p->next.us);
	sql_bind_text(s, 3, p->problem);
	return sql_finish(sql, s, err);
}

int outbox_rows_postpone(
	struct store *store, int64_t id, struct wall next, const char *problem, struct err *err)
{
	struct postponement p = {id, next, problem};
	return store_change(store, postpone_step, &p, err, NULL);
}

static int count(struct sql *sql, struct err *err, struct outbox_counts *ret_counts)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql,
		"SELECT count(*), count(nullif(attempts, 0)),"
		" (SELECT min(next_us) FROM outbox"
		"  WHERE id IN (SELECT min(id) FROM outbox GROUP BY device)),"
		" (SELECT problem FROM outbox WHERE attempts > 0 ORDER BY next_us DESC LIMIT 1),"
		" (SELECT since_us FROM outbox ORDER BY id LIMIT 1)"
		" FROM outbox",
		err, &s);
	if (r < 0)
		return r;
	r = sql_step(sql, s, err);
	if (r > 0) {
		const char *problem = sql_text(s, 3);
		ret_counts->waiting_count = sql_int(s, 0);
		ret_counts->failing_count = sql_int(s, 1);
		ret_counts->oldest_next.us = sql_int(s, 2);
		ret_counts->oldest_at.us = sql_int(s, 4);
		snprintf(ret_counts->problem, sizeof(ret_counts->problem), "%s",
			problem ? problem : "");
	}
	sql_done(s);
	return r < 0 ? r : 0;
}

int outbox_rows_count(struct store *store, struct err *err, struct outbox_counts *ret_counts)
{
	struct sql *sql;
	int r = store_read_begin(store, err, &sql);
	if (r < 0)
		return r;
	r = count(sql, err, ret_counts);
	store_read_end(store, &sql);
	return r;
}
