/*
 * Many boxes, kept as columns of numbers: who must compare each box with all others, in every
 * frame, has them four at a time.
 *
 * Threads: one owner. Memory: plain value. Hot.
 */
#pragma once

#include "base/geometry.h"

#define BOXES_MAX 512

struct boxes {
	int count;
	float x1[BOXES_MAX], y1[BOXES_MAX], x2[BOXES_MAX], y2[BOXES_MAX];
};

/* At most BOXES_MAX; more are left out. */
static inline void boxes_add(struct boxes *boxes, struct box box)
{
	int i = boxes->count;
	if (i == BOXES_MAX)
		return;
	boxes->x1[i] = box.x1;
	boxes->y1[i] = box.y1;
	boxes->x2[i] = box.x2;
	boxes->y2[i] = box.y2;
	boxes->count++;
}
static inline struct box boxes_at(const struct boxes *boxes, int i)
{
	return (struct box){boxes->x1[i], boxes->y1[i], boxes->x2[i], boxes->y2[i]};
}

/* box_iou() of each with `box`. */
void boxes_iou(const struct boxes *boxes, struct box box, float *ret_iou);
/* The largest area that any which ends further down than `box` has in common with it. */
float boxes_most_in_front(const struct boxes *boxes, struct box box);
/* Whether any that begins above `p` ends below `y2_min`, and has `p` between its sides. */
bool boxes_any_over(const struct boxes *boxes, struct vec2 p, float y2_min);
