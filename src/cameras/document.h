/*
 * A camera's configuration as text: JSON, one key of the top level a line, so that versions can be
 * compared. Merging keeps the caller's lines, so that what is wrong is said by the lines that he
 * wrote.
 *
 * Errors: what only writes takes a text that is no document for an empty one.
 * Memory: texts that are given belong to the caller (free). Threads: any.
 */
#pragma once

#include "base/err.h"
#include "base/json.h"
#include "base/jsonin.h"

#include <stddef.h>

/* Before the caller's first line stand so many lines of the merged text. */
#define DOCUMENT_LINES_BEFORE 1

/*
 * The members of `body` (a JSON object, `parsed`) in the place of those of the same name in `old`
 * (a document; NULL: none). The text is for camera_config_read(). -ENOMEM; -EINVAL where `body` is
 * no object.
 */
int document_merge(const char *old, const char *body, size_t length, const struct jsonin *parsed,
	struct err *err, char **ret_text);
/* The document that a merged text is: members that are null leave. -EINVAL, -ENOMEM. */
int document_normal(const char *text, struct err *err, char **ret_text);

/* The value of one key into the writer; null where there is none. */
void document_write_member(const char *text, const char *key, struct json *json);
/* All of it, passwords hidden. */
void document_write(const char *text, struct json *json);
/* What differs: a list of {"path", "before", "after"}, null where it is missing; passwords hidden.
 */
void document_write_diff(const char *before, const char *after, struct json *json);
/* Whether `source` is what document_write() showed of the document's: then it was not changed. */
bool document_shows_source(const char *text, const char *source);
