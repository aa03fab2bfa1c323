/*
 * The thread that looks at machine and cameras twice a second, and the alerts that come of it
 * (watch/alert_rules.h).
 *
 * An alert is told once it is committed; where the store cannot take it, it is tried again.
 *
 * Metrics of a stream that was started: is_healthy (1 or 0); while pictures come: fps, drop_rate (0
 * to 1), errors_per_minute; of its pipeline latency_ms.p50 and p95, looks_per_s, frames_waiting,
 * idle_s (since a road user was seen). Rates and quantiles are those of the last WATCH_WINDOW_S. Of
 * the system: what probe.h says, and the room on the disk of the evidence. Of a backend: up (1 or
 * 0), waiting (violations), oldest_waiting_s.
 *
 * Threads: create and destroy by the owner; `look` is called by the watch's own thread. Memory: an
 * entry per camera, and one per alert.
 */
#pragma once

#include "cameras/camera.h"
#include "watch/alert_rules.h"
#include "watch/backend.h"

#define WATCH_WINDOW_S 10

struct watch;

typedef void watch_each(void *opaque, const char *id, const struct camera_health *health);
/* Calls `each` for every camera there is. */
typedef void watch_look(void *opaque, watch_each *each, void *each_opaque);

/* All borrowed until destroy, but for the rules (watch_set_rules()). */
struct watch_params {
	struct store *store;
	const char *evidence_dir;
	const struct alert_rule *rules; /* beside the default ones */
	int rule_count;
	const struct cameras_listener *listener;
	watch_look *look;
	void *opaque;
	struct backend_source backend;
};

/* Takes over alerts that go on from before; ends those whose rule has gone. -errno where the store
 * cannot be read, -EAGAIN where there is no thread. */
int watch_create(const struct watch_params *params, struct err *err, struct watch **ret_watch);
/* Other rules, borrowed until the next ones or destroy; returns once those before are not used any
 * more. Alerts whose rule is still about their metric go on, the others end. By the owner. -ENOMEM.
 */
int watch_set_rules(struct watch *watch, const struct alert_rule *rules, int count);
/* Alerts that go on stay open: the next watch takes them over. */
void watch_destroy(struct watch **watch);
