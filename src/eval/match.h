/*
 * Which object of a truth file a track is: in every frame each track votes for the object whose
 * box it covers best (intersection over union of at least 0.3), and the most votes win.
 *
 * Threads: one owner. Memory: grows with the number of pairs seen, not with frames.
 */
#pragma once

#include "track/tracks.h"
#include "truth/truth.h"

struct match;

/* The truth is borrowed until destroy. 0 or -ENOMEM. */
int match_create(const struct truth *truth, struct match **ret_match);
void match_destroy(struct match **match);
/* One frame's tracks; -ENOMEM. Frames without truth within 20 ms are passed over. */
int match_step(struct match *match, const struct tracks *tracks);
/* The truth id of a track, or -1 where no object got a vote. */
int match_truth_id(const struct match *match, uint32_t track_id);

/* True speed of an object at a time, between two frames in proportion, m/s; NAN where it was not
 * there within 0.2 s on both sides. */
double match_true_speed_mps(const struct truth *truth, int truth_id, struct media at);
