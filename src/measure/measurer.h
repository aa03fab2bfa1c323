/*
 * Tracks in, measures out: ground point, road position, speed with its standard error, or the
 * reason why there is none.
 *
 * The speed at a frame is a least-squares fit (path.h) over the road points of the last `window_s`
 * of media time; a road point is the middle of the vehicle's footprint (footprint.h). Its standard
 * error has four independent parts: box noise (from the residuals and from box_sigma_*, widened
 * for its autocorrelation), the calibration's covariance, time stamps, and what is not known of the
 * vehicle's shape and of the height of the point above the road.
 *
 * A point is good where a box was detected in this frame, lies in the calibrated area, does not
 * touch the left, right or bottom border of the frame, and is not covered by a nearer road user.
 * The status is the first of these that holds, and depends on nothing but the points within the
 * window (no hysteresis):
 *
 *   uncalibrated  there is no calibration
 *   outside_area  the newest point is outside the area or cut off by the frame, or it is not on
 *                 the road at all (beyond the horizon), or the fitted middle of the vehicle's way
 *                 is not in the area
 *   occluded      the road point is hidden: the newest point is covered, or it was not seen for
 *                 stale_s, or covered and unseen ones are more than half of those in the window
 *   too_short     fewer than min_count good points, or they span less than min_window_s, or the
 *                 standard error exceeds both max_sigma_kmh and max_sigma_ratio of the speed
 *   implausible   faster than max_speed_kmh, or accelerating beyond max_acceleration_mps2 by more
 *                 than three standard errors, or residuals beyond six times the stated box noise
 *   turning       the heading changes, to either side, by more than turning_max_deg in window_s
 *                 (surely, by two standard errors)
 *   ok            otherwise
 *
 * The best speed of a track so far (best.h) is of a stretch that was straight also by what was seen
 * before and after it.
 *
 * Threads: one measurer, one thread. Memory: all at creation; none per frame.
 * Time: media time only. A gap in it (track.gap) starts the window anew.
 */
#pragma once

#include "base/err.h"
#include "base/options.h"
#include "measure/calibration.h"
#include "measure/measures.h"

struct measure_params {
	double window_s; /* 0.3 to 10 */
	double min_window_s; /* no speed from less than this */
	int min_count;
	double stale_s; /* how long the last speed is kept without a new point */
	double box_sigma_px; /* noise of a box edge ... */
	double box_sigma_ratio; /* ... and a share of the box's height, added in squares */
	double timing_sigma_s; /* of a frame's time stamp */
	double clock_ratio; /* how wrong the source's clock may run */
	double ground_sigma_m; /* height of the boxes' lower edge above the road */
	double clearance_sigma_m; /* of bumpers, from vehicle to vehicle */
	double shape_sigma_ratio; /* how far sizes differ from their class's usual size */
	double covered_max_ratio; /* a box covered more than this has no road point */
	double border_px; /* closer to the frame's border a box is cut off */
	double turning_max_deg;
	double max_speed_kmh;
	double max_acceleration_mps2;
	double max_sigma_kmh;
	double max_sigma_ratio;
};
extern const struct option_table measure_options;

struct measurer;

/* `calibration` may be NULL (every speed is `uncalibrated`); borrowed until destroy. */
int measurer_create(const struct measure_params *params, const struct calibration *calibration,
	struct err *err, struct measurer **ret_measurer);
void measurer_destroy(struct measurer **measurer);
int measurer_step(struct measurer *measurer, const struct tracks *tracks, struct measures *out);
