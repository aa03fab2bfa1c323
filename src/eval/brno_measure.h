/*
 * Gantry's own speeds from BrnoCompSpeed's tracks. The calibration is solved from the measured
 * distances and the lane lines (measure/survey.h), nothing else; the speed of a track is the robust
 * fit of measure/path.h over its longest consistent run between the gates. Nothing is fitted to the
 * gates' speeds.
 *
 * Clean-up follows rules that hold for any road: points within 10 px of the frame's border are not
 * used; increments that differ from the track's usual one by more than a fifth end a run; two runs
 * in one lane closer than a vehicle's length and the shortest headway are one vehicle, whose speed
 * is that of its surest run; a run whose speed is not known to 1 % (one standard error, noise
 * alone) is seen, but not measured.
 *
 * Threads: none of its own. Memory: the list is the caller's to free().
 */
#pragma once

#include "eval/brno_score.h"
#include "measure/calibration.h"

struct brno_measure_params {
	double image_sigma_px; /* how well the ends of the distances were picked */
	double road_sigma_m; /* how well they were measured */
	double point_sigma_px; /* noise of a track's point */
	double wander_sigma_m; /* how far the tracked point moves over the vehicle */
	double ground_sigma_m; /* how far above the road it is */
	double max_sigma_ratio; /* of the speed, without the calibration's share */
};
extern const struct brno_measure_params brno_measure_defaults;

/* -EDOM with the reason. */
int brno_measure_calibrate(const struct brno_video *video, const struct brno_measure_params *params,
	struct err *err, struct calibration *ret_calibration);
/* One measurement per vehicle, by its first sight; -ENOMEM. */
int brno_measure_run(const struct brno_video *video, const struct brno_measure_params *params,
	const struct calibration *calibration, struct brno_measurement **ret_measurements,
	int *ret_count);
