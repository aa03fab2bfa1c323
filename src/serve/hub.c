#include "serve/hub.h"

#include "base/clock.h"

#include <errno.h>
#include <libwebsockets.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define INBOX_MESSAGES_MAX 4096
#define INBOX_BYTES_MAX (16u << 20)
#define INPUT_MAX_BYTES 4096
#define STREAMS_MAX 16
#define HEARTBEAT_US 10000000

/* Shared by all rings it is in. The service thread alone counts references. */
struct message {
	int references;
	size_t length;
	char stream[HUB_STREAM_SIZE];
	enum channel channel;
	struct message *next; /* in the inbox */
	unsigned char room[LWS_PRE]; /* for the frame's head, written by lws_write() */
	unsigned char text[];
};

struct subscription {
	char stream[HUB_STREAM_SIZE];
	int64_t sent_us; /* CLOCK_MONOTONIC, of the last message taken */
};

struct hub_client {
	struct hub *hub;
	struct hub_client *next;
	struct lws *wsi;
	uint64_t id;
	enum channel channel;
	struct message *ring[HUB_RING_MESSAGES];
	int first, count;
	int64_t dropped; /* since the client was told */
	int64_t sent_us;
	bool closing;
	char input[INPUT_MAX_BYTES];
	size_t input_length;
	/* Realtime: nothing named is everything. */
	struct subscription streams[STREAMS_MAX];
	int stream_count;
	bool chosen;
	int64_t interval_us; /* at most one message of a stream in this time */
	/* Violations: */
	hub_source *source;
	void *source_opaque;
	int64_t after;
	bool asked, more;
	/* Live video: */
	const struct hub_pull *pull; /* NULL: none */
	void *pull_opaque;
};

struct hub {
	void (*wake)(void *opaque);
	void *opaque;
	/* Relaxed: only whether it is worth while to make a message. */
	_Atomic int listeners[CHANNEL_COUNT];
	/* Service thread. */
	struct hub_client *clients;
	int client_count, clients_max;
	uint64_t next_id;
	pthread_mutex_t lock;
	/* Below: under lock. */
	struct message *inbox, **inbox_end;
	int inbox_count;
	size_t inbox_bytes;
};

int hub_create(int clients_max, void (*wake)(void *opaque), void *opaque, struct hub **ret_hub)
{
	struct hub *hub = calloc(1, sizeof(*hub));
	if (!hub)
		return -ENOMEM;
	hub->wake = wake;
	hub->opaque = opaque;
	hub->clients_max = clients_max;
	hub->inbox_end = &hub->inbox;
	pthread_mutex_init(&hub->lock, NULL);
	*ret_hub = hub;
	return 0;
}

void hub_destroy(struct hub **hub)
{
	if (!*hub)
		return;
	while ((*hub)->inbox) {
		struct message *message = (*hub)->inbox;
		(*hub)->inbox = message->next;
		free(message);
	}
	pthread_mutex_destroy(&(*hub)->lock);
	free(*hub);
	*hub = NULL;
}

static struct message *message_create(
	enum channel channel, const char *stream, const char *text, size_t length)
{
	struct message *message = malloc(sizeof(*message) + length);
	if (!message)
		return NULL;
	message->references = 1;
	message->length = length;
	message->channel = channel;
	message->next = NULL;
	snprintf(message->stream, sizeof(message->stream), "%s", stream ? stream : "");
	memcpy(message->text, text, length);
	return message;
}

static void message_unref(struct message *message)
{
	if (--message->references == 0)
		free(message);
}

void hub_set_max(struct hub *hub, int clients_max)
{
	hub->clients_max = clients_max;
}

int hub_listeners(const struct hub *hub, enum channel channel)
{
	return atomic_load_explicit(&hub->listeners[channel], memory_order_relaxed);
}

void hub_publish(
	struct hub *hub, enum channel channel, const char *stream, const char *text, size_t length)
{
	if (hub_listeners(hub, channel) == 0)
		return;
	struct message *message = message_create(channel, stream, text, length);
	if (!message)
		return;
	pthread_mutex_lock(&hub->lock);
	bool was_empty = !hub->inbox;
	bool room = hub->inbox_count < INBOX_MESSAGES_MAX &&
		    hub->inbox_bytes + length <= INBOX_BYTES_MAX;
	if (room) {
		*hub->inbox_end = message;
		hub->inbox_end = &message->next;
		hub->inbox_count++;
		hub->inbox_bytes += length;
	}
	pthread_mutex_unlock(&hub->lock);
	if (!room)
		free(message);
	else if (was_empty)
		hub->wake(hub->opaque);
}

static void ring_put(struct hub_client *client, struct message *message)
{
	if (client->closing)
		return;
	if (client->count == HUB_RING_MESSAGES) {
		message_unref(client->ring[client->first]);
		client->first = (client->first + 1) % HUB_RING_MESSAGES;
		client->count--;
		client->dropped++;
	}
	message->references++;
	client->ring[(client->first + client->count) % HUB_RING_MESSAGES] = message;
	client->count++;
	lws_callback_on_writable(client->wsi);
}

