#include "detect/motion_match.h"

#include <math.h>
#include <stdlib.h>

/* Samples to each side of what is expected. */
#define REACH 3
#define SIDE (2 * REACH + 1)
/* No more rows and columns of the patch than this are compared. */
#define GRID_MAX 24
#define PATCH_MIN 4
/* The best must be better than the worst by this much a sample: there is a pattern. */
#define PATTERN_LEVELS 3
/* What stayed fits so many times better where it was, and its outline is no weaker than this. */
#define STAYED_RATIO 2
#define STAYED_LEVELS 2

struct patch {
	int x, y, columns, rows, step_x, step_y;
};

/* The middle of a box, whose rim may belong to a neighbour, thinned out to a grid. */
static bool make_patch(struct box box, int width, int height, struct patch *ret)
{
	const float rim_x = 0.1f * box_width(box), rim_y = 0.1f * box_height(box);
	int x1 = (int)(box.x1 + rim_x), y1 = (int)(box.y1 + rim_y);
	int x2 = (int)(box.x2 - rim_x), y2 = (int)(box.y2 - rim_y);
	x1 = x1 < 0 ? 0 : x1;
	y1 = y1 < 0 ? 0 : y1;
	x2 = x2 > width ? width : x2;
	y2 = y2 > height ? height : y2;
	if (x2 - x1 < PATCH_MIN || y2 - y1 < PATCH_MIN)
		return false;
	int step_x = (x2 - x1 + GRID_MAX - 1) / GRID_MAX,
	    step_y = (y2 - y1 + GRID_MAX - 1) / GRID_MAX;
	*ret = (struct patch){x1, y1, (x2 - x1) / step_x, (y2 - y1) / step_y, step_x, step_y};
	return true;
}

static int difference(const uint8_t *before, const uint8_t *now, int width, int height,
	const struct patch *p, int dx, int dy)
{
	const int right = p->x + (p->columns - 1) * p->step_x + dx;
	const int bottom = p->y + (p->rows - 1) * p->step_y + dy;
	if (p->x + dx < 0 || p->y + dy < 0 || right >= width || bottom >= height)
		return -1;
	int sum = 0;
	for (int j = 0; j < p->rows; j++) {
		const int64_t at = (int64_t)(p->y + j * p->step_y) * width + p->x;
		const uint8_t *a = before + at, *b = now + at + (int64_t)dy * width + dx;
		for (int i = 0; i < p->columns; i++)
			sum += abs(a[i * p->step_x] - b[i * p->step_x]);
	}
	return sum;
}

/* Where a parabola through three neighbours is lowest, -0.5 to 0.5 from the middle one. */
static double lowest(int left, int middle, int right)
{
	int bend = left - 2 * middle + right;
	return left < 0 || right < 0 || bend <= 0 ? 0 : 0.5 * (left - right) / bend;
}

bool motion_match(const uint8_t *before, const uint8_t *now, int width, int height, struct box box,
	struct vec2 expected, struct vec2 *ret_moved)
{
	struct patch p;
	int cost[SIDE][SIDE], best_x = -1, best_y = -1, least = -1, most = 0;
	const int ex = (int)lround(expected.x), ey = (int)lround(expected.y);
	if (!make_patch(box, width, height, &p))
		return false;
	for (int j = 0; j < SIDE; j++)
		for (int i = 0; i < SIDE; i++) {
			int c = difference(
				before, now, width, height, &p, ex + i - REACH, ey + j - REACH);
			cost[j][i] = c;
			most = c > most ? c : most;
			if (c >= 0 && (least < 0 || c < least)) {
				least = c;
				best_x = i;
				best_y = j;
			}
		}
	if (least < 0 || most - least < PATTERN_LEVELS * p.columns * p.rows)
		return false;
	double fx = 0, fy = 0;
	if (best_x > 0 && best_x < SIDE - 1)
		fx = lowest(cost[best_y][best_x - 1], least, cost[best_y][best_x + 1]);
	if (best_y > 0 && best_y < SIDE - 1)
		fy = lowest(cost[best_y - 1][best_x], least, cost[best_y + 1][best_x]);
	*ret_moved = (struct vec2){ex + best_x - REACH + fx, ey + best_y - REACH + fy};
	return true;
}

/* Summed over a box with its outline; -1 where it would reach out of the picture. */
static int64_t cost_of(const uint8_t *before, const uint8_t *now, int width, int height,
	struct box box, int dx, int dy)
{
	const int x1 = (int)box.x1 - 1, y1 = (int)box.y1 - 1;
	const int x2 = (int)ceilf(box.x2) + 1, y2 = (int)ceilf(box.y2) + 1;
	if (x1 < 0 || y1 < 0 || x2 > width || y2 > height || x1 - dx < 0 || y1 - dy < 0 ||
		x2 - dx > width || y2 - dy > height)
		return -1;
	int64_t sum = 0;
	for (int y = y1; y < y2; y++)
		for (int x = x1; x < x2; x++)
			sum += abs(now[(int64_t)y * width + x] -
				   before[(int64_t)(y - dy) * width + x - dx]);
	return sum;
}

bool motion_match_stayed(const uint8_t *before, const uint8_t *now, int width, int height,
	struct box box, struct vec2 moved)
{
	const int dx = (int)lround(moved.x), dy = (int)lround(moved.y);
	if (dx == 0 && dy == 0)
		return false;
	int64_t stayed = cost_of(before, now, width, height, box, 0, 0);
	int64_t went = cost_of(before, now, width, height, box, dx, dy);
	return stayed >= 0 && went > STAYED_LEVELS * (int64_t)box_area(box) &&
	       STAYED_RATIO * stayed < went;
}
