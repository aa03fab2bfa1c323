#include "eval/mot.h"

#include "truth/truth.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 24
#define FRAME_MAX 1000000
#define PIXEL_MAX 1e7

struct field {
	const char *text;
	size_t length;
};

struct reader {
	struct mot *mot;
	int capacity;
	struct err *err;
	const char *name, *target;
	int line;
	enum mot_format format;
	struct field fields[FIELDS_MAX];
	int field_count;
};

static int bad(const struct reader *r, const char *what, int field)
{
	if (field < 0)
		return err_set(r->err, -EINVAL, "%s:%d: %s", r->name, r->line, what);
	return err_set(r->err, -EINVAL, "%s:%d: field %d, \"%.*s\": %s", r->name, r->line,
		field + 1, (int)(r->fields[field].length > 40 ? 40 : r->fields[field].length),
		r->fields[field].text, what);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Cuts a line at commas, or at blanks where `comma` is false. Fields beyond FIELDS_MAX are left. */
static void split(struct reader *r, const char *text, size_t length, bool comma)
{
	const char *end = text + length;
	r->field_count = 0;
	while (text < end && r->field_count < FIELDS_MAX) {
		while (text < end && is_blank(*text))
			text++;
		if (text == end && !comma)
			break;
		const char *stop = text;
		while (stop < end && (comma ? *stop != ',' : !is_blank(*stop)))
			stop++;
		const char *last = stop;
		while (last > text && is_blank(last[-1]))
			last--;
		r->fields[r->field_count++] = (struct field){text, (size_t)(last - text)};
		text = stop + 1;
	}
}

static int read_real(const struct reader *r, int field, double limit, double *ret_value)
{
	char text[64], *end;
	if (field >= r->field_count)
		return err_set(r->err, -EINVAL, "%s:%d: has %d fields, needs at least %d", r->name,
			r->line, r->field_count, field + 1);
	const struct field *f = &r->fields[field];
	if (f->length == 0 || f->length >= sizeof(text))
		return bad(r, "is not a number", field);
	memcpy(text, f->text, f->length);
	text[f->length] = '\0';
	double value = strtod(text, &end);
	if (*end || !isfinite(value))
		return bad(r, "is not a number", field);
	if (fabs(value) > limit)
		return bad(r, "is out of range", field);
	*ret_value = value;
	return 0;
}

static int read_whole(const struct reader *r, int field, int min, int max, int *ret_value)
{
	double value;
	int rc = read_real(r, field, INT_MAX, &value);
	if (rc < 0)
		return rc;
	if (value != floor(value))
		return bad(r, "is not a whole number", field);
	if (value < min || value > max)
		return bad(r, "is out of range", field);
	*ret_value = (int)value;
	return 0;
}

static bool field_is(const struct reader *r, int field, const char *word)
{
	const struct field *f = &r->fields[field];
	return f->length == strlen(word) && !strncmp(f->text, word, f->length);
}

static int add(struct reader *r, const struct mot_item *item)
{
	struct mot *mot = r->mot;
	if (mot->count == r->capacity) {
		int wanted = r->capacity ? 2 * r->capacity : 1024;
		void *grown = realloc(mot->items, (size_t)wanted * sizeof(*mot->items));
		if (!grown)
			return err_set(r->err, -ENOMEM, "%s: out of memory", r->name);
		mot->items = grown;
		r->capacity = wanted;
	}
	mot->items[mot->count] = *item;
	mot->items[mot->count++].line = r->line;
	return 0;
}

/* Four corners or corner and size from the four fields on; a negative size is refused. */
static int read_box(const struct reader *r, int field, bool is_size, struct mot_item *item)
{
	double v[4];
	for (int i = 0; i < 4; i++) {
		int rc = read_real(r, field + i, PIXEL_MAX, &v[i]);
		if (rc < 0)
			return rc;
	}
	item->x1 = v[0];
	item->y1 = v[1];
	item->x2 = is_size ? v[0] + v[2] : v[2];
	item->y2 = is_size ? v[1] + v[3] : v[3];
	if (item->x2 < item->x1)
		return bad(r,
			is_size ? "the width is negative" : "the right edge is left of the left",
			field + 2);
	if (item->y2 < item->y1)
		return bad(r,
			is_size ? "the height is negative" : "the lower edge is above the upper",
			field + 3);
	return 0;
}

static int read_challenge(struct reader *r)
{
	struct mot_item item = {.role = MOT_TARGET, .confidence = 1};
	int rc = read_whole(r, 0, 0, FRAME_MAX, &item.frame);
	if (rc == 0)
		rc = read_whole(r, 1, -1, INT_MAX, &item.id);
	if (rc == 0)
		rc = read_box(r, 2, true, &item);
	if (rc == 0 && r->field_count > 6)
		rc = read_real(r, 6, 1e9, &item.confidence);
	if (rc == 0 && item.confidence == 0)
		item.role = MOT_UNASKED;
	return rc == 0 ? add(r, &item) : rc;
}

/* KITTI's own rules for cars: Van is close enough, and what is cut off or hidden is not asked. */
static enum mot_role kitti_role(const struct reader *r, int truncation, int occlusion)
{
	if (field_is(r, 2, "DontCare"))
		return MOT_REGION;
	if (field_is(r, 2, r->target))
		return truncation > 0 || occlusion > 2 ? MOT_HARD : MOT_TARGET;
	if ((!strcmp(r->target, "Car") && field_is(r, 2, "Van")) ||
		(!strcmp(r->target, "Pedestrian") && field_is(r, 2, "Person")))
		return MOT_DISTRACTOR;
	return MOT_OTHER;
}

static int read_kitti(struct reader *r)
{
	struct mot_item item = {.confidence = 1};
	int truncation, occlusion;
	int rc = read_whole(r, 0, 0, FRAME_MAX, &item.frame);
	if (rc == 0)
		rc = read_whole(r, 1, -1, INT_MAX, &item.id);
	if (rc == 0)
		rc = read_whole(r, 3, -1, 10, &truncation);
	if (rc == 0)
		rc = read_whole(r, 4, -1, 10, &occlusion);
	if (rc == 0)
		rc = read_box(r, 6, false, &item);
	if (rc == 0 && r->field_count > 17)
		rc = read_real(r, 17, 1e9, &item.confidence);
	if (rc < 0)
		return rc;
	item.role = kitti_role(r, truncation, occlusion);
	return add(r, &item);
}

static int read_kitti_detection(struct reader *r)
{
	struct mot_item item = {.id = -1, .role = MOT_TARGET};
	int type;
	int rc = read_whole(r, 0, 0, FRAME_MAX, &item.frame);
	if (rc == 0)
		rc = read_whole(r, 1, 0, 100, &type);
	if (rc == 0)
		rc = read_box(r, 2, false, &item);
	if (rc == 0)
		rc = read_real(r, 6, 1e9, &item.confidence);
	return rc == 0 ? add(r, &item) : rc;
}

static int read_line(struct reader *r, const char *text, size_t length)
{
	if (r->format == MOT_FORMAT_AUTO)
		r->format = memchr(text, ',', length) ? MOT_FORMAT_CHALLENGE : MOT_FORMAT_KITTI;
	split(r, text, length, r->format != MOT_FORMAT_KITTI);
	switch (r->format) {
	case MOT_FORMAT_KITTI:
		return read_kitti(r);
	case MOT_FORMAT_KITTI_DETECTIONS:
		return read_kitti_detection(r);
	default:
		return read_challenge(r);
	}
}

static bool all_blank(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!is_blank(text[i]))
			return false;
	return true;
}

