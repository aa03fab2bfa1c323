#include "detect/gate.h"

#include "pixel/background.h"

#include <stdlib.h>
#include <string.h>

#define FACTOR_MAX 16
#define CELLS_SIDE_MAX 256
/* A cell this many grey levels off the common change has changed; noise stays below 2. */
#define CHANGE_MIN 5
/* So many must have: a car far away covers two. */
#define CHANGED_MIN 2
#define LEVELS 256

void gate_finish(struct gate *gate)
{
	free(gate->seen);
	free(gate->now);
	*gate = (struct gate){0};
}

static bool fits(const struct gate *g, const struct frame *frame)
{
	return g->seen && g->frame_width_px == frame->width_px &&
	       g->frame_height_px == frame->height_px;
}

static bool resize(struct gate *g, const struct frame *frame)
{
	gate_finish(g);
	int side = frame->width_px > frame->height_px ? frame->width_px : frame->height_px;
	int factor = side / 120 < 1 ? 1 : side / 120 > FACTOR_MAX ? FACTOR_MAX : side / 120;
	int width = frame->width_px / factor, height = frame->height_px / factor;
	g->factor = factor;
	g->width = width > CELLS_SIDE_MAX ? CELLS_SIDE_MAX : width;
	g->height = height > CELLS_SIDE_MAX ? CELLS_SIDE_MAX : height;
	g->frame_width_px = frame->width_px;
	g->frame_height_px = frame->height_px;
	size_t cells = (size_t)g->width * (size_t)g->height;
	g->seen = malloc(cells);
	g->now = malloc(cells);
	if (g->seen && g->now)
		return true;
	gate_finish(g);
	return false;
}

/* The median of all cells' changes: what light and exposure did to the whole picture. */
static int common_change(const struct gate *g, int cells)
{
	int histogram[2 * LEVELS] = {0}, below = 0, level = 0;
	for (int i = 0; i < cells; i++)
		histogram[g->now[i] - g->seen[i] + LEVELS]++;
	while (below + histogram[level] <= cells / 2)
		below += histogram[level++];
	return level - LEVELS;
}

bool gate_moved(struct gate *gate, const struct frame *frame)
{
	struct gate *g = gate;
	if (!fits(g, frame) && !resize(g, frame))
		return true;
	background_shrink(frame->plane[0], frame->stride_bytes[0], g->factor, g->now, g->width,
		g->width, g->height);
	if (!g->known)
		return true;
	int cells = g->width * g->height, common = common_change(g, cells), changed = 0;
	for (int i = 0; i < cells; i++)
		changed += abs(g->now[i] - g->seen[i] - common) >= CHANGE_MIN;
	return changed >= CHANGED_MIN;
}

void gate_looked(struct gate *gate)
{
	if (!gate->seen)
		return;
	uint8_t *seen = gate->seen;
	gate->seen = gate->now;
	gate->now = seen;
	gate->known = true;
}