void hub_send(struct hub_client *client, const char *text, size_t length)
{
	struct message *message = message_create(client->channel, NULL, text, length);
	if (!message)
		return;
	ring_put(client, message);
	message_unref(message);
}

static struct subscription *find_stream(struct hub_client *client, const char *stream)
{
	for (int i = 0; i < client->stream_count; i++)
		if (strcmp(client->streams[i].stream, stream) == 0)
			return &client->streams[i];
	if (client->chosen || client->stream_count == STREAMS_MAX)
		return NULL;
	struct subscription *added = &client->streams[client->stream_count++];
	snprintf(added->stream, sizeof(added->stream), "%s", stream);
	added->sent_us = INT64_MIN / 2;
	return added;
}

/* Subscribed by stream, and not sooner than its rate allows. */
static bool wants(struct hub_client *client, const struct message *message, int64_t now_us)
{
	if (client->channel != message->channel)
		return false;
	if (!message->stream[0] || (!client->chosen && client->interval_us == 0))
		return true;
	struct subscription *stream = find_stream(client, message->stream);
	if (!stream)
		return !client->chosen;
	if (now_us - stream->sent_us < client->interval_us)
		return false;
	stream->sent_us = now_us;
	return true;
}

void hub_deliver(struct hub *hub)
{
	pthread_mutex_lock(&hub->lock);
	struct message *message = hub->inbox;
	hub->inbox = NULL;
	hub->inbox_end = &hub->inbox;
	hub->inbox_count = 0;
	hub->inbox_bytes = 0;
	pthread_mutex_unlock(&hub->lock);
	int64_t now_us = mono_now().us;
	while (message) {
		struct message *next = message->next;
		for (struct hub_client *c = hub->clients; c; c = c->next)
			if (wants(c, message, now_us))
				ring_put(c, message);
		message_unref(message);
		message = next;
	}
}

void hub_tick(struct hub *hub)
{
	char text[96], time[WALL_TEXT_SIZE];
	int64_t now_us = mono_now().us;
	wall_format(wall_now(), time, sizeof(time));
	int n = snprintf(text, sizeof(text), "{\"type\":\"heartbeat\",\"time\":\"%s\"}", time);
	for (struct hub_client *c = hub->clients; c; c = c->next)
		if (c->count == 0 && now_us - c->sent_us >= HEARTBEAT_US)
			hub_send(c, text, (size_t)n);
}

void hub_close_all(struct hub *hub)
{
	for (struct hub_client *c = hub->clients; c; c = c->next) {
		c->closing = true;
		lws_callback_on_writable(c->wsi);
	}
}

int hub_client_count(const struct hub *hub)
{
	return hub->client_count;
}

struct hub_client *hub_open(struct hub *hub, struct lws *wsi, enum channel channel)
{
	if (hub->client_count >= hub->clients_max)
		return NULL;
	struct hub_client *client = calloc(1, sizeof(*client));
	if (!client)
		return NULL;
	client->hub = hub;
	client->wsi = wsi;
	client->channel = channel;
	client->id = ++hub->next_id;
	client->sent_us = mono_now().us;
	client->next = hub->clients;
	hub->clients = client;
	hub->client_count++;
	atomic_fetch_add_explicit(&hub->listeners[channel], 1, memory_order_relaxed);
	return client;
}

void hub_closed(struct hub_client **client)
{
	struct hub_client *c = *client, **link;
	if (!c)
		return;
	for (link = &c->hub->clients; *link != c; link = &(*link)->next)
		;
	*link = c->next;
	c->hub->client_count--;
	atomic_fetch_sub_explicit(&c->hub->listeners[c->channel], 1, memory_order_relaxed);
	for (int i = 0; i < c->count; i++)
		message_unref(c->ring[(c->first + i) % HUB_RING_MESSAGES]);
	if (c->pull)
		c->pull->close(c->pull_opaque);
	free(c);
	*client = NULL;
}

static void tell(struct hub_client *client, const char *type, const char *detail)
{
	struct json json = {0};
	json_object(&json);
	json_member_string(&json, "type", type);
	json_member_string(&json, "detail", detail);
	json_object_end(&json);
	if (!json.failed)
		hub_send(client, json.text, json.length);
	json_finish(&json);
}

static const struct form_field command_fields[] = {
	{"streams", FORM_LIST, .min = 0, .max = STREAMS_MAX, .help = "ids; empty: all there are"},
	{"rate", FORM_REAL, .min = 0.01, .max = 1000,
		.help = "at most so many messages a second of each stream"},
	{0},
};

