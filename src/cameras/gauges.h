/*
 * The numbers that rules of alerts are about, made of what cameras count and what /proc says.
 *
 * Threads: one owner. Memory: an entry per camera that was seen in the last round.
 */
#pragma once

#include "cameras/camera.h"
#include "watch/alarms.h"
#include "watch/backend.h"

struct gauges;

/* `dir`: whose disk is watched; copied. */
int gauges_create(const char *dir, struct gauges **ret_gauges);
void gauges_destroy(struct gauges **gauges);

/* A round: cameras that were not in the last one are forgotten. */
void gauges_begin(struct gauges *gauges, struct mono now);
void gauges_camera(struct gauges *gauges, struct alarms *alarms, const char *id,
	const struct camera_health *health);
void gauges_machine(struct gauges *gauges, struct alarms *alarms);
/* Nothing where there is none. */
void gauges_backend(struct alarms *alarms, const struct backend_state *backend, struct wall now);
