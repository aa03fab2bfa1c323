/*
 * The road users followed through time, as of one frame: plain values, no allocation.
 */
#pragma once

#include "detect/detections.h"

#define TRACKS_MAX 512

enum track_state {
	TRACK_TENTATIVE, /* seen, not yet often enough to be believed */
	TRACK_CONFIRMED,
	TRACK_LOST, /* confirmed before, not seen in this frame; its box is predicted */
};

struct track {
	uint32_t id; /* from 1, never reused within a tracker */
	enum track_state state;
	struct box box; /* filtered estimate at the frame's media time, source pixels */
	struct box measured; /* the detection's own box, valid where `updated` */
	bool updated; /* a detection was associated in this frame */
	bool gap; /* media time was missing between this update and the one before */
	float confidence_ratio; /* of the last detection */
	enum road_user road_user; /* by vote over the life of the track */
	float road_user_share; /* share of the vote that agrees, 0 to 1 */
	int truth_id; /* of the last detection; else -1 */
	double vx_pxps, vy_pxps; /* of the box centre */
	float covered_ratio; /* largest share of the box covered by another track's box nearer the
			      * camera (lower bottom edge), 0 to 1 */
	struct media first, last_update;
	struct box first_box; /* the first detection's, before the track was believed */
	int update_count; /* detections associated so far */
};

struct tracks {
	struct media media;
	int64_t sequence;
	unsigned flags; /* of the frame: enum frame_flags */
	int width_px, height_px;
	int count;
	struct track items[TRACKS_MAX];
	/* Tracks that ended with this frame: they will not come back. */
	int ended_count;
	uint32_t ended[TRACKS_MAX];
	/* True where the tracker started anew: the ended tracks ended because time was lost. */
	bool reset;
	/* Nobody looked for road users in this frame: every box is predicted, nobody was missed. */
	bool coasted;
};
