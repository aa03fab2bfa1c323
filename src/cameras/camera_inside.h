/* What camera.c (its life) and camera_status.c (what is said of it) share. */
#pragma once

#include "cameras/camera.h"
#include "cameras/message.h"
#include "cameras/recording.h"
#include "cameras/view.h"
#include "pipeline/live.h"
#include "record/trails.h"

#include <pthread.h>

/* A configuration as it is run. */
struct generation {
	struct camera_config config;
	int64_t version;
};

struct camera {
	const struct camera_site *site;
	char id[CAMERA_ID_MAX + 1];
	struct service *service; /* the owner's; NULL: none is needed */
	struct recording *recording;
	struct view *view;

	/* live's thread. */
	struct trails *trails;
	struct json message;
	struct wall start; /* of media time 0 */
	/* Relaxed: CLOCK_MONOTONIC when a road user was seen last, or when the video began. */
	_Atomic int64_t user_seen_us;

	pthread_mutex_t lock;
	/* Below: under lock; text, version and live are changed by the owner only, who reads them
	 * without. */
	char *text; /* the newest document */
	int64_t version; /* of it */
	struct live *live; /* NULL: was never started */
	struct generation
		*current; /* read by live's thread, which alone changes it while it runs */
	struct generation *next; /* for on_reload */
	bool wanted;
	char problem[256]; /* why it could not be started; "" */
	char detector[160];
	bool calibrated;
	int width_px, height_px; /* 0: nothing came yet */
};
