/*
 * BrnoCompSpeed's matching of measurements to cars, and what is counted: for every car, valid or
 * not, the measurement in its lane that passed the last gate nearest in time, if within 0.2 s.
 * Not one to one. Speeds play no role. Only valid cars are scored.
 */
#pragma once

#include "eval/brno.h"
#include "eval/speedscore.h"

struct brno_measurement {
	int id; /* of the track */
	int lane;
	double time_s; /* at the last gate, video time */
	bool measured; /* false: seen, but no speed is told: never matched, never false */
	double speed_kmh, sigma_kmh;
	double height_m; /* of the camera; for a common height of the tracked points */
};

struct brno_score {
	int valid_count; /* cars that count */
	int matched_count; /* of these: with a measurement */
	int refused_count; /* of these: seen, but without a speed */
	int false_count;
	double minutes; /* between the first and the last car */
	struct speed_pair *pairs; /* of matched valid cars; group: index of the measurement */
	int pair_count;
};

/* `failed_count`: tracks that were thrown away for having no crossing, counted as false. */
int brno_score_count(const struct brno_video *video, const struct brno_measurement *measurements,
	int count, int failed_count, struct brno_score *ret_score);
void brno_score_finish(struct brno_score *score);
