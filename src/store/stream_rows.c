#include "store/stream_rows.h"

#include "store/audit_rows.h"
#include "store/store_inside.h"

#include <errno.h>
#include <stdio.h>

/* The version that is there; 0: none. */
static int get_version(struct sql *sql, const char *id, struct err *err, int64_t *ret_version)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql, "SELECT version FROM streams WHERE id = ?", err, &s);
	if (r < 0)
		return r;
	sql_bind_text(s, 1, id);
	r = sql_step(sql, s, err);
	*ret_version = r > 0 ? sql_int(s, 0) : 0;
	sql_done(s);
	return r < 0 ? r : 0;
}

/* -ENOENT where there is no such stream. */
static int existing_version(struct sql *sql, const char *id, struct err *err, int64_t *ret_version)
{
	int r = get_version(sql, id, err, ret_version);
	if (r == 0 && *ret_version == 0)
		r = err_set(err, -ENOENT, "there is no stream '%s'", id);
	return r;
}

static int check_version(const struct stream_change *c, int64_t version, struct err *err)
{
	if (c->expected_version < 0 || c->expected_version == version)
		return 0;
	if (c->expected_version == 0)
		return err_set(err, -EEXIST, "there is a stream '%s' already", c->id);
	if (version == 0)
		return err_set(err, -ENOENT, "there is no stream '%s'", c->id);
	return err_set(err, -ESTALE,
		"stream '%s' has been changed meanwhile: version %lld is there, not %lld", c->id,
		(long long)version, (long long)c->expected_version);
}

static int insert_version(
	struct sql *sql, const struct stream_change *c, struct err *err, int64_t *ret_version)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql,
		"INSERT INTO stream_versions(stream, version, at_us, author, config)"
		" SELECT ?1, ifnull(max(version), 0) + 1, ?2, ifnull(?3, ''), ?4"
		" FROM stream_versions WHERE stream = ?1 RETURNING version",
		err, &s);
	if (r < 0)
		return r;
	sql_bind_text(s, 1, c->id);
	sql_bind_int(s, 2, c->now.us);
	sql_bind_text(s, 3, c->actor);
	sql_bind_text(s, 4, c->config);
	r = sql_step(sql, s, err);
	if (r > 0)
		*ret_version = sql_int(s, 0);
	sql_done(s);
	return r < 0 ? r : 0;
}

static int upsert(struct sql *sql, const struct stream_change *c, int64_t version, struct err *err)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql,
		"INSERT INTO streams(id, config, version, created_us, changed_us)"
		" VALUES(?1, ?2, ?3, ?4, ?4) ON CONFLICT DO UPDATE SET config = excluded.config,"
		" version = excluded.version, changed_us = excluded.changed_us",
		err, &s);
	if (r < 0)
		return r;
	sql_bind_text(s, 1, c->id);
	sql_bind_text(s, 2, c->config);
	sql_bind_int(s, 3, version);
	sql_bind_int(s, 4, c->now.us);
	return sql_finish(sql, s, err);
}

static int audit(struct sql *sql, const struct stream_change *c, const char *action,
	int64_t version, struct err *err)
{
	char object[128], detail[48];
	snprintf(object, sizeof(object), "streams/%.100s", c->id);
	snprintf(detail, sizeof(detail), "version %lld", (long long)version);
	struct audit_row row = {
		.at = c->now,
		.actor = c->actor,
		.action = action,
		.object = object,
		.address = c->address,
		.detail = detail,
	};
	return audit_rows_insert(sql, &row, err);
}

static int put_step(
	struct writer_job *job, struct sql *sql, struct rollups *rollups, struct err *err)
{
	struct store_change *change = (struct store_change *)job;
	const struct stream_change *c = change->arguments;
	int64_t before = 0, version = 0;
	(void)rollups;
	int r = get_version(sql, c->id, err, &before);
	if (r == 0)
		r = check_version(c, before, err);
	if (r == 0)
		r = insert_version(sql, c, err, &version);
	if (r == 0)
		r = upsert(sql, c, version, err);
	if (r == 0)
		r = audit(sql, c, before ? "change" : "create", version, err);
	change->number = version;
	return r;
}

int stream_rows_put(struct store *store, const struct stream_change *change, struct err *err,
	int64_t *ret_version)
{
	return store_change(store, put_step, change, err, ret_version);
}

