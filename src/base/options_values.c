#include "base/options_inside.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void option_complain_expected(
	struct option_reader *r, const struct option *o, const struct yamlin_node *node)
{
	char expected[OPTION_EXPECTATION_MAX], found[64];
	const char *hint = "";
	if (node->type == YAMLIN_SCALAR && !node->plain && o->type <= OPTION_REAL)
		hint = " in quotes: remove them";
	else if (yamlin_is_null(node))
		hint = ": write a value or leave the key out";
	option_complain(r, node->where, "must be %s, is %s%s", option_expectation(o, expected),
		yamlin_describe(node, found, sizeof(found)), hint);
}

size_t option_path_push(struct option_reader *r, const char *name, int index)
{
	size_t before = r->path_length;
	size_t left = sizeof(r->path) - before;
	int n = name ? snprintf(r->path + before, left, "%s%s", before ? "." : "", name)
		     : snprintf(r->path + before, left, "[%d]", index);
	r->path_length += (size_t)n < left ? (size_t)n : left - 1;
	return before;
}

void option_path_cut(struct option_reader *r, size_t length)
{
	r->path_length = length;
	r->path[length] = '\0';
}

int option_spend(struct option_reader *r, const struct yamlin_node *node)
{
	if (r->values_left-- > 0)
		return 0;
	option_complain(r, node->where,
		"has more than %d values, those repeated by aliases included", OPTION_VALUES_MAX);
	return -E2BIG;
}

static bool is_plain(const struct yamlin_node *node)
{
	return node->type == YAMLIN_SCALAR && node->plain;
}

static bool in_range(const struct option *o, double value)
{
	return (o->min == 0 && o->max == 0) || (value >= o->min && value <= o->max);
}

static int read_bool(
	struct option_reader *r, const struct option *o, const struct yamlin_node *node, char *base)
{
	static const char *const yes[] = {"true", "True", "TRUE", "yes", "on", NULL};
	static const char *const no[] = {"false", "False", "FALSE", "no", "off", NULL};
	for (int i = 0; is_plain(node) && yes[i]; i++) {
		if (strcmp(node->text, yes[i]) == 0 || strcmp(node->text, no[i]) == 0) {
			*(bool *)(base + o->offset) = strcmp(node->text, yes[i]) == 0;
			return 0;
		}
	}
	option_complain_expected(r, o, node);
	return 0;
}

static int read_int(
	struct option_reader *r, const struct option *o, const struct yamlin_node *node, char *base)
{
	char *end = NULL;
	errno = 0;
	long long value = is_plain(node) ? strtoll(node->text, &end, 10) : 0;
	if (!end || end == node->text || *end || errno || value < INT_MIN || value > INT_MAX ||
		!in_range(o, (double)value))
		option_complain_expected(r, o, node);
	else
		*(int *)(base + o->offset) = (int)value;
	return 0;
}

/* Decimal only: strtod alone would take hexadecimal, "inf" and "nan" as well. */
static bool parse_real(const struct yamlin_node *node, double *ret_value)
{
	if (!is_plain(node) || node->text[0] == '\0' ||
		node->text[strspn(node->text, "0123456789+-.eE")] != '\0')
		return false;
	char *end;
	double value = strtod(node->text, &end);
	if (end == node->text || *end || !isfinite(value))
		return false;
	*ret_value = value;
	return true;
}

static int read_real(
	struct option_reader *r, const struct option *o, const struct yamlin_node *node, char *base)
{
	double value;
	if (parse_real(node, &value) && in_range(o, value))
		*(double *)(base + o->offset) = value;
	else
		option_complain_expected(r, o, node);
	return 0;
}

/* A copy; NULL for an empty text, which counts as not given. */
static int copy_text(const char *text, char **ret_copy)
{
	char *copy = *text ? strdup(text) : NULL;
	if (*text && !copy)
		return -ENOMEM;
	*ret_copy = copy;
	return 0;
}

static int read_string(
	struct option_reader *r, const struct option *o, const struct yamlin_node *node, char *base)
{
	if (node->type != YAMLIN_SCALAR || yamlin_is_null(node)) {
		option_complain_expected(r, o, node);
		return 0;
	}
	if (strlen(node->text) > OPTION_TEXT_MAX) {
		option_complain(r, node->where, "is longer than %d bytes", OPTION_TEXT_MAX);
		return 0;
	}
	option_clear(o, base);
	return copy_text(node->text, (char **)(base + o->offset));
}

int option_read_enum(
	struct option_reader *r, const struct option *o, const struct yamlin_node *node, char *base)
{
	if (node->type != YAMLIN_SCALAR) {
		option_complain_expected(r, o, node);
		return 0;
	}
	for (int i = 0; o->names[i]; i++) {
		if (strcmp(o->names[i], node->text) == 0) {
			*(int *)(base + o->offset) = i;
			return 0;
		}
	}
	char expected[OPTION_EXPECTATION_MAX];
	const char *meant = did_you_mean(node->text, o->names);
	option_complain(r, node->where, "must be %s, is '%.40s'%s%s%s",
		option_expectation(o, expected), node->text, meant ? ": did you mean '" : "",
		meant ? meant : "", meant ? "'?" : "");
	return 0;
}

