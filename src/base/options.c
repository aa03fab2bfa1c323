#include "base/options.h"

#include "base/options_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int read_mapping(struct option_reader *r, const struct option_table *table,
	const struct yamlin_node *node, bool has_kind, void *target);

/* A section whose content is all commented out: legal, and worth a word. */
static bool is_empty_section(struct option_reader *r, const struct yamlin_node *node)
{
	if (!yamlin_is_null(node))
		return false;
	problems_add(r->problems, PROBLEM_WARNING, node->where, r->path,
		"has no content: the defaults apply");
	return true;
}

static int read_table(
	struct option_reader *r, const struct option *o, const struct yamlin_node *node, char *base)
{
	if (is_empty_section(r, node))
		return 0;
	return read_mapping(r, o->table, node, false, base + o->offset);
}

static const struct yamlin_node *mapping_get(const struct yamlin_node *mapping, const char *key)
{
	for (int i = 0; i < mapping->count; i += 2)
		if (mapping->items[i]->type == YAMLIN_SCALAR &&
			strcmp(mapping->items[i]->text, key) == 0)
			return mapping->items[i + 1];
	return NULL;
}

/* The index into `o->kinds` of a list's item, or -1, which is said. */
static int item_kind(
	struct option_reader *r, const struct option *o, const struct yamlin_node *item)
{
	const char *names[OPTION_TABLE_MAX + 1];
	int count = 0;
	for (; o->kinds[count] && count < OPTION_TABLE_MAX; count++)
		names[count] = o->kinds[count]->name;
	names[count] = NULL;
	struct option kind = {"kind", OPTION_ENUM, .names = names};
	const struct yamlin_node *node = mapping_get(item, "kind");
	int index = -1;
	if (node) {
		size_t path = option_path_push(r, "kind", 0);
		option_read_enum(r, &kind, node, (char *)&index);
		option_path_cut(r, path);
	} else {
		char expected[OPTION_EXPECTATION_MAX];
		option_complain(r, item->where, "the key 'kind' is missing: %s",
			option_expectation(&kind, expected));
	}
	return index;
}

static int read_item(struct option_reader *r, const struct option *o,
	const struct yamlin_node *node, struct option_list *list)
{
	char found[64];
	int code = option_spend(r, node);
	if (code < 0)
		return code;
	if (node->type != YAMLIN_MAPPING) {
		option_complain(r, node->where, "must be a mapping (key: value lines), is %s",
			yamlin_describe(node, found, sizeof(found)));
		return 0;
	}
	int kind = o->type == OPTION_KINDS ? item_kind(r, o, node) : 0;
	if (kind < 0)
		return 0;
	const struct option_table *table = o->type == OPTION_KINDS ? o->kinds[kind] : o->table;
	void *item = (char *)list->items + (size_t)list->count * list->item_size;
	options_defaults(table, item);
	if (o->type == OPTION_KINDS)
		*(int *)item = kind;
	list->count++;
	return read_mapping(r, table, node, o->type == OPTION_KINDS, item);
}

static int read_list(
	struct option_reader *r, const struct option *o, const struct yamlin_node *node, char *base)
{
	if (is_empty_section(r, node))
		return 0;
	if (!option_check_list(r, o, node) && node->type != YAMLIN_SEQUENCE)
		return 0;
	struct option_list *list = (struct option_list *)(base + o->offset);
	option_clear(o, base);
	list->item_size = option_item_size(o);
	/* What aliases multiply is bounded before it is allocated. */
	if (node->count > r->values_left) {
		r->values_left = 0;
		return option_spend(r, node);
	}
	list->items = calloc((size_t)node->count + 1, list->item_size);
	if (!list->items)
		return -ENOMEM;
	int code = 0;
	for (int i = 0; i < node->count && code == 0; i++) {
		size_t path = option_path_push(r, NULL, i);
		code = read_item(r, o, node->items[i], list);
		option_path_cut(r, path);
	}
	return code;
}

int option_read_value(
	struct option_reader *r, const struct option *o, const struct yamlin_node *node, char *base)
{
	int code = option_spend(r, node);
	if (code < 0)
		return code;
	if (o->type == OPTION_TABLE)
		return read_table(r, o, node, base);
	if (o->type == OPTION_LIST || o->type == OPTION_KINDS)
		return read_list(r, o, node, base);
	return option_read_leaf(r, o, node, base);
}

/* The slot that `key` names, or -1, which is said. */
static int find_slot(struct option_reader *r, const struct option_slot *slots, int count,
	const struct yamlin_node *key)
{
	const char *names[OPTION_TABLE_MAX + 1];
	char found[64];
	option_slot_names(slots, count, names);
	if (key->type != YAMLIN_SCALAR) {
		option_complain(r, key->where, "a key must be a word, is %s",
			yamlin_describe(key, found, sizeof(found)));
		return -1;
	}
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], key->text) == 0)
			return i;
	size_t path = option_path_push(r, key->text, 0);
	const char *meant = did_you_mean(key->text, names);
	if (meant) {
		option_complain(r, key->where, "unknown key: did you mean '%s'?", meant);
	} else {
		char known[OPTION_EXPECTATION_MAX];
		struct option o = {.type = OPTION_ENUM, .names = names};
		option_complain(
			r, key->where, "unknown key: must be %s", option_expectation(&o, known));
	}
	option_path_cut(r, path);
	return -1;
}

