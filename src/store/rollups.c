#include "store/rollups.h"

#include "base/units.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE 64

enum sum_kind { SUM_VIOLATIONS, SUM_TRAFFIC, SUM_LINE, SUM_LAST };

/* What tells one sum from another; zeroed before use, compared as bytes. */
struct sum_key {
	int kind, scale, number; /* number: severity of violations, bin of traffic */
	int grouping;
	int64_t bucket;
	char device[NAME_SIZE];
	char name[NAME_SIZE]; /* type of a violation, line of a passage */
	char direction[NAME_SIZE / 4], class_name[NAME_SIZE / 2];
};

struct sum {
	struct sum_key key;
	uint64_t hash; /* 0: a free place */
	int64_t count;
	int64_t headway_count, occupied_count;
	double value; /* sum of speeds, of headways */
	double square, occupied_s;
	struct wall last; /* SUM_LAST: the newest passage */
};

struct rollups {
	struct sum *sums;
	size_t capacity, count; /* capacity: a power of two */
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

int rollups_create(struct rollups **ret_rollups)
{
	struct rollups *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->capacity = 1024;
	r->sums = calloc(r->capacity, sizeof(*r->sums));
	if (!r->sums) {
		free(r);
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
	free(r->sums);
	free(r);
}

/* FNV-1a over words (Fowler, Noll, Vo); the key is zeroed, so its padding counts the same. */
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

static struct sum *find_place(
	struct sum *sums, size_t capacity, const struct sum_key *key, uint64_t hash)
{
	size_t at = hash & (capacity - 1);
	while (sums[at].hash != 0 &&
		(sums[at].hash != hash || memcmp(&sums[at].key, key, sizeof(*key)) != 0))
		at = (at + 1) & (capacity - 1);
	return &sums[at];
}

static int grow(struct rollups *r)
{
	size_t capacity = 2 * r->capacity;
	struct sum *sums = calloc(capacity, sizeof(*sums));
	if (!sums)
		return -ENOMEM;
	for (size_t i = 0; i < r->capacity; i++)
		if (r->sums[i].hash != 0)
			*find_place(sums, capacity, &r->sums[i].key, r->sums[i].hash) = r->sums[i];
	free(r->sums);
	r->sums = sums;
	r->capacity = capacity;
	return 0;
}

/* The sum of that key, made where it is missing; NULL where there is no memory. */
static struct sum *get_sum(struct rollups *r, const struct sum_key *key)
{
	if (2 * r->count >= r->capacity && grow(r) < 0)
		return NULL;
	uint64_t hash = hash_key(key);
	struct sum *sum = find_place(r->sums, r->capacity, key, hash);
	if (sum->hash == 0) {
		*sum = (struct sum){.key = *key, .hash = hash};
		r->count++;
	}
	return sum;
}

static void set_name(char *to, size_t size, const char *name)
{
	memset(to, 0, size);
	snprintf(to, size, "%s", name);
}

int rollups_violation(struct rollups *rollups, struct wall at, const char *device, const char *type,
	int severity, int count)
{
	for (int g = ROLLUP_BY_TYPE; g <= ROLLUP_BY_DEVICE_TYPE; g++) {
		struct sum_key key;
		memset(&key, 0, sizeof(key));
		bool by_device = g == ROLLUP_BY_DEVICE || g == ROLLUP_BY_DEVICE_TYPE;
		bool by_type = g == ROLLUP_BY_TYPE || g == ROLLUP_BY_DEVICE_TYPE;
		key.kind = SUM_VIOLATIONS;
		key.grouping = g;
		key.number = g == ROLLUP_BY_SEVERITY ? severity : -1;
		if (by_device)
			set_name(key.device, sizeof(key.device), device);
		if (by_type)
			set_name(key.name, sizeof(key.name), type);
		for (int scale = ROLLUP_HOUR; scale <= ROLLUP_ALL; scale++) {
			key.scale = scale;
			key.bucket = rollup_bucket((enum rollup_scale)scale, at);
			struct sum *sum = get_sum(rollups, &key);
			if (!sum)
				return -ENOMEM;
			sum->count += count;
		}
	}
	return 0;
}

static struct sum_key passage_key(const struct rollup_passage *p, int kind)
{
	struct sum_key key;
	memset(&key, 0, sizeof(key));
	key.kind = kind;
	set_name(key.device, sizeof(key.device), p->device);
	set_name(key.name, sizeof(key.name), p->line);
	set_name(key.direction, sizeof(key.direction), p->direction);
	return key;
}

/* The newest passage over the line that is already in the database. */
static int stored_last(
	struct sql *sql, const struct rollup_passage *p, struct err *err, struct wall *ret_last)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql,
		"SELECT value FROM counters WHERE name = 'last/' || ?1 || '/' || ?2 || '/' || ?3",
		err, &s);
	if (r < 0)
		return r;
	sql_bind_text(s, 1, p->device);
	sql_bind_text(s, 2, p->line);
	sql_bind_text(s, 3, p->direction);
	r = sql_step(sql, s, err);
	if (r >= 0)
		ret_last->us = r > 0 ? sql_int(s, 0) : INT64_MIN;
	sql_done(s);
	return r < 0 ? r : 0;
}

