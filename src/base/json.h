/*
 * JSON out: an append-only writer. JSON in: jsonin.h.
 *
 *     struct json j = {0};
 *     json_object(&j);
 *     json_key(&j, "track_id");  json_int(&j, 7);
 *     json_key(&j, "bbox");      json_array(&j);
 *     json_real(&j, 10.5, 2);    json_array_end(&j);
 *     json_object_end(&j);
 *     fwrite(j.text, 1, j.length, file);
 *     json_reset(&j);                       // keeps the memory for the next one
 *     json_finish(&j);
 *
 * Commas are placed by the writer; nesting up to JSON_DEPTH_MAX. Running out of memory sets
 * `failed` and turns every later call into nothing: check it once, at the end.
 *
 * Threads: one writer, one thread. Memory: `text` grows and is kept by json_reset().
 */
#pragma once

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_MAX 64

struct json {
	char *text; /* not NUL-terminated */
	size_t length, capacity;
	bool failed;
	bool after_key;
	int depth;
	uint64_t has_items; /* bit per depth: a comma is due before the next item */
};

void json_object(struct json *j);
void json_object_end(struct json *j);
void json_array(struct json *j);
void json_array_end(struct json *j);
void json_key(struct json *j, const char *key);

/* Escapes what must be; invalid UTF-8 becomes U+FFFD. NULL is null. */
void json_string(struct json *j, const char *text);
void json_string_n(struct json *j, const char *text, size_t length);
void json_int(struct json *j, int64_t value);
/* At most `decimals` (0 to 9) digits behind the point, trailing zeros cut; not finite is null. */
void json_real(struct json *j, double value, int decimals);
void json_bool(struct json *j, bool value);
void json_null(struct json *j);
/* A key and its value. */
void json_member_string(struct json *j, const char *key, const char *text);
void json_member_int(struct json *j, const char *key, int64_t value);
void json_member_real(struct json *j, const char *key, double value, int decimals);
void json_member_bool(struct json *j, const char *key, bool value);
/* ISO 8601; 0, which is not known, is null. */
void json_member_wall(struct json *j, const char *key, struct wall t);
/* Appends bytes as they are: inside an object or array a value made elsewhere; outside, anything (a
 * newline between two documents). */
void json_raw(struct json *j, const char *text, size_t length);

void json_reset(struct json *j);
void json_finish(struct json *j);
