#include "store/traffic_stats.h"

#include "base/units.h"
#include "store/store_inside.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS_MAX 100000
#define HEAVY_CARS 2.0
#define PROFILE_WEEKS 4
#define BACKTEST_HOURS WEEK_HOURS
#define LEVEL_HOURS 24
#define LEVEL_MAX 3.0

const char *service_level_name(enum service_level level)
{
	static const char *const names[] = {"unknown", "A", "B", "C", "D", "E", "F"};
	return names[level];
}

enum service_level service_level_of(double density_per_km)
{
	static const double limits[] = {6.8, 11.2, 16.2, 21.7, 28.0};
	int level = SERVICE_A;
	if (!isfinite(density_per_km))
		return SERVICE_UNKNOWN;
	while (level < SERVICE_F && density_per_km > limits[level - SERVICE_A])
		level++;
	return (enum service_level)level;
}

/* One bucket while its sums are read. */
struct sums {
	int64_t count, measured, heavy;
	double speed_sum_mps;
	int32_t bins[SPEED_BIN_MAX + 1];
};

#define AT_PLACE                                                                                   \
	" (?1 IS NULL OR device = ?1) AND (?2 IS NULL OR line = ?2)"                               \
	" AND (?3 IS NULL OR direction = ?3) AND (?4 IS NULL OR lane = ?4)"
#define IN_BUCKETS " AND scale = ?5 AND bucket >= ?6 AND bucket < ?7"

static void bind_place(struct sqlite3_stmt *s, const struct traffic_place *place)
{
	sql_bind_text(s, 1, place->device);
	sql_bind_text(s, 2, place->line);
	sql_bind_text(s, 3, place->direction);
	sql_bind_text(s, 4, place->lane);
}

static void bind_range(struct sqlite3_stmt *s, enum rollup_scale scale, int64_t from, int64_t to)
{
	sql_bind_int(s, 5, scale);
	sql_bind_int(s, 6, from);
	sql_bind_int(s, 7, to);
}

/* A question about a place and a range of buckets, ready to step. */
static int ask(struct sql *sql, const char *text, const struct traffic_place *place,
	enum rollup_scale scale, int64_t from, int64_t to, struct err *err,
	struct sqlite3_stmt **ret_s)
{
	int r = sql_get(sql, text, err, ret_s);
	if (r < 0)
		return r;
	bind_place(*ret_s, place);
	bind_range(*ret_s, scale, from, to);
	return 0;
}

/* Within the bin, as if its speeds were spread evenly. */
static double percentile(const struct sums *sums, double ratio)
{
	double rank = ratio * (double)sums->measured, before = 0;
	if (sums->measured == 0)
		return NAN;
	for (int bin = 0; bin <= SPEED_BIN_MAX; bin++) {
		if (sums->bins[bin] > 0 && before + sums->bins[bin] >= rank)
			return (bin + (rank - before) / sums->bins[bin]) / KMH_PER_MPS;
		before += sums->bins[bin];
	}
	return NAN;
}

static void finish_bucket(
	struct traffic_bucket *b, const struct sums *sums, double length_s, int lane_count)
{
	b->count = sums->count;
	b->measured_count = sums->measured;
	b->flow_per_h = (double)sums->count * 3600 / length_s;
	b->mean_mps = sums->measured ? sums->speed_sum_mps / (double)sums->measured : NAN;
	b->p15_mps = percentile(sums, 0.15);
	b->p50_mps = percentile(sums, 0.5);
	b->p85_mps = percentile(sums, 0.85);
	double cars_per_h = ((double)sums->count + (HEAVY_CARS - 1) * (double)sums->heavy) * 3600 /
			    length_s / lane_count;
	b->density_per_km = b->mean_mps > 0 ? cars_per_h / (b->mean_mps * KMH_PER_MPS) : NAN;
	b->level = service_level_of(b->density_per_km);
}

static bool is_heavy(const char *class_name)
{
	return strcmp(class_name, "truck") == 0 || strcmp(class_name, "bus") == 0;
}

struct flow {
	struct traffic_bucket *buckets;
	int64_t first;
	int count, lane_count;
	int64_t length_us;
	double length_s; /* of what is summed up: a bucket, or all of them */
};

