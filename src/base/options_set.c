#include "base/options_inside.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * The way down to the option that `path` names: through sections by name, through lists by index.
 */
struct place {
	const struct option *option;
	char *base;
};

static int find_name(const struct option_table *table, void *target, const char *name,
	struct err *err, struct place *ret_place)
{
	struct option_slot slots[OPTION_TABLE_MAX];
	const char *names[OPTION_TABLE_MAX + 1];
	char known[OPTION_EXPECTATION_MAX];
	int count = option_slots(table, target, slots);
	for (int i = 0; i < count; i++) {
		if (strcmp(slots[i].option->name, name) == 0) {
			*ret_place = (struct place){slots[i].option, slots[i].base};
			return 0;
		}
	}
	option_slot_names(slots, count, names);
	const char *meant = did_you_mean(name, names);
	if (meant)
		return err_set(err, -EINVAL, "unknown key '%s': did you mean '%s'?", name, meant);
	struct option o = {.type = OPTION_ENUM, .names = names};
	return err_set(
		err, -EINVAL, "unknown key '%s': must be %s", name, option_expectation(&o, known));
}

/* The item that "[3]" at `*text` names; moves `*text` behind the bracket. */
static int find_item(const struct place *place, const char **text, struct err *err,
	const struct option_table **ret_table, void **ret_target)
{
	const struct option *o = place->option;
	if (o->type != OPTION_LIST && o->type != OPTION_KINDS)
		return err_set(err, -EINVAL, "'%s' is no list of sections", o->name);
	struct option_list *list = (struct option_list *)(place->base + o->offset);
	char *end;
	long index = strtol(*text + 1, &end, 10);
	if (end == *text + 1 || *end != ']' || index < 0 || index >= list->count)
		return err_set(err, -EINVAL, "'%s' has %d items: write %s[0] to %s[%d]", o->name,
			list->count, o->name, o->name, list->count - 1);
	*text = end + 1;
	*ret_target = (char *)list->items + (size_t)index * list->item_size;
	*ret_table = option_item_table(o, *ret_target);
	return 0;
}

static int find_path(const struct option_table *table, void *target, const char *path,
	struct err *err, struct place *ret_place)
{
	struct place place = {0};
	for (const char *at = path; *at;) {
		char name[64];
		size_t length = strcspn(at, ".[");
		snprintf(name, sizeof(name), "%.*s", (int)length, at);
		int code = find_name(table, target, name, err, &place);
		if (code < 0)
			return code;
		at += length;
		if (*at == '[') {
			code = find_item(&place, &at, err, &table, &target);
			if (code < 0)
				return code;
		} else if (*at && place.option->type == OPTION_TABLE) {
			table = place.option->table;
			target = place.base + place.option->offset;
		} else if (*at) {
			return err_set(err, -EINVAL, "'%s' is no section", name);
		}
		if (*at == '.' && at[1])
			at++;
		else if (*at || at[-1] == ']')
			return err_set(err, -EINVAL, "must end in the name of a value");
	}
	if (!place.option)
		return err_set(err, -EINVAL, "an empty path names nothing");
	*ret_place = place;
	return 0;
}

/* Lists are YAML; single values are taken as they are, so that no path needs quotes. */
static int set_value(struct option_reader *r, const struct place *place, const char *text)
{
	if (place->option->type < OPTION_POINT) {
		struct yamlin_node node = {.type = YAMLIN_SCALAR, .text = (char *)(uintptr_t)text};
		node.plain = *text || place->option->type != OPTION_STRING;
		return option_read_value(r, place->option, &node, place->base);
	}
	struct yamlin *document;
	int code = yamlin_parse(text, strlen(text), r->problems, &document);
	if (code < 0)
		return code;
	char empty[] = "";
	struct yamlin_node nothing = {.text = empty, .plain = true};
	const struct yamlin_node *root = yamlin_root(document);
	code = option_read_value(r, place->option, root ? root : &nothing, place->base);
	yamlin_free(&document);
	return code;
}

int options_set(const struct option_table *table, void *target, const char *path, const char *text,
	struct err *err)
{
	struct place place = {0};
	struct problems problems = {0};
	struct option_reader r = {.problems = &problems, .values_left = OPTION_VALUES_MAX};
	int code = find_path(table, target, path, err, &place);
	if (code < 0)
		return err_prefix(err, code, "%s", path);
	code = set_value(&r, &place, text);
	if (problems.error_count > 0)
		code = err_set(err, -EINVAL, "%s%s: %s", path, problems.items[0].path,
			problems.items[0].text);
	problems_finish(&problems);
	return code;
}
