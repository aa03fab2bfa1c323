#include "serve/form.h"

#include "base/clock.h"
#include "base/did_you_mean.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STRING_MAX_BYTES 256
#define NAMES_MAX 64

void faults_add(struct faults *faults, const char *name, const char *fmt, ...)
{
	va_list args;
	if (faults->count == FAULTS_MAX)
		return;
	snprintf(faults->items[faults->count].name, sizeof(faults->items[0].name), "%s", name);
	va_start(args, fmt);
	vsnprintf(faults->items[faults->count].text, sizeof(faults->items[0].text), fmt, args);
	va_end(args);
	faults->count++;
}

const struct form_field *form_find(const struct form_field *fields, const char *name)
{
	for (; fields && fields->name; fields++)
		if (strcmp(fields->name, name) == 0)
			return fields;
	return NULL;
}

/* Bytes of the sequence that `s` begins, 0 where it is none. */
static size_t sequence_length(const unsigned char *s, size_t left)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (n == 1)
		return s[0] >= 0x20 && s[0] != 0x7f ? 1 : 0;
	if (s[0] < 0xc2 || s[0] > 0xf4 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong, surrogates, beyond U+10FFFF; and C1 controls. */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
		(s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f) ||
		(s[0] == 0xc2 && s[1] < 0xa0))
		return 0;
	return n;
}

