/*
 * One HTTP request to somebody else's server. The only door to libcurl.
 *
 * HTTP and HTTPS (certificates are checked), no redirects: a backend that moves is a configuration
 * to change, and a token is not carried to another host. Nothing of a header is ever in a sentence.
 *
 * Threads: a client belongs to one thread at a time. Memory: the connection is kept between
 * requests.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct http_client;

#define HTTP_HEADERS_MAX 8

struct http_request {
	const char *url;
	const char *headers[HTTP_HEADERS_MAX]; /* "Name: value", ended by NULL */
	const char *body; /* sent with POST */
	size_t body_count;
	int timeout_ms; /* for everything, from the name to the last byte */
	/* Asked about once a second or more often; true gives up. May be NULL. */
	bool (*cancelled)(void *opaque);
	void *opaque;
};

int http_client_create(struct err *err, struct http_client **ret_client);
void http_client_destroy(struct http_client **client);
/* -EINVAL where this is no http: or https: address. */
int http_check_url(const char *url, struct err *err);
/*
 * Gives the status of the reply, whatever it is; its body is read and thrown away, at most 1 MiB.
 * -ETIMEDOUT, -ECANCELED, -ECONNREFUSED and others with a sentence, where there was no reply.
 */
int http_post(struct http_client *client, const struct http_request *request, struct err *err,
	int *ret_status);
