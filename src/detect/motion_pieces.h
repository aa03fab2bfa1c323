/*
 * Regions, or parts of them, as pieces: what may be one object or a part of one, with the box that
 * a vehicle of that outline has.
 *
 * Sides lie where an outline's profile rises, not at its outermost sample, so that they move as
 * smoothly as the vehicle does; the lower side reaches down to the road through the shadow under
 * the vehicle.
 *
 * Threads: one owner. Memory: all at creation.
 */
#pragma once

#include "detect/motion_objects.h"

#define MOTION_PIECES_MAX 2048

struct motion_piece {
	int region, object; /* object -1: nobody's */
	bool part; /* of a region that several objects share */
	bool believed; /* split off something that was believed */
	bool whole; /* as large as a vehicle is there, however close the next one */
	bool remains; /* hardly anything but what keeps still where the background is in doubt */
	struct box box;
	int area; /* samples */
};

/* First and last sample of a column or row of a region, and the boxes of all before and behind. */
struct motion_span {
	int first, last;
	struct box before, behind;
};

/* What is worked with within one picture. */
struct motion_work {
	int piece_count;
	struct motion_piece pieces[MOTION_PIECES_MAX];
	int *columns, *rows; /* samples of the piece at hand per column and row, from index 1 on */
	struct motion_span *spans;
};

/* NULL where there is no memory. */
struct motion_work *motion_work_create(int width, int height);
void motion_work_destroy(struct motion_work **work);

/* As far as an object can be from one picture to the next that must be in that box. */
static inline struct box motion_pieces_reach(struct box predicted)
{
	return box_grow(
		predicted, 2 + 0.1f * box_width(predicted), 2 + 0.1f * box_height(predicted));
}

struct box motion_region_box(const struct motion_region *region);
/*
 * Counts the samples of a region inside `within` per column and row, or only those that are not in
 * doubt (`sure`). Returns how many.
 */
int motion_pieces_profile(struct motion_objects *os, const struct motion_regions *rs,
	const struct motion_region *region, const struct motion_region *within, bool sure);
/*
 * The samples of a region from x1, y1 to x2, y2 of `within` as a new piece, nobody's; NULL where
 * there are none, or too many pieces. Where some of them, but not all, keep still over a background
 * that was never proven, a vehicle is driving off from its own remains in the background: the box
 * is that of the rest.
 */
struct motion_piece *motion_pieces_cut(struct motion_objects *os, const struct motion_regions *rs,
	int region, struct motion_region within);
/* All of a region, for an object or -1. */
void motion_pieces_whole(
	struct motion_objects *os, const struct motion_regions *rs, int region, int object);
/*
 * The part of a region whose samples are nearer to the object `mine` than to the other candidates
 * (`mine` is one of them). Sides that face a neighbour follow the object's pattern.
 */
void motion_pieces_part(struct motion_objects *os, const struct motion_regions *rs, int region,
	const int *candidates, int candidate_count, int mine);
