/*
 * Which lamp of a traffic signal is lit, from its colour in the picture. Private to src/judge.
 *
 * A lit lamp is brighter than its unlit neighbours and shows its own colour; how bright it is says
 * nothing, because the exposure follows the scene. So the lamps are compared with each other:
 * each region's glow is the mean, over its strongest quarter of pixels, of its chroma along the hue
 * of that lamp plus a share of its luma above the darkest of the regions. An overexposed lamp is
 * white in its middle and coloured around it, and still glows. The lit lamp is the one that glows
 * clearly more than a minimum and than the others, whose regions do not show its colour either
 * (then something else hides the head); red with yellow is a state of its own.
 *
 * Threads: any. Memory: none.
 */
#pragma once

#include "judge/judge.h"

/*
 * Regions of the red, yellow and green lamp: those given, or the thirds of the head along its
 * longer side. False where the parameters name none.
 */
bool lamp_regions(const struct signal_params *params, struct box ret_lamps[3]);
/* LAMP_UNKNOWN where nothing clear is seen. */
enum lamp lamp_read(const struct frame *frame, const struct box lamps[3]);
