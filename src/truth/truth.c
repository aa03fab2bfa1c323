#include "truth/truth.h"

#include "base/jsonin.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define OBJECTS_PER_FRAME_MAX 4096
#define COORDINATE_MAX 1e7
#define SECONDS_MAX 1e9
#define SIDE_MAX_PX 65536

struct parser {
	struct truth *truth;
	struct err *err;
	const char *name;
	int line;
	int frame_capacity, object_capacity, violation_capacity, count_capacity;
};

static int bad(struct parser *p, const char *what, const char *where)
{
	return err_set(p->err, -EINVAL, "%s:%d: %s%s%s", p->name, p->line, what,
		where && *where ? ", in " : "", where ? where : "");
}

/* Room for one more of `size` bytes in an array that grows by doubling. */
static int reserve(void **items, int count, int *capacity, size_t size)
{
	if (count < *capacity)
		return 0;
	if (*capacity > INT_MAX / 2)
		return -ENOMEM;
	int wanted = *capacity ? 2 * *capacity : 64;
	void *grown = realloc(*items, (size_t)wanted * size);
	if (!grown)
		return -ENOMEM;
	*items = grown;
	*capacity = wanted;
	return 0;
}

/*
 * The field readers: a missing key leaves `out` alone unless it is required; a value of the wrong
 * type or range is refused, never guessed at.
 */

static int absent(struct parser *p, const char *key, bool required, const char *where)
{
	char what[64];
	if (!required)
		return 0;
	snprintf(what, sizeof(what), "\"%s\" is missing", key);
	return bad(p, what, where);
}

static int read_real(struct parser *p, const struct jsonin *o, const char *key, double min,
	double max, bool required, const char *where, double *out)
{
	const struct jsonin *v = jsonin_get(o, key);
	char what[128];
	if (!v)
		return absent(p, key, required, where);
	double value = jsonin_real(v, NAN);
	if (!(value >= min && value <= max)) {
		snprintf(
			what, sizeof(what), "\"%s\" must be a number from %g to %g", key, min, max);
		return bad(p, what, where);
	}
	*out = value;
	return 0;
}

static int read_int(struct parser *p, const struct jsonin *o, const char *key, int min, int max,
	bool required, const char *where, int *out)
{
	const struct jsonin *v = jsonin_get(o, key);
	char what[128];
	if (!v)
		return absent(p, key, required, where);
	int64_t value = jsonin_int(v, INT64_MIN);
	if (value < min || value > max) {
		snprintf(what, sizeof(what), "\"%s\" must be a whole number from %d to %d", key,
			min, max);
		return bad(p, what, where);
	}
	*out = (int)value;
	return 0;
}

static int copy_text(struct parser *p, const struct jsonin *v, const char *key, size_t size,
	const char *where, char *out)
{
	const char *text = jsonin_string(v, NULL);
	char what[128];
	size_t length = text ? strlen(text) : 0;
	if (!text || length == 0 || length >= size) {
		snprintf(what, sizeof(what), "\"%.40s\" must be a string of 1 to %zu bytes", key,
			size - 1);
		return bad(p, what, where);
	}
	memcpy(out, text, length + 1);
	return 0;
}

static int read_text(struct parser *p, const struct jsonin *o, const char *key, size_t size,
	bool required, const char *where, char *out)
{
	const struct jsonin *v = jsonin_get(o, key);
	return v ? copy_text(p, v, key, size, where, out) : absent(p, key, required, where);
}

static int read_bool(
	struct parser *p, const struct jsonin *o, const char *key, const char *where, bool *out)
{
	const struct jsonin *v = jsonin_get(o, key);
	char what[64];
	if (v && !jsonin_is_bool(v)) {
		snprintf(what, sizeof(what), "\"%s\" must be true or false", key);
		return bad(p, what, where);
	}
	*out = jsonin_bool(v, *out);
	return 0;
}

