/*
 * Header fields that say which part or which version of a thing is wanted (RFC 9110).
 *
 * Threads: any. Memory: none.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum range_kind {
	RANGE_ALL, /* no range, or one that is to be ignored: several parts, another unit, nonsense
		    */
	RANGE_PART,
	RANGE_UNSATISFIABLE, /* 416 */
};

/* "bytes=0-499", "bytes=500-", "bytes=-500" of a thing of `size` bytes; `ret_first` and
 * `ret_length` are set for RANGE_PART only. */
enum range_kind range_parse(
	const char *text, int64_t size, int64_t *ret_first, int64_t *ret_length);

/* If-None-Match: whether `list` ("*", or quoted tags, weak or not) holds `etag` (with quotes). */
bool range_etag_matches(const char *list, const char *etag);
/* Accept-Encoding: whether gzip is accepted, by name or by "*", with a weight that is not 0. */
bool range_accepts_gzip(const char *list);