/* {"streams": ["north"], "rate": 5} */
static void command(struct hub_client *client)
{
	struct faults faults = {0};
	struct err err = {0};
	struct jsonin *document = NULL;
	if (jsonin_parse(client->input, client->input_length, &err, &document) < 0) {
		tell(client, "error", err.text);
		return;
	}
	form_check_object(command_fields, document, &faults);
	if (faults.count > 0) {
		char text[300];
		snprintf(text, sizeof(text), "%s %s", faults.items[0].name, faults.items[0].text);
		tell(client, "error", text);
	} else {
		const struct jsonin *streams = jsonin_get(document, "streams");
		double rate = jsonin_real(jsonin_get(document, "rate"), 0);
		client->stream_count = 0;
		client->chosen = false;
		for (int i = 0; i < jsonin_count(streams); i++)
			find_stream(client, jsonin_string(jsonin_at(streams, i), ""));
		client->chosen = client->stream_count > 0;
		client->interval_us = rate > 0 ? (int64_t)(1e6 / rate) : 0;
		tell(client, "subscribed", client->chosen ? "these streams" : "all streams");
	}
	jsonin_free(&document);
}

int hub_received(struct hub_client *client, const char *bytes, size_t length, bool final)
{
	static unsigned char reason[] = "a message has at most 4096 bytes";
	if (client->input_length + length > sizeof(client->input)) {
		lws_close_reason(client->wsi, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, reason,
			sizeof(reason) - 1);
		return -1;
	}
	memcpy(client->input + client->input_length, bytes, length);
	client->input_length += length;
	if (final) {
		command(client);
		client->input_length = 0;
	}
	return 0;
}

static int write_text(struct hub_client *client, unsigned char *text, size_t length)
{
	client->sent_us = mono_now().us;
	return lws_write(client->wsi, text, length, LWS_WRITE_TEXT) < 0 ? -1 : 0;
}

static int write_dropped(struct hub_client *client)
{
	unsigned char buffer[LWS_PRE + 80];
	char *text = (char *)buffer + LWS_PRE;
	int n = snprintf(text, sizeof(buffer) - LWS_PRE, "{\"type\":\"dropped\",\"count\":%lld}",
		(long long)client->dropped);
	client->dropped = 0;
	return write_text(client, buffer + LWS_PRE, (size_t)n);
}

static int write_oldest(struct hub_client *client)
{
	struct message *message = client->ring[client->first];
	client->first = (client->first + 1) % HUB_RING_MESSAGES;
	client->count--;
	int r = write_text(client, message->text, message->length);
	message_unref(message);
	return r;
}

static int write_piece(struct hub_client *client)
{
	static unsigned char reason[] = "the video has ended";
	struct hub_piece piece;
	int r = client->pull->next(client->pull_opaque, &piece);
	if (r < 0)
		lws_close_reason(client->wsi, LWS_CLOSE_STATUS_NORMAL, reason, sizeof(reason) - 1);
	if (r <= 0)
		return r;
	client->sent_us = mono_now().us;
	lws_callback_on_writable(client->wsi);
	return lws_write(client->wsi, piece.bytes, piece.length,
		       piece.text ? LWS_WRITE_TEXT : LWS_WRITE_BINARY) < 0
		       ? -1
		       : 0;
}

static void ask_source(struct hub_client *client)
{
	if (!client->source || client->asked || !client->more || client->closing)
		return;
	client->asked = true;
	client->more = false;
	client->source(client->source_opaque, client->id, client->after);
}

int hub_writable(struct hub_client *client)
{
	static unsigned char reason[] = "the server is going away";
	int r = 0;
	if (client->dropped > 0)
		r = write_dropped(client);
	else if (client->count > 0)
		r = write_oldest(client);
	else if (client->closing) {
		lws_close_reason(
			client->wsi, LWS_CLOSE_STATUS_GOINGAWAY, reason, sizeof(reason) - 1);
		return -1;
	} else if (client->pull) {
		return write_piece(client);
	}
	if (client->count > 0 || client->dropped > 0 || client->closing)
		lws_callback_on_writable(client->wsi);
	else
		ask_source(client);
	return r;
}

void hub_follow(struct hub_client *client, int64_t after, hub_source *source, void *opaque)
{
	client->source = source;
	client->source_opaque = opaque;
	client->after = after;
	client->more = true;
	lws_callback_on_writable(client->wsi);
}

void hub_follow_more(struct hub *hub)
{
	for (struct hub_client *c = hub->clients; c; c = c->next)
		if (c->source) {
			c->more = true;
			lws_callback_on_writable(c->wsi);
		}
}

void hub_feed(struct hub *hub, uint64_t client_id, const char *lines, size_t length, int64_t last)
{
	struct hub_client *client = hub->clients;
	while (client && client->id != client_id)
		client = client->next;
	if (!client)
		return;
	client->asked = false;
	client->after = last;
	client->more |= length > 0;
	for (size_t at = 0; at < length;) {
		const char *end = memchr(lines + at, '\n', length - at);
		size_t n = end ? (size_t)(end - (lines + at)) : length - at;
		hub_send(client, lines + at, n);
		at += n + 1;
	}
	if (client->more)
		lws_callback_on_writable(client->wsi);
}

void hub_pull_from(struct hub_client *client, const struct hub_pull *pull, void *opaque)
{
	client->pull = pull;
	client->pull_opaque = opaque;
	lws_callback_on_writable(client->wsi);
}

void hub_pulse(struct hub *hub)
{
	for (struct hub_client *c = hub->clients; c; c = c->next)
		if (c->pull)
			lws_callback_on_writable(c->wsi);
}