/* A row of traffic_sums; its class, bin, count and sum of speeds begin at `column`. */
static void add_row(struct sums *sums, struct sqlite3_stmt *s, int column)
{
	int64_t count = sql_int(s, column + 2);
	int bin = (int)sql_int(s, column + 1);
	sums->count += count;
	sums->heavy += is_heavy(sql_text(s, column)) ? count : 0;
	if (bin < 0 || bin > SPEED_BIN_MAX)
		return;
	sums->measured += count;
	sums->bins[bin] += (int32_t)count;
	sums->speed_sum_mps += sql_real(s, column + 3);
}

/* Rows come ordered by bucket: each is finished when the next one begins. */
static int read_speeds(struct sql *sql, struct sqlite3_stmt *s, struct flow *f, struct err *err)
{
	struct sums sums = {0};
	int64_t at = -1;
	int r;
	while ((r = sql_step(sql, s, err)) > 0) {
		int64_t index = sql_int(s, 0) - f->first;
		if (index != at && at >= 0)
			finish_bucket(&f->buckets[at], &sums, f->length_s, f->lane_count);
		if (index != at)
			sums = (struct sums){0};
		at = index;
		add_row(&sums, s, 1);
	}
	if (at >= 0)
		finish_bucket(&f->buckets[at], &sums, f->length_s, f->lane_count);
	return r;
}

/* What SUMS_OF_LINE selects, from `column` on. */
static void take_headways(
	struct traffic_bucket *b, struct sqlite3_stmt *s, int column, double length_s)
{
	double n = (double)sql_int(s, column), sum = sql_real(s, column + 1);
	double square = sql_real(s, column + 2);
	if (n > 0)
		b->headway_s = sum / n;
	if (n > 1)
		b->headway_sigma_s = sqrt(fmax(square - sum * sum / n, 0) / (n - 1));
	if (sql_int(s, column + 3) > 0)
		b->occupied_ratio = fmin(sql_real(s, column + 4) / length_s, 1);
	b->unsure_count = sql_int(s, column + 5);
}
#define SUMS_OF_LINE                                                                               \
	" sum(headway_count), sum(headway_sum_s), sum(headway_square_s2), sum(occupied_count),"    \
	" sum(occupied_sum_s), sum(unsure_count) FROM line_sums WHERE" AT_PLACE IN_BUCKETS

static int read_headways(struct sql *sql, struct sqlite3_stmt *s, struct flow *f, struct err *err)
{
	int r;
	while ((r = sql_step(sql, s, err)) > 0)
		take_headways(&f->buckets[sql_int(s, 0) - f->first], s, 1, f->length_s);
	return r;
}

static int read_flow(struct sql *sql, const struct traffic_place *place, enum rollup_scale scale,
	struct flow *f, struct err *err)
{
	static const char *const texts[] = {
		"SELECT bucket, class, bin, sum(count), sum(speed_sum_mps) FROM traffic_sums"
		" WHERE" AT_PLACE IN_BUCKETS " GROUP BY bucket, class, bin ORDER BY bucket",
		"SELECT bucket," SUMS_OF_LINE " GROUP BY bucket",
	};
	static int (*const read[])(struct sql *, struct sqlite3_stmt *, struct flow *,
		struct err *) = {read_speeds, read_headways};
	int r = 0;
	for (int i = 0; r == 0 && i < 2; i++) {
		struct sqlite3_stmt *s;
		r = ask(sql, texts[i], place, scale, f->first, f->first + f->count, err, &s);
		if (r < 0)
			break;
		r = read[i](sql, s, f, err);
		sql_done(s);
	}
	return r;
}

/* Bucket `index` of a flow, in which nobody passed. */
static struct traffic_bucket empty_bucket(const struct flow *f, int index)
{
	const struct sums none = {0};
	struct traffic_bucket b = {
		.from = {(f->first + index) * f->length_us},
		.headway_s = NAN,
		.headway_sigma_s = NAN,
		.occupied_ratio = NAN,
	};
	finish_bucket(&b, &none, f->length_s, f->lane_count);
	return b;
}

