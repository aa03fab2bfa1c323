/*
 * One road user as the tracker keeps it between frames: its motion, its class by vote, its state.
 * Plain values; the tracker owns an array of them.
 */
#pragma once

#include "track/kalman.h"
#include "track/tracks.h"

struct target {
	uint32_t id;
	enum track_state state;
	struct kalman motion;
	double stray_ratio; /* running median of kalman_surprise() of its detections */
	struct box measured;
	bool updated; /* in this frame */
	int missed_count; /* looks in a row that did not find it */
	bool gap_pending, gap;
	bool ended; /* leaves with this frame */
	float confidence_ratio;
	float vote[ROAD_USER_COUNT]; /* sums of confidences */
	double evidence; /* the sum of all confidences until confirmed */
	int truth_id;
	struct media first, last_update;
	struct box first_box;
	int update_count;
};

void target_start(struct target *t, uint32_t id, const struct detection *d, struct media now,
	const struct kalman_noise *noise);
void target_update(struct target *t, const struct detection *d, struct media now,
	const struct kalman_noise *noise);
/*
 * The second detection of one that was seen only once and may have moved by so many of its sizes a
 * second since: the two say where it goes. It is as little believed as after the first.
 */
void target_leap(struct target *t, const struct detection *d, struct media now, double leap_ps,
	const struct kalman_noise *noise);
/* The class with most votes; ROAD_USER_UNKNOWN only where nothing else was ever seen. */
enum road_user target_road_user(const struct target *t, float *ret_share);
/* Of a known class that is neither a person nor on a bicycle. */
bool target_is_vehicle(const struct target *t);
/* False where the two can hardly be the same thing, as a person and a bus. */
bool target_may_be(const struct target *t, enum road_user road_user);
void target_describe(const struct target *t, struct track *out);