/* By frame, else as they stood. */
struct sort_key {
	int frame, index;
};

static int compare_keys(const void *a, const void *b)
{
	const struct sort_key *x = a, *y = b;
	if (x->frame != y->frame)
		return x->frame < y->frame ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static int sort_by_frame(struct mot *mot)
{
	struct sort_key *keys = calloc((size_t)mot->count + 1, sizeof(*keys));
	struct mot_item *sorted = calloc((size_t)mot->count + 1, sizeof(*sorted));
	if (!keys || !sorted) {
		free(keys);
		free(sorted);
		return -ENOMEM;
	}
	for (int i = 0; i < mot->count; i++)
		keys[i] = (struct sort_key){mot->items[i].frame, i};
	qsort(keys, (size_t)mot->count, sizeof(*keys), compare_keys);
	for (int i = 0; i < mot->count; i++)
		sorted[i] = mot->items[keys[i].index];
	free(keys);
	free(mot->items);
	mot->items = sorted;
	mot->first_frame = mot->count ? sorted[0].frame : 0;
	mot->last_frame = mot->count ? sorted[mot->count - 1].frame : -1;
	return 0;
}

/* One thing cannot be in two places, and nothing real has thousands of boxes in one frame. */
static int check_frame(const struct mot *mot, int first, int end, const char *name, struct err *err)
{
	const struct mot_item *items = mot->items;
	if (end - first > MOT_BOXES_PER_FRAME_MAX)
		return err_set(err, -EINVAL, "%s:%d: frame %d has more than %d boxes", name,
			items[first + MOT_BOXES_PER_FRAME_MAX].line, items[first].frame,
			MOT_BOXES_PER_FRAME_MAX);
	for (int i = first; i < end; i++)
		for (int k = i + 1; k < end && items[i].id >= 0; k++)
			if (items[k].id == items[i].id)
				return err_set(err, -EINVAL,
					"%s:%d: id %d is in frame %d twice, before in line %d",
					name, items[k].line, items[i].id, items[i].frame,
					items[i].line);
	return 0;
}

static int check_frames(const struct mot *mot, const char *name, struct err *err)
{
	int rc = 0;
	for (int first = 0, end; first < mot->count && rc == 0; first = end) {
		for (end = first; end < mot->count; end++)
			if (mot->items[end].frame != mot->items[first].frame)
				break;
		rc = check_frame(mot, first, end, name, err);
	}
	return rc;
}

/* An object hidden more than this need not be found. */
#define OCCLUSION_MAX 0.8

static int add_object(struct reader *r, int frame, const struct truth_object *o)
{
	struct box b = o->full;
	return add(
		r, &(struct mot_item){
			   .frame = frame,
			   .id = o->id,
			   .role = o->occlusion_ratio > OCCLUSION_MAX || box_area(o->visible) <= 0
					   ? MOT_HARD
					   : MOT_TARGET,
			   .x1 = (double)b.x1,
			   .y1 = (double)b.y1,
			   .x2 = (double)b.x2,
			   .y2 = (double)b.y2,
			   .confidence = 1,
		   });
}

/* A truth file of our own. Its reader checks it; frames count from 0 in the order of time. */
static int read_truth(struct reader *r, const char *text, size_t length)
{
	struct truth *truth;
	int rc = truth_parse(text, length, r->name, r->err, &truth);
	if (rc < 0)
		return rc;
	for (int i = 0; i < truth->frame_count && rc == 0; i++) {
		const struct truth_frame *f = &truth->frames[i];
		for (int k = 0; k < f->count && rc == 0; k++)
			rc = add_object(r, i, &truth->objects[f->first + k]);
	}
	truth_free(&truth);
	return rc;
}

static int read_lines(struct reader *r, const char *text, size_t length)
{
	const char *end = text + length;
	int rc = 0;
	while (text < end && rc == 0) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		size_t size = (size_t)((stop ? stop : end) - text);
		r->line++;
		if (!all_blank(text, size))
			rc = read_line(r, text, size);
		text += size + 1;
	}
	return rc;
}

