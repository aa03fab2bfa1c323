#include "store/upkeep.h"

#include "base/clock.h"
#include "base/json.h"
#include "store/store_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PROBLEMS_MAX 100

struct problem_list {
	void (*each)(void *opaque, const char *problem);
	void *opaque;
	int count;
};

static int check_pages(struct sql *sql, struct problem_list *list, struct err *err)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql, "PRAGMA integrity_check(100)", err, &s);
	if (r < 0)
		return r;
	while ((r = sql_step(sql, s, err)) > 0) {
		const char *text = sql_text(s, 0);
		if (strcmp(text, "ok") == 0)
			continue;
		list->count++;
		list->each(list->opaque, text);
	}
	sql_done(s);
	return r;
}

/* Sums may cover more than the rows (retention removed some), never less; and they agree among
 * themselves. */
static const struct {
	const char *query, *problem;
} sum_checks[] = {
	{"SELECT count(*) FROM (SELECT grouping, sum(count) n FROM violation_sums WHERE scale = 3"
	 " GROUP BY grouping) WHERE n <> (SELECT sum(count) FROM violation_sums WHERE scale = 3"
	 " AND grouping = 0)",
		"the totals by type, device and severity do not agree"},
	{"SELECT (SELECT ifnull(sum(count), 0) FROM violation_sums WHERE scale = 1 AND"
	 " grouping = 0) <> (SELECT ifnull(sum(count), 0) FROM violation_sums WHERE scale = 2 AND"
	 " grouping = 0)",
		"the sums of hours and of days do not agree"},
	{"SELECT count(*) FROM (SELECT at_us / 86400000000 day, type, count(*) n FROM violations"
	 " GROUP BY 1, 2) v WHERE EXISTS (SELECT 1 FROM violation_sums WHERE scale = 2 AND"
	 " grouping = 0 AND bucket = v.day) AND n > ifnull((SELECT count FROM violation_sums"
	 " WHERE scale = 2 AND grouping = 0 AND bucket = v.day AND device = '' AND type = v.type"
	 " AND severity = -1), 0)",
		"there are days with more violations than their sum says"},
	{"SELECT count(*) FROM evidence_files f LEFT JOIN violations v ON v.id = f.violation_id"
	 " WHERE v.id IS NULL AND f.leaving = 0",
		"there are evidence files of violations that are not there"},
	{"SELECT count(*) FROM outbox o LEFT JOIN violations v ON v.id = o.violation_id"
	 " WHERE v.id IS NULL",
		"the outbox has violations that are not there"},
};

int upkeep_check(struct store *store, void (*each)(void *opaque, const char *problem), void *opaque,
	struct err *err)
{
	struct problem_list list = {each, opaque, 0};
	struct sql *sql;
	int r = store_read_begin(store, err, &sql);
	if (r < 0)
		return r;
	r = check_pages(sql, &list, err);
	for (size_t i = 0; r == 0 && i < sizeof(sum_checks) / sizeof(sum_checks[0]); i++) {
		int64_t wrong;
		r = sql_number(sql, sum_checks[i].query, err, &wrong);
		if (r == 0 && wrong != 0) {
			list.count++;
			each(opaque, sum_checks[i].problem);
		}
	}
	store_read_end(store, &sql);
	return r < 0 ? r : list.count;
}

int upkeep_backup(struct store *store, const char *path, struct err *err)
{
	struct sql *sql;
	int r = store_read_begin(store, err, &sql);
	if (r < 0)
		return r;
	r = sql_backup(sql, path, err);
	store_read_end(store, &sql);
	return r;
}

/* Columns ending in _us are times, and named without it; the others are written as they are. */
static const struct {
	const char *name, *query;
} tables[UPKEEP_TABLE_COUNT] = {
	[UPKEEP_VIOLATIONS] = {"violations",
		"SELECT id, at_us AS timestamp_us, device AS device_id, type,"
		" CASE severity WHEN 0 THEN 'low' WHEN 1 THEN 'medium' WHEN 2 THEN"
		" 'high' ELSE 'critical' END AS severity, rule, track_id,"
		" class AS class_name, plate, measured, uncertainty,"
		" limit_value AS \"limit\", tolerance, unit, x1, y1, x2, y2,"
		" explanation, evidence AS evidence_path, config_version,"
		" CASE review WHEN 0 THEN 'open' WHEN 1 THEN 'confirmed' ELSE"
		" 'rejected' END AS review, review_reason, review_note,"
		" reviewed_by, reviewed_us, held FROM violations ORDER BY id"},
	[UPKEEP_PASSAGES] = {"passages",
		"SELECT id, at_us AS timestamp_us, device AS device_id, line, lane, lane_unsure,"
		" direction, class AS class_name, track_id, speed_mps * 3.6 AS speed_kmh,"
		" speed_sigma_mps * 3.6 * 1.959964 AS speed_uncertainty_kmh, headway_s, occupied_s"
		" FROM passages ORDER BY id"},
	[UPKEEP_EVIDENCE] = {"evidence",
		"SELECT id, violation_id, role, path, bytes, sha256, at_us AS timestamp_us"
		" FROM evidence_files WHERE leaving = 0 ORDER BY id"},
	[UPKEEP_ALERTS] = {"alerts",
		"SELECT id, at_us AS timestamp_us, rule, severity, metric, value, threshold,"
		" message, ended_us, acknowledged_by FROM alerts ORDER BY id"},
	[UPKEEP_AUDIT] = {"audit", "SELECT id, at_us AS timestamp_us, actor, action, object,"
				   " address, detail FROM audit ORDER BY id"},
	[UPKEEP_STREAMS] = {"streams",
		"SELECT stream AS stream_id, version, at_us AS timestamp_us, author, config"
		" FROM stream_versions ORDER BY stream, version"},
	[UPKEEP_CONGESTION] = {"congestion",
		"SELECT at_us AS timestamp_us, device AS device_id, seen_s, vehicle_count,"
		" speed_mps * 3.6 AS speed_kmh, queue_ratio, queue_m, queue_count"
		" FROM congestion ORDER BY at_us, device"},
};