static int remove_step(
	struct writer_job *job, struct sql *sql, struct rollups *rollups, struct err *err)
{
	const struct stream_change *c = ((struct store_change *)job)->arguments;
	struct sqlite3_stmt *s;
	int64_t version = 0;
	(void)rollups;
	int r = existing_version(sql, c->id, err, &version);
	if (r == 0)
		r = sql_get(sql, "DELETE FROM streams WHERE id = ?", err, &s);
	if (r < 0)
		return r;
	sql_bind_text(s, 1, c->id);
	r = sql_finish(sql, s, err);
	return r < 0 ? r : audit(sql, c, "delete", version, err);
}

int stream_rows_remove(struct store *store, const struct stream_change *change, struct err *err)
{
	return store_change(store, remove_step, change, err, NULL);
}

struct stop {
	const struct stream_change *change;
	bool stopped;
};

static int stop_step(
	struct writer_job *job, struct sql *sql, struct rollups *rollups, struct err *err)
{
	const struct stop *stop = ((struct store_change *)job)->arguments;
	const struct stream_change *c = stop->change;
	struct sqlite3_stmt *s;
	int64_t version = 0;
	(void)rollups;
	int r = existing_version(sql, c->id, err, &version);
	if (r == 0)
		r = sql_get(sql, "UPDATE streams SET stopped = ? WHERE id = ?", err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, stop->stopped);
	sql_bind_text(s, 2, c->id);
	r = sql_finish(sql, s, err);
	return r < 0 ? r : audit(sql, c, stop->stopped ? "stop" : "start", version, err);
}

int stream_rows_set_stopped(
	struct store *store, const struct stream_change *change, bool stopped, struct err *err)
{
	const struct stop stop = {change, stopped};
	return store_change(store, stop_step, &stop, err, NULL);
}

struct stream_query {
	const char *text;
	const char *id;
	int64_t version;
	bool must_exist;
};

/* Columns: id, config, version, created, changed, author, stopped. */
static int each_row(struct sql *sql, const struct stream_query *q, stream_rows_each *each,
	void *opaque, struct err *err)
{
	struct sqlite3_stmt *s;
	int count = 0;
	int r = sql_get(sql, q->text, err, &s);
	if (r < 0)
		return r;
	sql_bind_text(s, 1, q->id);
	sql_bind_int(s, 2, q->version);
	while ((r = sql_step(sql, s, err)) > 0) {
		struct stream_row row = {
			.id = sql_text(s, 0),
			.config = sql_text(s, 1),
			.version = sql_int(s, 2),
			.created = {sql_int(s, 3)},
			.changed = {sql_int(s, 4)},
			.author = sql_text(s, 5),
			.stopped = sql_int(s, 6) != 0,
		};
		count++;
		r = each(opaque, &row);
		if (r != 0)
			break;
	}
	sql_done(s);
	if (r == 0 && count == 0 && q->must_exist)
		return q->version ? err_set(err, -ENOENT, "stream '%s' has no version %lld", q->id,
					    (long long)q->version)
				  : err_set(err, -ENOENT, "there is no stream '%s'", q->id);
	return r;
}

static int query(struct store *store, const struct stream_query *q, stream_rows_each *each,
	void *opaque, struct err *err)
{
	struct sql *sql;
	int r = store_read_begin(store, err, &sql);
	if (r < 0)
		return r;
	r = each_row(sql, q, each, opaque, err);
	store_read_end(store, &sql);
	return r;
}

int stream_rows_list(struct store *store, stream_rows_each *each, void *opaque, struct err *err)
{
	struct stream_query q = {.text = "SELECT id, config, version, created_us, changed_us, "
					 "NULL, stopped FROM streams"
					 " ORDER BY id"};
	return query(store, &q, each, opaque, err);
}

int stream_rows_get(
	struct store *store, const char *id, stream_rows_each *each, void *opaque, struct err *err)
{
	struct stream_query q = {
		.text = "SELECT id, config, version, created_us, changed_us, NULL, stopped FROM "
			"streams"
			" WHERE id = ?1",
		.id = id,
		.must_exist = true,
	};
	return query(store, &q, each, opaque, err);
}

int stream_rows_versions(struct store *store, const char *id, int64_t version,
	stream_rows_each *each, void *opaque, struct err *err)
{
	struct stream_query q = {
		.text = "SELECT stream, config, version, at_us, at_us, author, 0 FROM "
			"stream_versions"
			" WHERE stream = ?1 AND (?2 = 0 OR version = ?2) ORDER BY version DESC",
		.id = id,
		.version = version,
		.must_exist = true,
	};
	return query(store, &q, each, opaque, err);
}
