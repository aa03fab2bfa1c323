/*
 * How far the picture moved since the frame before, judged by the targets themselves: what all of
 * them stray from their predictions together is the camera's doing.
 *
 * The shift has a prior of zero mean, and each target that overlaps a detection is one observation
 * of it with the variance of its own prediction, under a Student t distribution, so that targets
 * that brake or are mistaken are not heeded. With few or uncertain targets the shift is small; on a
 * camera that stands still parked vehicles hold it at zero.
 *
 * Threads: plain functions. Memory: none.
 */
#pragma once

#include "track/target.h"

/* Targets seen in the frame before count; `sigma_px` is the prior's. 0, 0 where nothing is known.
 */
struct vec2 camera_shift(const struct target *targets, int count, const struct detections *in,
	double confidence_min, double sigma_px, const struct kalman_noise *noise);
