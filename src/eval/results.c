#include "eval/results.h"

#include "base/jsonin.h"
#include "base/units.h"
#include "eval/results_csv.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_MAX 1e9

struct parser {
	struct results *results;
	struct err *err;
	const char *name;
	int line;
	int violation_capacity, count_capacity, vehicle_capacity;
};

static int bad(struct parser *p, const char *what)
{
	return err_set(p->err, -EINVAL, "%s:%d: %s", p->name, p->line, what);
}

/* Room for one more of `size` bytes in an array that grows by doubling. */
static int reserve(struct parser *p, void **items, int count, int *capacity, size_t size)
{
	if (count < *capacity)
		return 0;
	int wanted = *capacity ? 2 * *capacity : 64;
	void *grown = *capacity <= INT_MAX / 2 ? realloc(*items, (size_t)wanted * size) : NULL;
	if (!grown)
		return err_set(p->err, -ENOMEM, "%s: no memory for so many events", p->name);
	*items = grown;
	*capacity = wanted;
	return 0;
}

static bool read_time(const struct jsonin *line, const char *key, struct media *out)
{
	double seconds = jsonin_real(jsonin_get(line, key), NAN);
	if (!(fabs(seconds) <= SECONDS_MAX))
		return false;
	*out = media_from_seconds(seconds);
	return true;
}

static int read_id(const struct jsonin *line, const char *key)
{
	int64_t id = jsonin_int(jsonin_get(line, key), -1);
	return id >= 0 && id <= INT_MAX ? (int)id : -1;
}

static int add_violation(struct parser *p, const struct jsonin *line)
{
	struct results *results = p->results;
	struct result_violation v = {0};
	const char *type = jsonin_string(jsonin_get(line, "violation_type"), "");
	double box[4] = {0};
	v.kind = violation_kind_from_name(type);
	if (v.kind == VIOLATION_KIND_COUNT)
		return bad(p, "\"violation_type\" is not one that is known");
	if (!read_time(line, "media_s", &v.at))
		return bad(p, "\"media_s\" must be a number of seconds");
	if (!read_time(line, "from_s", &v.from))
		v.from = v.at;
	if (!read_time(line, "to_s", &v.to))
		v.to = v.at;
	if (jsonin_get(line, "bbox") && !jsonin_reals(jsonin_get(line, "bbox"), box, 4))
		return bad(p, "\"bbox\" must be an array of 4 numbers");
	v.box = (struct box){(float)box[0], (float)box[1], (float)box[2], (float)box[3]};
	v.track_id = read_id(line, "track_id");
	v.truth_id = read_id(line, "truth_id");
	void *items = results->violations;
	int r = reserve(p, &items, results->violation_count, &p->violation_capacity, sizeof(v));
	results->violations = items;
	if (r == 0)
		results->violations[results->violation_count++] = v;
	return r;
}

static int read_classes(struct parser *p, const struct jsonin *line, struct result_count *c)
{
	const struct jsonin *classes = jsonin_get(line, "by_class"), *n;
	const char *name;
	for (void *iter = NULL; jsonin_next(classes, &iter, &name, &n);) {
		enum road_user road_user = road_user_from_name(name);
		int64_t count = jsonin_int(n, -1);
		if (road_user == ROAD_USER_COUNT)
			return bad(p, "\"by_class\" names a class that is not known");
		if (count < 0 || count > INT_MAX / 16)
			return bad(p, "\"by_class\" must have whole numbers from 0");
		c->count[road_user] += (int)count;
	}
	return 0;
}

static int keep_count(struct parser *p, const struct result_count *count)
{
	struct results *results = p->results;
	void *items = results->counts;
	int r = reserve(p, &items, results->count_count, &p->count_capacity, sizeof(*count));
	results->counts = items;
	if (r == 0)
		results->counts[results->count_count++] = *count;
	return r;
}

/* `key` of an object into a text of 48 bytes; false where that is not a name of 1 to 47. */
static bool read_name(const struct jsonin *o, const char *key, char ret_name[48])
{
	const char *name = jsonin_string(jsonin_get(o, key), "");
	if (!*name || strlen(name) > 47)
		return false;
	snprintf(ret_name, 48, "%s", name);
	return true;
}

static int add_lanes(struct parser *p, const struct jsonin *lanes, const struct result_count *line)
{
	int r = 0;
	for (int i = 0; r == 0 && i < jsonin_count(lanes); i++) {
		struct result_count c = {.direction = line->direction};
		memcpy(c.line, line->line, sizeof(c.line));
		if (!read_name(jsonin_at(lanes, i), "lane", c.lane))
			return bad(p, "\"lane\" must be a name of 1 to 47 bytes");
		r = read_classes(p, jsonin_at(lanes, i), &c);
		if (r == 0)
			r = keep_count(p, &c);
	}
	return r;
}

static int add_count(struct parser *p, const struct jsonin *line)
{
	struct result_count c = {0};
	const char *direction = jsonin_string(jsonin_get(line, "direction"), "");
	if (!read_name(line, "line", c.line))
		return bad(p, "\"line\" must be a name of 1 to 47 bytes");
	c.direction = strcmp(direction, "forward") == 0 ? CROSSING_FORWARD : CROSSING_BACKWARD;
	if (strcmp(direction, crossing_direction_name(c.direction)) != 0)
		return bad(p, "\"direction\" must be forward or backward");
	int r = read_classes(p, line, &c);
	if (r == 0)
		r = keep_count(p, &c);
	return r < 0 ? r : add_lanes(p, jsonin_get(line, "lanes"), &c);
}

