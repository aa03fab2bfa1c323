#include "store/rollups.h"

#include "base/units.h"
#include "store/settled.h"
#include "store/sql_rows.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE 64
#define NAMES_MAX 100000 /* kept between transactions */

/* SUM_ALIKE: violations of one hour that differ in nothing that is summed; they become
 * SUM_VIOLATIONS when the sums are written. */
enum sum_kind { SUM_VIOLATIONS, SUM_TRAFFIC, SUM_LINE, SUM_LAST, SUM_ALIKE };

/* What tells one sum from another, names by their place among all names; compared as bytes, so it
 * has no padding. */
struct sum_key {
	int64_t bucket;
	int32_t device, name; /* name: type of a violation, line of a passage */
	int32_t lane, direction, class_name;
	int32_t number; /* severity of violations, bin of traffic */
	int16_t kind, scale;
	int32_t grouping;
};

struct sum {
	struct sum_key key;
	uint64_t hash;
	int32_t device_rank, name_rank; /* of the key's */
	int64_t count, unsure_count;
	int64_t headway_count, occupied_count;
	double value; /* sum of speeds, of headways */
	double square, occupied_s;
	struct wall last; /* SUM_LAST: the newest passage */
};

/* Sums one after another, as they came; and where they are, by their keys' hashes. */
struct sums {
	struct sum *items;
	size_t count, capacity;
	int32_t *
		places; /* index + 1, 0: free; twice as many as capacity, which is a power of two */
};

struct name {
	uint64_t hash;
	int32_t rank; /* among all names, in their order as texts */
	char text[NAME_SIZE];
};

struct rollups {
	struct sums sums;
	struct sums alike; /* of kind SUM_ALIKE */
	const struct sum **order; /* in which they are written */

	/* Names seen so far, 0 is "". `places`: by hash, number of the name or 0. */
	struct name *names;
	int name_count, name_capacity;
	int ranked_count; /* names that have their ranks: all, or too few */
	int32_t *places;
	size_t place_count; /* a power of two */

	int64_t next_violation_id; /* 0: not read from the database yet */
};

int64_t rollup_length_us(enum rollup_scale scale)
{
	static const int64_t lengths[] = {900000000, 3600000000, 86400000000, 0};
	return lengths[scale];
}

int64_t rollup_bucket(enum rollup_scale scale, struct wall at)
{
	int64_t length = rollup_length_us(scale);
	if (length == 0)
		return 0;
	int64_t bucket = at.us / length;
	return at.us < bucket * length ? bucket - 1 : bucket;
}

int rollup_speed_bin(double speed_mps)
{
	double kmh = speed_mps * KMH_PER_MPS;
	if (!isfinite(kmh) || kmh < 0)
		return SPEED_BIN_NONE;
	return kmh >= SPEED_BIN_MAX ? SPEED_BIN_MAX : (int)kmh;
}

static int sums_init(struct sums *sums)
{
	sums->capacity = 1024;
	sums->items = malloc(sums->capacity * sizeof(*sums->items));
	sums->places = calloc(2 * sums->capacity, sizeof(*sums->places));
	return sums->items && sums->places ? 0 : -ENOMEM;
}

static void sums_finish(struct sums *sums)
{
	free(sums->places);
	free(sums->items);
}

int rollups_create(struct rollups **ret_rollups)
{
	struct rollups *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	int code = sums_init(&r->sums);
	if (code == 0)
		code = sums_init(&r->alike);
	r->name_capacity = 512;
	r->names = calloc((size_t)r->name_capacity, sizeof(*r->names));
	r->place_count = 1024;
	r->places = calloc(r->place_count, sizeof(*r->places));
	r->name_count = 1;
	if (code < 0 || !r->names || !r->places) {
		rollups_destroy(&r);
		return -ENOMEM;
	}
	*ret_rollups = r;
	return 0;
}

void rollups_destroy(struct rollups **rollups)
{
	struct rollups *r = *rollups;
	*rollups = NULL;
	if (!r)
		return;
	free(r->places);
	free(r->names);
	free(r->order);
	sums_finish(&r->alike);
	sums_finish(&r->sums);
	free(r);
}

/* FNV-1a (Fowler, Noll, Vo). */
static uint64_t hash_text(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u;
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	return hash ^ hash >> 32;
}