const char *upkeep_table_name(enum upkeep_table table)
{
	return tables[table].name;
}

static bool is_time(const char *name, size_t *ret_length)
{
	size_t length = strlen(name);
	bool is = length > 3 && strcmp(name + length - 3, "_us") == 0;
	*ret_length = is ? length - 3 : length;
	return is;
}

static void json_row(struct json *j, struct sqlite3_stmt *s)
{
	json_object(j);
	for (int i = 0; i < sql_columns(s); i++) {
		char key[64], time[WALL_TEXT_SIZE];
		size_t length;
		bool timed = is_time(sql_column_name(s, i), &length);
		snprintf(key, sizeof(key), "%.*s", (int)length, sql_column_name(s, i));
		json_key(j, key);
		if (timed && sql_int(s, i) != 0) {
			wall_format((struct wall){sql_int(s, i)}, time, sizeof(time));
			json_string(j, time);
		} else if (timed || sql_type(s, i) == SQL_NULL)
			json_null(j);
		else if (sql_type(s, i) == SQL_INT)
			json_int(j, sql_int(s, i));
		else if (sql_type(s, i) == SQL_REAL)
			json_real(j, sql_real(s, i), 6);
		else
			json_string(j, sql_text(s, i));
	}
	json_object_end(j);
	json_raw(j, "\n", 1);
}

static void csv_text(struct json *j, const char *text)
{
	bool formula = strchr("=+-@\t\r", text[0]) && text[0] != '\0';
	bool quote = formula || strpbrk(text, ",\"\r\n");
	if (quote)
		json_raw(j, "\"", 1);
	if (formula)
		json_raw(j, "'", 1);
	for (const char *c = text; *c; c++) {
		if (*c == '"')
			json_raw(j, "\"", 1);
		json_raw(j, c, 1);
	}
	if (quote)
		json_raw(j, "\"", 1);
}

static void csv_row(struct json *j, struct sqlite3_stmt *s)
{
	for (int i = 0; i < sql_columns(s); i++) {
		char text[WALL_TEXT_SIZE] = "";
		size_t length;
		bool timed = is_time(sql_column_name(s, i), &length);
		if (i > 0)
			json_raw(j, ",", 1);
		if (sql_type(s, i) == SQL_TEXT) {
			csv_text(j, sql_text(s, i));
			continue;
		}
		if (timed && sql_int(s, i) != 0)
			wall_format((struct wall){sql_int(s, i)}, text, sizeof(text));
		else if (!timed && sql_type(s, i) == SQL_INT)
			snprintf(text, sizeof(text), "%lld", (long long)sql_int(s, i));
		else if (!timed && sql_type(s, i) == SQL_REAL)
			snprintf(text, sizeof(text), "%.10g", sql_real(s, i));
		json_raw(j, text, strlen(text));
	}
	json_raw(j, "\r\n", 2);
}

static void csv_header(struct json *j, struct sqlite3_stmt *s)
{
	for (int i = 0; i < sql_columns(s); i++) {
		size_t length;
		is_time(sql_column_name(s, i), &length);
		if (i > 0)
			json_raw(j, ",", 1);
		json_raw(j, sql_column_name(s, i), length);
	}
	json_raw(j, "\r\n", 2);
}

static int write_out(struct json *j, FILE *out, struct err *err)
{
	if (j->failed)
		return err_set(err, -ENOMEM, "out of memory");
	if (fwrite(j->text, 1, j->length, out) != j->length)
		return err_set(err, -errno, "the export cannot be written: %s", strerror(errno));
	json_reset(j);
	return 0;
}

static int export_rows(struct sql *sql, enum upkeep_table table, enum upkeep_format format,
	FILE *out, struct err *err)
{
	struct json j = {0};
	struct sqlite3_stmt *s;
	int r = sql_get(sql, tables[table].query, err, &s);
	if (r < 0)
		return r;
	if (format == UPKEEP_CSV) {
		csv_header(&j, s);
		r = write_out(&j, out, err);
	}
	while (r == 0 && (r = sql_step(sql, s, err)) > 0) {
		(format == UPKEEP_CSV ? csv_row : json_row)(&j, s);
		r = write_out(&j, out, err);
	}
	sql_done(s);
	json_finish(&j);
	return r;
}

int upkeep_export(struct store *store, enum upkeep_table table, enum upkeep_format format,
	FILE *out, struct err *err)
{
	struct sql *sql;
	int r = store_read_begin(store, err, &sql);
	if (r < 0)
		return r;
	r = export_rows(sql, table, format, out, err);
	store_read_end(store, &sql);
	return r;
}