static int make_buckets(struct flow *f, struct err *err)
{
	f->buckets = calloc((size_t)f->count + 1, sizeof(*f->buckets));
	if (!f->buckets)
		return err_set(err, -ENOMEM, "out of memory");
	for (int i = 0; i < f->count; i++)
		f->buckets[i] = empty_bucket(f, i);
	return 0;
}

static int begin_flow(enum rollup_scale scale, struct wall from, struct wall to, int lane_count,
	struct err *err, struct flow *ret_flow)
{
	if (scale == ROLLUP_ALL || lane_count < 1 || lane_count > 16 || to.us < from.us)
		return err_set(err, -EINVAL,
			"a flow has buckets of a quarter-hour, hour or day, 1 to 16 lanes, and an "
			"end after its beginning");
	int64_t first = rollup_bucket(scale, from), count = rollup_bucket(scale, to) - first;
	if (count > BUCKETS_MAX)
		return err_set(err, -EINVAL, "a flow has at most %d buckets, not %lld", BUCKETS_MAX,
			(long long)count);
	*ret_flow = (struct flow){
		.first = first,
		.count = (int)count,
		.lane_count = lane_count,
		.length_us = rollup_length_us(scale),
		.length_s = (double)rollup_length_us(scale) * 1e-6,
	};
	return 0;
}

int traffic_stats_flow(struct store *store, const struct traffic_place *place,
	enum rollup_scale scale, struct wall from, struct wall to, int lane_count, struct err *err,
	struct traffic_bucket **ret_buckets, int *ret_count)
{
	struct sql *sql;
	struct flow f = {0};
	int r = begin_flow(scale, from, to, lane_count, err, &f);
	if (r == 0)
		r = make_buckets(&f, err);
	if (r == 0)
		r = store_read_begin(store, err, &sql);
	if (r == 0) {
		r = read_flow(sql, place, scale, &f, err);
		store_read_end(store, &sql);
	}
	if (r < 0) {
		free(f.buckets);
		return r;
	}
	*ret_buckets = f.buckets;
	*ret_count = f.count;
	return 0;
}

struct lanes {
	struct traffic_lane *items;
	int count, capacity;
};

/* Whether a row, which begins with device, line, lane and direction, is of that one. */
static bool is_lane(const struct traffic_lane *lane, struct sqlite3_stmt *s)
{
	return strcmp(lane->device, sql_text(s, 0)) == 0 &&
	       strcmp(lane->line, sql_text(s, 1)) == 0 && strcmp(lane->lane, sql_text(s, 2)) == 0 &&
	       strcmp(lane->direction, sql_text(s, 3)) == 0;
}

/* NULL where there is no memory. */
static struct traffic_lane *add_lane(struct lanes *lanes, struct sqlite3_stmt *s)
{
	if (lanes->count == lanes->capacity) {
		int capacity = lanes->capacity ? 2 * lanes->capacity : 16;
		void *grown = realloc(lanes->items, (size_t)capacity * sizeof(*lanes->items));
		if (!grown)
			return NULL;
		lanes->items = grown;
		lanes->capacity = capacity;
	}
	struct traffic_lane *lane = &lanes->items[lanes->count++];
	snprintf(lane->device, sizeof(lane->device), "%s", sql_text(s, 0));
	snprintf(lane->line, sizeof(lane->line), "%s", sql_text(s, 1));
	snprintf(lane->lane, sizeof(lane->lane), "%s", sql_text(s, 2));
	snprintf(lane->direction, sizeof(lane->direction), "%s", sql_text(s, 3));
	return lane;
}

/* Rows come ordered by lane and direction: each is finished when the next one begins. */
static int read_lane_speeds(struct sql *sql, struct sqlite3_stmt *s, const struct flow *f,
	struct lanes *lanes, struct err *err)
{
	struct traffic_lane *at = NULL;
	struct sums sums = {0};
	int r;
	while ((r = sql_step(sql, s, err)) > 0) {
		if (!at || !is_lane(at, s)) {
			if (at)
				finish_bucket(&at->traffic, &sums, f->length_s, 1);
			at = add_lane(lanes, s);
			if (!at)
				return err_set(err, -ENOMEM, "out of memory");
			at->traffic = empty_bucket(f, 0);
			sums = (struct sums){0};
		}
		add_row(&sums, s, 4);
	}
	if (at)
		finish_bucket(&at->traffic, &sums, f->length_s, 1);
	return r;
}