static int read_numbers(struct parser *p, const struct jsonin *o, const char *key, int count,
	const char *where, double *out)
{
	const struct jsonin *v = jsonin_get(o, key);
	char what[128];
	bool good = jsonin_reals(v, out, count);
	for (int i = 0; good && i < count; i++)
		good = fabs(out[i]) <= COORDINATE_MAX;
	if (good)
		return 0;
	snprintf(what, sizeof(what), "\"%s\" must be an array of %d numbers within +-%g", key,
		count, COORDINATE_MAX);
	return bad(p, what, where);
}

static int read_box(struct parser *p, const struct jsonin *o, const char *key, const char *where,
	struct box *out)
{
	double v[4];
	char what[96];
	int r = read_numbers(p, o, key, 4, where, v);
	if (r < 0)
		return r;
	struct box box = {(float)v[0], (float)v[1], (float)v[2], (float)v[3]};
	if (!(box.x1 <= box.x2 && box.y1 <= box.y2)) {
		snprintf(what, sizeof(what),
			"\"%s\" must be [x1, y1, x2, y2] with x1 <= x2 and y1 <= y2", key);
		return bad(p, what, where);
	}
	*out = box;
	return 0;
}

/* A box of its own is given, or what is inside the frame counts as visible. */
static int read_visible(
	struct parser *p, const struct jsonin *o, const char *where, struct truth_object *object)
{
	object->visible = box_clip(object->full, p->truth->width_px, p->truth->height_px);
	return jsonin_get(o, "visible") ? read_box(p, o, "visible", where, &object->visible) : 0;
}

static int read_road(
	struct parser *p, const struct jsonin *o, const char *where, struct truth_object *object)
{
	double ground[2];
	object->has_road = jsonin_get(o, "ground") != NULL;
	object->measurable = object->has_road && jsonin_get(o, "speed_mps");
	if (!object->has_road)
		return 0;
	int r = read_numbers(p, o, "ground", 2, where, ground);
	if (r < 0)
		return r;
	object->ground_m = (struct vec2){ground[0], ground[1]};
	r = read_real(p, o, "heading", -100, 100, false, where, &object->heading_rad);
	if (r < 0)
		return r;
	r = read_real(p, o, "speed_mps", -200, 200, false, where, &object->speed_mps);
	return r < 0 ? r : read_bool(p, o, "measurable", where, &object->measurable);
}

static int read_object(
	struct parser *p, const struct jsonin *o, const char *where, struct truth_object *object)
{
	int r;
	if (!jsonin_is_object(o))
		return bad(p, "an object of the scene must be a JSON object", where);
	if ((r = read_int(p, o, "id", 0, INT_MAX, true, where, &object->id)) < 0)
		return r;
	if ((r = read_text(
		     p, o, "class", sizeof(object->road_user), true, where, object->road_user)) < 0)
		return r;
	if ((r = read_box(p, o, "bbox", where, &object->full)) < 0)
		return r;
	if ((r = read_visible(p, o, where, object)) < 0)
		return r;
	if ((r = read_real(p, o, "occlusion", 0, 1, false, where, &object->occlusion_ratio)) < 0)
		return r;
	if ((r = read_road(p, o, where, object)) < 0)
		return r;
	return read_text(p, o, "plate", sizeof(object->plate), false, where, object->plate);
}

static int add_object(
	struct parser *p, const struct jsonin *o, int index, struct truth_frame *frame)
{
	struct truth *truth = p->truth;
	struct truth_object object = {0};
	char where[32];
	snprintf(where, sizeof(where), "objects[%d]", index);
	int r = read_object(p, o, where, &object);
	if (r < 0)
		return r;
	for (int i = 0; i < frame->count; i++)
		if (truth->objects[frame->first + i].id == object.id)
			return bad(p, "the same id twice in one frame", where);
	void *items = truth->objects;
	r = reserve(&items, truth->object_count, &p->object_capacity, sizeof(object));
	truth->objects = items;
	if (r < 0)
		return bad(p, "too many objects for this machine's memory", NULL), r;
	truth->objects[truth->object_count++] = object;
	frame->count++;
	return 0;
}

