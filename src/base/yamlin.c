#include "base/yamlin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define ANCHORS_MAX 256

struct yamlin {
	struct yamlin_node *root;
	struct yamlin_node *nodes; /* all of them, newest first */
	int node_count;
};

struct anchor {
	char *name;
	struct yamlin_node *node;
};

/* What is needed while events become nodes. */
struct build {
	const char *text;
	size_t length;
	struct problems *problems;
	struct yamlin *document;
	struct yamlin_node *open[YAMLIN_DEPTH_MAX]; /* from the root to where the next node goes */
	int depth;
	struct anchor anchors[ANCHORS_MAX];
	int anchor_count;
	int documents;
};

static struct option_where where_of(yaml_mark_t mark)
{
	return (struct option_where){(int)mark.line + 1, (int)mark.column + 1};
}

#define refuse(build, where, ...)                                                                  \
	(problems_add((build)->problems, PROBLEM_ERROR, (where), "", __VA_ARGS__), -EINVAL)

static int attach(struct build *b, struct yamlin_node *node)
{
	if (b->depth == 0) {
		b->document->root = node;
		return 0;
	}
	struct yamlin_node *parent = b->open[b->depth - 1];
	if (parent->count == parent->capacity) {
		int capacity = parent->capacity ? 2 * parent->capacity : 8;
		void *items = realloc(parent->items, (size_t)capacity * sizeof(parent->items[0]));
		if (!items)
			return -ENOMEM;
		parent->items = items;
		parent->capacity = capacity;
	}
	parent->items[parent->count++] = node;
	return 0;
}

static int add_anchor(struct build *b, const yaml_char_t *name, struct yamlin_node *node)
{
	for (int i = 0; i < b->anchor_count; i++) {
		if (strcmp(b->anchors[i].name, (const char *)name) == 0) {
			b->anchors[i].node = node;
			return 0;
		}
	}
	if (b->anchor_count == ANCHORS_MAX)
		return refuse(b, node->where, "has more than %d anchors", ANCHORS_MAX);
	char *copy = strdup((const char *)name);
	if (!copy)
		return -ENOMEM;
	b->anchors[b->anchor_count++] = (struct anchor){copy, node};
	return 0;
}

static int add_node(struct build *b, enum yamlin_type type, const yaml_event_t *event,
	const yaml_char_t *anchor, const yaml_char_t *tag, struct yamlin_node **ret_node)
{
	struct option_where where = where_of(event->start_mark);
	if (tag)
		return refuse(b, where, "has the tag '%.40s': tags are not used here, remove it",
			(const char *)tag);
	if (b->document->node_count == YAMLIN_NODES_MAX)
		return refuse(b, where, "has more than %d values", YAMLIN_NODES_MAX);
	struct yamlin_node *node = calloc(1, sizeof(*node));
	if (!node)
		return -ENOMEM;
	node->type = type;
	node->where = where;
	node->next = b->document->nodes;
	b->document->nodes = node;
	b->document->node_count++;
	int r = anchor ? add_anchor(b, anchor, node) : 0;
	if (r == 0)
		r = attach(b, node);
	if (r == 0)
		*ret_node = node;
	return r;
}

static int on_scalar(struct build *b, const yaml_event_t *event)
{
	struct yamlin_node *node;
	int r = add_node(
		b, YAMLIN_SCALAR, event, event->data.scalar.anchor, event->data.scalar.tag, &node);
	if (r != 0)
		return r;
	size_t length = event->data.scalar.length;
	if (memchr(event->data.scalar.value, 0, length))
		return refuse(b, node->where, "contains a NUL character");
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->text = malloc(length + 1);
	if (!node->text)
		return -ENOMEM;
	memcpy(node->text, event->data.scalar.value, length);
	node->text[length] = '\0';
	return 0;
}

static int on_start(struct build *b, enum yamlin_type type, const yaml_event_t *event,
	const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (b->depth == YAMLIN_DEPTH_MAX)
		return refuse(b, where_of(event->start_mark), "is nested more than %d levels deep",
			YAMLIN_DEPTH_MAX);
	struct yamlin_node *node;
	int r = add_node(b, type, event, anchor, tag, &node);
	if (r == 0)
		b->open[b->depth++] = node;
	return r;
}

static bool is_open(const struct build *b, const struct yamlin_node *node)
{
	for (int i = 0; i < b->depth; i++)
		if (b->open[i] == node)
			return true;
	return false;
}