static int grow_names(struct rollups *r)
{
	struct name *names = realloc(r->names, 2 * (size_t)r->name_capacity * sizeof(*names));
	if (!names)
		return -ENOMEM;
	r->names = names;
	int32_t *places = calloc(2 * r->place_count, sizeof(*places));
	if (!places)
		return -ENOMEM;
	free(r->places);
	r->places = places;
	r->name_capacity *= 2;
	r->place_count *= 2;
	for (int32_t i = 1; i < r->name_count; i++) {
		size_t at = names[i].hash & (r->place_count - 1);
		while (places[at] != 0)
			at = (at + 1) & (r->place_count - 1);
		places[at] = i;
	}
	return 0;
}

/* The number of a name, given to it where it is new; -1 where there is no memory. */
static int32_t number_of(struct rollups *r, const char *text)
{
	if (text[0] == '\0')
		return 0;
	if (r->name_count == r->name_capacity && grow_names(r) < 0)
		return -1;
	uint64_t hash = hash_text(text);
	size_t at = hash & (r->place_count - 1);
	for (; r->places[at] != 0; at = (at + 1) & (r->place_count - 1)) {
		const struct name *name = &r->names[r->places[at]];
		if (name->hash == hash && strcmp(name->text, text) == 0)
			return r->places[at];
	}
	struct name *name = &r->names[r->name_count];
	name->hash = hash;
	snprintf(name->text, sizeof(name->text), "%s", text);
	return r->places[at] = r->name_count++;
}

/* The same over words. */
static uint64_t hash_key(const struct sum_key *key)
{
	uint64_t words[sizeof(*key) / sizeof(uint64_t)], hash = 0xcbf29ce484222325u;
	_Static_assert(sizeof(*key) % sizeof(uint64_t) == 0, "hashed by words");
	memcpy(words, key, sizeof(*key));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		hash = (hash ^ words[i]) * 0x100000001b3u;
		hash ^= hash >> 29;
	}
	return hash | 1;
}

/* Where the number of that sum is, or belongs. */
static int32_t *find_place(const struct sums *sums, const struct sum_key *key, uint64_t hash)
{
	const size_t last = 2 * sums->capacity - 1;
	size_t at = hash & last;
	while (sums->places[at] != 0) {
		const struct sum *sum = &sums->items[sums->places[at] - 1];
		if (sum->hash == hash && memcmp(&sum->key, key, sizeof(*key)) == 0)
			break;
		at = (at + 1) & last;
	}
	return &sums->places[at];
}

static int grow(struct sums *sums)
{
	struct sum *items = realloc(sums->items, 2 * sums->capacity * sizeof(*items));
	if (!items)
		return -ENOMEM;
	sums->items = items;
	int32_t *places = calloc(4 * sums->capacity, sizeof(*places));
	if (!places)
		return -ENOMEM;
	free(sums->places);
	sums->places = places;
	sums->capacity *= 2;
	for (size_t i = 0; i < sums->count; i++)
		*find_place(sums, &items[i].key, items[i].hash) = (int32_t)i + 1;
	return 0;
}

/* The sum of that key, made where it is missing, until the next one is asked for; NULL where there
 * is no memory. */
static struct sum *get_sum(struct sums *sums, const struct sum_key *key)
{
	if (sums->count == sums->capacity && grow(sums) < 0)
		return NULL;
	uint64_t hash = hash_key(key);
	int32_t *place = find_place(sums, key, hash);
	if (*place == 0) {
		sums->items[sums->count] = (struct sum){.key = *key, .hash = hash};
		*place = (int32_t)++sums->count;
	}
	return &sums->items[*place - 1];
}

/* What few sums took is given back one by one: a commit of one row must not pay for the table that
 * a burst left. */
static void sums_clear(struct sums *sums)
{
	const size_t last = 2 * sums->capacity - 1;
	if (sums->count > sums->capacity / 16)
		memset(sums->places, 0, 2 * sums->capacity * sizeof(*sums->places));
	else
		for (size_t i = 0; i < sums->count; i++)
			for (size_t at = sums->items[i].hash & last; sums->places[at] != 0;
				at = (at + 1) & last)
				sums->places[at] = 0;
	sums->count = 0;
}

