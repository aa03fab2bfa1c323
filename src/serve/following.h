/*
 * /ws/violations follows the store: whenever a client's ring has run dry, a worker reads what comes
 * after the last id that it was sent.
 *
 * Threads: begin on the service thread, read on a worker.
 */
#pragma once

#include "serve/hub.h"

/* Makes a client of /ws/violations follow, from the id in its query on; others are left alone. */
void following_begin(
	struct server *server, struct hub_client *client, const struct request *request);
/* What comes after exchange->follow_id, one message a line, into its reply; follow_id becomes the
 * id of the last. With -1: nothing, and the newest id. */
void following_read(struct server *server, struct exchange *exchange);
