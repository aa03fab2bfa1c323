#include "store/violation_stats.h"

#include "store/gathering.h"
#include "store/recall.h"
#include "store/settled.h"
#include "store/store_inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HOURS_PER_DAY 24

/* What is asked, and of which moment. */
struct question {
	struct sql *sql;
	struct recall *recall;
	bool all; /* since ever; otherwise whole hours: */
	int64_t from_hour, to_hour;
	/* Between both: the sums of the hours before are at rest (store/settled.h). */
	int64_t rest_hour;
	int64_t late_count;
};

static int check_hours(int hours, int least, struct err *err)
{
	if (hours >= least && hours <= TREND_HOURS_MAX)
		return 0;
	return err_set(
		err, -EINVAL, "hours must be %d to %d, is %d", least, TREND_HOURS_MAX, hours);
}

/* Ended by store_read_end(). */
static int begin(struct store *store, struct wall now, int hours, int least, struct err *err,
	struct question *ret_question)
{
	struct question q = {.recall = store_recall(store), .all = hours == 0};
	struct settled settled;
	int r = check_hours(hours, least, err);
	if (r == 0)
		r = store_read_begin(store, err, &q.sql);
	if (r < 0)
		return r;
	r = settled_read(q.sql, err, &settled);
	if (r < 0) {
		store_read_end(store, &q.sql);
		return r;
	}
	q.to_hour = rollup_bucket(ROLLUP_HOUR, now) + 1;
	q.from_hour = q.to_hour - hours;
	q.rest_hour = settled.hour < q.to_hour ? settled.hour : q.to_hour;
	q.rest_hour = q.rest_hour > q.from_hour ? q.rest_hour : q.from_hour;
	q.late_count = settled.late_count;
	*ret_question = q;
	return 0;
}

void name_counts_finish(struct name_counts *counts)
{
	free(counts->items);
	*counts = (struct name_counts){0};
}

/* One row for each name of a grouping within [from, to) of a scale. */
struct part {
	enum rollup_grouping grouping;
	enum rollup_scale scale;
	int64_t from, to;
};

static const char *text_of(enum rollup_grouping grouping)
{
	switch (grouping) {
	case ROLLUP_BY_TYPE:
		return "SELECT type, count FROM violation_sums WHERE scale = ? AND grouping = ?"
		       " AND bucket >= ? AND bucket < ?";
	case ROLLUP_BY_DEVICE:
		return "SELECT device, count FROM violation_sums WHERE scale = ? AND grouping = ?"
		       " AND bucket >= ? AND bucket < ?";
	case ROLLUP_BY_SEVERITY:
		return "SELECT severity, count FROM violation_sums WHERE scale = ? AND"
		       " grouping = ? AND bucket >= ? AND bucket < ?";
	default:
		return "SELECT device || char(31) || type, count FROM violation_sums WHERE"
		       " scale = ? AND grouping = ? AND bucket >= ? AND bucket < ?";
	}
}

static int read_part(struct sql *sql, struct part part, struct err *err, struct gathering *g)
{
	struct sqlite3_stmt *s;
	int r;
	if (part.from >= part.to)
		return 0;
	r = sql_get(sql, text_of(part.grouping), err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, part.scale);
	sql_bind_int(s, 2, part.grouping);
	sql_bind_int(s, 3, part.from);
	sql_bind_int(s, 4, part.to);
	while ((r = sql_step(sql, s, err)) > 0)
		if (gathering_add(g, sql_text(s, 0), sql_int(s, 1)) < 0) {
			r = err_set(err, -ENOMEM, "out of memory");
			break;
		}
	sql_done(s);
	return r;
}

/* Hours [from, to): the edges from hours, the inside from days, which save most of the reading. */
static int read_range(struct sql *sql, enum rollup_grouping grouping, int64_t from, int64_t to,
	struct err *err, struct gathering *g)
{
	int64_t from_day = (from + HOURS_PER_DAY - 1) / HOURS_PER_DAY, to_day = to / HOURS_PER_DAY;
	bool days = to_day > from_day;
	const struct part parts[] = {
		{grouping, ROLLUP_HOUR, from, days ? from_day * HOURS_PER_DAY : to},
		{grouping, ROLLUP_DAY, from_day, to_day},
		{grouping, ROLLUP_HOUR, to_day * HOURS_PER_DAY, days ? to : 0},
	};
	int r = 0;
	for (int i = 0; r == 0 && i < 3; i++)
		r = read_part(sql, parts[i], err, g);
	return r;
}

