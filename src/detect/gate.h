/*
 * Whether anything moved in a camera's picture since it was last looked at: a cheap check that
 * spares a network's inference where nothing did.
 *
 * The luma is averaged over cells of at most 16 x 16 pixels, which takes noise and compression out,
 * and compared with the cells of the last look. What all cells share (a cloud, the exposure) is no
 * movement. Slow changes are not seen; whoever asks looks now and then whatever the gate says.
 *
 * Threads: one owner. Memory: at most GATE_CELLS_MAX bytes twice, allocated when the size of the
 * frames changes. Hot: about 0.1 ms for 1080p.
 */
#pragma once

#include "base/frame.h"

#define GATE_CELLS_MAX (256 * 256)

struct gate {
	int width, height, factor; /* cells, and source pixels of one, each way */
	int frame_width_px, frame_height_px;
	bool known; /* there was a look */
	uint8_t *seen, *now; /* cells of the last look and of the frame at hand */
};

/* A zeroed gate is one that has seen nothing. */
void gate_finish(struct gate *gate);
/* True also for the first frame, one of another size, and where there is no memory to tell. */
bool gate_moved(struct gate *gate, const struct frame *frame);
/* The frame last asked about is looked at. */
void gate_looked(struct gate *gate);
