/*
 * YAML in: text becomes a tree whose every node knows its line and column. The only door to
 * libyaml; options.h reads the tree.
 *
 * Bounds, each an error that says so: YAMLIN_BYTES_MAX of text, YAMLIN_DEPTH_MAX levels,
 * YAMLIN_NODES_MAX nodes, one document. Anchors and aliases work (an alias is the same node in two
 * places, so walking the tree may cost more than its size: whoever walks keeps count); a node
 * inside itself and explicit tags (!!str) are refused.
 *
 * Memory: yamlin_parse() gives a document, yamlin_free() frees it and all its nodes.
 * Threads: a document is read-only once parsed.
 */
#pragma once

#include "base/problems.h"

#include <stdbool.h>
#include <stddef.h>

#define YAMLIN_BYTES_MAX (1 << 20)
#define YAMLIN_DEPTH_MAX 32
#define YAMLIN_NODES_MAX 100000

enum yamlin_type {
	YAMLIN_SCALAR,
	YAMLIN_SEQUENCE,
	YAMLIN_MAPPING,
};

struct yamlin_node {
	enum yamlin_type type;
	struct option_where where;
	char *text; /* scalar: NUL-terminated, without NUL inside */
	bool plain; /* scalar: neither quoted nor a block */
	/* Sequence: the items. Mapping: key, value, key, value. */
	struct yamlin_node **items;
	int count, capacity;
	struct yamlin_node *next; /* of all nodes of the document */
};

struct yamlin;

/* -EINVAL with one error added to `problems`, or -ENOMEM. */
int yamlin_parse(
	const char *text, size_t length, struct problems *problems, struct yamlin **ret_document);
void yamlin_free(struct yamlin **document);
/* NULL where the text holds nothing but comments. */
const struct yamlin_node *yamlin_root(const struct yamlin *document);

/* True for the scalars that YAML reads as "no value": nothing, ~ and null, not quoted. */
bool yamlin_is_null(const struct yamlin_node *node);
/* "a list", "a mapping", or the text in quotes, cut where long: for messages. */
const char *yamlin_describe(const struct yamlin_node *node, char *text, size_t size);
