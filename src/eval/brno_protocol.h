/*
 * BrnoCompSpeed's own way from tracks and a calibration of two vanishing points and a scale to
 * speeds, with its quirks, so that published scores can be compared: pre-filter of the tracks,
 * crossing of the gates by a fit to the six nearest points, median of speeds over five points.
 *
 * Threads: none of its own. Memory: the list is the caller's to free().
 */
#pragma once

#include "eval/brno_score.h"

/* `ret_failed_count`: tracks whose crossing cannot be had; the protocol calls them false. -ENOMEM,
 * or -EDOM where the calibration is none. */
int brno_protocol_measure(const struct brno_video *video,
	const struct brno_calibration *calibration, struct brno_measurement **ret_measurements,
	int *ret_count, int *ret_failed_count);

/* What the calibration makes of the measured distances, metres, one for each; -EDOM. */
int brno_protocol_lengths(const struct brno_video *video,
	const struct brno_calibration *calibration, double *ret_lengths_m);
