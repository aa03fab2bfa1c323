/* Structs back into JSON: what differs from the defaults of its table. */
#include "base/options_inside.h"

#include <math.h>
#include <string.h>

static void write_table(
	const struct option_table *table, const void *from, const char *kind, struct json *json);

/* Seventeen digits name every double; json_real() has nine behind the point at most. */
static void write_real(struct json *json, double value)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%.17g", value);
	json_raw(json, text, (size_t)n);
}

static void write_point(struct json *json, struct vec2 point)
{
	json_array(json);
	write_real(json, point.x);
	write_real(json, point.y);
	json_array_end(json);
}

static void write_items(const struct option *o, const char *at, struct json *json)
{
	const struct option_list *list = (const struct option_list *)at;
	for (int i = 0; i < list->count; i++) {
		const char *item = (const char *)list->items + (size_t)i * list->item_size;
		const struct option_table *table = option_item_table(o, item);
		write_table(table, item, o->type == OPTION_KINDS ? table->name : NULL, json);
	}
}

static void write_list(const struct option *o, const char *at, struct json *json)
{
	const struct option_points *points = (const struct option_points *)at;
	const struct option_reals *reals = (const struct option_reals *)at;
	const struct option_strings *strings = (const struct option_strings *)at;
	json_array(json);
	if (o->type == OPTION_LIST || o->type == OPTION_KINDS)
		write_items(o, at, json);
	for (int i = 0; o->type == OPTION_POINTS && i < points->count; i++)
		write_point(json, points->items[i]);
	for (int i = 0; o->type == OPTION_REALS && i < reals->count; i++)
		write_real(json, reals->items[i]);
	for (int i = 0; o->type == OPTION_STRINGS && i < strings->count; i++)
		json_string(json, strings->items[i]);
	json_array_end(json);
}

static void write_value(const struct option *o, const char *at, struct json *json)
{
	switch (o->type) {
	case OPTION_BOOL:
		json_bool(json, *(const bool *)at);
		break;
	case OPTION_INT:
		json_int(json, *(const int *)at);
		break;
	case OPTION_REAL:
		write_real(json, *(const double *)at);
		break;
	case OPTION_STRING:
		json_string(json, *(char *const *)at);
		break;
	case OPTION_ENUM:
		json_string(json, o->names[*(const int *)at]);
		break;
	case OPTION_POINT:
		write_point(json, *(const struct vec2 *)at);
		break;
	case OPTION_TABLE:
	case OPTION_INLINE:
		write_table(o->table, at, NULL, json);
		break;
	case OPTION_POINTS:
	case OPTION_REALS:
	case OPTION_STRINGS:
	case OPTION_LIST:
	case OPTION_KINDS:
		write_list(o, at, json);
		break;
	}
}

static bool same_text(const char *text, const char *def)
{
	return !text || (def && strcmp(text, def) == 0);
}

/* Every list begins with the pointer and the count that struct option_points has. */
static int list_count(const char *at)
{
	return ((const struct option_points *)at)->count;
}

static bool is_default(const struct option *o, const char *at);

static bool is_default_table(const struct option_table *table, const char *from)
{
	struct option_slot slots[OPTION_TABLE_MAX];
	int count = option_slots(table, (void *)(uintptr_t)from, slots);
	for (int i = 0; i < count; i++)
		if (!is_default(slots[i].option, slots[i].base + slots[i].option->offset))
			return false;
	return true;
}

static bool is_default(const struct option *o, const char *at)
{
	switch (o->type) {
	case OPTION_BOOL:
		return *(const bool *)at == (o->def != 0);
	case OPTION_INT:
	case OPTION_ENUM:
		return *(const int *)at == (int)o->def;
	case OPTION_REAL:
		return *(const double *)at == o->def || !isfinite(*(const double *)at);
	case OPTION_STRING:
		return same_text(*(char *const *)at, o->def_text);
	case OPTION_POINT:
		return false; /* it has none: what is there was given */
	case OPTION_TABLE:
	case OPTION_INLINE:
		return is_default_table(o->table, at);
	case OPTION_POINTS:
	case OPTION_REALS:
	case OPTION_STRINGS:
	case OPTION_LIST:
	case OPTION_KINDS:
		break;
	}
	return list_count(at) == 0;
}

static void write_table(
	const struct option_table *table, const void *from, const char *kind, struct json *json)
{
	struct option_slot slots[OPTION_TABLE_MAX];
	int count = option_slots(table, (void *)(uintptr_t)from, slots);
	json_object(json);
	if (kind)
		json_member_string(json, "kind", kind);
	for (int i = 0; i < count; i++) {
		const struct option *o = slots[i].option;
		const char *at = slots[i].base + o->offset;
		if (!o->required && is_default(o, at))
			continue;
		json_key(json, o->name);
		write_value(o, at, json);
	}
	json_object_end(json);
}

void options_write_json(const struct option_table *table, const void *from, struct json *json)
{
	write_table(table, from, NULL, json);
}
