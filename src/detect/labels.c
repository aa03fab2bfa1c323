#include "detect/labels.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 127

static const char *const coco[80] = {"person", "bicycle", "car", "motorcycle", "airplane", "bus",
	"train", "truck", "boat", "traffic light", "fire hydrant", "stop sign", "parking meter",
	"bench", "bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra",
	"giraffe", "backpack", "umbrella", "handbag", "tie", "suitcase", "frisbee", "skis",
	"snowboard", "sports ball", "kite", "baseball bat", "baseball glove", "skateboard",
	"surfboard", "tennis racket", "bottle", "wine glass", "cup", "fork", "knife", "spoon",
	"bowl", "banana", "apple", "sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza",
	"donut", "cake", "chair", "couch", "potted plant", "bed", "dining table", "toilet", "tv",
	"laptop", "mouse", "remote", "keyboard", "cell phone", "microwave", "oven", "toaster",
	"sink", "refrigerator", "book", "clock", "vase", "scissors", "teddy bear", "hair drier",
	"toothbrush"};

void labels_finish(struct labels *labels)
{
	for (int i = 0; i < labels->count; i++)
		free(labels->names[i]);
	free(labels->names);
	*labels = (struct labels){0};
}

static int add(struct labels *labels, const char *name, size_t length)
{
	if (labels->count == LABELS_MAX)
		return -E2BIG;
	if ((labels->count & (labels->count - 1)) == 0) {
		size_t room = labels->count ? 2 * (size_t)labels->count : 1;
		char **names = realloc(labels->names, room * sizeof(*names));
		if (!names)
			return -ENOMEM;
		labels->names = names;
	}
	char *copy = strndup(name, length);
	if (!copy)
		return -ENOMEM;
	labels->names[labels->count++] = copy;
	return 0;
}

int labels_coco(struct labels *ret_labels)
{
	struct labels labels = {0};
	for (size_t i = 0; i < sizeof(coco) / sizeof(coco[0]); i++)
		if (add(&labels, coco[i], strlen(coco[i])) < 0) {
			labels_finish(&labels);
			return -ENOMEM;
		}
	*ret_labels = labels;
	return 0;
}

static const char *skip_space(const char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

/* A quoted word of Python; the text after it, or NULL. */
static const char *quoted(const char *s, char *name, size_t *ret_length)
{
	char quote = *s++;
	size_t length = 0;
	if (quote != '\'' && quote != '"')
		return NULL;
	for (; *s && *s != quote && length < NAME_MAX_BYTES; s++) {
		if (*s == '\\' && s[1])
			s++;
		name[length++] = *s;
	}
	*ret_length = length;
	return *s == quote ? s + 1 : NULL;
}

/* One `ID: 'NAME'`; the text after it, or NULL. */
static const char *entry(const char *s, struct labels *labels, int *ret_code)
{
	char name[NAME_MAX_BYTES + 1], *end;
	size_t length;
	long id = strtol(s, &end, 10);
	if (end == s || id != labels->count || *(s = skip_space(end)) != ':')
		return NULL;
	s = quoted(skip_space(s + 1), name, &length);
	if (s)
		*ret_code = add(labels, name, length);
	return s && *ret_code == 0 ? skip_space(s) : NULL;
}

int labels_parse(const char *text, struct err *err, struct labels *ret_labels)
{
	struct labels labels = {0};
	int code = 0;
	const char *s = skip_space(text);
	bool more = *s == '{';
	bool sound = more;
	while (more) {
		s = entry(skip_space(s + 1), &labels, &code);
		sound = s && (*s == ',' || *s == '}');
		more = sound && *s == ',';
	}
	if (sound) {
		*ret_labels = labels;
		return 0;
	}
	int after = labels.count;
	labels_finish(&labels);
	if (code == -ENOMEM)
		return err_set(err, code, "no memory for the class names");
	return err_set(err, -EINVAL,
		"class names: not a list of the form {0: 'car', 1: 'bus'}; stopped after %d names",
		after);
}

static int read_lines(FILE *file, struct labels *labels)
{
	char line[512];
	int empty = 0; /* lines since the last name */
	while (fgets(line, sizeof(line), file)) {
		size_t length = strcspn(line, "\r\n");
		while (length > 0 && isspace((unsigned char)line[length - 1]))
			length--;
		if (length == 0) {
			empty++;
			continue;
		}
		for (; empty > 0; empty--) {
			int r = add(labels, "", 0);
			if (r < 0)
				return r;
		}
		if (length > NAME_MAX_BYTES)
			return -EINVAL;
		int r = add(labels, line, length);
		if (r < 0)
			return r;
	}
	return ferror(file) ? -errno : 0;
}

int labels_read_file(const char *path, struct err *err, struct labels *ret_labels)
{
	FILE *file = fopen(path, "r");
	if (!file)
		return err_set(
			err, -errno, "labels file %s: cannot be opened: %s", path, strerror(errno));
	struct labels labels = {0};
	int r = read_lines(file, &labels);
	fclose(file);
	if (r == 0 && labels.count == 0)
		r = err_set(err, -EINVAL, "labels file %s: is empty", path);
	else if (r == -EINVAL || r == -E2BIG)
		err_set(err, r, "labels file %s: line %d: not a list of class names, one a line",
			path, labels.count + 1);
	else if (r < 0)
		err_set(err, r, "labels file %s: cannot be read: %s", path, strerror(-r));
	if (r < 0)
		labels_finish(&labels);
	else
		*ret_labels = labels;
	return r;
}
