#include "detect/motion_sizes.h"

#include <math.h>
#include <string.h>

/* Vehicles, those of neighbouring cells counting less, that make a size usual. */
#define WEIGHT_MIN 1.5
#define NEIGHBOUR_WEIGHT 0.4
/* More of them do not make it more so: the old give way to the new. */
#define WEIGHT_MAX 20.0
#define USUAL_LOW 0.55
#define USUAL_HIGH 1.4

void motion_sizes_init(struct motion_sizes *sizes, int width, int height)
{
	memset(sizes, 0, sizeof(*sizes));
	sizes->width = width;
	sizes->height = height;
}

static int limit(double at, int count)
{
	int i = (int)floor(at * count);
	return i < 0 ? 0 : i >= count ? count - 1 : i;
}

int motion_sizes_cell(const struct motion_sizes *sizes, struct box box)
{
	int column = limit(0.5 * (box.x1 + box.x2) / sizes->width, MOTION_SIZES_COLUMNS);
	int row = limit(box.y2 / sizes->height, MOTION_SIZES_ROWS);
	return row * MOTION_SIZES_COLUMNS + column;
}

void motion_sizes_learn(struct motion_sizes *sizes, struct box box)
{
	int cell = motion_sizes_cell(sizes, box);
	int row = cell / MOTION_SIZES_COLUMNS, column = cell % MOTION_SIZES_COLUMNS;
	double keep = sizes->cells[row][column].weight < WEIGHT_MAX ? 1 : 1 - 1 / WEIGHT_MAX;
	sizes->cells[row][column].log_width =
		keep * sizes->cells[row][column].log_width + log(box_width(box));
	sizes->cells[row][column].log_height =
		keep * sizes->cells[row][column].log_height + log(box_height(box));
	sizes->cells[row][column].weight = keep * sizes->cells[row][column].weight + 1;
}

bool motion_sizes_usual(
	const struct motion_sizes *sizes, struct box box, struct motion_size *ret_size)
{
	int cell = motion_sizes_cell(sizes, box);
	int row = cell / MOTION_SIZES_COLUMNS, column = cell % MOTION_SIZES_COLUMNS;
	double width = 0, height = 0, weight = 0;
	for (int r = row - 1; r <= row + 1; r++)
		for (int c = column - 1; c <= column + 1; c++) {
			if (r < 0 || r >= MOTION_SIZES_ROWS || c < 0 || c >= MOTION_SIZES_COLUMNS)
				continue;
			double w = r == row && c == column ? 1 : NEIGHBOUR_WEIGHT;
			width += w * sizes->cells[r][c].log_width;
			height += w * sizes->cells[r][c].log_height;
			weight += w * sizes->cells[r][c].weight;
		}
	if (weight < WEIGHT_MIN)
		return false;
	*ret_size = (struct motion_size){exp(width / weight), exp(height / weight), weight};
	return true;
}

bool motion_sizes_are(const struct motion_size *usual, struct box box)
{
	double wide = box_width(box) / usual->width, high = box_height(box) / usual->height;
	return wide > USUAL_LOW && wide < USUAL_HIGH && high > USUAL_LOW && high < USUAL_HIGH;
}
