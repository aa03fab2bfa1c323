#include "store/violation_stats.h"

#include "store/store_inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HOURS_PER_DAY 24

/* Whole hours [from, to) and the days inside them, which save most of the reading. */
struct window {
	bool all;
	int64_t from_hour, to_hour, from_day, to_day;
};

static struct window make_window(struct wall now, int hours)
{
	struct window w = {.all = hours == 0};
	w.to_hour = rollup_bucket(ROLLUP_HOUR, now) + 1;
	w.from_hour = w.to_hour - hours;
	w.from_day = (w.from_hour + HOURS_PER_DAY - 1) / HOURS_PER_DAY;
	w.to_day = w.to_hour / HOURS_PER_DAY;
	if (w.to_day < w.from_day)
		w.to_day = w.from_day;
	return w;
}

static int check_hours(int hours, int least, struct err *err)
{
	if (hours >= least && hours <= TREND_HOURS_MAX)
		return 0;
	return err_set(
		err, -EINVAL, "hours must be %d to %d, is %d", least, TREND_HOURS_MAX, hours);
}

void name_counts_finish(struct name_counts *counts)
{
	free(counts->items);
	*counts = (struct name_counts){0};
}

static int append(struct name_counts *counts, const char *name, int64_t count)
{
	if ((counts->count & (counts->count - 1)) == 0) {
		size_t more = counts->count ? 2 * (size_t)counts->count : 1;
		void *items = realloc(counts->items, more * sizeof(*counts->items));
		if (!items)
			return -ENOMEM;
		counts->items = items;
	}
	struct name_count *item = &counts->items[counts->count++];
	snprintf(item->name, sizeof(item->name), "%s", name);
	item->count = count;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct name_count *)a)->name, ((const struct name_count *)b)->name);
}

static int by_count(const void *a, const void *b)
{
	const struct name_count *x = a, *y = b;
	return x->count != y->count ? (x->count < y->count) - (x->count > y->count) : by_name(a, b);
}

/* Adds up equal names; the rest is in the order of names. */
static void merge(struct name_counts *counts)
{
	int kept = 0;
	if (counts->count == 0)
		return;
	qsort(counts->items, (size_t)counts->count, sizeof(*counts->items), by_name);
	for (int i = 0; i < counts->count; i++) {
		if (kept > 0 && by_name(&counts->items[kept - 1], &counts->items[i]) == 0)
			counts->items[kept - 1].count += counts->items[i].count;
		else
			counts->items[kept++] = counts->items[i];
	}
	counts->count = kept;
}

/* Adds up equal names, drops those that come to nothing, and ranks the rest. */
static void rank(struct name_counts *counts)
{
	merge(counts);
	if (counts->count == 0)
		return;
	qsort(counts->items, (size_t)counts->count, sizeof(*counts->items), by_count);
	while (counts->count > 0 && counts->items[counts->count - 1].count <= 0)
		counts->count--;
}

/*
 * Adds up the rows of one bucket after another, each bucket's in the order of names: what follows a
 * name is nearly always what followed it in the bucket before, so that a comparison or a few find
 * it. A name that is not found close by gets one more item, to be merged later. (GROUP BY sorts all
 * rows, which takes three times the instructions.)
 */
struct gathering {
	struct name_counts counts;
	int next; /* where the next name is looked for first */
	int merge_at; /* so many items are merged: they stay within twice the names */
};
#define NEAR 8
#define MERGE_MIN 1024

static int gather(struct gathering *g, const char *name, int64_t count)
{
	for (int i = 0; i < NEAR && i < g->counts.count; i++) {
		int at = (g->next + i) % g->counts.count;
		struct name_count *item = &g->counts.items[at];
		if (strcmp(item->name, name) != 0)
			continue;
		item->count += count;
		g->next = at + 1;
		return 0;
	}
	if (g->counts.count >= MERGE_MIN && g->counts.count >= g->merge_at) {
		merge(&g->counts);
		g->merge_at = 2 * g->counts.count;
	}
	return append(&g->counts, name, count);
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
		if (gather(g, sql_text(s, 0), sql_int(s, 1)) < 0) {
			r = err_set(err, -ENOMEM, "out of memory");
			break;
		}
	sql_done(s);
	return r;
}

/* Edges from hours, the inside from days, everything from the one total. */
static int read_names(struct sql *sql, const struct window *w, enum rollup_grouping grouping,
	struct err *err, struct name_counts *ret_counts)
{
	struct gathering g = {0};
	bool days = w->to_day > w->from_day;
	const struct part parts[] = {
		{grouping, ROLLUP_HOUR, w->from_hour,
			days ? w->from_day * HOURS_PER_DAY : w->to_hour},
		{grouping, ROLLUP_DAY, w->from_day, w->to_day},
		{grouping, ROLLUP_HOUR, w->to_day * HOURS_PER_DAY, days ? w->to_hour : 0},
	};
	int r = 0;
	if (w->all)
		r = read_part(sql, (struct part){grouping, ROLLUP_ALL, 0, 1}, err, &g);
	for (int i = 0; r == 0 && !w->all && i < 3; i++)
		r = read_part(sql, parts[i], err, &g);
	if (r < 0) {
		name_counts_finish(&g.counts);
		return r;
	}
	rank(&g.counts);
	*ret_counts = g.counts;
	return 0;
}

void violation_trends_finish(struct violation_trends *trends)
{
	name_counts_finish(&trends->by_type);
	free(trends->hourly);
	*trends = (struct violation_trends){0};
}

