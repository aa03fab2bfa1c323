/*
 * All cameras of a server: run, watched, and changed while they run.
 *
 *     cameras_create(&params, &err, &cameras);
 *     cameras_listen(cameras, &listener);
 *     cameras_load(cameras, &err);          // what the store has, those with autostart running
 *     cameras_add(cameras, &change, &problems, &err, &version);
 *     cameras_stop(cameras);                // all at once; nothing starts any more
 *     cameras_destroy(&cameras);
 *
 * Each camera's configuration is a stream of the store (stream_rows.h), with every version that it
 * ever had; a change is first committed, then run. Whoever judges says by which version.
 *
 * One thread watches cameras and machine and raises alerts by rules (watch/alert_rules.h): a camera
 * that was started and gives no pictures, one that loses some, a disk that is full, a backend that
 * takes nothing. Alerts of a process that was killed are taken over.
 *
 * Threads: any, but create, listen, stop and destroy by their owner. Changes are done one at a
 * time; reading never waits for them. Memory: that of the cameras.
 */
#pragma once

#include "base/frame.h"
#include "base/json.h"
#include "base/problems.h"
#include "store/store.h"
#include "watch/backend.h"

#include <stdbool.h>

#define CAMERAS_MAX 256

struct camera_config;
struct alert_rule;
struct cameras;
struct packet_ring;

struct cameras_params {
	struct store *store; /* borrowed until destroy */
	const char *evidence_dir; /* copied; made where it is missing */
	/* Beside the default ones; borrowed until destroy, or cameras_set_rules(). */
	const struct alert_rule *rules;
	int rule_count;
	struct backend_source backend; /* for alerts about it */
};

/* Called by the cameras' threads; must not wait, nor call back. */
struct cameras_listener {
	/* Whether anybody wants frames: else none are written. NULL: nobody. */
	bool (*wants_frames)(void *opaque);
	/* One frame's result, a JSON object; borrowed. */
	void (*on_frame)(void *opaque, const char *stream, const char *text, size_t length);
	/* An alert began or ended, likewise. NULL: nobody listens. */
	void (*on_alert)(void *opaque, const char *stream, const char *text, size_t length);
	void *opaque;
};

int cameras_create(
	const struct cameras_params *params, struct err *err, struct cameras **ret_cameras);
/* Before anything runs. */
void cameras_listen(struct cameras *cameras, const struct cameras_listener *listener);
/* A camera that cannot be started is said, and keeps the others from nothing. -errno where the
 * store cannot be read. */
int cameras_load(struct cameras *cameras, struct err *err);
/* Other rules of alerts, borrowed as those before, which are not used any more on return. By the
 * owner, after load. -ENOMEM: nothing has changed. */
int cameras_set_rules(struct cameras *cameras, const struct alert_rule *rules, int count);
/* All at the same time, the last verdicts told; from then on nothing can be started. */
void cameras_stop(struct cameras *cameras);
void cameras_destroy(struct cameras **cameras);
int cameras_count(struct cameras *cameras);
bool cameras_has(struct cameras *cameras, const char *id);

/* What somebody wants changed. */
struct cameras_change {
	const char *id; /* NULL: that of the body */
	/* A JSON object: members replace those of the configuration, others stay. */
	const char *body;
	size_t length;
	bool whole; /* nothing stays */
	int64_t expected_version; /* -1: whatever is there */
	const char *actor, *address; /* for the audit log */
};

/*
 * -EINVAL: `problems` says what is wrong, with the lines of the body (0: of what was there before),
 * or `err` where there are none; -EEXIST, -ENOENT, -ESTALE as stream_rows_put(); -ENOSPC beyond
 * CAMERAS_MAX; -ESHUTDOWN after cameras_stop(). 0 where it is committed, even if the camera cannot
 * be started: its state says so.
 */
int cameras_add(struct cameras *cameras, const struct cameras_change *change,
	struct problems *problems, struct err *err, int64_t *ret_version);
int cameras_change(struct cameras *cameras, const struct cameras_change *change,
	struct problems *problems, struct err *err, int64_t *ret_version);
/* Back to an earlier version, as a new one. */
int cameras_roll_back(struct cameras *cameras, const struct cameras_change *change, int64_t version,
	struct problems *problems, struct err *err, int64_t *ret_version);
int cameras_remove(struct cameras *cameras, const struct cameras_change *change, struct err *err);
/* Also where it does so already. -ENOENT, -ESHUTDOWN, or why it cannot be started. */
int cameras_start_one(
	struct cameras *cameras, const struct cameras_change *change, struct err *err);
int cameras_stop_one(struct cameras *cameras, const struct cameras_change *change, struct err *err);
/*
 * What gantry.yaml says of a stream: new where the store has none, a new version where the file
 * says another thing than it did last time, else what was changed since stays.
 */
int cameras_declare(struct cameras *cameras, const struct camera_config *config, struct err *err);

enum cameras_view { CAMERAS_STATUS, CAMERAS_STATISTICS, CAMERAS_HEALTH };
/* -ENOENT. */
int cameras_write(
	struct cameras *cameras, const char *id, enum cameras_view view, struct json *json);
/* A list of all, by id. */
void cameras_write_all(struct cameras *cameras, struct json *json);
/* The configuration, passwords hidden; `keys` (ended by NULL): only these; NULL: all. -ENOENT. */
int cameras_write_config(struct cameras *cameras, const char *id, const char *const *keys,
	struct json *json, int64_t *ret_version);
/*
 * A reference to the newest picture; `annotated`: with what was found drawn on it. -ENOENT,
 * -EAGAIN where the camera gives no pictures, -EBUSY where the next one has to be waited for.
 */
int cameras_frame(struct cameras *cameras, const char *id, bool annotated, struct err *err,
	struct frame **ret_frame);
/*
 * A reference to what holds the camera's encoded video now: another one after some changes of its
 * configuration. -ENOENT, -EAGAIN where it is not running, -ENOTSUP where pictures come and nothing
 * is encoded (simulators, files that loop).
 */
int cameras_ring(struct cameras *cameras, const char *id, struct packet_ring **ret_ring);