int mot_parse(const char *text, size_t length, const char *name, enum mot_format format,
	const char *target, struct err *err, struct mot **ret_mot)
{
	struct mot *mot = calloc(1, sizeof(*mot));
	if (!mot)
		return err_set(err, -ENOMEM, "%s: out of memory", name);
	struct reader r = {
		.mot = mot, .err = err, .name = name, .target = target, .format = format};
	if (format == MOT_FORMAT_AUTO && length > 0 && text[0] == '{')
		r.format = MOT_FORMAT_GANTRY;
	int rc = r.format == MOT_FORMAT_GANTRY ? read_truth(&r, text, length)
					       : read_lines(&r, text, length);
	mot->format = r.format == MOT_FORMAT_AUTO ? MOT_FORMAT_CHALLENGE : r.format;
	if (rc == 0)
		rc = sort_by_frame(mot);
	if (rc == 0)
		rc = check_frames(mot, name, err);
	if (rc < 0)
		mot_free(&mot);
	else
		*ret_mot = mot;
	return rc;
}

/* The whole file, NUL-terminated. */
static int read_file(const char *path, struct err *err, char **ret_text, size_t *ret_length)
{
	size_t length = 0, capacity = 1 << 16, got;
	char *text = NULL;
	FILE *file = fopen(path, "re");
	if (!file)
		return err_set(err, -errno, "%s: cannot be opened: %s", path, strerror(errno));
	int rc = 0;
	for (;;) {
		char *grown = realloc(text, capacity + 1);
		if (!grown) {
			rc = err_set(err, -ENOMEM, "%s: out of memory", path);
			break;
		}
		text = grown;
		errno = 0;
		got = fread(text + length, 1, capacity - length, file);
		length += got;
		if (length < capacity)
			break;
		capacity *= 2;
	}
	if (rc == 0 && ferror(file))
		rc = err_set(err, errno ? -errno : -EIO, "%s: cannot be read: %s", path,
			strerror(errno ? errno : EIO));
	fclose(file);
	if (rc < 0) {
		free(text);
		return rc;
	}
	text[length] = '\0';
	*ret_text = text;
	*ret_length = length;
	return 0;
}