static void complain_missing(struct option_reader *r, const struct option_slot *slots, int count,
	const int *seen_lines, const struct yamlin_node *mapping)
{
	for (int i = 0; i < count; i++) {
		const struct option *o = slots[i].option;
		if (!o->required || seen_lines[i])
			continue;
		char expected[OPTION_EXPECTATION_MAX];
		option_complain(r, mapping->where, "the key '%s' is missing: %s", o->name,
			option_expectation(o, expected));
	}
}

static int read_mapping(struct option_reader *r, const struct option_table *table,
	const struct yamlin_node *node, bool has_kind, void *target)
{
	char found[64];
	if (node->type != YAMLIN_MAPPING) {
		option_complain(r, node->where, "must be a mapping (key: value lines), is %s",
			yamlin_describe(node, found, sizeof(found)));
		return 0;
	}
	struct option_slot slots[OPTION_TABLE_MAX];
	int seen_lines[OPTION_TABLE_MAX + 1] = {0}; /* the last one is for `kind` */
	int count = option_slots(table, target, slots), code = 0;
	if (table->where_offset != OPTION_NOWHERE)
		*(struct option_where *)((char *)target + table->where_offset) = node->where;
	for (int i = 0; i < node->count && code == 0; i += 2) {
		const struct yamlin_node *key = node->items[i];
		bool is_kind =
			has_kind && key->type == YAMLIN_SCALAR && strcmp(key->text, "kind") == 0;
		int at = is_kind ? count : find_slot(r, slots, count, key);
		if (at < 0)
			continue;
		size_t path = option_path_push(r, key->text, 0);
		if (seen_lines[at])
			option_complain(
				r, key->where, "was given already in line %d", seen_lines[at]);
		else if (!is_kind)
			code = option_read_value(
				r, slots[at].option, node->items[i + 1], slots[at].base);
		seen_lines[at] = key->where.line;
		option_path_cut(r, path);
	}
	if (code == 0)
		complain_missing(r, slots, count, seen_lines, node);
	return code;
}

static void complain_empty(struct option_reader *r, const struct option_table *table)
{
	struct option_slot slots[OPTION_TABLE_MAX];
	const char *names[OPTION_TABLE_MAX + 1];
	char known[OPTION_EXPECTATION_MAX];
	option_slot_names(slots, option_slots(table, NULL, slots), names);
	option_complain(r, ((struct option_where){1, 1}), "is empty: give at least one key, %s",
		option_expectation(&(struct option){.type = OPTION_ENUM, .names = names}, known));
}

int options_read(const struct option_table *table, const char *yaml, size_t length, void *target,
	struct problems *problems)
{
	struct option_reader r = {.problems = problems, .values_left = OPTION_VALUES_MAX};
	int errors_before = problems->error_count;
	struct yamlin *document;
	int code = yamlin_parse(yaml, length, problems, &document);
	if (code < 0)
		return code;
	const struct yamlin_node *root = yamlin_root(document);
	if (!root || yamlin_is_null(root) || (root->type == YAMLIN_MAPPING && root->count == 0))
		complain_empty(&r, table);
	else
		code = read_mapping(&r, table, root, false, target);
	yamlin_free(&document);
	if (code == -ENOMEM)
		return code;
	return problems->error_count > errors_before ? -EINVAL : 0;
}

/* At most one byte more than YAML may have, so that the parser says that it is too long. */
static int read_text(FILE *file, char **ret_text, size_t *ret_length)
{
	char *text = malloc(YAMLIN_BYTES_MAX + 1);
	if (!text)
		return -ENOMEM;
	errno = 0;
	size_t length = fread(text, 1, YAMLIN_BYTES_MAX + 1, file);
	if (ferror(file)) {
		int code = errno ? -errno : -EIO;
		free(text);
		return code;
	}
	*ret_text = text;
	*ret_length = length;
	return 0;
}

int options_read_file(const struct option_table *table, const char *path, void *target,
	struct problems *problems, struct err *err)
{
	char *text = NULL;
	size_t length = 0;
	FILE *file = fopen(path, "rbe");
	if (!file)
		return err_set(err, -errno, "%s: cannot be opened: %s", path, strerror(errno));
	int code = read_text(file, &text, &length);
	fclose(file);
	if (code < 0)
		return err_set(err, code, "%s: cannot be read: %s", path, strerror(-code));
	code = options_read(table, text, length, target, problems);
	free(text);
	if (code == -EINVAL)
		err_set(err, code, "%s: %d error%s", path, problems->error_count,
			problems->error_count == 1 ? "" : "s");
	return code;
}