bool form_is_text(const char *text, size_t length)
{
	for (size_t i = 0; i < length;) {
		size_t n = sequence_length((const unsigned char *)text + i, length - i);
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

static void check_number(const struct form_field *field, double value, struct faults *faults)
{
	bool limited = field->min != 0 || field->max != 0;
	if (!isfinite(value))
		faults_add(faults, field->name, "must be a number");
	else if (limited && (value < field->min || value > field->max))
		faults_add(faults, field->name, "must be %.10g to %.10g", field->min, field->max);
}

static void check_string(const struct form_field *field, const char *text, struct faults *faults)
{
	size_t length = strlen(text);
	size_t max = field->max > 0 ? (size_t)field->max : STRING_MAX_BYTES;
	if (!form_is_text(text, length))
		faults_add(faults, field->name, "must be UTF-8 without control characters");
	else if (length < (size_t)field->min || length > max)
		faults_add(faults, field->name, "must have %d to %zu bytes", (int)field->min, max);
}

static void check_word(const struct form_field *field, const char *text, struct faults *faults)
{
	char all[160] = "";
	size_t used = 0;
	for (const char *const *w = field->words; *w; w++) {
		if (strcmp(*w, text) == 0)
			return;
		int n = snprintf(all + used, sizeof(all) - used, "%s%s", used ? ", " : "", *w);
		used = used + (size_t)n < sizeof(all) ? used + (size_t)n : sizeof(all) - 1;
	}
	const char *meant = did_you_mean(text, field->words);
	if (meant)
		faults_add(faults, field->name, "did you mean \"%s\"?", meant);
	else
		faults_add(faults, field->name, "must be one of %s", all);
}

static void check_time(const struct form_field *field, const char *text, struct faults *faults)
{
	struct wall t;
	if (wall_parse(text, &t) < 0)
		faults_add(faults, field->name,
			"must be ISO 8601 with a zone, such as 2024-06-03T08:00:00Z");
}

static void check_int_text(const struct form_field *field, const char *text, struct faults *faults)
{
	char *end;
	errno = 0;
	long long value = strtoll(text, &end, 10);
	bool digits = text[0] == '-' || (text[0] >= '0' && text[0] <= '9');
	if (!digits || *end || errno)
		faults_add(faults, field->name, "must be a whole number");
	else
		check_number(field, (double)value, faults);
}

static void check_real_text(const struct form_field *field, const char *text, struct faults *faults)
{
	char *end;
	double value = strtod(text, &end);
	bool digits = text[0] == '-' || (text[0] >= '0' && text[0] <= '9');
	if (!digits || *end || strpbrk(text, "xXpP"))
		faults_add(faults, field->name, "must be a number");
	else
		check_number(field, value, faults);
}

void form_check_text(const struct form_field *field, const char *text, struct faults *faults)
{
	switch (field->type) {
	case FORM_INT:
		check_int_text(field, text, faults);
		break;
	case FORM_REAL:
		check_real_text(field, text, faults);
		break;
	case FORM_BOOL:
		if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
			faults_add(faults, field->name, "must be true or false");
		break;
	case FORM_TIME:
		check_time(field, text, faults);
		break;
	case FORM_WORD:
		check_word(field, text, faults);
		break;
	default:
		check_string(field, text, faults);
		break;
	}
}

static bool has_type(const struct form_field *field, const struct jsonin *value)
{
	switch (field->type) {
	case FORM_INT:
		return jsonin_is_integer(value);
	case FORM_REAL:
		return jsonin_is_number(value);
	case FORM_BOOL:
		return jsonin_is_bool(value);
	case FORM_OBJECT:
	case FORM_COUNTS:
		return jsonin_is_object(value);
	case FORM_LIST:
		return jsonin_is_array(value);
	case FORM_ANY:
		return true;
	default:
		return jsonin_is_string(value);
	}
}

static bool is_null(const struct jsonin *value)
{
	return !jsonin_is_object(value) && !jsonin_is_array(value) && !jsonin_is_number(value) &&
	       !jsonin_is_string(value) && !jsonin_is_bool(value);
}

static const char *type_words(enum form_type type)
{
	static const char *const words[] = {
		[FORM_STRING] = "a text",
		[FORM_INT] = "a whole number",
		[FORM_REAL] = "a number",
		[FORM_BOOL] = "true or false",
		[FORM_TIME] = "a time as text",
		[FORM_WORD] = "a word",
		[FORM_OBJECT] = "an object",
		[FORM_LIST] = "a list",
		[FORM_COUNTS] = "an object",
		[FORM_ANY] = "a value",
	};
	return words[type];
}

static void check_list(
	const struct form_field *field, const struct jsonin *list, struct faults *faults)
{
	int count = jsonin_count(list);
	if (field->max > 0 && (count < (int)field->min || count > (int)field->max))
		faults_add(faults, field->name, "must have %d to %d items", (int)field->min,
			(int)field->max);
	for (int i = 0; i < count; i++) {
		const struct jsonin *item = jsonin_at(list, i);
		bool right = field->of ? jsonin_is_object(item) : jsonin_is_string(item);
		if (!right)
			faults_add(faults, field->name, "item %d must be %s", i,
				field->of ? "an object" : "a text");
		else if (field->of)
			form_check_object(field->of->fields, item, faults);
	}
}

static void check_value(
	const struct form_field *field, const struct jsonin *value, struct faults *faults)
{
	if (field->nullable && is_null(value))
		return;
	if (!has_type(field, value)) {
		faults_add(faults, field->name, "must be %s", type_words(field->type));
		return;
	}
	if (field->type == FORM_INT || field->type == FORM_REAL)
		check_number(field, jsonin_real(value, 0), faults);
	else if (field->type == FORM_OBJECT)
		form_check_object(field->of->fields, value, faults);
	else if (field->type == FORM_LIST)
		check_list(field, value, faults);
	else if (jsonin_is_string(value))
		form_check_text(field, jsonin_string(value, ""), faults);
}

static void complain_unknown(
	const struct form_field *fields, const char *name, struct faults *faults)
{
	const char *names[NAMES_MAX + 1];
	int count = 0;
	for (; fields[count].name && count < NAMES_MAX; count++)
		names[count] = fields[count].name;
	names[count] = NULL;
	const char *meant = did_you_mean(name, names);
	faults_add(faults, name, "is not known here%s%s%s", meant ? ": did you mean \"" : "",
		meant ? meant : "", meant ? "\"?" : "");
}

void form_check_object(
	const struct form_field *fields, const struct jsonin *object, struct faults *faults)
{
	void *iter = NULL;
	const char *name;
	const struct jsonin *value;
	if (!jsonin_is_object(object)) {
		faults_add(faults, "body", "must be a JSON object");
		return;
	}
	while (jsonin_next(object, &iter, &name, &value)) {
		const struct form_field *field = form_find(fields, name);
		if (field)
			check_value(field, value, faults);
		else
			complain_unknown(fields, name, faults);
	}
	for (const struct form_field *f = fields; f->name; f++)
		if (f->required && !jsonin_get(object, f->name))
			faults_add(faults, f->name, "is missing");
}

static void write_type(struct json *json, const struct form_field *field, const char *type)
{
	json_key(json, "type");
	if (field->nullable) {
		json_array(json);
		json_string(json, type);
		json_string(json, "null");
		json_array_end(json);
	} else {
		json_string(json, type);
	}
}

static void write_reference(struct json *json, const struct form *form)
{
	char path[128];
	snprintf(path, sizeof(path), "#/components/schemas/%s", form->name);
	json_member_string(json, "$ref", path);
}

static void write_limits(
	struct json *json, const struct form_field *field, const char *low, const char *high)
{
	if (field->min == 0 && field->max == 0)
		return;
	json_member_real(json, low, field->min, 6);
	json_member_real(json, high, field->max, 6);
}

static void write_words(struct json *json, const struct form_field *field)
{
	write_type(json, field, "string");
	json_key(json, "enum");
	json_array(json);
	for (const char *const *w = field->words; *w; w++)
		json_string(json, *w);
	if (field->nullable)
		json_null(json);
	json_array_end(json);
}

static void write_items(struct json *json, const struct form_field *field)
{
	write_type(json, field, "array");
	json_key(json, "items");
	json_object(json);
	if (field->of) {
		write_reference(json, field->of);
	} else {
		json_member_string(json, "type", "string");
	}
	json_object_end(json);
}

static void write_object_field(struct json *json, const struct form_field *field)
{
	if (!field->nullable) {
		write_reference(json, field->of);
		return;
	}
	json_key(json, "oneOf");
	json_array(json);
	json_object(json);
	write_reference(json, field->of);
	json_object_end(json);
	json_object(json);
	json_member_string(json, "type", "null");
	json_object_end(json);
	json_array_end(json);
}

static void write_counts(struct json *json, const struct form_field *field)
{
	write_type(json, field, "object");
	json_key(json, "additionalProperties");
	json_object(json);
	json_member_string(json, "type", "integer");
	json_object_end(json);
}

void form_write_field(struct json *json, const struct form_field *field)
{
	json_object(json);
	switch (field->type) {
	case FORM_STRING:
		write_type(json, field, "string");
		write_limits(json, field, "minLength", "maxLength");
		break;
	case FORM_INT:
		write_type(json, field, "integer");
		write_limits(json, field, "minimum", "maximum");
		break;
	case FORM_REAL:
		write_type(json, field, "number");
		write_limits(json, field, "minimum", "maximum");
		break;
	case FORM_BOOL:
		write_type(json, field, "boolean");
		break;
	case FORM_TIME:
		write_type(json, field, "string");
		json_member_string(json, "format", "date-time");
		break;
	case FORM_WORD:
		write_words(json, field);
		break;
	case FORM_OBJECT:
		write_object_field(json, field);
		break;
	case FORM_LIST:
		write_items(json, field);
		break;
	case FORM_COUNTS:
		write_counts(json, field);
		break;
	case FORM_ANY:
		break;
	}
	if (field->help && field->type != FORM_OBJECT) {
		json_member_string(json, "description", field->help);
	}
	json_object_end(json);
}

static bool is_required(const struct form_field *field, bool reply)
{
	return reply ? !field->optional : field->required;
}

void form_write_object(struct json *json, const struct form *form, bool reply)
{
	bool any = false;
	json_object(json);
	json_member_string(json, "type", "object");
	if (form->help) {
		json_member_string(json, "description", form->help);
	}
	json_key(json, "properties");
	json_object(json);
	for (const struct form_field *f = form->fields; f->name; f++) {
		json_key(json, f->name);
		form_write_field(json, f);
		any |= is_required(f, reply);
	}
	json_object_end(json);
	if (any) {
		json_key(json, "required");
		json_array(json);
		for (const struct form_field *f = form->fields; f->name; f++)
			if (is_required(f, reply))
				json_string(json, f->name);
		json_array_end(json);
	}
	json_member_bool(json, "additionalProperties", false);
	json_object_end(json);
}