int rollups_violation(struct rollups *rollups, struct wall at, const char *device, const char *type,
	int severity, int count)
{
	struct sum_key key = {
		.kind = SUM_ALIKE,
		.scale = ROLLUP_HOUR,
		.bucket = rollup_bucket(ROLLUP_HOUR, at),
		.device = number_of(rollups, device),
		.name = number_of(rollups, type),
		.number = severity,
	};
	if (key.device < 0 || key.name < 0)
		return -ENOMEM;
	struct sum *sum = get_sum(&rollups->alike, &key);
	if (!sum)
		return -ENOMEM;
	sum->count += count;
	return 0;
}

/* Adds violations to the sum of a scale and a grouping that they are a part of. */
static int add_to(
	struct rollups *r, const struct sum_key *of, int64_t count, int scale, int grouping)
{
	bool by_device = grouping == ROLLUP_BY_DEVICE || grouping == ROLLUP_BY_DEVICE_TYPE;
	bool by_type = grouping == ROLLUP_BY_TYPE || grouping == ROLLUP_BY_DEVICE_TYPE;
	const struct wall at = {of->bucket * rollup_length_us((enum rollup_scale)of->scale)};
	struct sum_key key = {
		.kind = SUM_VIOLATIONS,
		.scale = (int16_t)scale,
		.grouping = grouping,
		.bucket = rollup_bucket((enum rollup_scale)scale, at),
		.device = by_device ? of->device : 0,
		.name = by_type ? of->name : 0,
		.number = grouping == ROLLUP_BY_SEVERITY ? of->number : -1,
	};
	struct sum *sum = get_sum(&r->sums, &key);
	if (!sum)
		return -ENOMEM;
	sum->count += count;
	return 0;
}

/* The sums [begin, end) of violations that are of one scale and grouping (-1: any) into those of
 * another. */
static int spread(
	struct rollups *r, size_t begin, size_t end, int grouping, int to_scale, int to_grouping)
{
	int code = 0;
	for (size_t i = begin; code == 0 && i < end; i++) {
		const struct sum sum = r->sums.items[i];
		bool fits = sum.key.kind == SUM_VIOLATIONS &&
			    (grouping < 0 || sum.key.grouping == grouping);
		if (fits)
			code = add_to(r, &sum.key, sum.count, to_scale,
				to_grouping < 0 ? sum.key.grouping : to_grouping);
	}
	return code;
}

/*
 * Adds violations that are alike to every sum that they are a part of. Each sum is made from finer
 * ones, of which there are ever fewer: first the groupings of an hour, then days from hours, and
 * all time from days.
 */
static int spread_alike(struct rollups *r)
{
	const struct sums *alike = &r->alike;
	size_t first = r->sums.count;
	int code = 0;
	for (size_t i = 0; code == 0 && i < alike->count; i++) {
		const struct sum *sum = &alike->items[i];
		code = add_to(r, &sum->key, sum->count, ROLLUP_HOUR, ROLLUP_BY_DEVICE_TYPE);
		if (code == 0)
			code = add_to(r, &sum->key, sum->count, ROLLUP_HOUR, ROLLUP_BY_SEVERITY);
	}
	size_t pairs = r->sums.count;
	if (code == 0)
		code = spread(r, first, pairs, ROLLUP_BY_DEVICE_TYPE, ROLLUP_HOUR, ROLLUP_BY_TYPE);
	if (code == 0)
		code = spread(
			r, first, pairs, ROLLUP_BY_DEVICE_TYPE, ROLLUP_HOUR, ROLLUP_BY_DEVICE);
	if (code == 0)
		code = spread(r, pairs, r->sums.count, ROLLUP_BY_TYPE, ROLLUP_HOUR, ROLLUP_TOTAL);
	size_t hours = r->sums.count;
	if (code == 0)
		code = spread(r, first, hours, -1, ROLLUP_DAY, -1);
	return code < 0 ? code : spread(r, hours, r->sums.count, -1, ROLLUP_ALL, -1);
}

static int passage_key(struct rollups *r, const struct rollup_passage *p, struct sum_key *ret_key)
{
	struct sum_key key = {
		.device = number_of(r, p->device),
		.name = number_of(r, p->line),
		.lane = number_of(r, p->lane),
		.direction = number_of(r, p->direction),
		.class_name = number_of(r, p->class_name),
	};
	if (key.device < 0 || key.name < 0 || key.lane < 0 || key.direction < 0 ||
		key.class_name < 0)
		return -ENOMEM;
	*ret_key = key;
	return 0;
}

