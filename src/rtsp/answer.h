/*
 * What the server answers to a request (RFC 2326, 10).
 *
 * Threads: that of the server.
 */
#pragma once

#include "rtsp/client.h"

struct answerer {
	const struct rtsp_auth *auth;
	struct mount *mounts;
	int mount_count;
	const struct rtsp_hooks *hooks; /* or NULL */
};

/* Writes the answer to the client's backlog and changes its session. */
void answer_request(
	const struct answerer *answerer, struct client *client, const struct rtsp_request *request);
/* The answer to bytes that are no request, after which the connection is closed. */
void answer_nonsense(struct client *client);
