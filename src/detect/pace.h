/*
 * How often a camera is looked at: as often as wanted while answers come soon after their frames,
 * less often while they do not, so that looking never takes the time that decoding and tracking
 * need.
 *
 * The rate falls by a fifth when an answer came late and grows by a quarter of a hertz with each
 * that came in time (additive increase, multiplicative decrease: Chiu and Jain, 1989, which shares
 * a bottleneck fairly among cameras that know nothing of each other).
 *
 * Threads: one owner. Memory: none. Time: media time says when, answers are in real time.
 */
#pragma once

#include "base/clock.h"

#include <stdbool.h>

/* 0 everywhere: the defaults. */
struct pace_params {
	double max_hz; /* looks a second while the machine holds it, 0.1 to 1000; 10 */
	double min_hz; /* overload does not take it below, 0.01 to max_hz; 2 */
	double idle_hz; /* and without motion it is looked at so often, 0.01 to max_hz; 1 */
	double slow_s; /* an answer is late so long after its frame's last packet; 0.12 */
};

struct pace {
	struct pace_params params;
	double rate_hz;
	bool known;
	struct media last; /* the latest frame that was looked at */
	bool hurry;
};

enum pace_need {
	PACE_NOT_YET,
	PACE_IF_MOVED, /* it is time, if there is something to see */
	PACE_ALWAYS, /* it is time whatever there is to see */
};

void pace_init(struct pace *pace, const struct pace_params *params);
/* Whether a frame of this time should be looked at. */
enum pace_need pace_ask(const struct pace *pace, struct media media);
/* It is being looked at. */
void pace_begin(struct pace *pace, struct media media);
/* The answer came so long after the frame did. */
void pace_answered(struct pace *pace, double seconds);
/* Somebody new was seen, whose motion a second look tells: the next frame is looked at. */
void pace_hurry(struct pace *pace);