/* The counter with the newest passage in a lane of a line; lines without lanes had theirs before
 * there were any. */
#define LAST_NAME(device, line, direction, lane)                                                   \
	"'last/' || " device " || '/' || " line " || '/' || " direction " || CASE " lane           \
	" WHEN '' THEN '' ELSE '/' || " lane " END"

/* The newest passage in the lane that is already in the database. */
static int stored_last(
	struct sql *sql, const struct rollup_passage *p, struct err *err, struct wall *ret_last)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql,
		"SELECT value FROM counters WHERE name = " LAST_NAME("?1", "?2", "?3", "?4"), err,
		&s);
	if (r < 0)
		return r;
	sql_bind_text(s, 1, p->device);
	sql_bind_text(s, 2, p->line);
	sql_bind_text(s, 3, p->direction);
	sql_bind_text(s, 4, p->lane);
	r = sql_step(sql, s, err);
	if (r >= 0)
		ret_last->us = r > 0 ? sql_int(s, 0) : INT64_MIN;
	sql_done(s);
	return r < 0 ? r : 0;
}

static int headway(struct rollups *r, struct sql *sql, const struct rollup_passage *p,
	struct sum_key key, struct err *err, double *ret_headway_s)
{
	key.kind = SUM_LAST;
	key.class_name = 0;
	struct sum *sum = get_sum(&r->sums, &key);
	if (!sum)
		return -ENOMEM;
	if (sum->last.us == 0) {
		int code = stored_last(sql, p, err, &sum->last);
		if (code < 0)
			return code;
	}
	double gap_s = sum->last.us == INT64_MIN ? NAN : (double)(p->at.us - sum->last.us) * 1e-6;
	*ret_headway_s = gap_s >= 0 && gap_s <= HEADWAY_MAX_S ? gap_s : NAN;
	if (p->at.us > sum->last.us)
		sum->last = p->at;
	return 0;
}

static int add_traffic(
	struct rollups *r, const struct rollup_passage *p, struct sum_key key, int scale)
{
	key.kind = SUM_TRAFFIC;
	key.scale = (int16_t)scale;
	key.bucket = rollup_bucket((enum rollup_scale)scale, p->at);
	key.number = rollup_speed_bin(p->speed_mps);
	struct sum *sum = get_sum(&r->sums, &key);
	if (!sum)
		return -ENOMEM;
	sum->count++;
	if (key.number != SPEED_BIN_NONE)
		sum->value += p->speed_mps;
	return 0;
}

static int add_line(struct rollups *r, const struct rollup_passage *p, struct sum_key key,
	int scale, double headway_s)
{
	key.kind = SUM_LINE;
	key.class_name = 0;
	key.scale = (int16_t)scale;
	key.bucket = rollup_bucket((enum rollup_scale)scale, p->at);
	struct sum *sum = get_sum(&r->sums, &key);
	if (!sum)
		return -ENOMEM;
	sum->count++;
	sum->unsure_count += p->lane_unsure;
	if (isfinite(headway_s)) {
		sum->headway_count++;
		sum->value += headway_s;
		sum->square += headway_s * headway_s;
	}
	if (isfinite(p->occupied_s)) {
		sum->occupied_count++;
		sum->occupied_s += p->occupied_s;
	}
	return 0;
}

int rollups_passage(struct rollups *rollups, struct sql *sql, const struct rollup_passage *passage,
	struct err *err, double *ret_headway_s)
{
	struct sum_key key;
	double headway_s;
	int r = passage_key(rollups, passage, &key);
	if (r == 0)
		r = headway(rollups, sql, passage, key, err, &headway_s);
	for (int scale = ROLLUP_QUARTER; r == 0 && scale <= ROLLUP_ALL; scale++) {
		r = add_traffic(rollups, passage, key, scale);
		if (r == 0)
			r = add_line(rollups, passage, key, scale, headway_s);
	}
	if (r == 0)
		*ret_headway_s = headway_s;
	return r;
}

static const char *name_of(const struct rollups *r, int32_t number)
{
	return r->names[number].text;
}

enum column_kind { NUMBER, SHORT, LONG, REAL, NAME };

struct column {
	enum column_kind kind;
	size_t offset; /* in struct sum */
};
#define COLUMN(kind, member)                                                                       \
	{                                                                                          \
		kind, offsetof(struct sum, member)                                                 \
	}