static struct recall_key key_of(const struct question *q, int64_t what)
{
	return (struct recall_key){what, q->from_hour, q->rest_hour, q->late_count};
}

/* The names of the hours at rest, remembered or read. */
static int read_names_at_rest(const struct question *q, enum rollup_grouping grouping,
	struct err *err, struct gathering *g)
{
	struct recall_key key = key_of(q, grouping);
	size_t bytes;
	void *items;
	if (q->from_hour == q->rest_hour)
		return 0;
	int r = recall_get(q->recall, &key, &items, &bytes);
	if (r < 0)
		return err_set(err, r, "out of memory");
	if (r > 0) {
		g->counts.items = items;
		g->counts.count = g->capacity = (int)(bytes / sizeof(*g->counts.items));
		return 0;
	}
	r = read_range(q->sql, grouping, q->from_hour, q->rest_hour, err, g);
	if (r < 0)
		return r;
	gathering_merge(g);
	recall_put(q->recall, &key, g->counts.items,
		(size_t)g->counts.count * sizeof(*g->counts.items));
	return 0;
}

static int read_names(const struct question *q, enum rollup_grouping grouping, struct err *err,
	struct name_counts *ret_counts)
{
	struct gathering g = {0};
	int r;
	if (q->all) {
		r = read_part(q->sql, (struct part){grouping, ROLLUP_ALL, 0, 1}, err, &g);
	} else {
		r = read_names_at_rest(q, grouping, err, &g);
		if (r == 0)
			r = read_range(q->sql, grouping, q->rest_hour, q->to_hour, err, &g);
	}
	if (r < 0) {
		gathering_finish(&g);
		return r;
	}
	*ret_counts = gathering_take(&g);
	return 0;
}

void violation_trends_finish(struct violation_trends *trends)
{
	name_counts_finish(&trends->by_type);
	free(trends->hourly);
	*trends = (struct violation_trends){0};
}

/* The totals of hours [from, to) to their places in the series. */
static int read_hours(
	const struct question *q, int64_t from, int64_t to, struct err *err, int64_t *hourly)
{
	struct sqlite3_stmt *s;
	int r = sql_get(q->sql,
		"SELECT bucket, count FROM violation_sums WHERE scale = 1 AND grouping = 4 AND"
		" bucket >= ? AND bucket < ?",
		err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, from);
	sql_bind_int(s, 2, to);
	while ((r = sql_step(q->sql, s, err)) > 0)
		hourly[sql_int(s, 0) - q->from_hour] = sql_int(s, 1);
	sql_done(s);
	return r;
}

/* The totals of the hours at rest, remembered or read. */
static int read_hours_at_rest(const struct question *q, struct err *err, int64_t *hourly)
{
	struct recall_key key = key_of(q, ROLLUP_TOTAL);
	void *remembered;
	size_t bytes;
	if (q->from_hour == q->rest_hour)
		return 0;
	int r = recall_get(q->recall, &key, &remembered, &bytes);
	if (r < 0)
		return err_set(err, r, "out of memory");
	if (r > 0) {
		memcpy(hourly, remembered, bytes);
		free(remembered);
		return 0;
	}
	r = read_hours(q, q->from_hour, q->rest_hour, err, hourly);
	if (r == 0)
		recall_put(q->recall, &key, hourly,
			(size_t)(q->rest_hour - q->from_hour) * sizeof(*hourly));
	return r;
}

static int trends_of_all(const struct question *q, struct violation_trends *t, struct err *err)
{
	int r = read_hours_at_rest(q, err, t->hourly);
	if (r == 0)
		r = read_hours(q, q->rest_hour, q->to_hour, err, t->hourly);
	return r < 0 ? r : read_names(q, ROLLUP_BY_TYPE, err, &t->by_type);
}

