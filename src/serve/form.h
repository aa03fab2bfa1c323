/*
 * What a request may say and a reply says: lists of fields, declared once next to the handler that
 * reads or writes them. Query texts and JSON bodies are checked against them before a handler runs,
 * and /openapi.json prints them.
 *
 *     static const struct form_field trends_query[] = {
 *         {"hours", FORM_INT, .min = 1, .max = 87600, .help = "default 24"},
 *         {0},
 *     };
 *
 * Threads: constant. Memory: none; struct faults is a plain value.
 */
#pragma once

#include "base/json.h"
#include "base/jsonin.h"

#include <stdbool.h>

enum form_type {
	FORM_STRING, /* UTF-8 without control characters; min to max bytes, max 0: 256 */
	FORM_INT, /* min to max; both 0: any */
	FORM_REAL,
	FORM_BOOL,
	FORM_TIME, /* ISO 8601 with a zone */
	FORM_WORD, /* one of `words` */
	FORM_OBJECT, /* described by `of` */
	FORM_LIST, /* of `of`, or of strings where that is NULL */
	FORM_COUNTS, /* an object of names and whole numbers; replies only */
	FORM_ANY, /* any JSON */
};

struct form;

struct form_field {
	const char *name; /* NULL ends the list */
	enum form_type type;
	double min, max;
	const char *const *words; /* ended by NULL */
	const struct form *of;
	bool required; /* of queries and bodies; fields of replies are there unless `optional` */
	bool optional; /* of replies: may be missing */
	bool nullable;
	const char *help; /* one line */
};

struct form {
	const char *name; /* "Violation", in /openapi.json */
	const struct form_field *fields;
	const char *help;
};

#define FAULTS_MAX 8
/* Everything that is wrong with a request, for the problem document. */
struct faults {
	int count; /* of those kept */
	struct {
		char name[64];
		char text[192];
	} items[FAULTS_MAX];
};
void faults_add(struct faults *faults, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* NULL where there is none of that name. */
const struct form_field *form_find(const struct form_field *fields, const char *name);
/* One query or path value. */
void form_check_text(const struct form_field *field, const char *text, struct faults *faults);
/* A JSON object: unknown names, missing ones, types and ranges. */
void form_check_object(
	const struct form_field *fields, const struct jsonin *object, struct faults *faults);

/* JSON Schema (as OpenAPI 3.1 takes it) of one field, and of an object with all fields. `reply`:
 * what is not optional is required. Objects are written as references to their schema's name. */
void form_write_field(struct json *json, const struct form_field *field);
void form_write_object(struct json *json, const struct form *form, bool reply);

/* Valid UTF-8 (RFC 3629) without control characters. */
bool form_is_text(const char *text, size_t length);