int mot_load(const char *path, enum mot_format format, const char *target, struct err *err,
	struct mot **ret_mot)
{
	char *text;
	size_t length;
	int rc = read_file(path, err, &text, &length);
	if (rc < 0)
		return rc;
	rc = mot_parse(text, length, path, format, target, err, ret_mot);
	free(text);
	return rc;
}

void mot_free(struct mot **mot)
{
	if (!*mot)
		return;
	free((*mot)->items);
	free(*mot);
	*mot = NULL;
}

int mot_write(FILE *file, const struct mot *mot)
{
	for (int i = 0; i < mot->count; i++) {
		const struct mot_item *m = &mot->items[i];
		fprintf(file, "%d,%d,%.2f,%.2f,%.2f,%.2f,%.4f,-1,-1,-1\n", m->frame, m->id, m->x1,
			m->y1, m->x2 - m->x1, m->y2 - m->y1, m->confidence);
	}
	return ferror(file) ? -EIO : 0;
}

int mot_find(const struct mot *mot, int frame)
{
	int low = 0, high = mot->count;
	while (low < high) {
		int middle = low + (high - low) / 2;
		if (mot->items[middle].frame < frame)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* "key=value" of one line; what is not known is passed over, as other tools add their own keys. */
static void read_info_line(char *line, struct mot_info *info)
{
	char *value = strchr(line, '=');
	if (!value)
		return;
	*value++ = '\0';
	double number = strtod(value, NULL);
	int whole = number >= 0 && number <= INT_MAX ? (int)number : 0;
	if (!strcmp(line, "name"))
		snprintf(info->name, sizeof(info->name), "%s", value);
	else if (!strcmp(line, "frameRate"))
		info->fps = number;
	else if (!strcmp(line, "seqLength"))
		info->frame_count = whole;
	else if (!strcmp(line, "imWidth"))
		info->width_px = whole;
	else if (!strcmp(line, "imHeight"))
		info->height_px = whole;
}

int mot_info_parse(char *text, const char *name, struct err *err, struct mot_info *ret_info)
{
	struct mot_info info = {0};
	char *save = NULL;
	for (char *line = strtok_r(text, "\r\n", &save); line; line = strtok_r(NULL, "\r\n", &save))
		read_info_line(line, &info);
	if (!(info.fps > 0 && info.fps < 1e6))
		return err_set(err, -EINVAL, "%s: frameRate is missing or not positive", name);
	*ret_info = info;
	return 0;
}

int mot_info_load(const char *path, struct err *err, struct mot_info *ret_info)
{
	char *text;
	size_t length;
	int rc = read_file(path, err, &text, &length);
	if (rc < 0)
		return rc;
	rc = mot_info_parse(text, path, err, ret_info);
	free(text);
	return rc;
}
