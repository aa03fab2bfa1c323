#include "store/schema.h"

#include <errno.h>
#include <stdio.h>

/* "GANT", so that a database of another program is not taken for a store. */
#define APPLICATION_ID 0x47414e54

static const char *const migrations[] = {
	/* 1: what was found. Severity and review are small integers (store/violation_rows.h). */
	"CREATE TABLE violations("
	" id INTEGER PRIMARY KEY,"
	" key TEXT,"
	" at_us INTEGER NOT NULL,"
	" device TEXT NOT NULL,"
	" type TEXT NOT NULL,"
	" severity INTEGER NOT NULL,"
	" rule TEXT, track_id INTEGER, class TEXT, plate TEXT,"
	" measured REAL, uncertainty REAL, limit_value REAL, tolerance REAL, unit TEXT,"
	" x1 REAL, y1 REAL, x2 REAL, y2 REAL,"
	" explanation TEXT, evidence TEXT, record TEXT,"
	" config_version INTEGER NOT NULL DEFAULT 0,"
	" review INTEGER NOT NULL DEFAULT 0,"
	" review_reason TEXT, review_note TEXT, reviewed_by TEXT, reviewed_us INTEGER,"
	" held INTEGER NOT NULL DEFAULT 0) STRICT;"
	"CREATE UNIQUE INDEX violations_key ON violations(key) WHERE key IS NOT NULL;"
	"CREATE INDEX violations_at ON violations(at_us);"
	"CREATE INDEX violations_device ON violations(device, at_us);"
	"CREATE INDEX violations_type ON violations(type, at_us);"
	"CREATE INDEX violations_plate ON violations(plate, at_us) WHERE plate IS NOT NULL;"
	"CREATE TABLE evidence_files("
	" id INTEGER PRIMARY KEY,"
	" violation_id INTEGER NOT NULL,"
	" role TEXT NOT NULL, path TEXT NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL,"
	" at_us INTEGER NOT NULL,"
	" leaving INTEGER NOT NULL DEFAULT 0) STRICT;"
	"CREATE INDEX evidence_files_violation ON evidence_files(violation_id);"
	"CREATE INDEX evidence_files_at ON evidence_files(at_us);"
	"CREATE INDEX evidence_files_leaving ON evidence_files(id) WHERE leaving = 1;"
	"CREATE TABLE passages("
	" id INTEGER PRIMARY KEY,"
	" at_us INTEGER NOT NULL,"
	" device TEXT NOT NULL, line TEXT NOT NULL, direction TEXT NOT NULL, class TEXT NOT NULL,"
	" track_id INTEGER,"
	" speed_mps REAL, speed_sigma_mps REAL, headway_s REAL, occupied_s REAL) STRICT;"
	"CREATE INDEX passages_at ON passages(at_us);"
	"CREATE TABLE counters(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT "
	"ROWID;",

	/* 2: sums over the rows, kept in the same transaction (store/rollups.h). */
	"CREATE TABLE violation_sums("
	" scale INTEGER, grouping INTEGER, bucket INTEGER,"
	" device TEXT, type TEXT, severity INTEGER,"
	" count INTEGER NOT NULL,"
	" PRIMARY KEY(scale, grouping, bucket, device, type, severity)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE traffic_sums("
	" scale INTEGER, device TEXT, line TEXT, direction TEXT, bucket INTEGER,"
	" class TEXT, bin INTEGER,"
	" count INTEGER NOT NULL, speed_sum_mps REAL NOT NULL,"
	" PRIMARY KEY(scale, device, line, direction, bucket, class, bin)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE line_sums("
	" scale INTEGER, device TEXT, line TEXT, direction TEXT, bucket INTEGER,"
	" count INTEGER NOT NULL, headway_count INTEGER NOT NULL, headway_sum_s REAL NOT NULL,"
	" headway_square_s2 REAL NOT NULL, occupied_count INTEGER NOT NULL,"
	" occupied_sum_s REAL NOT NULL,"
	" PRIMARY KEY(scale, device, line, direction, bucket)) STRICT, WITHOUT ROWID;",

	/* 3: what is operated: streams, tokens, alerts, and who changed what. */
	"CREATE TABLE streams("
	" id TEXT PRIMARY KEY,"
	" config TEXT NOT NULL, version INTEGER NOT NULL,"
	" created_us INTEGER NOT NULL, changed_us INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE stream_versions("
	" stream TEXT NOT NULL, version INTEGER NOT NULL,"
	" at_us INTEGER NOT NULL, author TEXT NOT NULL, config TEXT NOT NULL,"
	" PRIMARY KEY(stream, version)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE tokens("
	" id INTEGER PRIMARY KEY,"
	" name TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, role TEXT NOT NULL,"
	" created_us INTEGER NOT NULL, expires_us INTEGER NOT NULL DEFAULT 0,"
	" revoked_us INTEGER NOT NULL DEFAULT 0) STRICT;"
	"CREATE TABLE alerts("
	" id INTEGER PRIMARY KEY,"
	" at_us INTEGER NOT NULL, rule TEXT NOT NULL, severity TEXT NOT NULL, metric TEXT,"
	" value REAL, threshold REAL, message TEXT,"
	" ended_us INTEGER NOT NULL DEFAULT 0, acknowledged_by TEXT) STRICT;"
	"CREATE INDEX alerts_at ON alerts(at_us);"
	"CREATE INDEX alerts_open ON alerts(id) WHERE ended_us = 0;"
	"CREATE TABLE audit("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" at_us INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,"
	" object TEXT NOT NULL, address TEXT, detail TEXT) STRICT;"
	"CREATE INDEX audit_at ON audit(at_us);",

	/* 4: what a backend has not been told yet (store/outbox_rows.h). */
	"CREATE TABLE outbox("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" violation_id INTEGER NOT NULL, device TEXT NOT NULL,"
	" attempts INTEGER NOT NULL DEFAULT 0, next_us INTEGER NOT NULL DEFAULT 0,"
	" problem TEXT) STRICT;"
	"CREATE INDEX outbox_device ON outbox(device, id);",

	/* 5: whether another row names a file that is to leave (store/retention.h). */
	"CREATE INDEX evidence_files_path ON evidence_files(path);",

	/* 6: totals of a bucket, so that a series of hours reads one sum for each. */
	("INSERT INTO violation_sums SELECT scale, 4, bucket, '', '', -1, sum(count)"
	 " FROM violation_sums WHERE grouping = 0 GROUP BY scale, bucket;"),

	/* 7: how full the road was, a row a minute (store/congestion_rows.h). */
	"CREATE TABLE congestion("
	" id INTEGER PRIMARY KEY,"
	" device TEXT NOT NULL, at_us INTEGER NOT NULL,"
	" seen_s REAL NOT NULL, vehicle_count REAL NOT NULL, speed_mps REAL,"
	" calibrated INTEGER NOT NULL, queue_ratio REAL NOT NULL, queue_m REAL NOT NULL,"
	" queue_count INTEGER NOT NULL, UNIQUE(device, at_us)) STRICT;"
	"CREATE INDEX congestion_at ON congestion(at_us);",

	/* 8: stopped by somebody, until he starts it again. */
	"ALTER TABLE streams ADD COLUMN stopped INTEGER NOT NULL DEFAULT 0;",

	/* 9: lanes of counting lines, '' where a line has none. */
	"ALTER TABLE passages ADD COLUMN lane TEXT;"
	"ALTER TABLE passages ADD COLUMN lane_unsure INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE traffic_sums RENAME TO traffic_sums_before;"
	"CREATE TABLE traffic_sums("
	" scale INTEGER, device TEXT, line TEXT, lane TEXT, direction TEXT, bucket INTEGER,"
	" class TEXT, bin INTEGER,"
	" count INTEGER NOT NULL, speed_sum_mps REAL NOT NULL,"
	" PRIMARY KEY(scale, device, line, lane, direction, bucket, class, bin)) STRICT,"
	" WITHOUT ROWID;"
	"INSERT INTO traffic_sums SELECT scale, device, line, '', direction, bucket, class, bin,"
	" count, speed_sum_mps FROM traffic_sums_before;"
	"DROP TABLE traffic_sums_before;"
	"ALTER TABLE line_sums RENAME TO line_sums_before;"
	"CREATE TABLE line_sums("
	" scale INTEGER, device TEXT, line TEXT, lane TEXT, direction TEXT, bucket INTEGER,"
	" count INTEGER NOT NULL, unsure_count INTEGER NOT NULL,"
	" headway_count INTEGER NOT NULL, headway_sum_s REAL NOT NULL,"
	" headway_square_s2 REAL NOT NULL, occupied_count INTEGER NOT NULL,"
	" occupied_sum_s REAL NOT NULL,"
	" PRIMARY KEY(scale, device, line, lane, direction, bucket)) STRICT, WITHOUT ROWID;"
	"INSERT INTO line_sums SELECT scale, device, line, '', direction, bucket, count, 0,"
	" headway_count, headway_sum_s, headway_square_s2, occupied_count, occupied_sum_s"
	" FROM line_sums_before;"
	"DROP TABLE line_sums_before;",

	/* 10: since when it waits; 0: from before it was written down. */
	"ALTER TABLE outbox ADD COLUMN since_us INTEGER NOT NULL DEFAULT 0;",
};

