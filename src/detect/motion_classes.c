#include "detect/motion_classes.h"

#include <math.h>
#include <string.h>

/* Slower than this the direction says nothing. */
#define SPEED_MIN_MPS 0.7
/* How far sizes scatter within a class, and boxes around what they hold; natural logarithm. */
#define SIZE_SIGMA 0.22
/* Sum of squares beyond which a box is none of these. */
#define MISFIT_MAX 14.0

static const struct {
	enum road_user road_user;
	double length_m, width_m, height_m;
	double slow_mps, fast_mps; /* hardly slower or faster than that */
} kinds[] = {
	{ROAD_USER_PERSON, 0.5, 0.6, 1.7, 0, 3},
	{ROAD_USER_BICYCLE, 1.8, 0.6, 1.7, 1.5, 9},
	{ROAD_USER_MOTORCYCLE, 2.1, 0.8, 1.5, 4, 60},
	{ROAD_USER_CAR, 4.4, 1.8, 1.5, 0, 70},
	{ROAD_USER_CAR, 5.3, 2.0, 2.2, 0, 60}, /* a van */
	{ROAD_USER_TRUCK, 7.5, 2.5, 3.2, 0, 35},
	{ROAD_USER_TRUCK, 12.0, 2.5, 3.3, 0, 35},
};

void motion_classes_init(
	struct motion_classes *classes, const struct mat3 *road_from_image, const double *up_column)
{
	*classes = (struct motion_classes){0};
	if (!road_from_image || !up_column)
		return;
	classes->road_from_image = *road_from_image;
	memcpy(classes->up, up_column, sizeof(classes->up));
	classes->known = mat3_invert(*road_from_image, &classes->image_from_road) == 0;
}

/* The box of a solid, its footprint's middle at `middle`; false where it is behind the camera. */
static bool solid_box(const struct motion_classes *c, struct vec2 middle, struct vec2 heading,
	double length_m, double width_m, double height_m, struct box *ret_box)
{
	struct box b = {1e9f, 1e9f, -1e9f, -1e9f};
	for (int i = 0; i < 8; i++) {
		double along = i & 1 ? 0.5 * length_m : -0.5 * length_m;
		double left = i & 2 ? 0.5 * width_m : -0.5 * width_m, up = i & 4 ? height_m : 0;
		double x = middle.x + along * heading.x - left * heading.y;
		double y = middle.y + along * heading.y + left * heading.x;
		double h[3];
		for (int r = 0; r < 3; r++) {
			const double *m = c->image_from_road.m[r];
			h[r] = m[0] * x + m[1] * y + m[2] + up * c->up[r];
		}
		if (fabs(h[2]) < 1e-12)
			return false;
		float px = (float)(h[0] / h[2]), py = (float)(h[1] / h[2]);
		b.x1 = fminf(b.x1, px);
		b.y1 = fminf(b.y1, py);
		b.x2 = fmaxf(b.x2, px);
		b.y2 = fmaxf(b.y2, py);
	}
	*ret_box = b;
	return box_width(b) > 0 && box_height(b) > 0;
}

static double square(double x)
{
	return x * x;
}

/* How badly a kind fits: the squares of what its sizes and its speed are off. */
static double misfit(const struct motion_classes *c, int kind, struct box box, struct vec2 at,
	struct vec2 heading, double speed_mps)
{
	struct box b;
	struct vec2 middle = at;
	/* The bottom of the box is the near end, not the middle: put it where it is seen. */
	for (int i = 0; i < 2; i++) {
		if (!solid_box(c, middle, heading, kinds[kind].length_m, kinds[kind].width_m,
			    kinds[kind].height_m, &b))
			return HUGE_VAL;
		struct vec2 seen = mat3_project(&c->road_from_image, box_bottom_center(b), NULL);
		middle = vec2_add(middle, vec2_sub(at, seen));
	}
	double off = square(log(box_width(box) / box_width(b)) / SIZE_SIGMA) +
		     square(log(box_height(box) / box_height(b)) / SIZE_SIGMA);
	if (speed_mps < kinds[kind].slow_mps)
		off += square((kinds[kind].slow_mps - speed_mps) / 1.0);
	if (speed_mps > kinds[kind].fast_mps)
		off += square((speed_mps - kinds[kind].fast_mps) / 1.5);
	return off;
}

enum road_user motion_classes_of(
	const struct motion_classes *classes, struct box box, struct box then, double step_s)
{
	if (!classes->known || box_width(box) <= 0 || box_height(box) <= 0)
		return ROAD_USER_UNKNOWN;
	double w0, w1;
	struct vec2 at = mat3_project(&classes->road_from_image, box_bottom_center(box), &w0);
	struct vec2 to = mat3_project(&classes->road_from_image, box_bottom_center(then), &w1);
	struct vec2 way = vec2_sub(to, at);
	double speed_mps = vec2_length(way) / step_s;
	if (w0 * w1 <= 0 || !(speed_mps >= SPEED_MIN_MPS))
		return ROAD_USER_UNKNOWN;
	struct vec2 heading = vec2_scale(way, 1 / vec2_length(way));
	enum road_user best = ROAD_USER_UNKNOWN;
	double least = MISFIT_MAX;
	for (int i = 0; i < (int)(sizeof(kinds) / sizeof(kinds[0])); i++) {
		double off = misfit(classes, i, box, at, heading, speed_mps);
		if (off < least) {
			least = off;
			best = kinds[i].road_user;
		}
	}
	return best;
}
