/*
 * WebSocket clients and what is sent to them.
 *
 * Each client has a ring of HUB_RING_MESSAGES messages, which are shared, not copied. A client that
 * is too slow loses the oldest (counted, and told to it as {"type": "dropped", "count": N} before
 * the next message); it never costs memory beyond its ring, nor others' time. /ws/violations is the
 * exception: it is read from the store, from the id that the client names on, and loses nothing.
 * Live video is another: it is pulled piece by piece, and its source says what was left out.
 *
 * Threads: hub_publish() may be called by any; the rest on the service thread.
 */
#pragma once

#include "serve/endpoint.h"

#include <stddef.h>

#define HUB_RING_MESSAGES 64
#define HUB_STREAM_SIZE 64

struct lws;
struct hub;
struct hub_client;

/* `wake` makes the service thread call hub_deliver() soon; any thread. 0 or -ENOMEM. */
int hub_create(int clients_max, void (*wake)(void *opaque), void *opaque, struct hub **ret_hub);
void hub_destroy(struct hub **hub);
/* Service thread: so many clients from now on; those that there are stay. */
void hub_set_max(struct hub *hub, int clients_max);

/* Copies `text` (JSON). `stream` (may be NULL) is what clients subscribe by. Drops the message,
 * counted, where nobody listens or the service thread is too far behind. */
void hub_publish(
	struct hub *hub, enum channel channel, const char *stream, const char *text, size_t length);
/* How many listen to a channel: to spare work where nobody does. Any thread. */
int hub_listeners(const struct hub *hub, enum channel channel);

/* Service thread: hands what was published to the clients' rings. */
void hub_deliver(struct hub *hub);
/* Service thread, every second: heartbeats. */
void hub_tick(struct hub *hub);
/* Everybody is sent what is in the rings, then 1001. */
void hub_close_all(struct hub *hub);
int hub_client_count(const struct hub *hub);
/* NULL: there are too many. */
struct hub_client *hub_open(struct hub *hub, struct lws *wsi, enum channel channel);
void hub_closed(struct hub_client **client);
/* A piece of a message from the client. Not 0: close the connection. */
int hub_received(struct hub_client *client, const char *bytes, size_t length, bool final);
/* The socket takes more. Not 0: close the connection. */
int hub_writable(struct hub_client *client);
/* One message for this client alone; copies it. */
void hub_send(struct hub_client *client, const char *text, size_t length);

/*
 * /ws/violations: the client wants what comes after `after`; `source` is asked for it whenever the
 * ring has run dry, and answers with hub_feed() sooner or later.
 */
typedef void hub_source(void *opaque, uint64_t client_id, int64_t after);
void hub_follow(struct hub_client *client, int64_t after, hub_source *source, void *opaque);
/* The answer: one JSON text a line, in order, and the id to go on from; no lines: that is all there
 * is for now. */
void hub_feed(struct hub *hub, uint64_t client_id, const char *lines, size_t length, int64_t last);
/* There is a new one: whoever waits for it asks its source. */
void hub_follow_more(struct hub *hub);

/* Live video: */
struct hub_piece {
	unsigned char *bytes; /* before them, LWS_PRE bytes that may be written */
	size_t length;
	bool text; /* else binary */
};
struct hub_pull {
	/* 1 and a piece, borrowed until the next call; 0: nothing now; -1: it has ended. */
	int (*next)(void *opaque, struct hub_piece *ret_piece);
	void (*close)(void *opaque);
};
/* From now on the client is sent what `pull` gives; `opaque` is closed with the client. */
void hub_pull_from(struct hub_client *client, const struct hub_pull *pull, void *opaque);
/* There may be more of what is pulled. */
void hub_pulse(struct hub *hub);