static bool parse_point(const struct yamlin_node *node, struct vec2 *ret_point)
{
	return node->type == YAMLIN_SEQUENCE && node->count == 2 &&
	       parse_real(node->items[0], &ret_point->x) &&
	       parse_real(node->items[1], &ret_point->y);
}

static int read_point(
	struct option_reader *r, const struct option *o, const struct yamlin_node *node, char *base)
{
	struct vec2 point;
	if (parse_point(node, &point))
		*(struct vec2 *)(base + o->offset) = point;
	else
		option_complain_expected(r, o, node);
	return 0;
}

bool option_check_list(
	struct option_reader *r, const struct option *o, const struct yamlin_node *node)
{
	char expected[OPTION_EXPECTATION_MAX];
	if (node->type != YAMLIN_SEQUENCE)
		option_complain_expected(r, o, node);
	else if (!in_range(o, node->count))
		option_complain(r, node->where, "must be %s, has %d",
			option_expectation(o, expected), node->count);
	else
		return true;
	return false;
}

typedef bool item_check(const struct yamlin_node *node);

static bool item_is_point(const struct yamlin_node *node)
{
	struct vec2 unused;
	return parse_point(node, &unused);
}

static bool item_is_real(const struct yamlin_node *node)
{
	double unused;
	return parse_real(node, &unused);
}

static bool item_is_text(const struct yamlin_node *node)
{
	return node->type == YAMLIN_SCALAR && node->text[0] &&
	       strlen(node->text) <= OPTION_TEXT_MAX;
}

/* Gives room for as many items as the list has, all of which passed; NULL where one did not. */
static int check_items(struct option_reader *r, const struct option *o,
	const struct yamlin_node *node, item_check *is_right, const char *what, size_t item_size,
	void **ret_items)
{
	*ret_items = NULL;
	bool right = option_check_list(r, o, node);
	int code = 0;
	for (int i = 0; node->type == YAMLIN_SEQUENCE && i < node->count && code == 0; i++) {
		size_t path = option_path_push(r, NULL, i);
		char found[64];
		code = option_spend(r, node->items[i]);
		if (code == 0 && !is_right(node->items[i])) {
			right = false;
			option_complain(r, node->items[i]->where, "must be %s, is %s", what,
				yamlin_describe(node->items[i], found, sizeof(found)));
		}
		option_path_cut(r, path);
	}
	if (code < 0 || !right)
		return code;
	*ret_items = calloc((size_t)node->count + 1, item_size);
	return *ret_items ? 0 : -ENOMEM;
}

static int read_points(
	struct option_reader *r, const struct option *o, const struct yamlin_node *node, char *base)
{
	void *items;
	int code = check_items(
		r, o, node, item_is_point, "a point [x, y]", sizeof(struct vec2), &items);
	if (!items)
		return code;
	struct option_points points = {items, node->count};
	for (int i = 0; i < points.count; i++)
		parse_point(node->items[i], &points.items[i]);
	option_clear(o, base);
	*(struct option_points *)(base + o->offset) = points;
	return 0;
}

static int read_reals(
	struct option_reader *r, const struct option *o, const struct yamlin_node *node, char *base)
{
	void *items;
	int code = check_items(r, o, node, item_is_real, "a number", sizeof(double), &items);
	if (!items)
		return code;
	struct option_reals reals = {items, node->count};
	for (int i = 0; i < reals.count; i++)
		parse_real(node->items[i], &reals.items[i]);
	option_clear(o, base);
	*(struct option_reals *)(base + o->offset) = reals;
	return 0;
}

static int read_strings(
	struct option_reader *r, const struct option *o, const struct yamlin_node *node, char *base)
{
	void *items;
	int code = check_items(r, o, node, item_is_text, "a text", sizeof(char *), &items);
	if (!items)
		return code;
	option_clear(o, base);
	struct option_strings *strings = (struct option_strings *)(base + o->offset);
	strings->items = items;
	for (; strings->count < node->count; strings->count++) {
		char *copy = strdup(node->items[strings->count]->text);
		if (!copy)
			return -ENOMEM;
		strings->items[strings->count] = copy;
	}
	return 0;
}

int option_read_leaf(
	struct option_reader *r, const struct option *o, const struct yamlin_node *node, char *base)
{
	static option_read *const readers[] = {
		[OPTION_BOOL] = read_bool,
		[OPTION_INT] = read_int,
		[OPTION_REAL] = read_real,
		[OPTION_STRING] = read_string,
		[OPTION_ENUM] = option_read_enum,
		[OPTION_POINT] = read_point,
		[OPTION_POINTS] = read_points,
		[OPTION_REALS] = read_reals,
		[OPTION_STRINGS] = read_strings,
	};
	return readers[o->type](r, o, node, base);
}