static int read_lane_headways(struct sql *sql, struct sqlite3_stmt *s, const struct flow *f,
	struct lanes *lanes, struct err *err)
{
	int r;
	while ((r = sql_step(sql, s, err)) > 0)
		for (int i = 0; i < lanes->count; i++)
			if (is_lane(&lanes->items[i], s))
				take_headways(&lanes->items[i].traffic, s, 4, f->length_s);
	return r;
}

static int read_lanes(struct sql *sql, const struct traffic_place *place, enum rollup_scale scale,
	const struct flow *f, struct lanes *lanes, struct err *err)
{
	static const char *const texts[] = {
		"SELECT device, line, lane, direction, class, bin, sum(count), sum(speed_sum_mps)"
		" FROM traffic_sums WHERE" AT_PLACE IN_BUCKETS
		" GROUP BY device, line, lane, direction, class, bin"
		" ORDER BY device, line, lane, direction",
		"SELECT device, line, lane, direction," SUMS_OF_LINE
		" GROUP BY device, line, lane, direction",
	};
	static int (*const read[])(struct sql *, struct sqlite3_stmt *, const struct flow *,
		struct lanes *, struct err *) = {read_lane_speeds, read_lane_headways};
	int r = 0;
	for (int i = 0; r == 0 && i < 2; i++) {
		struct sqlite3_stmt *s;
		r = ask(sql, texts[i], place, scale, f->first, f->first + f->count, err, &s);
		if (r < 0)
			break;
		r = read[i](sql, s, f, lanes, err);
		sql_done(s);
	}
	return r;
}

int traffic_stats_lanes(struct store *store, const struct traffic_place *place,
	enum rollup_scale scale, struct wall from, struct wall to, struct err *err,
	struct traffic_lane **ret_lanes, int *ret_count)
{
	struct lanes lanes = {0};
	struct sql *sql;
	struct flow f = {0};
	int r = begin_flow(scale, from, to, 1, err, &f);
	f.length_s *= f.count;
	if (r == 0)
		r = store_read_begin(store, err, &sql);
	if (r < 0)
		return r;
	r = read_lanes(sql, place, scale, &f, &lanes, err);
	store_read_end(store, &sql);
	if (r < 0) {
		free(lanes.items);
		return r;
	}
	*ret_lanes = lanes.items;
	*ret_count = lanes.count;
	return 0;
}

static int read_counts(struct sql *sql, struct sqlite3_stmt *s, struct err *err,
	struct traffic_count **ret_counts, int *ret_count)
{
	struct traffic_count *counts = NULL;
	int count = 0, capacity = 0, r;
	while ((r = sql_step(sql, s, err)) > 0) {
		if (count == capacity) {
			capacity = capacity ? 2 * capacity : 32;
			void *grown = realloc(counts, (size_t)capacity * sizeof(*counts));
			if (!grown) {
				r = err_set(err, -ENOMEM, "out of memory");
				break;
			}
			counts = grown;
		}
		struct traffic_count *c = &counts[count++];
		snprintf(c->device, sizeof(c->device), "%s", sql_text(s, 0));
		snprintf(c->line, sizeof(c->line), "%s", sql_text(s, 1));
		snprintf(c->direction, sizeof(c->direction), "%s", sql_text(s, 2));
		snprintf(c->class_name, sizeof(c->class_name), "%s", sql_text(s, 3));
		snprintf(c->lane, sizeof(c->lane), "%s", sql_text(s, 7));
		c->count = sql_int(s, 4);
		c->measured_count = sql_int(s, 5);
		c->mean_mps = c->measured_count ? sql_real(s, 6) / (double)c->measured_count : NAN;
	}
	if (r < 0) {
		free(counts);
		return r;
	}
	*ret_counts = counts;
	*ret_count = count;
	return 0;
}