static int on_alias(struct build *b, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	struct option_where where = where_of(event->start_mark);
	for (int i = 0; i < b->anchor_count; i++) {
		if (strcmp(b->anchors[i].name, name) != 0)
			continue;
		if (is_open(b, b->anchors[i].node))
			return refuse(b, where, "*%.40s is inside itself", name);
		return attach(b, b->anchors[i].node);
	}
	return refuse(b, where, "*%.40s refers to an anchor that is not defined above", name);
}

static int on_event(struct build *b, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (++b->documents > 1)
			return refuse(b, where_of(event->start_mark),
				"has a second document ('---'): only one is read");
		return 0;
	case YAML_SCALAR_EVENT:
		return on_scalar(b, event);
	case YAML_SEQUENCE_START_EVENT:
		return on_start(b, YAMLIN_SEQUENCE, event, event->data.sequence_start.anchor,
			event->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return on_start(b, YAMLIN_MAPPING, event, event->data.mapping_start.anchor,
			event->data.mapping_start.tag);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->depth--;
		return 0;
	case YAML_ALIAS_EVENT:
		return on_alias(b, event);
	default:
		return 0;
	}
}

/* Where byte `offset` stands, for text that libyaml gave up on before it had lines. */
static struct option_where where_of_byte(const struct build *b, size_t offset)
{
	struct option_where where = {1, 1};
	for (size_t i = 0; i < offset && i < b->length; i++) {
		where.column++;
		if (b->text[i] == '\n')
			where = (struct option_where){where.line + 1, 1};
	}
	return where;
}

static int syntax_error(struct build *b, const yaml_parser_t *parser)
{
	if (parser->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	const char *what = parser->problem ? parser->problem : "unreadable";
	if (parser->error == YAML_READER_ERROR)
		return refuse(
			b, where_of_byte(b, parser->problem_offset), "is not UTF-8 text: %s", what);
	return refuse(b, where_of(parser->problem_mark), "is not valid YAML: %s", what);
}

static int read_events(struct build *b, yaml_parser_t *parser)
{
	for (;;) {
		yaml_event_t event;
		if (!yaml_parser_parse(parser, &event))
			return syntax_error(b, parser);
		bool end = event.type == YAML_STREAM_END_EVENT;
		int r = on_event(b, &event);
		yaml_event_delete(&event);
		if (r < 0 || end)
			return r;
	}
}

int yamlin_parse(
	const char *text, size_t length, struct problems *problems, struct yamlin **ret_document)
{
	struct build b = {.text = text, .length = length, .problems = problems};
	if (length > YAMLIN_BYTES_MAX)
		return refuse(&b, ((struct option_where){0}),
			"has %zu bytes: a configuration has at most %d", length, YAMLIN_BYTES_MAX);
	b.document = calloc(1, sizeof(*b.document));
	yaml_parser_t parser;
	if (!b.document || !yaml_parser_initialize(&parser)) {
		free(b.document);
		return -ENOMEM;
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
	int r = read_events(&b, &parser);
	yaml_parser_delete(&parser);
	for (int i = 0; i < b.anchor_count; i++)
		free(b.anchors[i].name);
	if (r == 0)
		*ret_document = b.document;
	else
		yamlin_free(&b.document);
	return r;
}

void yamlin_free(struct yamlin **document)
{
	if (!*document)
		return;
	struct yamlin_node *node = (*document)->nodes;
	while (node) {
		struct yamlin_node *next = node->next;
		free(node->text);
		free(node->items);
		free(node);
		node = next;
	}
	free(*document);
	*document = NULL;
}

const struct yamlin_node *yamlin_root(const struct yamlin *document)
{
	return document->root;
}

bool yamlin_is_null(const struct yamlin_node *node)
{
	if (node->type != YAMLIN_SCALAR || !node->plain)
		return false;
	return strcmp(node->text, "") == 0 || strcmp(node->text, "~") == 0 ||
	       strcmp(node->text, "null") == 0;
}

const char *yamlin_describe(const struct yamlin_node *node, char *text, size_t size)
{
	if (node->type == YAMLIN_SEQUENCE)
		snprintf(text, size, "a list");
	else if (node->type == YAMLIN_MAPPING)
		snprintf(text, size, "a mapping (key: value)");
	else if (yamlin_is_null(node))
		snprintf(text, size, "empty");
	else
		snprintf(text, size, "'%.40s%s'", node->text, strlen(node->text) > 40 ? "..." : "");
	return text;
}