static int read_objects(struct parser *p, const struct jsonin *line, struct truth_frame *frame)
{
	const struct jsonin *objects = jsonin_get(line, "objects");
	int count = jsonin_count(objects);
	frame->first = p->truth->object_count;
	if (objects && !jsonin_is_array(objects))
		return bad(p, "\"objects\" must be an array", NULL);
	if (count > OBJECTS_PER_FRAME_MAX)
		return bad(p, "more than 4096 objects in one frame", NULL);
	for (int i = 0; i < count; i++) {
		int r = add_object(p, jsonin_at(objects, i), i, frame);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_signals(struct parser *p, const struct jsonin *line, struct truth_frame *frame)
{
	const struct jsonin *signals = jsonin_get(line, "signals"), *lamp;
	const char *name;
	if (signals && !jsonin_is_object(signals))
		return bad(p, "\"signals\" must be an object of name and lamp", NULL);
	for (void *iter = NULL; jsonin_next(signals, &iter, &name, &lamp); frame->signal_count++) {
		if (frame->signal_count == TRUTH_SIGNALS_MAX)
			return bad(p, "more than 16 signals", NULL);
		struct truth_signal *s = &frame->signals[frame->signal_count];
		if (strlen(name) >= sizeof(s->name) || !*name)
			return bad(p, "the name of a signal must be 1 to 31 bytes", "signals");
		snprintf(s->name, sizeof(s->name), "%s", name);
		int r = copy_text(p, lamp, name, sizeof(s->lamp), "signals", s->lamp);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_time(struct parser *p, const struct jsonin *o, const char *where, struct media *out)
{
	double seconds;
	int r = read_real(p, o, "t", -SECONDS_MAX, SECONDS_MAX, true, where, &seconds);
	if (r == 0)
		*out = media_from_seconds(seconds);
	return r;
}

static int read_wall(struct parser *p, const struct jsonin *line, struct wall *out)
{
	char text[WALL_TEXT_SIZE] = "";
	int r = read_text(p, line, "wall", sizeof(text), false, NULL, text);
	if (r < 0 || !text[0])
		return r;
	if (wall_parse(text, out) < 0)
		return bad(p, "\"wall\" must be a time as 2024-05-01T12:00:00.040Z", NULL);
	return 0;
}

static int add_frame(struct parser *p, const struct jsonin *line)
{
	struct truth *truth = p->truth;
	const struct truth_frame *last =
		truth->frame_count ? &truth->frames[truth->frame_count - 1] : NULL;
	struct truth_frame frame = {.frame = last ? last->frame + 1 : 0};
	int r;
	if ((r = read_time(p, line, NULL, &frame.media)) < 0)
		return r;
	if (last && frame.media.us <= last->media.us)
		return bad(p, "\"t\" is not later than that of the frame before", NULL);
	if ((r = read_int(p, line, "frame", 0, INT_MAX - 1, false, NULL, &frame.frame)) < 0)
		return r;
	if ((r = read_wall(p, line, &frame.wall)) < 0)
		return r;
	if ((r = read_objects(p, line, &frame)) < 0)
		return r;
	if ((r = read_signals(p, line, &frame)) < 0)
		return r;
	void *items = truth->frames;
	r = reserve(&items, truth->frame_count, &p->frame_capacity, sizeof(frame));
	truth->frames = items;
	if (r < 0)
		return bad(p, "too many frames for this machine's memory", NULL), r;
	truth->frames[truth->frame_count++] = frame;
	return 0;
}

static int add_violation(struct parser *p, const struct jsonin *o)
{
	struct truth *truth = p->truth;
	struct truth_violation v = {.measured = NAN, .limit = NAN};
	const char *where = "violation";
	int r;
	if (!jsonin_is_object(o))
		return bad(p, "\"violation\" must be an object", NULL);
	if ((r = read_text(p, o, "type", sizeof(v.type), true, where, v.type)) < 0)
		return r;
	if ((r = read_int(p, o, "id", 0, INT_MAX, true, where, &v.id)) < 0)
		return r;
	if ((r = read_time(p, o, where, &v.at)) < 0)
		return r;
	if ((r = read_real(p, o, "measured", -1e9, 1e9, false, where, &v.measured)) < 0)
		return r;
	if ((r = read_real(p, o, "limit", -1e9, 1e9, false, where, &v.limit)) < 0)
		return r;
	void *items = truth->violations;
	r = reserve(&items, truth->violation_count, &p->violation_capacity, sizeof(v));
	truth->violations = items;
	if (r < 0)
		return bad(p, "too many violations for this machine's memory", NULL), r;
	truth->violations[truth->violation_count++] = v;
	return 0;
}

static int add_count(struct parser *p, const struct jsonin *o)
{
	struct truth *truth = p->truth;
	struct truth_count c = {0};
	const char *where = "count";
	int r;
	if (!jsonin_is_object(o))
		return bad(p, "\"count\" must be an object", NULL);
	if ((r = read_text(p, o, "line", sizeof(c.line), true, where, c.line)) < 0)
		return r;
	if ((r = read_text(p, o, "lane", sizeof(c.lane), false, where, c.lane)) < 0)
		return r;
	if ((r = read_text(p, o, "direction", sizeof(c.direction), true, where, c.direction)) < 0)
		return r;
	if ((r = read_text(p, o, "class", sizeof(c.road_user), true, where, c.road_user)) < 0)
		return r;
	if ((r = read_int(p, o, "n", 0, INT_MAX, true, where, &c.count)) < 0)
		return r;
	void *items = truth->counts;
	r = reserve(&items, truth->count_count, &p->count_capacity, sizeof(c));
	truth->counts = items;
	if (r < 0)
		return bad(p, "too many counts for this machine's memory", NULL), r;
	truth->counts[truth->count_count++] = c;
	return 0;
}

static int read_header(struct parser *p, const struct jsonin *line)
{
	int version, r;
	if (!jsonin_get(line, "gantry_truth"))
		return bad(p,
			"not a truth file: the first line must be {\"gantry_truth\": 1, \"width\": "
			"..,"
			" \"height\": ..}",
			NULL);
	if ((r = read_int(p, line, "gantry_truth", 1, 1, true, NULL, &version)) < 0)
		return r;
	if ((r = read_int(p, line, "width", 1, SIDE_MAX_PX, true, NULL, &p->truth->width_px)) < 0)
		return r;
	return read_int(p, line, "height", 1, SIDE_MAX_PX, true, NULL, &p->truth->height_px);
}

static int read_value(struct parser *p, const struct jsonin *line)
{
	if (!jsonin_is_object(line))
		return bad(p, "a line must be a JSON object", NULL);
	if (p->truth->width_px == 0)
		return read_header(p, line);
	if (jsonin_get(line, "violation"))
		return add_violation(p, jsonin_get(line, "violation"));
	if (jsonin_get(line, "count"))
		return add_count(p, jsonin_get(line, "count"));
	if (jsonin_get(line, "t") || jsonin_get(line, "objects"))
		return add_frame(p, line);
	return bad(
		p, "neither a frame (\"t\", \"objects\"), a \"violation\" nor a \"count\"", NULL);
}

static int read_line(struct parser *p, const char *text, size_t length)
{
	struct jsonin *line = NULL;
	struct err err = {""};
	int r = jsonin_parse(text, length, &err, &line);
	if (r < 0)
		return bad(p, err.text, NULL);
	r = read_value(p, line);
	jsonin_free(&line);
	return r;
}

static bool is_blank(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!strchr(" \t\r", text[i]))
			return false;
	return true;
}

/* Ties by id, so that the order does not depend on qsort. */
static int by_time(const void *a, const void *b)
{
	int64_t ta = ((const struct truth_violation *)a)->at.us;
	int64_t tb = ((const struct truth_violation *)b)->at.us;
	int ia = ((const struct truth_violation *)a)->id,
	    ib = ((const struct truth_violation *)b)->id;
	return ta != tb ? (ta > tb) - (ta < tb) : (ia > ib) - (ia < ib);
}

int truth_parse(const char *text, size_t length, const char *name, struct err *err,
	struct truth **ret_truth)
{
	struct parser p = {.truth = calloc(1, sizeof(*p.truth)), .err = err, .name = name};
	int r = 0;
	if (!p.truth)
		return err_set(err, -ENOMEM, "%s: out of memory", name);
	for (size_t at = 0; at < length;) {
		const char *end = memchr(text + at, '\n', length - at);
		size_t n = end ? (size_t)(end - text) - at : length - at;
		p.line++;
		if (!is_blank(text + at, n) && (r = read_line(&p, text + at, n)) < 0)
			goto fail;
		at += n + 1;
	}
	if (p.truth->width_px == 0) {
		r = err_set(err, -EINVAL, "%s: empty: not a truth file", name);
		goto fail;
	}
	if (p.truth->violation_count > 1)
		qsort(p.truth->violations, (size_t)p.truth->violation_count,
			sizeof(p.truth->violations[0]), by_time);
	*ret_truth = p.truth;
	return 0;
fail:
	truth_free(&p.truth);
	return r;
}

/* The whole of a file in memory that the caller frees. */
static int read_all(FILE *file, char **ret_text, size_t *ret_length)
{
	size_t length = 0, capacity = 1 << 16;
	char *text = malloc(capacity);
	while (text) {
		size_t n = fread(text + length, 1, capacity - length, file);
		length += n;
		if (n == 0)
			break;
		if (length < capacity)
			continue;
		capacity *= 2;
		char *grown = realloc(text, capacity);
		if (!grown)
			free(text);
		text = grown;
	}
	if (!text || ferror(file)) {
		int r = text ? -errno : -ENOMEM;
		free(text);
		return r;
	}
	*ret_text = text;
	*ret_length = length;
	return 0;
}

int truth_load(const char *path, struct err *err, struct truth **ret_truth)
{
	char *text = NULL;
	size_t length = 0;
	FILE *file = fopen(path, "rb");
	if (!file)
		return err_set(err, -errno, "%s: cannot be opened: %s", path, strerror(errno));
	int r = read_all(file, &text, &length);
	fclose(file);
	if (r < 0)
		return err_set(err, r, "%s: cannot be read: %s", path, strerror(-r));
	r = truth_parse(text, length, path, err, ret_truth);
	free(text);
	return r;
}

void truth_free(struct truth **truth)
{
	if (!*truth)
		return;
	free((*truth)->frames);
	free((*truth)->objects);
	free((*truth)->violations);
	free((*truth)->counts);
	free(*truth);
	*truth = NULL;
}

const struct truth_frame *truth_at(const struct truth *truth, struct media media, int64_t within_us)
{
	int low = 0, high = truth->frame_count;
	while (low < high) {
		int middle = low + (high - low) / 2;
		if (truth->frames[middle].media.us < media.us)
			low = middle + 1;
		else
			high = middle;
	}
	const struct truth_frame *best = NULL;
	int64_t best_us = within_us;
	for (int i = low - 1; i <= low; i++) {
		if (i < 0 || i >= truth->frame_count)
			continue;
		int64_t off = llabs(truth->frames[i].media.us - media.us);
		if (off <= best_us && (!best || off < best_us)) {
			best = &truth->frames[i];
			best_us = off;
		}
	}
	return best;
}