int traffic_stats_counts(struct store *store, const struct traffic_place *place, struct wall from,
	struct wall to, struct err *err, struct traffic_count **ret_counts, int *ret_count)
{
	struct sqlite3_stmt *s;
	struct sql *sql;
	int r = store_read_begin(store, err, &sql);
	if (r < 0)
		return r;
	r = ask(sql,
		"SELECT device, line, direction, class, sum(count),"
		" sum(CASE WHEN bin >= 0 THEN count ELSE 0 END), sum(speed_sum_mps), lane"
		" FROM traffic_sums WHERE" AT_PLACE IN_BUCKETS
		" GROUP BY device, line, lane, direction, class",
		place, ROLLUP_HOUR, rollup_bucket(ROLLUP_HOUR, from),
		rollup_bucket(ROLLUP_HOUR, to), err, &s);
	if (r == 0) {
		r = read_counts(sql, s, err, ret_counts, ret_count);
		sql_done(s);
	}
	store_read_end(store, &sql);
	return r;
}

/* Hourly counts of `count` hours from bucket `first`; `ret_oldest` gets the oldest hour with
 * traffic within, INT64_MAX where there is none. */
static int read_hours(struct store *store, const struct traffic_place *place, int64_t first,
	int count, double *ret_hours, struct err *err, int64_t *ret_oldest)
{
	struct sqlite3_stmt *s;
	struct sql *sql;
	int r = store_read_begin(store, err, &sql);
	if (r < 0)
		return r;
	memset(ret_hours, 0, (size_t)count * sizeof(*ret_hours));
	*ret_oldest = INT64_MAX;
	r = ask(sql,
		"SELECT bucket, sum(count) FROM line_sums WHERE" AT_PLACE IN_BUCKETS
		" GROUP BY bucket ORDER BY bucket",
		place, ROLLUP_HOUR, first, first + count, err, &s);
	if (r == 0) {
		while ((r = sql_step(sql, s, err)) > 0) {
			int64_t bucket = sql_int(s, 0);
			ret_hours[bucket - first] = (double)sql_int(s, 1);
			*ret_oldest = bucket < *ret_oldest ? bucket : *ret_oldest;
		}
		sql_done(s);
	}
	store_read_end(store, &sql);
	return r;
}

/* 1970-01-01 was a Thursday. */
static int hour_of_week(int64_t bucket)
{
	return (int)((bucket + 4 * 24) % WEEK_HOURS);
}

int traffic_stats_week(struct store *store, const struct traffic_place *place, struct wall now,
	int weeks, struct err *err, double ret_per_hour[WEEK_HOURS])
{
	if (weeks < 1 || weeks > 52)
		return err_set(err, -EINVAL, "weeks must be 1 to 52, is %d", weeks);
	int count = weeks * WEEK_HOURS;
	int64_t first = rollup_bucket(ROLLUP_HOUR, now) - count, oldest;
	double *hours = calloc((size_t)count, sizeof(*hours));
	int r = hours ? read_hours(store, place, first, count, hours, err, &oldest)
		      : err_set(err, -ENOMEM, "out of memory");
	for (int i = 0; r == 0 && i < WEEK_HOURS; i++)
		ret_per_hour[i] = 0;
	for (int i = 0; r == 0 && i < count; i++)
		ret_per_hour[hour_of_week(first + i)] += hours[i] / weeks;
	free(hours);
	return r;
}

/* What is known: `hours[i]` is the count of hour first + i; known from `begin` to before `end`. */
struct known {
	const double *hours;
	int begin, end;
};

/* The mean of the same hour in up to four weeks before; NaN where none is known. */
static double profile(const struct known *k, int index)
{
	double sum = 0;
	int count = 0;
	for (int i = index - WEEK_HOURS; i >= k->begin && count < PROFILE_WEEKS; i -= WEEK_HOURS)
		if (i < k->end) {
			sum += k->hours[i];
			count++;
		}
	return count ? sum / count : NAN;
}

static double forecast_hour(const struct known *k, int index)
{
	double recent = 0, usual = 0;
	for (int i = k->end - LEVEL_HOURS; i < k->end; i++) {
		double p = profile(k, i);
		if (i < k->begin || isnan(p))
			continue;
		recent += k->hours[i];
		usual += p;
	}
	double level = usual > 0 ? fmin(fmax(recent / usual, 1 / LEVEL_MAX), LEVEL_MAX) : 1;
	return level * profile(k, index);
}

