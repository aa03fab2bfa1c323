/*
 * Tracks in, measures out: ground point, road position, speed with its standard error, or the
 * reason why there is none.
 *
 * Threads: one measurer, one thread. Memory: all at creation; none per frame.
 */
#pragma once

#include "base/err.h"
#include "base/options.h"
#include "measure/calibration.h"
#include "measure/measures.h"

struct measure_params; /* defined by the author of the room */
extern const struct option_table measure_options;

struct measurer;

/* `calibration` may be NULL (every speed is `uncalibrated`); borrowed until destroy. */
int measurer_create(const struct measure_params *params, const struct calibration *calibration,
	struct err *err, struct measurer **ret_measurer);
void measurer_destroy(struct measurer **measurer);
int measurer_step(struct measurer *measurer, const struct tracks *tracks, struct measures *out);
