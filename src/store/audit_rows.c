#include "store/audit_rows.h"

#include "store/store_inside.h"

int audit_rows_insert(struct sql *sql, const struct audit_row *row, struct err *err)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql,
		"INSERT INTO audit(at_us, actor, action, object, address, detail)"
		" VALUES(?, ifnull(?, ''), ?, ?, ?, ?)",
		err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, row->at.us);
	sql_bind_text(s, 2, row->actor);
	sql_bind_text(s, 3, row->action);
	sql_bind_text(s, 4, row->object);
	sql_bind_text(s, 5, row->address);
	sql_bind_text(s, 6, row->detail);
	return sql_finish(sql, s, err);
}

static int add_step(
	struct writer_job *job, struct sql *sql, struct rollups *rollups, struct err *err)
{
	(void)rollups;
	return audit_rows_insert(sql, ((struct store_change *)job)->arguments, err);
}

int audit_rows_add(struct store *store, const struct audit_row *row, struct err *err)
{
	return store_change(store, add_step, row, err, NULL);
}

static int find(struct sql *sql, int64_t before, int limit,
	int (*each)(void *opaque, const struct audit_row *row), void *opaque, struct err *err)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql,
		"SELECT id, at_us, actor, action, object, address, detail FROM audit"
		" WHERE id < ? ORDER BY id DESC LIMIT ?",
		err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, before > 0 ? before : INT64_MAX);
	sql_bind_int(s, 2, limit);
	while ((r = sql_step(sql, s, err)) > 0) {
		struct audit_row row = {
			.id = sql_int(s, 0),
			.at = {sql_int(s, 1)},
			.actor = sql_text(s, 2),
			.action = sql_text(s, 3),
			.object = sql_text(s, 4),
			.address = sql_text(s, 5),
			.detail = sql_text(s, 6),
		};
		r = each(opaque, &row);
		if (r != 0)
			break;
	}
	sql_done(s);
	return r;
}

int audit_rows_find(struct store *store, int64_t before, int limit,
	int (*each)(void *opaque, const struct audit_row *row), void *opaque, struct err *err)
{
	struct sql *sql;
	int r = store_read_begin(store, err, &sql);
	if (r < 0)
		return r;
	r = find(sql, before, limit, each, opaque, err);
	store_read_end(store, &sql);
	return r;
}
