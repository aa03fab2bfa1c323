#include "base/options_inside.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int unfold(
	const struct option_table *table, char *base, struct option_slot *slots, int count)
{
	for (int i = 0; i < table->count; i++) {
		const struct option *o = &table->options[i];
		if (o->type == OPTION_INLINE) {
			count = unfold(o->table, base ? base + o->offset : NULL, slots, count);
			continue;
		}
		assert(count < OPTION_TABLE_MAX);
		slots[count++] = (struct option_slot){o, base};
	}
	return count;
}

int option_slots(
	const struct option_table *table, void *target, struct option_slot slots[OPTION_TABLE_MAX])
{
	return unfold(table, target, slots, 0);
}

void option_slot_names(
	const struct option_slot *slots, int count, const char *names[OPTION_TABLE_MAX + 1])
{
	for (int i = 0; i < count; i++)
		names[i] = slots[i].option->name;
	names[count] = NULL;
}

size_t option_item_size(const struct option *option)
{
	if (option->type == OPTION_LIST)
		return option->table->size;
	size_t size = sizeof(int);
	for (int i = 0; option->kinds[i]; i++)
		if (option->kinds[i]->size > size)
			size = option->kinds[i]->size;
	return size;
}

const struct option_table *option_item_table(const struct option *option, const void *item)
{
	return option->type == OPTION_LIST ? option->table : option->kinds[*(const int *)item];
}

static void set_default(const struct option *o, char *base)
{
	char *value = base + o->offset;
	switch (o->type) {
	case OPTION_BOOL:
		*(bool *)value = o->def != 0;
		break;
	case OPTION_INT:
	case OPTION_ENUM:
		*(int *)value = (int)o->def;
		break;
	case OPTION_REAL:
		*(double *)value = o->def;
		break;
	case OPTION_STRING:
		*(char **)value = o->def_text ? strdup(o->def_text) : NULL;
		break;
	case OPTION_TABLE:
		options_defaults(o->table, value);
		break;
	default: /* points and lists are empty */
		break;
	}
}

void options_defaults(const struct option_table *table, void *target)
{
	struct option_slot slots[OPTION_TABLE_MAX];
	int count = option_slots(table, target, slots);
	memset(target, 0, table->size);
	for (int i = 0; i < count; i++)
		set_default(slots[i].option, slots[i].base);
}

static void clear_table(const struct option_table *table, void *target)
{
	struct option_slot slots[OPTION_TABLE_MAX];
	assert(target);
	int count = option_slots(table, target, slots);
	for (int i = 0; i < count; i++)
		option_clear(slots[i].option, slots[i].base);
}

static void clear_list(const struct option *option, struct option_list *list)
{
	for (int i = 0; i < list->count; i++) {
		char *item = (char *)list->items + (size_t)i * list->item_size;
		clear_table(option_item_table(option, item), item);
	}
	free(list->items);
	*list = (struct option_list){0};
}

static void clear_strings(struct option_strings *strings)
{
	for (int i = 0; i < strings->count; i++)
		free(strings->items[i]);
	free(strings->items);
	*strings = (struct option_strings){0};
}

void option_clear(const struct option *o, void *base)
{
	void *value = (char *)base + o->offset;
	switch (o->type) {
	case OPTION_STRING:
		free(*(char **)value);
		*(char **)value = NULL;
		break;
	case OPTION_POINTS:
		free(((struct option_points *)value)->items);
		*(struct option_points *)value = (struct option_points){0};
		break;
	case OPTION_REALS:
		free(((struct option_reals *)value)->items);
		*(struct option_reals *)value = (struct option_reals){0};
		break;
	case OPTION_STRINGS:
		clear_strings(value);
		break;
	case OPTION_TABLE:
		clear_table(o->table, value);
		break;
	case OPTION_LIST:
	case OPTION_KINDS:
		clear_list(o, value);
		break;
	default:
		break;
	}
}

void options_free(const struct option_table *table, void *target)
{
	clear_table(table, target);
	memset(target, 0, table->size);
}
