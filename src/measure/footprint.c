#include "measure/footprint.h"

/* Sizes of what is usual on European roads; clearances of bumpers, not of the lowest bolt. */
static const struct body usual[ROAD_USER_COUNT] = {
	[ROAD_USER_UNKNOWN] = {4.4, 1.8, 1.5, 0.19, 2.6, 0.2, 0.7},
	[ROAD_USER_PERSON] = {0.4, 0.5, 1.72, 0, 0.2, 0, 0.5},
	[ROAD_USER_BICYCLE] = {1.8, 0.6, 1.7, 0.4, 1.1, 0, 0.4},
	[ROAD_USER_MOTORCYCLE] = {2.1, 0.75, 1.5, 0.35, 1.5, 0, 0.4},
	[ROAD_USER_CAR] = {4.4, 1.8, 1.5, 0.19, 2.6, 0.2, 0.7},
	[ROAD_USER_BUS] = {11.5, 2.5, 3.1, 0.33, 6.2, 0.1, 1},
	[ROAD_USER_TRUCK] = {8.5, 2.5, 3.3, 0.43, 4.8, 0.1, 1},
};

struct body body_usual(enum road_user road_user)
{
	return usual[(unsigned)road_user < ROAD_USER_COUNT ? road_user : ROAD_USER_UNKNOWN];
}

struct body body_scaled(const struct body *body, double scale)
{
	struct body b = *body;
	b.length_m *= scale;
	b.width_m *= scale;
	b.height_m *= scale;
	b.tyres_m *= scale;
	return b;
}

/* Corners of underside (twice, its own corners cut), tyres and roof; along, left and up. */
#define CORNERS 16

static void corners(
	const struct body *body, double ahead[CORNERS], double left[CORNERS], double up[CORNERS])
{
	double cut = 2 * body->corner_m, roof = body->roof_ratio;
	const double sizes[4][3] = {{body->length_m, body->width_m - cut, body->clearance_m},
		{body->length_m - cut, body->width_m, body->clearance_m},
		{body->tyres_m, body->width_m, 0},
		{roof * body->length_m, roof * body->width_m, body->height_m}};
	for (int i = 0; i < CORNERS; i++) {
		ahead[i] = (i & 1 ? 0.5 : -0.5) * sizes[i / 4][0];
		left[i] = (i & 2 ? 0.5 : -0.5) * sizes[i / 4][1];
		up[i] = sizes[i / 4][2];
	}
}

static void distort_all(const struct lens *lens, double x[CORNERS], double y[CORNERS])
{
	for (int i = 0; i < CORNERS; i++) {
		struct vec2 p = lens_distort(lens, (struct vec2){x[i], y[i]});
		x[i] = p.x;
		y[i] = p.y;
	}
}

bool footprint_box(const struct calibration *calibration, const struct body *body,
	struct vec2 middle_m, struct vec2 heading, struct box *ret_box)
{
	if (!calibration->has_camera)
		return false;
	double ahead[CORNERS], left[CORNERS], up[CORNERS], h[3][CORNERS], x[CORNERS], y[CORNERS];
	corners(body, ahead, left, up);
	for (int r = 0; r < 3; r++) {
		const double *m = calibration->image_from_road.m[r];
		double base = m[0] * middle_m.x + m[1] * middle_m.y + m[2];
		double by_ahead = m[0] * heading.x + m[1] * heading.y;
		double by_left = m[1] * heading.x - m[0] * heading.y;
		double by_up = calibration->up_column[r];
		for (int i = 0; i < CORNERS; i++)
			h[r][i] = base + ahead[i] * by_ahead + left[i] * by_left + up[i] * by_up;
	}
	for (int i = 0; i < CORNERS; i++) {
		double w = 1 / h[2][i];
		x[i] = h[0][i] * w;
		y[i] = h[1][i] * w;
	}
	if (calibration->lens.k1 != 0 || calibration->lens.k2 != 0)
		distort_all(&calibration->lens, x, y);
	double x1 = x[0], x2 = x[0], y1 = y[0], y2 = y[0], w = h[2][0];
	for (int i = 1; i < CORNERS; i++) {
		x1 = x[i] < x1 ? x[i] : x1;
		x2 = x[i] > x2 ? x[i] : x2;
		y1 = y[i] < y1 ? y[i] : y1;
		y2 = y[i] > y2 ? y[i] : y2;
		w = h[2][i] < w ? h[2][i] : w;
	}
	if (!(w > 0))
		return false;
	*ret_box = (struct box){(float)x1, (float)y1, (float)x2, (float)y2};
	return true;
}

bool footprint_offset(const struct calibration *calibration, const struct body *body,
	struct vec2 middle_m, struct vec2 heading, struct vec2 *ret_offset_m, struct box *ret_box)
{
	struct vec2 seen;
	struct box box;
	if (!footprint_box(calibration, body, middle_m, heading, &box) ||
		!calibration_to_road(calibration, box_bottom_center(box), NULL, &seen, NULL))
		return false;
	*ret_offset_m = vec2_sub(middle_m, seen);
	if (ret_box)
		*ret_box = box;
	return true;
}