static void backtest(const struct known *k, struct traffic_forecast *f)
{
	double error = 0, naive = 0;
	int count = 0;
	for (int i = k->end - BACKTEST_HOURS; i < k->end; i++) {
		struct known then = {k->hours, k->begin, i};
		double said = forecast_hour(&then, i);
		if (i - WEEK_HOURS < k->begin || isnan(said))
			continue;
		error += fabs(said - k->hours[i]);
		naive += fabs(k->hours[i - WEEK_HOURS] - k->hours[i]);
		count++;
	}
	f->error_per_hour = count ? error / count : NAN;
	f->naive_error_per_hour = count ? naive / count : NAN;
}

int traffic_stats_forecast(struct store *store, const struct traffic_place *place, struct wall now,
	int hours, struct err *err, struct traffic_forecast *ret_forecast)
{
	double past[(PROFILE_WEEKS + 2) * WEEK_HOURS];
	const int count = (int)(sizeof(past) / sizeof(past[0]));
	int64_t here = rollup_bucket(ROLLUP_HOUR, now), oldest;
	if (hours < 1 || hours > FORECAST_HOURS_MAX)
		return err_set(err, -EINVAL, "a forecast is for 1 to %d hours, not %d",
			FORECAST_HOURS_MAX, hours);
	int r = read_hours(store, place, here - count, count, past, err, &oldest);
	if (r < 0)
		return r;
	if (oldest > here - WEEK_HOURS)
		return err_set(err, -ENODATA, "a forecast needs a week of traffic");
	struct known known = {past, (int)(oldest - (here - count)), count};
	struct traffic_forecast f = {
		.from = {here * rollup_length_us(ROLLUP_HOUR)},
		.hours = hours,
	};
	for (int i = 0; i < hours; i++)
		f.per_hour[i] = forecast_hour(&known, count + i);
	backtest(&known, &f);
	*ret_forecast = f;
	return 0;
}

/* From the scale of days, which says whether there is anything to do, to that of quarter-hours;
 * then the totals are added up anew. */
static int expire_step(
	struct writer_job *job, struct sql *sql, struct rollups *rollups, struct err *err)
{
	static const char *const texts[] = {
		"DELETE FROM line_sums WHERE scale = ? AND bucket < ?",
		"DELETE FROM traffic_sums WHERE scale = ? AND bucket < ?",
	};
	const struct wall *before = ((struct store_change *)job)->arguments;
	struct wall day = {
		rollup_bucket(ROLLUP_DAY, *before) * rollup_length_us(ROLLUP_DAY),
	};
	/* What this transaction has added so far must be in the tables that are summed. */
	int r = rollups_flush(rollups, sql, err);
	rollups_clear(rollups);
	for (int scale = ROLLUP_DAY; r == 0 && scale >= ROLLUP_QUARTER; scale--)
		for (int i = 0; r == 0 && i < 2; i++) {
			r = rollups_delete_before(sql, texts[i], (enum rollup_scale)scale,
				rollup_bucket((enum rollup_scale)scale, day), err);
			if (r == 0 && scale == ROLLUP_DAY && i == 0 && sql_changes(sql) == 0)
				return 0;
		}
	return r < 0 ? r
		     : sql_run(sql,
			       "DELETE FROM line_sums WHERE scale = 3;"
			       "INSERT INTO line_sums SELECT 3, device, line, lane, direction, 0,"
			       " sum(count), sum(unsure_count),"
			       " sum(headway_count), sum(headway_sum_s), sum(headway_square_s2),"
			       " sum(occupied_count), sum(occupied_sum_s) FROM line_sums"
			       " WHERE scale = 2 GROUP BY device, line, lane, direction;"
			       "DELETE FROM traffic_sums WHERE scale = 3;"
			       "INSERT INTO traffic_sums SELECT 3, device, line, lane, direction, "
			       "0,"
			       " class, bin, sum(count), sum(speed_sum_mps) FROM traffic_sums"
			       " WHERE scale = 2 GROUP BY device, line, lane, direction, class, "
			       "bin",
			       err);
}

int traffic_stats_expire(struct store *store, struct wall before, struct err *err)
{
	return store_change(store, expire_step, &before, err, NULL);
}
