/*
 * The thread that looks at all cameras twice a second, and the alerts that come of it (cameras.h).
 *
 * An alert is told once it is committed; where the store cannot take it, it is tried again.
 *
 * Threads: create and destroy by the owner; `look` is called by the watch's own thread. Memory: an
 * entry per camera with an alert.
 */
#pragma once

#include "cameras/camera.h"

struct watch;

typedef void watch_each(void *opaque, const char *id, const struct camera_health *health);
/* Calls `each` for every camera there is. */
typedef void watch_look(void *opaque, watch_each *each, void *each_opaque);

/* Takes over alerts that go on from before. The listener is borrowed until destroy. -errno where
 * the store cannot be read, -EAGAIN where there is no thread. */
int watch_create(struct store *store, const struct cameras_listener *listener, watch_look *look,
	void *opaque, struct err *err, struct watch **ret_watch);
/* Alerts that go on stay open: the next watch takes them over. */
void watch_destroy(struct watch **watch);
