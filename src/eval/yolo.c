#include "eval/yolo.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 256
#define CLASS_MAX 65535

void yolo_finish(struct yolo_labels *labels)
{
	free(labels->items);
	*labels = (struct yolo_labels){0};
}

/* A box may reach a little beyond the image, as rounding and annotators have it. */
static bool is_share(double value)
{
	return value >= -0.01 && value <= 1.01;
}

static bool parse_line(const char *line, struct yolo_object *object)
{
	char *end;
	double v[4];
	long class_id = strtol(line, &end, 10);
	if (end == line || class_id < 0 || class_id > CLASS_MAX)
		return false;
	for (int i = 0; i < 4; i++) {
		const char *from = end;
		v[i] = strtod(from, &end);
		if (end == from || !is_share(v[i]))
			return false;
	}
	end += strspn(end, " \t\r");
	if (*end != '\0' || v[2] < 0 || v[3] < 0)
		return false;
	object->class_id = (int)class_id;
	object->box = (struct box){
		.x1 = (float)(v[0] - v[2] / 2),
		.y1 = (float)(v[1] - v[3] / 2),
		.x2 = (float)(v[0] + v[2] / 2),
		.y2 = (float)(v[1] + v[3] / 2),
	};
	return true;
}

static int add(struct yolo_labels *labels, struct yolo_object object)
{
	struct yolo_object *items =
		realloc(labels->items, ((size_t)labels->count + 1) * sizeof(*items));
	if (!items)
		return -ENOMEM;
	labels->items = items;
	items[labels->count++] = object;
	return 0;
}

int yolo_parse(const char *text, size_t length, struct err *err, struct yolo_labels *ret_labels)
{
	struct yolo_labels labels = {0};
	const char *end = text + length;
	for (int number = 1; text < end; number++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t size = (size_t)((newline ? newline : end) - text);
		char line[LINE_MAX_BYTES];
		struct yolo_object object;
		bool fits = size < sizeof(line) && !memchr(text, '\0', size);
		if (fits) {
			memcpy(line, text, size);
			line[size] = '\0';
		}
		bool blank = fits && strspn(line, " \t\r") == size;
		if (!blank && !(fits && parse_line(line, &object))) {
			yolo_finish(&labels);
			return err_set(err, -EINVAL,
				"line %d: not \"CLASS X Y WIDTH HEIGHT\" with shares of the image "
				"from 0 to 1",
				number);
		}
		if (!blank && add(&labels, object) < 0) {
			yolo_finish(&labels);
			return err_set(err, -ENOMEM, "no memory for labels");
		}
		text += size + (newline ? 1 : 0);
	}
	*ret_labels = labels;
	return 0;
}

int yolo_read(const char *path, struct err *err, struct yolo_labels *ret_labels)
{
	char *text = NULL;
	size_t length = 0, room = 0;
	FILE *file = fopen(path, "rb");
	if (!file && errno == ENOENT) {
		*ret_labels = (struct yolo_labels){0};
		return 0;
	}
	if (!file)
		return err_set(err, -errno, "%s: cannot be opened: %s", path, strerror(errno));
	ssize_t n = getdelim(&text, &room, -1, file); /* all of it: no byte is -1 */
	length = n > 0 ? (size_t)n : 0;
	int r = ferror(file) ? err_set(err, -EIO, "cannot be read") : 0;
	fclose(file);
	if (r == 0)
		r = yolo_parse(text ? text : "", length, err, ret_labels);
	free(text);
	return r < 0 ? err_prefix(err, r, "%s", path) : 0;
}
