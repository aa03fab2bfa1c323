#include "store/token_rows.h"

#include "store/audit_rows.h"
#include "store/store_inside.h"

#include <errno.h>
#include <stdio.h>

struct token_change {
	const struct token_row *row;
	int64_t id;
	struct wall now;
	const char *actor, *address;
};

static int audit(struct sql *sql, const struct token_change *c, const char *action, int64_t id,
	const char *detail, struct err *err)
{
	char object[48];
	snprintf(object, sizeof(object), "tokens/%lld", (long long)id);
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

static int add_step(
	struct writer_job *job, struct sql *sql, struct rollups *rollups, struct err *err)
{
	struct store_change *change = (struct store_change *)job;
	const struct token_change *c = change->arguments;
	struct sqlite3_stmt *s;
	char detail[128];
	(void)rollups;
	int r = sql_get(sql,
		"INSERT INTO tokens(name, hash, role, created_us, expires_us)"
		" VALUES(?, ?, ?, ?, ?) RETURNING id",
		err, &s);
	if (r < 0)
		return r;
	sql_bind_text(s, 1, c->row->name);
	sql_bind_text(s, 2, c->row->hash);
	sql_bind_text(s, 3, c->row->role);
	sql_bind_int(s, 4, c->row->created.us);
	sql_bind_int(s, 5, c->row->expires.us);
	r = sql_step(sql, s, err);
	if (r > 0)
		change->number = sql_int(s, 0);
	sql_done(s);
	snprintf(detail, sizeof(detail), "%s, %s", c->row->name, c->row->role);
	return r < 0 ? r : audit(sql, c, "create", change->number, detail, err);
}

int token_rows_add(struct store *store, const struct token_row *row, const char *actor,
	const char *address, struct err *err, int64_t *ret_id)
{
	struct token_change c = {row, 0, row->created, actor, address};
	return store_change(store, add_step, &c, err, ret_id);
}

static struct token_row read_row(struct sqlite3_stmt *s)
{
	struct token_row row = {
		.id = sql_int(s, 0),
		.created = {sql_int(s, 4)},
		.expires = {sql_int(s, 5)},
		.revoked = {sql_int(s, 6)},
	};
	snprintf(row.name, sizeof(row.name), "%s", sql_text(s, 1));
	snprintf(row.hash, sizeof(row.hash), "%s", sql_text(s, 2));
	snprintf(row.role, sizeof(row.role), "%s", sql_text(s, 3));
	return row;
}

#define COLUMNS "id, name, hash, role, created_us, expires_us, revoked_us"

int token_rows_find(
	struct store *store, const char *hash, struct err *err, struct token_row *ret_row)
{
	struct sqlite3_stmt *s;
	struct sql *sql;
	int r = store_read_begin(store, err, &sql);
	if (r < 0)
		return r;
	r = sql_get(sql, "SELECT " COLUMNS " FROM tokens WHERE hash = ?", err, &s);
	if (r == 0) {
		sql_bind_text(s, 1, hash);
		r = sql_step(sql, s, err);
		if (r > 0)
			*ret_row = read_row(s);
		else if (r == 0)
			r = err_set(err, -ENOENT, "there is no such token");
		sql_done(s);
	}
	store_read_end(store, &sql);
	return r < 0 ? r : 0;
}

static int list(struct sql *sql, int (*each)(void *opaque, const struct token_row *row),
	void *opaque, struct err *err)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql, "SELECT " COLUMNS " FROM tokens ORDER BY id", err, &s);
	if (r < 0)
		return r;
	while ((r = sql_step(sql, s, err)) > 0) {
		struct token_row row = read_row(s);
		r = each(opaque, &row);
		if (r != 0)
			break;
	}
	sql_done(s);
	return r;
}

int token_rows_list(struct store *store, int (*each)(void *opaque, const struct token_row *row),
	void *opaque, struct err *err)
{
	struct sql *sql;
	int r = store_read_begin(store, err, &sql);
	if (r < 0)
		return r;
	r = list(sql, each, opaque, err);
	store_read_end(store, &sql);
	return r;
}

static int revoke_step(
	struct writer_job *job, struct sql *sql, struct rollups *rollups, struct err *err)
{
	const struct token_change *c = ((struct store_change *)job)->arguments;
	struct sqlite3_stmt *s;
	(void)rollups;
	int r = sql_get(
		sql, "UPDATE tokens SET revoked_us = ? WHERE id = ? AND revoked_us = 0", err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, c->now.us);
	sql_bind_int(s, 2, c->id);
	r = sql_finish(sql, s, err);
	if (r == 0 && sql_changes(sql) == 0)
		return err_set(err, -ENOENT, "there is no valid token %lld", (long long)c->id);
	return r < 0 ? r : audit(sql, c, "delete", c->id, NULL, err);
}

int token_rows_revoke(struct store *store, int64_t id, struct wall now, const char *actor,
	const char *address, struct err *err)
{
	struct token_change c = {NULL, id, now, actor, address};
	return store_change(store, revoke_step, &c, err, NULL);
}