#define PLACE                                                                                      \
	COLUMN(SHORT, key.scale), COLUMN(NAME, key.device), COLUMN(NAME, key.name),                \
		COLUMN(NAME, key.lane), COLUMN(NAME, key.direction), COLUMN(LONG, key.bucket)

/* How the sums of a kind are written: the statement, and what it finds in `given`. */
static const struct {
	const char *text;
	struct column columns[13];
} tables[] = {
	[SUM_VIOLATIONS] =
		{"INSERT INTO violation_sums SELECT c0, c1, c2, c3, c4, c5, c6 FROM given WHERE 1"
		 " ON CONFLICT DO UPDATE SET count = count + excluded.count",
			{COLUMN(SHORT, key.scale), COLUMN(NUMBER, key.grouping),
				COLUMN(LONG, key.bucket), COLUMN(NAME, key.device),
				COLUMN(NAME, key.name), COLUMN(NUMBER, key.number),
				COLUMN(LONG, count)}},
	[SUM_TRAFFIC] =
		{"INSERT INTO traffic_sums SELECT c0, c1, c2, c3, c4, c5, c6, c7, c8, c9"
		 " FROM given WHERE 1 ON CONFLICT DO UPDATE SET count = count + excluded.count,"
		 " speed_sum_mps = speed_sum_mps + excluded.speed_sum_mps",
			{PLACE, COLUMN(NAME, key.class_name), COLUMN(NUMBER, key.number),
				COLUMN(LONG, count), COLUMN(REAL, value)}},
	[SUM_LINE] =
		{"INSERT INTO line_sums SELECT c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11,"
		 " c12 FROM given WHERE 1 ON CONFLICT DO UPDATE SET count = count + excluded.count,"
		 " unsure_count = unsure_count + excluded.unsure_count,"
		 " headway_count = headway_count + excluded.headway_count,"
		 " headway_sum_s = headway_sum_s + excluded.headway_sum_s,"
		 " headway_square_s2 = headway_square_s2 + excluded.headway_square_s2,"
		 " occupied_count = occupied_count + excluded.occupied_count,"
		 " occupied_sum_s = occupied_sum_s + excluded.occupied_sum_s",
			{PLACE, COLUMN(LONG, count), COLUMN(LONG, unsure_count),
				COLUMN(LONG, headway_count), COLUMN(REAL, value),
				COLUMN(REAL, square), COLUMN(LONG, occupied_count),
				COLUMN(REAL, occupied_s)}},
	[SUM_LAST] = {"INSERT INTO counters SELECT " LAST_NAME("c1", "c2", "c4",
			      "c3") ", c6 FROM given"
				    " WHERE 1 ON CONFLICT DO UPDATE SET value = excluded.value",
		{PLACE, COLUMN(LONG, last.us)}},
};

/* Sums of one kind, one after another in their order. */
struct sum_rows {
	const struct rollups *rollups;
	const struct sum *const *sums;
	const struct column *columns;
};

static void cell(const void *opaque, size_t row, int column, struct sqlite3_context *to)
{
	const struct sum_rows *rows = opaque;
	const struct column *c = &rows->columns[column];
	const void *at = (const char *)rows->sums[row] + c->offset;
	switch (c->kind) {
	case NUMBER:
		sql_rows_int(to, *(const int32_t *)at);
		break;
	case SHORT:
		sql_rows_int(to, *(const int16_t *)at);
		break;
	case LONG:
		sql_rows_int(to, *(const int64_t *)at);
		break;
	case REAL:
		sql_rows_real(to, *(const double *)at);
		break;
	case NAME:
		sql_rows_text(to, name_of(rows->rollups, *(const int32_t *)at));
		break;
	}
}

static int flush_next_id(const struct rollups *r, struct sql *sql, struct err *err)
{
	struct sqlite3_stmt *s;
	int code = sql_get(sql,
		"INSERT INTO counters VALUES('violation', ?)"
		" ON CONFLICT DO UPDATE SET value = excluded.value",
		err, &s);
	if (code < 0)
		return code;
	sql_bind_int(s, 1, r->next_violation_id - 1);
	return sql_finish(sql, s, err);
}