/* Hour by hour: seeks, where a range would read the sums of all devices. */
static int trends_of_device(
	const struct question *q, const char *device, struct violation_trends *t, struct err *err)
{
	struct gathering g = {0};
	struct sqlite3_stmt *s;
	int r = sql_get(q->sql,
		"WITH RECURSIVE hour(n) AS (VALUES(?1) UNION ALL SELECT n + 1 FROM hour"
		" WHERE n + 1 < ?2) SELECT bucket, type, count FROM hour CROSS JOIN violation_sums"
		" WHERE scale = 1 AND grouping = 3 AND bucket = n AND device = ?3",
		err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, q->from_hour);
	sql_bind_int(s, 2, q->to_hour);
	sql_bind_text(s, 3, device);
	while ((r = sql_step(q->sql, s, err)) > 0) {
		t->hourly[sql_int(s, 0) - q->from_hour] += sql_int(s, 2);
		if (gathering_add(&g, sql_text(s, 1), sql_int(s, 2)) < 0) {
			r = err_set(err, -ENOMEM, "out of memory");
			break;
		}
	}
	sql_done(s);
	t->by_type = gathering_take(&g);
	return r;
}

int violation_stats_trends(struct store *store, struct wall now, int hours, const char *device,
	struct err *err, struct violation_trends *ret_trends)
{
	struct question q;
	int r = begin(store, now, hours, 1, err, &q);
	if (r < 0)
		return r;
	struct violation_trends t = {.hours = hours};
	t.from.us = q.from_hour * rollup_length_us(ROLLUP_HOUR);
	t.hourly = calloc((size_t)hours, sizeof(*t.hourly));
	if (!t.hourly)
		r = err_set(err, -ENOMEM, "out of memory");
	else
		r = device ? trends_of_device(&q, device, &t, err) : trends_of_all(&q, &t, err);
	store_read_end(store, &q.sql);
	if (r < 0) {
		violation_trends_finish(&t);
		return r;
	}
	for (int i = 0; i < hours; i++)
		t.total += t.hourly[i];
	t.per_hour = (double)t.total / hours;
	*ret_trends = t;
	return 0;
}

/* The names of a grouping with a connection of its own. */
static int ask_names(struct store *store, struct wall now, int hours, enum rollup_grouping grouping,
	struct err *err, struct name_counts *ret_counts)
{
	struct question q;
	int r = begin(store, now, hours, 0, err, &q);
	if (r < 0)
		return r;
	r = read_names(&q, grouping, err, ret_counts);
	store_read_end(store, &q.sql);
	return r;
}

int violation_stats_hotspots(struct store *store, struct wall now, int hours, int max,
	struct err *err, struct name_counts *ret_devices, int *ret_locations)
{
	int r = ask_names(store, now, hours, ROLLUP_BY_DEVICE, err, ret_devices);
	if (r < 0)
		return r;
	*ret_locations = ret_devices->count;
	if (max > 0 && ret_devices->count > max)
		ret_devices->count = max;
	return 0;
}

int violation_stats_pairs(struct store *store, struct wall now, int hours, int max, struct err *err,
	struct name_counts *ret_pairs)
{
	int r = ask_names(store, now, hours, ROLLUP_BY_DEVICE_TYPE, err, ret_pairs);
	if (r == 0 && max > 0 && ret_pairs->count > max)
		ret_pairs->count = max;
	return r;
}

void violation_summary_finish(struct violation_summary *summary)
{
	name_counts_finish(&summary->by_type);
}

static int read_summary(
	const struct question *q, struct err *err, struct violation_summary *ret_summary)
{
	struct name_counts severities = {0}, devices = {0};
	int r = read_names(q, ROLLUP_BY_TYPE, err, &ret_summary->by_type);
	if (r == 0)
		r = read_names(q, ROLLUP_BY_SEVERITY, err, &severities);
	if (r == 0)
		r = read_names(q, ROLLUP_BY_DEVICE, err, &devices);
	for (int i = 0; r == 0 && i < severities.count; i++)
		ret_summary->by_severity[severities.items[i].name[0] & 3] +=
			severities.items[i].count;
	for (int i = 0; r == 0 && i < ret_summary->by_type.count; i++)
		ret_summary->total += ret_summary->by_type.items[i].count;
	ret_summary->active_locations = devices.count;
	name_counts_finish(&severities);
	name_counts_finish(&devices);
	return r;
}

