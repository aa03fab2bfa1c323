/*
 * JSON in: parsed values, read by name. The only door to jansson.
 *
 * A value that is missing or of another type gives the default (or NULL), so foreign documents
 * need no ladder of checks; jsonin_has() and the type tests are there for those who must insist.
 *
 * Memory: jsonin_parse() gives a document, jsonin_free() frees it and everything borrowed from it.
 * Threads: a document belongs to one thread at a time.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jsonin; /* a value inside a document */

/* -EINVAL with the position in `err`; duplicate keys and nesting beyond 512 are refused. */
int jsonin_parse(const char *text, size_t length, struct err *err, struct jsonin **ret_document);
int jsonin_parse_file(const char *path, struct err *err, struct jsonin **ret_document);
void jsonin_free(struct jsonin **document);

bool jsonin_is_object(const struct jsonin *value);
bool jsonin_is_array(const struct jsonin *value);
bool jsonin_is_number(const struct jsonin *value);
bool jsonin_is_string(const struct jsonin *value);
bool jsonin_is_integer(const struct jsonin *value);
bool jsonin_is_bool(const struct jsonin *value);
bool jsonin_is_null(const struct jsonin *value);

/* Borrowed; NULL where `object` is NULL, no object, or has no such key. */
const struct jsonin *jsonin_get(const struct jsonin *object, const char *key);
/*
 * The members of an object in the order written: `*iter` starts as NULL, false after the last (and
 * at once where `object` is no object).
 */
bool jsonin_next(const struct jsonin *object, void **iter, const char **ret_key,
	const struct jsonin **ret_value);
int jsonin_count(const struct jsonin *array); /* 0 where it is no array */
const struct jsonin *jsonin_at(const struct jsonin *array, int index);

/* The value itself, or `def` where it is NULL or of another type. Strings are borrowed. */
double jsonin_real(const struct jsonin *value, double def);
int64_t jsonin_int(const struct jsonin *value, int64_t def);
bool jsonin_bool(const struct jsonin *value, bool def);
const char *jsonin_string(const struct jsonin *value, const char *def);
/* Fills `out` from an array of exactly `count` numbers; false where it is something else. */
bool jsonin_reals(const struct jsonin *value, double *out, int count);

/* The value as text on one line, numbers with all their digits, members in the order written. The
 * caller frees; NULL: out of memory. */
char *jsonin_text(const struct jsonin *value);
/* Same type and content, members in any order. False where either is NULL. */
bool jsonin_equal(const struct jsonin *a, const struct jsonin *b);
