#include "base/jsonin.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#define FLAGS (JSON_REJECT_DUPLICATES | JSON_DECODE_ANY)

static const json_t *in(const struct jsonin *value)
{
	return (const json_t *)value;
}

static int parsed(json_t *root, const json_error_t *e, struct err *err, struct jsonin **ret)
{
	if (!root && e->line > 1)
		return err_set(err, -EINVAL, "not valid JSON: line %d, column %d: %s", e->line,
			e->column, e->text);
	if (!root)
		return err_set(err, -EINVAL, "not valid JSON: column %d: %s", e->column, e->text);
	*ret = (struct jsonin *)root;
	return 0;
}

int jsonin_parse(const char *text, size_t length, struct err *err, struct jsonin **ret_document)
{
	json_error_t e;
	/* jansson 2.14 takes a byte 0 behind a number for nothing. */
	if (memchr(text, '\0', length))
		return err_set(err, -EINVAL, "not valid JSON: a byte 0 is in it");
	return parsed(json_loadb(text, length, FLAGS, &e), &e, err, ret_document);
}

int jsonin_parse_file(const char *path, struct err *err, struct jsonin **ret_document)
{
	json_error_t e;
	int r = parsed(json_load_file(path, FLAGS, &e), &e, err, ret_document);
	return r < 0 ? err_prefix(err, r, "%s", path) : 0;
}

void jsonin_free(struct jsonin **document)
{
	json_decref((json_t *)*document);
	*document = NULL;
}

bool jsonin_is_object(const struct jsonin *value)
{
	return json_is_object(in(value));
}

bool jsonin_is_array(const struct jsonin *value)
{
	return json_is_array(in(value));
}

bool jsonin_is_number(const struct jsonin *value)
{
	return json_is_number(in(value));
}

bool jsonin_is_string(const struct jsonin *value)
{
	return json_is_string(in(value));
}

bool jsonin_is_integer(const struct jsonin *value)
{
	return json_is_integer(in(value));
}

bool jsonin_is_bool(const struct jsonin *value)
{
	return json_is_boolean(in(value));
}

bool jsonin_is_null(const struct jsonin *value)
{
	return json_is_null(in(value));
}

const struct jsonin *jsonin_get(const struct jsonin *object, const char *key)
{
	return (const struct jsonin *)json_object_get(in(object), key);
}

bool jsonin_next(const struct jsonin *object, void **iter, const char **ret_key,
	const struct jsonin **ret_value)
{
	/* jansson has no iterator over a constant object; nothing is changed through this one. */
	json_t *o = (json_t *)(uintptr_t)object;
	*iter = *iter ? json_object_iter_next(o, *iter) : json_object_iter(o);
	if (!*iter)
		return false;
	*ret_key = json_object_iter_key(*iter);
	*ret_value = (const struct jsonin *)json_object_iter_value(*iter);
	return true;
}

int jsonin_count(const struct jsonin *array)
{
	return (int)json_array_size(in(array));
}

const struct jsonin *jsonin_at(const struct jsonin *array, int index)
{
	return index < 0 ? NULL : (const struct jsonin *)json_array_get(in(array), (size_t)index);
}

double jsonin_real(const struct jsonin *value, double def)
{
	return jsonin_is_number(value) ? json_number_value(in(value)) : def;
}

int64_t jsonin_int(const struct jsonin *value, int64_t def)
{
	return json_is_integer(in(value)) ? json_integer_value(in(value)) : def;
}

bool jsonin_bool(const struct jsonin *value, bool def)
{
	return json_is_boolean(in(value)) ? json_is_true(in(value)) : def;
}

const char *jsonin_string(const struct jsonin *value, const char *def)
{
	return jsonin_is_string(value) ? json_string_value(in(value)) : def;
}

bool jsonin_reals(const struct jsonin *value, double *out, int count)
{
	if (!jsonin_is_array(value) || jsonin_count(value) != count)
		return false;
	for (int i = 0; i < count; i++)
		if (!jsonin_is_number(jsonin_at(value, i)))
			return false;
	for (int i = 0; i < count; i++)
		out[i] = jsonin_real(jsonin_at(value, i), 0);
	return true;
}

char *jsonin_text(const struct jsonin *value)
{
	return json_dumps(in(value),
		JSON_ENCODE_ANY | JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(17));
}

bool jsonin_equal(const struct jsonin *a, const struct jsonin *b)
{
	return json_equal(in(a), in(b));
}