int schema_version(void)
{
	return (int)(sizeof(migrations) / sizeof(migrations[0]));
}

/* What the database says of itself. An empty one has version 0 and no table. */
static int identify(struct sql *sql, const char *path, struct err *err, int *ret_version)
{
	int64_t application, version, tables;
	int r = sql_number(sql, "PRAGMA application_id", err, &application);
	if (r == 0)
		r = sql_number(sql, "PRAGMA user_version", err, &version);
	if (r == 0)
		r = sql_number(sql, "SELECT count(*) FROM sqlite_master", err, &tables);
	if (r < 0)
		return r;
	if (application != APPLICATION_ID && (application != 0 || tables > 0))
		return err_set(err, -ENOTSUP,
			"%s: is a database of another program; a store needs a file of its own",
			path);
	if (version > schema_version())
		return err_set(err, -ENOTSUP,
			"%s: was written by a newer gantry (schema %d, this one knows %d): use "
			"that one, or restore a backup from before",
			path, (int)version, schema_version());
	*ret_version = (int)version;
	return 0;
}

static int migrate_one(struct sql *sql, int version, struct err *err)
{
	char text[96];
	snprintf(text, sizeof(text), "PRAGMA user_version = %d; PRAGMA application_id = %d",
		version + 1, APPLICATION_ID);
	int r = sql_run(sql, "BEGIN IMMEDIATE", err);
	if (r < 0)
		return r;
	r = sql_run(sql, migrations[version], err);
	if (r == 0)
		r = sql_run(sql, text, err);
	if (r == 0)
		r = sql_run(sql, "COMMIT", err);
	if (r < 0)
		sql_run(sql, "ROLLBACK", NULL);
	return r;
}

int schema_migrate_to(struct sql *sql, const char *path, int version, struct err *err)
{
	int at;
	int r = identify(sql, path, err, &at);
	for (; r == 0 && at < version; at++)
		r = migrate_one(sql, at, err);
	return r;
}

int schema_migrate(struct sql *sql, const char *path, struct err *err)
{
	return schema_migrate_to(sql, path, schema_version(), err);
}

int schema_check(struct sql *sql, const char *path, struct err *err)
{
	int version;
	int r = identify(sql, path, err, &version);
	if (r == 0 && version < schema_version())
		return err_set(err, -ENOTSUP,
			"%s: has schema %d, this gantry reads %d: whatever writes to it, such as "
			"'gantry serve', brings it up to date",
			path, version, schema_version());
	return r;
}
