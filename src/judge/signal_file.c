#include "judge/signal_file.h"

#include "base/jsonin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_MAX 1e9
#define FILE_MAX_BYTES (64 << 20)

struct parser {
	const char *name, *signal;
	struct err *err;
	int line;
	struct lights_change *plan;
	int count, capacity;
};

static int bad(struct parser *p, const char *what)
{
	return err_set(p->err, -EINVAL, "%s:%d: %s", p->name, p->line, what);
}

static int append(struct parser *p, struct lights_change change)
{
	if (p->count > 0 && change.at.us < p->plan[p->count - 1].at.us)
		return bad(p, "\"t\" is earlier than that of the line before");
	if (p->count == p->capacity) {
		int capacity = p->capacity ? 2 * p->capacity : 64;
		struct lights_change *plan = realloc(p->plan, (size_t)capacity * sizeof(*plan));
		if (!plan)
			return err_set(p->err, -ENOMEM, "%s: out of memory", p->name);
		p->plan = plan;
		p->capacity = capacity;
	}
	p->plan[p->count++] = change;
	return 0;
}

static int read_value(struct parser *p, const struct jsonin *line)
{
	if (!jsonin_is_object(line))
		return bad(p, "a line must be a JSON object");
	const char *signal = jsonin_string(jsonin_get(line, "signal"), NULL);
	if (jsonin_get(line, "signal") && !signal)
		return bad(p, "\"signal\" must be a string");
	if (signal && strcmp(signal, p->signal) != 0)
		return 0;
	double t = jsonin_real(jsonin_get(line, "t"), NAN);
	if (!(fabs(t) <= SECONDS_MAX))
		return bad(p, "\"t\" must be a number of seconds");
	const struct jsonin *word = jsonin_get(line, "lamp");
	const char *lamp = jsonin_string(word ? word : jsonin_get(line, "state"), NULL);
	if (!lamp || lamp_from_name(lamp) == LAMP_COUNT)
		return bad(p, "\"lamp\" must be red, red_yellow, yellow, green or unknown");
	return append(p, (struct lights_change){media_from_seconds(t), lamp_from_name(lamp)});
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

static bool is_blank(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r')
			return false;
	return true;
}

int signal_file_parse(const char *text, size_t length, const char *name, const char *signal,
	struct err *err, struct lights_change **ret_plan, int *ret_count)
{
	struct parser p = {.name = name, .signal = signal, .err = err};
	int r = 0;
	for (size_t at = 0; at < length && r == 0;) {
		const char *end = memchr(text + at, '\n', length - at);
		size_t n = end ? (size_t)(end - text) - at : length - at;
		p.line++;
		if (!is_blank(text + at, n))
			r = read_line(&p, text + at, n);
		at += n + 1;
	}
	if (r == 0 && p.count == 0)
		r = err_set(err, -EINVAL, "%s: says nothing about the signal \"%s\"", name, signal);
	if (r < 0) {
		free(p.plan);
		return r;
	}
	*ret_plan = p.plan;
	*ret_count = p.count;
	return 0;
}

int signal_file_load(const char *path, const char *signal, struct err *err,
	struct lights_change **ret_plan, int *ret_count)
{
	FILE *file = fopen(path, "rb");
	if (!file)
		return err_set(err, -errno, "%s: cannot be opened: %s", path, strerror(errno));
	char *text = NULL;
	size_t length = 0, capacity = 0;
	int r = 0;
	for (size_t n = 1; n > 0 && r == 0; length += n) {
		if (length == capacity) {
			capacity = capacity ? 2 * capacity : 1 << 16;
			char *grown = capacity <= FILE_MAX_BYTES ? realloc(text, capacity) : NULL;
			if (!grown) {
				r = err_set(err, -EFBIG, "%s: is larger than 64 MiB", path);
				break;
			}
			text = grown;
		}
		n = fread(text + length, 1, capacity - length, file);
	}
	if (r == 0 && ferror(file))
		r = err_set(err, -EIO, "%s: cannot be read: %s", path, strerror(errno));
	fclose(file);
	if (r == 0)
		r = signal_file_parse(text, length, path, signal, err, ret_plan, ret_count);
	free(text);
	return r;
}
