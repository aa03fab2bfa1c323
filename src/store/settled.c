#include "store/settled.h"

#include "store/rollups.h"

int settled_read(struct sql *sql, struct err *err, struct settled *ret_settled)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql,
		"SELECT ifnull((SELECT value FROM counters WHERE name = 'violation_hour'),"
		" -9223372036854775808),"
		" (SELECT value FROM counters WHERE name = 'violation_late')",
		err, &s);
	if (r < 0)
		return r;
	r = sql_step(sql, s, err);
	if (r > 0)
		*ret_settled = (struct settled){sql_int(s, 0), sql_int(s, 1)};
	sql_done(s);
	return r < 0 ? r : 0;
}

static int run_with_hour(struct sql *sql, const char *text, int64_t hour, struct err *err)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql, text, err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, hour);
	return sql_finish(sql, s, err);
}

#define ONE_MORE " ON CONFLICT DO UPDATE SET value = value + 1"

int settled_change(struct sql *sql, int64_t first_hour, int64_t last_hour, struct err *err)
{
	int64_t present = rollup_bucket(ROLLUP_HOUR, wall_now());
	int r = run_with_hour(sql,
		"INSERT INTO counters SELECT 'violation_late', 1 FROM counters"
		" WHERE name = 'violation_hour' AND value > ?" ONE_MORE,
		first_hour, err);
	if (r < 0)
		return r;
	return run_with_hour(sql,
		"INSERT INTO counters VALUES('violation_hour', ?) ON CONFLICT DO UPDATE"
		" SET value = excluded.value WHERE excluded.value > value",
		last_hour < present ? last_hour : present, err);
}

int settled_change_all(struct sql *sql, struct err *err)
{
	return sql_rerun(sql, "INSERT INTO counters VALUES('violation_late', 1)" ONE_MORE, err);
}