static int read_hours(
	struct sql *sql, struct sqlite3_stmt *s, struct violation_trends *t, struct err *err)
{
	int64_t first = rollup_bucket(ROLLUP_HOUR, t->from);
	int r;
	while ((r = sql_step(sql, s, err)) > 0) {
		t->hourly[sql_int(s, 0) - first] += sql_int(s, 1);
		t->total += sql_int(s, 1);
	}
	return r;
}

/* The series from the hours' totals; the types from days where whole ones are inside. */
static int trends_of_all(
	struct sql *sql, const struct window *w, struct violation_trends *t, struct err *err)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql,
		"SELECT bucket, count FROM violation_sums WHERE scale = 1 AND grouping = 4 AND"
		" bucket >= ? AND bucket < ?",
		err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, w->from_hour);
	sql_bind_int(s, 2, w->to_hour);
	r = read_hours(sql, s, t, err);
	sql_done(s);
	return r < 0 ? r : read_names(sql, w, ROLLUP_BY_TYPE, err, &t->by_type);
}

/* Hour by hour: seeks, where a range would read the sums of all devices. */
static int trends_of_device(struct sql *sql, const struct window *w, const char *device,
	struct violation_trends *t, struct err *err)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql,
		"WITH RECURSIVE hour(n) AS (VALUES(?1) UNION ALL SELECT n + 1 FROM hour"
		" WHERE n + 1 < ?2) SELECT bucket, type, count FROM hour CROSS JOIN violation_sums"
		" WHERE scale = 1 AND grouping = 3 AND bucket = n AND device = ?3",
		err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, w->from_hour);
	sql_bind_int(s, 2, w->to_hour);
	sql_bind_text(s, 3, device);
	struct gathering g = {0};
	while ((r = sql_step(sql, s, err)) > 0) {
		int64_t count = sql_int(s, 2);
		t->hourly[sql_int(s, 0) - w->from_hour] += count;
		t->total += count;
		if (gather(&g, sql_text(s, 1), count) < 0) {
			r = err_set(err, -ENOMEM, "out of memory");
			break;
		}
	}
	sql_done(s);
	rank(&g.counts);
	t->by_type = g.counts;
	return r;
}

int violation_stats_trends(struct store *store, struct wall now, int hours, const char *device,
	struct err *err, struct violation_trends *ret_trends)
{
	struct sql *sql;
	int r = check_hours(hours, 1, err);
	if (r == 0)
		r = store_read_begin(store, err, &sql);
	if (r < 0)
		return r;
	struct window w = make_window(now, hours);
	struct violation_trends t = {.hours = hours};
	t.from.us = w.from_hour * rollup_length_us(ROLLUP_HOUR);
	t.hourly = calloc((size_t)hours, sizeof(*t.hourly));
	if (!t.hourly)
		r = err_set(err, -ENOMEM, "out of memory");
	else
		r = device ? trends_of_device(sql, &w, device, &t, err)
			   : trends_of_all(sql, &w, &t, err);
	store_read_end(store, &sql);
	if (r < 0) {
		violation_trends_finish(&t);
		return r;
	}
	t.per_hour = (double)t.total / hours;
	*ret_trends = t;
	return 0;
}

/* The names of a grouping with a connection of its own. */
static int ask_names(struct store *store, struct wall now, int hours, enum rollup_grouping grouping,
	struct err *err, struct name_counts *ret_counts)
{
	struct sql *sql;
	int r = check_hours(hours, 0, err);
	if (r == 0)
		r = store_read_begin(store, err, &sql);
	if (r < 0)
		return r;
	struct window w = make_window(now, hours);
	r = read_names(sql, &w, grouping, err, ret_counts);
	store_read_end(store, &sql);
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

static int read_summary(struct sql *sql, const struct window *w, struct err *err,
	struct violation_summary *ret_summary)
{
	struct name_counts severities = {0}, devices = {0};
	int r = read_names(sql, w, ROLLUP_BY_TYPE, err, &ret_summary->by_type);
	if (r == 0)
		r = read_names(sql, w, ROLLUP_BY_SEVERITY, err, &severities);
	if (r == 0)
		r = read_names(sql, w, ROLLUP_BY_DEVICE, err, &devices);
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
	struct sql *sql;
	int r = check_hours(hours, 0, err);
	if (r == 0)
		r = store_read_begin(store, err, &sql);
	if (r < 0)
		return r;
	struct window w = make_window(now, hours);
	r = read_summary(sql, &w, err, &summary);
	store_read_end(store, &sql);
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

static int read_heat(struct sql *sql, const struct window *w, const char *type, int utc_offset_s,
	struct err *err, struct violation_heat *heat)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql,
		"SELECT bucket, sum(count) FROM violation_sums WHERE scale = 1 AND grouping = 0"
		" AND bucket >= ?1 AND bucket < ?2 AND (?3 IS NULL OR type = ?3) GROUP BY bucket",
		err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, w->from_hour);
	sql_bind_int(s, 2, w->to_hour);
	sql_bind_text(s, 3, type);
	while ((r = sql_step(sql, s, err)) > 0) {
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
	struct sql *sql;
	int r = check_hours(hours, 1, err);
	if (r == 0)
		r = store_read_begin(store, err, &sql);
	if (r < 0)
		return r;
	struct window w = make_window(now, hours);
	r = read_heat(sql, &w, type, utc_offset_s, err, &heat);
	store_read_end(store, &sql);
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
