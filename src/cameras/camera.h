/*
 * One operated camera: its configuration, its live analysis, and what it records.
 *
 *     create -> start <-> stop -> destroy; configure at any time
 *
 * A new configuration that changes neither the video nor how road users are found is taken between
 * two frames: the connection stays, tracks begin anew. Any other starts the camera again.
 *
 * Threads: create, configure, start, stop and destroy by one at a time; what only reads by any.
 * Memory: that of a live camera while it runs or its statistics are kept.
 */
#pragma once

#include "base/histogram.h"
#include "cameras/cameras.h"
#include "cameras/config.h"
#include "cameras/services.h"

/* What all cameras share; borrowed until destroy. */
struct camera_site {
	struct store *store;
	char *evidence_dir;
	struct services *services;
	struct cameras_listener listener;
};

struct camera;

/* `text` is a document (document.h) that was found right. -EINVAL, -ENOMEM. */
int camera_create(const struct camera_site *site, const char *text, int64_t version,
	struct err *err, struct camera **ret_camera);
void camera_destroy(struct camera **camera);
/* 0 also where it runs. The reason for a failure is also its state's. */
int camera_start(struct camera *camera, struct err *err);
void camera_stop(struct camera *camera);
/* 0, or why the new configuration cannot be run: it is in force all the same, and the camera is
 * not running. */
int camera_configure(struct camera *camera, const char *text, int64_t version, struct err *err);
/* Whether a scene fits the pictures that come, where that is known. -EINVAL with both sizes. */
int camera_check_size(struct camera *camera, const struct scene *scene, struct err *err);

const char *camera_id(const struct camera *camera);
/* The document in force and its version; borrowed until configure. */
const char *camera_text(const struct camera *camera);
int64_t camera_version(const struct camera *camera);

struct camera_health {
	bool wanted; /* it was started */
	bool ended; /* a file came to its end */
	bool healthy; /* live, and frames come */
	char reason[256]; /* why not */
	/* Since it was started: */
	int64_t decoded_count, dropped_count, error_count, looked_count;
	int waiting_count; /* frames, now */
	double fps, idle_s; /* decoded lately; since a road user was seen */
	struct histogram latency;
};
void camera_get_health(struct camera *camera, struct camera_health *ret_health);

/* As the endpoints say it: struct form in serve/resource_streams.c. */
void camera_write(struct camera *camera, struct json *json);
void camera_write_statistics(struct camera *camera, struct json *json);
void camera_write_health(struct camera *camera, struct json *json);
/* As cameras_write_config(). */
void camera_write_config(
	struct camera *camera, const char *const *keys, struct json *json, int64_t *ret_version);
/* As cameras_frame(). */
int camera_frame(struct camera *camera, bool annotated, struct err *err, struct frame **ret_frame);
/* As cameras_ring(). */
int camera_ring(struct camera *camera, struct packet_ring **ret_ring);