static int headway(struct rollups *r, struct sql *sql, const struct rollup_passage *p,
	struct err *err, double *ret_headway_s)
{
	struct sum_key key = passage_key(p, SUM_LAST);
	struct sum *sum = get_sum(r, &key);
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

static int add_traffic(struct rollups *r, const struct rollup_passage *p, int scale)
{
	struct sum_key key = passage_key(p, SUM_TRAFFIC);
	set_name(key.class_name, sizeof(key.class_name), p->class_name);
	key.scale = scale;
	key.bucket = rollup_bucket((enum rollup_scale)scale, p->at);
	key.number = rollup_speed_bin(p->speed_mps);
	struct sum *sum = get_sum(r, &key);
	if (!sum)
		return -ENOMEM;
	sum->count++;
	if (key.number != SPEED_BIN_NONE)
		sum->value += p->speed_mps;
	return 0;
}

static int add_line(struct rollups *r, const struct rollup_passage *p, int scale, double headway_s)
{
	struct sum_key key = passage_key(p, SUM_LINE);
	key.scale = scale;
	key.bucket = rollup_bucket((enum rollup_scale)scale, p->at);
	struct sum *sum = get_sum(r, &key);
	if (!sum)
		return -ENOMEM;
	sum->count++;
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
	double headway_s;
	int r = headway(rollups, sql, passage, err, &headway_s);
	for (int scale = ROLLUP_QUARTER; r == 0 && scale <= ROLLUP_ALL; scale++) {
		r = add_traffic(rollups, passage, scale);
		if (r == 0)
			r = add_line(rollups, passage, scale, headway_s);
	}
	if (r == 0)
		*ret_headway_s = headway_s;
	return r;
}

static int flush_violations(struct sql *sql, const struct sum *sum, struct err *err)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql,
		"INSERT INTO violation_sums VALUES(?, ?, ?, ?, ?, ?, ?)"
		" ON CONFLICT DO UPDATE SET count = count + excluded.count",
		err, &s);
	if (r < 0)
		return r;
	sql_bind_int(s, 1, sum->key.scale);
	sql_bind_int(s, 2, sum->key.grouping);
	sql_bind_int(s, 3, sum->key.bucket);
	sql_bind_text(s, 4, sum->key.device);
	sql_bind_text(s, 5, sum->key.name);
	sql_bind_int(s, 6, sum->key.number);
	sql_bind_int(s, 7, sum->count);
	return sql_finish(sql, s, err);
}

static void bind_place(struct sqlite3_stmt *s, const struct sum_key *key)
{
	sql_bind_int(s, 1, key->scale);
	sql_bind_text(s, 2, key->device);
	sql_bind_text(s, 3, key->name);
	sql_bind_text(s, 4, key->direction);
	sql_bind_int(s, 5, key->bucket);
}

static int flush_traffic(struct sql *sql, const struct sum *sum, struct err *err)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql,
		"INSERT INTO traffic_sums VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)"
		" ON CONFLICT DO UPDATE SET count = count + excluded.count,"
		" speed_sum_mps = speed_sum_mps + excluded.speed_sum_mps",
		err, &s);
	if (r < 0)
		return r;
	bind_place(s, &sum->key);
	sql_bind_text(s, 6, sum->key.class_name);
	sql_bind_int(s, 7, sum->key.number);
	sql_bind_int(s, 8, sum->count);
	sql_bind_real(s, 9, sum->value);
	return sql_finish(sql, s, err);
}

static int flush_line(struct sql *sql, const struct sum *sum, struct err *err)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql,
		"INSERT INTO line_sums VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
		" ON CONFLICT DO UPDATE SET count = count + excluded.count,"
		" headway_count = headway_count + excluded.headway_count,"
		" headway_sum_s = headway_sum_s + excluded.headway_sum_s,"
		" headway_square_s2 = headway_square_s2 + excluded.headway_square_s2,"
		" occupied_count = occupied_count + excluded.occupied_count,"
		" occupied_sum_s = occupied_sum_s + excluded.occupied_sum_s",
		err, &s);
	if (r < 0)
		return r;
	bind_place(s, &sum->key);
	sql_bind_int(s, 6, sum->count);
	sql_bind_int(s, 7, sum->headway_count);
	sql_bind_real(s, 8, sum->value);
	sql_bind_real(s, 9, sum->square);
	sql_bind_int(s, 10, sum->occupied_count);
	sql_bind_real(s, 11, sum->occupied_s);
	return sql_finish(sql, s, err);
}

static int flush_last(struct sql *sql, const struct sum *sum, struct err *err)
{
	struct sqlite3_stmt *s;
	int r = sql_get(sql,
		"INSERT INTO counters VALUES('last/' || ?1 || '/' || ?2 || '/' || ?3, ?4)"
		" ON CONFLICT DO UPDATE SET value = excluded.value",
		err, &s);
	if (r < 0)
		return r;
	sql_bind_text(s, 1, sum->key.device);
	sql_bind_text(s, 2, sum->key.name);
	sql_bind_text(s, 3, sum->key.direction);
	sql_bind_int(s, 4, sum->last.us);
	return sql_finish(sql, s, err);
}

int rollups_flush(struct rollups *rollups, struct sql *sql, struct err *err)
{
	static int (*const flush[])(struct sql *, const struct sum *, struct err *) = {
		flush_violations, flush_traffic, flush_line, flush_last};
	int r = 0;
	for (size_t i = 0; r == 0 && rollups->count > 0 && i < rollups->capacity; i++)
		if (rollups->sums[i].hash != 0)
			r = flush[rollups->sums[i].key.kind](sql, &rollups->sums[i], err);
	return r;
}

void rollups_clear(struct rollups *rollups)
{
	if (rollups->count == 0)
		return;
	memset(rollups->sums, 0, rollups->capacity * sizeof(*rollups->sums));
	rollups->count = 0;
}
