/*
 * One frame's result as the message of /ws/realtime: the contract's words (docs/server.md).
 *
 * Threads: any. Memory: in the writer.
 */
#pragma once

#include "base/json.h"
#include "pipeline/live.h"
#include "record/trails.h"

struct message_about {
	const char *stream, *device;
	struct wall start; /* of media time 0 */
	int64_t version;
};

void message_write(struct json *json, const struct message_about *about,
	const struct live_result *result, const struct trails *trails);
