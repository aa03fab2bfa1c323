/*
 * A text that is served again and again and never changes, as it is and as gzip.
 *
 * Threads: constant after init. Memory: the text is borrowed, the packed bytes are its own.
 */
#pragma once

#include "serve/request.h"

struct packed {
	const char *text;
	size_t length;
	void *gzip;
	size_t gzip_length;
};

/* 0 or -ENOMEM; finish() accepts one that is zero. */
int packed_init(struct packed *packed, const char *text, size_t length);
void packed_finish(struct packed *packed);
/* 200 with whichever the client accepts. `type` is static. */
void packed_reply(const struct packed *packed, const struct request *request, struct reply *reply,
	const char *type);