static int keep_vehicle(struct parser *p, const struct result_vehicle *vehicle)
{
	struct results *results = p->results;
	void *items = results->vehicles;
	int r = reserve(p, &items, results->vehicle_count, &p->vehicle_capacity, sizeof(*vehicle));
	results->vehicles = items;
	if (r == 0)
		results->vehicles[results->vehicle_count++] = *vehicle;
	return r;
}

static int add_vehicle(struct parser *p, const struct jsonin *line)
{
	double from[2] = {0}, to[2] = {0};
	double kmh = jsonin_real(jsonin_get(line, "speed_kmh"), NAN);
	double half = jsonin_real(jsonin_get(line, "speed_uncertainty_kmh"), NAN);
	struct result_vehicle v = {
		.track_id = read_id(line, "track_id"),
		.truth_id = read_id(line, "truth_id"),
		.speed_mps = kmh / KMH_PER_MPS,
		.sigma_mps = half / KMH_PER_MPS / INTERVAL_95,
	};
	v.speed_status =
		speed_status_from_name(jsonin_string(jsonin_get(line, "speed_status"), ""));
	if (v.speed_status == SPEED_STATUS_COUNT)
		return bad(p, "\"speed_status\" is not one that is known");
	if (!read_time(line, "first_s", &v.first) || !read_time(line, "last_s", &v.last))
		return bad(p, "\"first_s\" and \"last_s\" must be numbers of seconds");
	if (!jsonin_reals(jsonin_get(line, "from_px"), from, 2) ||
		!jsonin_reals(jsonin_get(line, "to_px"), to, 2))
		return bad(p, "\"from_px\" and \"to_px\" must be arrays of 2 numbers");
	v.from_px = (struct vec2){from[0], from[1]};
	v.to_px = (struct vec2){to[0], to[1]};
	if (v.speed_status == SPEED_OK && (!(v.speed_mps >= 0) || !(v.sigma_mps >= 0) ||
						  !read_time(line, "speed_at_s", &v.speed_at)))
		return bad(p, "a speed needs \"speed_kmh\", \"speed_uncertainty_kmh\" and "
			      "\"speed_at_s\"");
	if (!read_time(line, "speed_from_s", &v.speed_from) ||
		!read_time(line, "speed_to_s", &v.speed_to))
		v.speed_from = v.speed_to = v.speed_at;
	return keep_vehicle(p, &v);
}

static int read_value(struct parser *p, const struct jsonin *line)
{
	const char *event = jsonin_string(jsonin_get(line, "event"), NULL);
	if (!event)
		return bad(p, "not an event: there is no \"event\" (docs/events.md)");
	if (strcmp(event, "violation") == 0)
		return add_violation(p, line);
	if (strcmp(event, "count") == 0)
		return add_count(p, line);
	if (strcmp(event, "vehicle") == 0)
		return add_vehicle(p, line);
	if (strcmp(event, "end") == 0)
		p->results->complete = jsonin_bool(jsonin_get(line, "complete"), false);
	return 0;
}

static int read_line(struct parser *p, const char *text, size_t length)
{
	struct jsonin *line = NULL;
	struct err err = {""};
	if (jsonin_parse(text, length, &err, &line) < 0)
		return bad(p, err.text);
	int r = read_value(p, line);
	jsonin_free(&line);
	return r;
}

static int read_row(struct parser *p, const char *text, size_t length, struct results_csv *columns)
{
	struct result_vehicle vehicle;
	char why[128] = "";
	if (p->line == 1)
		return results_csv_head(text, length, columns, why, sizeof(why)) ? 0 : bad(p, why);
	if (!results_csv_row(columns, text, length, &vehicle, why, sizeof(why)))
		return bad(p, why);
	return keep_vehicle(p, &vehicle);
}

int results_parse(const char *text, size_t length, const char *name, struct err *err,
	struct results **ret_results)
{
	struct parser p = {.results = calloc(1, sizeof(*p.results)), .err = err, .name = name};
	int r = 0;
	if (!p.results)
		return err_set(err, -ENOMEM, "%s: out of memory", name);
	bool csv = length > 0 && text[0] != '{';
	struct results_csv columns;
	for (size_t at = 0; at < length && r == 0;) {
		const char *end = memchr(text + at, '\n', length - at);
		size_t n = end ? (size_t)(end - text) - at : length - at;
		p.line++;
		if (n > 0 && csv)
			r = read_row(&p, text + at, n, &columns);
		else if (n > 0)
			r = read_line(&p, text + at, n);
		at += n + 1;
	}
	if (r == 0 && p.line == 0)
		r = err_set(err, -EINVAL, "%s: empty: not an events file", name);
	if (r < 0) {
		results_free(&p.results);
		return r;
	}
	*ret_results = p.results;
	return 0;
}

int results_load(const char *path, struct err *err, struct results **ret_results)
{
	FILE *file = fopen(path, "rb");
	if (!file)
		return err_set(err, -errno, "%s: cannot be opened: %s", path, strerror(errno));
	char *text = NULL;
	size_t length = 0, capacity = 0;
	int r = 0;
	for (size_t n = 1; n > 0; length += n) {
		if (length == capacity) {
			capacity = capacity ? 2 * capacity : 1 << 16;
			char *grown = realloc(text, capacity);
			if (!grown) {
				r = err_set(err, -ENOMEM, "%s: out of memory", path);
				break;
			}
			text = grown;
		}
		n = fread(text + length, 1, capacity - length, file);
	}
	if (r == 0 && ferror(file))
		r = err_set(err, -errno, "%s: cannot be read: %s", path, strerror(errno));
	fclose(file);
	if (r == 0)
		r = results_parse(text, length, path, err, ret_results);
	free(text);
	return r;
}

void results_free(struct results **results)
{
	if (!*results)
		return;
	free((*results)->violations);
	free((*results)->counts);
	free((*results)->vehicles);
	free(*results);
	*results = NULL;
}
