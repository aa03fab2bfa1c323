/* WebSockets, and reading the store for those that follow violations. */
#include "base/log.h"
#include "serve/following.h"
#include "serve/resources.h"
#include "serve/server_inside.h"
#include "serve/violation_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_ROWS 50

static const struct form_field violations_query[] = {
	{"after", FORM_INT, .min = 0, .max = 9007199254740991,
		.help = "id of the last one seen: all that came after it are sent; default: only "
			"new ones"},
	{0},
};

const struct endpoint resource_sockets_endpoints[] = {
	{METHOD_GET, "/ws/realtime", ROLE_VIEWER, NULL, "ws_realtime",
		"results of each frame; say {\"streams\": [...], \"rate\": 5} to choose",
		.status = 101, .channel = CHANNEL_REALTIME, .quick = true},
	{METHOD_GET, "/ws/monitoring", ROLE_VIEWER, NULL, "ws_monitoring",
		"the metrics, every second", .status = 101, .channel = CHANNEL_MONITORING,
		.quick = true},
	{METHOD_GET, "/ws/alerts", ROLE_VIEWER, NULL, "ws_alerts", "alerts when they begin and end",
		.status = 101, .channel = CHANNEL_ALERTS, .quick = true},
	{METHOD_GET, "/ws/violations", ROLE_VIEWER, NULL, "ws_violations",
		"every violation once it is on the disk; none is left out",
		.query = violations_query, .status = 101, .channel = CHANNEL_VIOLATIONS,
		.quick = true},
	{0},
};

/* Following */

static void ask(void *opaque, uint64_t client_id, int64_t after)
{
	struct server *server = opaque;
	struct exchange *x = exchange_create();
	if (!x)
		return;
	x->client_id = client_id;
	x->follow_id = after;
	if (!workers_post(server->workers, x)) {
		/* An empty answer: the next commit asks again. */
		hub_feed(server->hub, client_id, NULL, 0, after);
		exchange_destroy(&x);
	}
}

void following_begin(
	struct server *server, struct hub_client *client, const struct request *request)
{
	if (request->endpoint->channel == CHANNEL_VIOLATIONS)
		hub_follow(client, request_int(request, "after", -1), ask, server);
}

struct page {
	struct json *json;
	int64_t last;
};

static int write_message(void *opaque, const struct violation_row *row)
{
	static const char head[] = "{\"type\":\"violation\",\"violation\":";
	struct page *page = opaque;
	json_raw(page->json, head, sizeof(head) - 1);
	violation_json_write(page->json, row);
	json_raw(page->json, "}\n", 2);
	page->last = row->id;
	return 0;
}

void following_read(struct server *server, struct exchange *x)
{
	struct page page = {.json = &x->reply.json, .last = x->follow_id};
	struct err err = {0};
	struct violation_filter filter = violation_filter_init();
	filter.order = VIOLATION_COMMITTED;
	filter.after.id = x->follow_id;
	filter.limit = PAGE_ROWS;
	int r = x->follow_id < 0 ? violation_rows_last_id(server->store, &err, &page.last)
				 : violation_rows_find(server->store, &filter, write_message, &page,
					   &err, NULL);
	if (r < 0)
		log_error("/ws/violations: %s", err.text);
	x->follow_id = page.last;
}
