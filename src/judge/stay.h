/*
 * Who stands where, and since when: remembered by place, not by track, so that a stay survives
 * being hidden for a while and a tracker that numbers the vehicle anew. Private to src/judge.
 *
 * Threads: of the judge. Memory: plain value.
 */
#pragma once

#include "judge/vehicle.h"

#define STAYS_MAX 128

struct stay {
	bool used, reported;
	bool vehicle; /* one stands there, surely */
	uint32_t track_id; /* of the track that was last seen there */
	struct vec2 place;
	double radius; /* who is within it stands in the same place */
	struct media since, seen;
};

struct stays {
	struct stay items[STAYS_MAX];
};

/*
 * One vehicle in this frame. The stay that it is in, or NULL: it does not stand, or has not stood
 * for long enough to know. `since` of a new one is not before `not_before`. `*index` is kept with
 * the vehicle and begins as 0.
 */
struct stay *stays_step(
	struct stays *stays, const struct vehicle *vehicle, struct media not_before, int *index);
/* A vehicle that is no longer where stays matter. */
void stays_leave(struct stays *stays, const struct vehicle *vehicle, int *index);
/* Ends those whose vehicle has not been seen for `hidden_s`. */
void stays_expire(struct stays *stays, struct media now, double hidden_s);
