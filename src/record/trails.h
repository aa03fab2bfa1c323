/*
 * Where each road user was lately: a short ring of ground points per track, for drawing and for
 * the trajectory in results.
 *
 * Threads: one owner. Memory: all at creation.
 */
#pragma once

#include "measure/measures.h"

#define TRAIL_MAX 64

struct trail_point {
	float x, y; /* source pixels */
};

struct trails;

int trails_create(struct trails **ret_trails);
void trails_destroy(struct trails **trails);
/* One frame: a point for every track seen in it; forgets the ended ones. */
void trails_step(struct trails *trails, const struct measures *measures);
/* Oldest first, at most TRAIL_MAX; borrowed until the next step. Count 0 for an unknown track. */
int trails_get(
	const struct trails *trails, uint32_t track_id, const struct trail_point **ret_points);
