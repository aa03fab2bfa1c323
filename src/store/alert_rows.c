#include "store/alert_rows.h"

#include "store/audit_rows.h"
#include "store/store_inside.h"

#include <errno.h>
#include <stdio.h>

static int add_step(
	struct writer_job *job, struct sql *sql, struct rollups *rollups, struct err *err)
{
	struct store_change *change = (struct store_change *)job;
	const struct alert_row *row = change->arguments;
	struct sqlite3_stmt *s;
	(void)rollups;
	int r = sql_get(sql,
		"INSERT INTO alerts(at_us, rule, severity, metric, value, threshold, message,"
		" ended_us) VALUES(?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
		err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, row->at.us);
	sql_bind_text(s, 2, row->rule);
	sql_bind_text(s, 3, row->severity);
	sql_bind_text(s, 4, row->metric);
	sql_bind_real(s, 5, row->value);
	sql_bind_real(s, 6, row->threshold);
	sql_bind_text(s, 7, row->message);
	sql_bind_int(s, 8, row->ended.us);
	r = sql_step(sql, s, err);
	if (r > 0)
		change->number = sql_int(s, 0);
	sql_done(s);
	return r < 0 ? r : 0;
}

int alert_rows_add(
	struct store *store, const struct alert_row *row, struct err *err, int64_t *ret_id)
{
	return store_change(store, add_step, row, err, ret_id);
}

struct alert_change {
	int64_t id;
	struct wall now;
	const char *actor, *address;
};

static int end_step(
	struct writer_job *job, struct sql *sql, struct rollups *rollups, struct err *err)
{
	const struct alert_change *c = ((struct store_change *)job)->arguments;
	struct sqlite3_stmt *s;
	(void)rollups;
	int r = sql_get(
		sql, "UPDATE alerts SET ended_us = ? WHERE id = ? AND ended_us = 0", err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, c->now.us);
	sql_bind_int(s, 2, c->id);
	r = sql_finish(sql, s, err);
	if (r == 0 && sql_changes(sql) == 0)
		return err_set(err, -ENOENT, "no alert %lld goes on", (long long)c->id);
	return r;
}

int alert_rows_end(struct store *store, int64_t id, struct wall now, struct err *err)
{
	struct alert_change c = {.id = id, .now = now};
	return store_change(store, end_step, &c, err, NULL);
}

static int acknowledge_step(
	struct writer_job *job, struct sql *sql, struct rollups *rollups, struct err *err)
{
	const struct alert_change *c = ((struct store_change *)job)->arguments;
	struct sqlite3_stmt *s;
	char object[48];
	(void)rollups;
	int r = sql_get(
		sql, "UPDATE alerts SET acknowledged_by = ifnull(?, '') WHERE id = ?", err, &s);
	if (r < 0)
		return r;
	sql_bind_text(s, 1, c->actor);
	sql_bind_int(s, 2, c->id);
	r = sql_finish(sql, s, err);
	if (r == 0 && sql_changes(sql) == 0)
		return err_set(err, -ENOENT, "there is no alert %lld", (long long)c->id);
	snprintf(object, sizeof(object), "alerts/%lld", (long long)c->id);
	struct audit_row audit = {
		.at = c->now,
		.actor = c->actor,
		.action = "acknowledge",
		.object = object,
		.address = c->address,
	};
	return r < 0 ? r : audit_rows_insert(sql, &audit, err);
}

int alert_rows_acknowledge(struct store *store, int64_t id, struct wall now, const char *actor,
	const char *address, struct err *err)
{
	struct alert_change c = {id, now, actor, address};
	return store_change(store, acknowledge_step, &c, err, NULL);
}

static int find(struct sql *sql, bool open_only, int64_t before, int limit,
	int (*each)(void *opaque, const struct alert_row *row), void *opaque, struct err *err)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql,
		open_only ? "SELECT id, at_us, ended_us, rule, severity, metric, message, value,"
			    " threshold, acknowledged_by FROM alerts WHERE ended_us = 0 AND id < ?"
			    " ORDER BY id DESC LIMIT ?"
			  : "SELECT id, at_us, ended_us, rule, severity, metric, message, value,"
			    " threshold, acknowledged_by FROM alerts WHERE id < ?"
			    " ORDER BY id DESC LIMIT ?",
		err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, before > 0 ? before : INT64_MAX);
	sql_bind_int(s, 2, limit);
	while ((r = sql_step(sql, s, err)) > 0) {
		struct alert_row row = {
			.id = sql_int(s, 0),
			.at = {sql_int(s, 1)},
			.ended = {sql_int(s, 2)},
			.rule = sql_text(s, 3),
			.severity = sql_text(s, 4),
			.metric = sql_text(s, 5),
			.message = sql_text(s, 6),
			.value = sql_real(s, 7),
			.threshold = sql_real(s, 8),
			.acknowledged_by = sql_text(s, 9),
		};
		r = each(opaque, &row);
		if (r != 0)
			break;
	}
	sql_done(s);
	return r;
}

int alert_rows_find(struct store *store, bool open_only, int64_t before, int limit,
	int (*each)(void *opaque, const struct alert_row *row), void *opaque, struct err *err)
{
	struct sql *sql;
	int r = store_read_begin(store, err, &sql);
	if (r < 0)
		return r;
	r = find(sql, open_only, before, limit, each, opaque, err);
	store_read_end(store, &sql);
	return r;
}
