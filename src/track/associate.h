/*
 * Which detection is which target: the matching of the greatest total overlap among the pairs that
 * overlap enough, over those targets and detections that are still free. Where a target has been
 * seen only once, it may be the nearest instead: a fast one does not overlap itself yet.
 *
 * Threads: one owner. Memory: all at creation. Hot: most of a frame's time is here.
 */
#pragma once

#include "track/target.h"

/* The targets that one pass looks at. */
enum who {
	WHO_CONFIRMED, /* seen in the frame before or not */
	WHO_PRESENT, /* confirmed, and seen in the frame before */
	WHO_TENTATIVE,
	WHO_ONCE, /* tentative, and only one detection known, of a vehicle */
};

struct pass {
	enum who who;
	double confidence_min; /* of the detections */
	/*
	 * Least overlap, 0 to 1, and what is added to it for a target whose detections never stray
	 * from where they are expected, falling to nothing where they stray by `steady_ratio` of
	 * its size: a parked vehicle does not jump onto its neighbour.
	 */
	double iou_min;
	double steady_iou, steady_ratio;
	double still_ps;
	/* For a target of unknown class the least overlap is this share of iou_min. */
	double blob_ratio;
	bool last_seen; /* overlap with the last detection instead of the prediction */
	/*
	 * Above 0: near enough instead of overlapping, within so many of its sizes a second from
	 * where it was seen; of like width and height.
	 */
	double reach_ps;
};

struct associate;

int associate_create(struct associate **ret_associate);
void associate_destroy(struct associate **associate);

/* Begins a frame: all detections are free. */
void associate_begin(struct associate *a);
/*
 * Writes to `ret_detections` for each of the `count` targets the index of its detection, or -1; the
 * detections matched are no longer free. Targets that are `updated` take no part.
 */
void associate_pass(struct associate *a, const struct pass *pass, const struct target *targets,
	int count, const struct detections *in, int *ret_detections);
bool associate_is_free(const struct associate *a, int detection);
