/*
 * What is wrong with the head of a request (RFC 9112), judged from its bytes as they came, before
 * libwebsockets reads them: what that would hang up on, answer with a page of its own, misread, or
 * take although it should not. What is right here is for it and for http_read.c to read.
 *
 *     struct head_fault fault = head_check(bytes, length, names);
 *     if (fault.status)                 // an answer instead of the request
 *
 * Nothing is said of lines that are not all there, nor of what does not begin like a request.
 *
 * Threads: any. Memory: none.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define HEAD_MAX_BYTES 8192 /* of the request line and all fields */
#define HEAD_PAIRS_MAX 64 /* libwebsockets has room for less than a hundred pieces of a query */

struct head_fault {
	int status; /* 0: none; 204: "OPTIONS *", which asks for nothing but to be answered */
	const char *detail; /* a sentence */
};

/*
 * `bytes` is where a head begins, and may end anywhere. `names` are the beginnings of lines that
 * libwebsockets knows ("host:", "put"), in lower case, up to a NULL. It loses its way in the name
 * of a field that ends within one of them, or only begins with one: the next field is not seen, be
 * it a Content-Length (4.1.6, lws_parse()). Such fields are refused.
 */
struct head_fault head_check(const char *bytes, size_t length, const char *const *names);

/* Whether what begins like this may become a head; false also for what is in the midst of one. */
bool head_is_begun(const char *bytes, size_t length);

/* Up to the end of the empty line behind the fields; 0: that is not there. */
size_t head_length(const char *bytes, size_t length);