int rollups_next_violation_id(
	struct rollups *rollups, struct sql *sql, struct err *err, int64_t *ret_id)
{
	if (rollups->next_violation_id == 0) {
		int64_t last;
		int r = sql_number(
			sql, "SELECT value FROM counters WHERE name = 'violation'", err, &last);
		if (r < 0)
			return r;
		rollups->next_violation_id = last + 1;
	}
	*ret_id = rollups->next_violation_id;
	return 0;
}

void rollups_use_violation_ids(struct rollups *rollups, int count)
{
	rollups->next_violation_id += count;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp((*(struct name *const *)a)->text, (*(struct name *const *)b)->text);
}

static int rank_names(struct rollups *r)
{
	if (r->ranked_count == r->name_count)
		return 0;
	struct name **order = malloc((size_t)r->name_count * sizeof(*order));
	if (!order)
		return -ENOMEM;
	for (int i = 0; i < r->name_count; i++)
		order[i] = &r->names[i];
	qsort(order, (size_t)r->name_count, sizeof(*order), compare_names);
	for (int i = 0; i < r->name_count; i++)
		order[i]->rank = i;
	free(order);
	r->ranked_count = r->name_count;
	return 0;
}

/* As the tables are sorted: neighbours are written together. */
static int compare_sums(const void *a, const void *b)
{
	const struct sum *const s = *(const struct sum *const *)a;
	const struct sum *const t = *(const struct sum *const *)b;
	const struct sum_key *x = &s->key, *y = &t->key;
	const int64_t differences[] = {x->kind - y->kind, x->scale - y->scale,
		x->grouping - y->grouping, x->bucket - y->bucket, s->device_rank - t->device_rank,
		s->name_rank - t->name_rank, x->lane - y->lane, x->number - y->number};
	for (size_t i = 0; i < sizeof(differences) / sizeof(differences[0]); i++)
		if (differences[i] != 0)
			return differences[i] < 0 ? -1 : 1;
	return 0;
}

static int put_in_order(struct rollups *r)
{
	const struct sum **order = realloc(r->order, r->sums.capacity * sizeof(*order));
	if (!order)
		return -ENOMEM;
	r->order = order;
	if (rank_names(r) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < r->sums.count; i++) {
		struct sum *sum = &r->sums.items[i];
		sum->device_rank = r->names[sum->key.device].rank;
		sum->name_rank = r->names[sum->key.name].rank;
		order[i] = sum;
	}
	qsort(order, r->sums.count, sizeof(*order), compare_sums);
	return 0;
}

static int flush_hours(const struct rollups *r, struct sql *sql, struct err *err)
{
	int64_t first = INT64_MAX, last = INT64_MIN;
	for (size_t i = 0; i < r->alike.count; i++) {
		int64_t hour = r->alike.items[i].key.bucket;
		first = hour < first ? hour : first;
		last = hour > last ? hour : last;
	}
	return first <= last ? settled_change(sql, first, last, err) : 0;
}

int rollups_flush(struct rollups *rollups, struct sql *sql, struct err *err)
{
	int r = rollups->next_violation_id ? flush_next_id(rollups, sql, err) : 0;
	if (r == 0)
		r = flush_hours(rollups, sql, err);
	if (r == 0)
		r = spread_alike(rollups);
	if (r == 0)
		r = put_in_order(rollups);
	if (r == -ENOMEM)
		err_set(err, r, "out of memory");
	for (size_t i = 0; r == 0 && i < rollups->sums.count;) {
		const struct sum *const *first = &rollups->order[i];
		const int kind = first[0]->key.kind;
		size_t count = 1;
		while (i + count < rollups->sums.count && first[count]->key.kind == kind)
			count++;
		const struct sum_rows rows = {rollups, first, tables[kind].columns};
		r = sql_run_rows(
			sql, tables[kind].text, &(struct sql_rows){cell, &rows, count}, err);
		i += count;
	}
	return r;
}

void rollups_clear(struct rollups *rollups)
{
	rollups->next_violation_id = 0;
	if (rollups->name_count > NAMES_MAX) {
		rollups->name_count = 1;
		rollups->ranked_count = 0;
		memset(rollups->places, 0, rollups->place_count * sizeof(*rollups->places));
	}
	sums_clear(&rollups->alike);
	sums_clear(&rollups->sums);
}

int rollups_delete_before(
	struct sql *sql, const char *text, enum rollup_scale scale, int64_t bucket, struct err *err)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql, text, err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, scale);
	sql_bind_int(s, 2, bucket);
	return sql_finish(sql, s, err);
}
