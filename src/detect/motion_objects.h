/*
 * The things that the detector knows to be there, from picture to picture: what makes one box of
 * the pieces of a dark lorry, two boxes of two cars that touch, and nothing of a swaying branch.
 *
 * Not a tracker: it keeps no identity through a loss and reports nothing that is not seen in the
 * picture at hand. It remembers for as long as regions break apart and flow together:
 *
 *   pieces   regions that lie within where one object must be now are one object
 *   merged   a region that covers several objects is divided among them
 *   apart    an object that stays in clearly separate pieces was two from the start
 *   grown    of those that have shared a region since they were small and far away, one is left:
 *            they were the two ends of a lorry
 *   along    a small one beside or in a larger one that goes where it goes is a part of it
 *   stacked  a region as tall as two vehicles are there, with a waist, is two
 *   believed an object that has travelled; a branch, a flag or a clock on the screen never does.
 *            Believed objects may stand for long; others are learnt into the background
 *
 * Positions are in samples of the background's view. Threads: one owner. Memory: no allocation.
 * Time: media time; all gains and limits are in seconds.
 */
#pragma once

#include "base/clock.h"
#include "base/geometry.h"
#include "detect/motion_regions.h"
#include "detect/motion_road.h"
#include "detect/motion_sizes.h"

#include <stdbool.h>
#include <stdint.h>

#define MOTION_OBJECTS_MAX 512

struct motion_object {
	struct box box; /* as last seen; where divided, its own sides and predicted ones */
	struct box rate; /* of its sides, samples per second */
	struct box predicted;
	struct box start; /* where travel is counted from */
	struct box rest; /* where it last came to rest */
	struct media first, last, started, rested;
	struct media waist; /* since when its region has looked like two stacked; MEDIA_NONE */
	struct media apart; /* since when it has been in separate pieces; MEDIA_NONE */
	double alone_s; /* how long it has been seen as a region of its own */
	float alone_area; /* of its box when it last was */
	uint32_t serial; /* from 1 */
	uint32_t host; /* a larger one that it has gone along with, or 0 */
	struct media along; /* since then */
	struct vec2 host_at,
		host_offset; /* of the host's middle, and of its own from there, then */
	double travel_ratio; /* 1: as far as it takes to be believed */
	bool believed;
	bool whole; /* once cut from another that it stood against: no fragment of that */
	bool seen; /* in the picture at hand */
	int sized_cell; /* where its size was last learnt, plus 1; 0: nowhere yet */
	bool merged; /* and there only as a part of a larger region */
	int area; /* samples, in the picture at hand */
};

struct motion_objects_params {
	double min_area; /* samples */
	double absorb_s; /* what has been at rest this long is no longer believed */
	struct motion_road road;
};

struct motion_objects {
	struct motion_objects_params params;
	int width, height;
	struct media media;
	uint32_t last_serial;
	int count;
	struct motion_object items[MOTION_OBJECTS_MAX];
	/* Of the picture at hand: luma, and masks. Of the one before: luma, and how long ago. */
	const uint8_t *luma, *front, *loose, *doubt;
	uint8_t *before;
	double step_s;
	struct motion_sizes sizes;
	struct motion_work *work;
};

struct motion_work; /* motion_pieces.h */

/* It has travelled, and on its own: only such share a region. */
bool motion_object_established(const struct motion_object *object);

/* Whether a box is as large as vehicles are there, as far as is known. */
bool motion_objects_is_vehicle(const struct motion_objects *objects, struct box box);

/* 0 or -ENOMEM. */
int motion_objects_init(struct motion_objects *objects, int width, int height,
	const struct motion_objects_params *params);
void motion_objects_finish(struct motion_objects *objects);
/*
 * `ret_mask`, one byte a sample, is 1 within the boxes of vehicles that have come from elsewhere,
 * by more than their own size, and stopped: they stand on the road, whatever the background holds.
 */
void motion_objects_arrived(const struct motion_objects *objects, uint8_t *ret_mask);
/* Forgets who is there, and the time; what is usual there stays known. */
void motion_objects_clear(struct motion_objects *objects);
/*
 * One picture's regions, and the mask of all that differs, shadows too. `hold` is set to 1 where
 * the background must not learn, else 0.
 */
void motion_objects_step(struct motion_objects *objects, const struct motion_regions *regions,
	const uint8_t *luma, const uint8_t *front, const uint8_t *loose, const uint8_t *doubt,
	struct media media, uint8_t *hold);