int violation_stats_summary(struct store *store, struct wall now, int hours, struct err *err,
	struct violation_summary *ret_summary)
{
	struct violation_summary summary = {0};
	struct question q;
	int r = begin(store, now, hours, 0, err, &q);
	if (r < 0)
		return r;
	r = read_summary(&q, err, &summary);
	store_read_end(store, &q.sql);
	if (r < 0)
		violation_summary_finish(&summary);
	else
		*ret_summary = summary;
	return r;
}

static void place_in_week(int64_t hour, int utc_offset_s, int *ret_weekday, int *ret_hour)
{
	time_t t = (time_t)(hour * 3600 + (utc_offset_s == HEAT_LOCAL ? 0 : utc_offset_s));
	struct tm tm = {0};
	if (utc_offset_s == HEAT_LOCAL)
		localtime_r(&t, &tm);
	else
		gmtime_r(&t, &tm);
	*ret_weekday = tm.tm_wday;
	*ret_hour = tm.tm_hour;
}

static int read_heat(const struct question *q, const char *type, int utc_offset_s, struct err *err,
	struct violation_heat *heat)
{
	struct sqlite3_stmt *s;
	int r = sql_get(q->sql,
		"SELECT bucket, sum(count) FROM violation_sums WHERE scale = 1 AND grouping = 0"
		" AND bucket >= ?1 AND bucket < ?2 AND (?3 IS NULL OR type = ?3) GROUP BY bucket",
		err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, q->from_hour);
	sql_bind_int(s, 2, q->to_hour);
	sql_bind_text(s, 3, type);
	while ((r = sql_step(q->sql, s, err)) > 0) {
		int weekday, hour;
		place_in_week(sql_int(s, 0), utc_offset_s, &weekday, &hour);
		heat->count[weekday][hour] += sql_int(s, 1);
	}
	sql_done(s);
	return r;
}

int violation_stats_heat(struct store *store, struct wall now, int hours, const char *type,
	int utc_offset_s, struct err *err, struct violation_heat *ret_heat)
{
	struct violation_heat heat = {0};
	struct question q;
	int r = begin(store, now, hours, 1, err, &q);
	if (r < 0)
		return r;
	r = read_heat(&q, type, utc_offset_s, err, &heat);
	store_read_end(store, &q.sql);
	if (r == 0)
		*ret_heat = heat;
	return r;
}

static int expire_step(
	struct writer_job *job, struct sql *sql, struct rollups *rollups, struct err *err)
{
	static const char text[] = "DELETE FROM violation_sums WHERE scale = ? AND bucket < ?";
	const struct wall *before = ((struct store_change *)job)->arguments;
	int64_t day = rollup_bucket(ROLLUP_DAY, *before);
	/* What this transaction has added so far must be in the table that is summed. */
	int r = rollups_flush(rollups, sql, err);
	rollups_clear(rollups);
	if (r == 0)
		r = rollups_delete_before(sql, text, ROLLUP_DAY, day, err);
	if (r == 0 && sql_changes(sql) == 0)
		return 0;
	if (r == 0)
		r = settled_change_all(sql, err);
	if (r == 0)
		r = rollups_delete_before(sql, text, ROLLUP_HOUR, day * HOURS_PER_DAY, err);
	if (r == 0)
		r = sql_run(sql,
			"DELETE FROM violation_sums WHERE scale = 3;"
			"INSERT INTO violation_sums SELECT 3, grouping, 0, device, type, severity,"
			" sum(count) FROM violation_sums WHERE scale = 2"
			" GROUP BY grouping, device, type, severity",
			err);
	return r;
}

int violation_stats_expire(struct store *store, struct wall before, struct err *err)
{
	return store_change(store, expire_step, &before, err, NULL);
}
