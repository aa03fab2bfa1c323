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

/* Four rectangles that lie flat: the underside twice, its own corners cut, the tyres, the roof. */
#define PARTS 4
/* Of a rectangle: rear right, front right, rear left, front left. */
#define CORNERS 4

/* Half lengths and half widths, and how far up they lie. */
struct parts {
	double ahead[PARTS], left[PARTS], up[PARTS];
};

/* Homogeneous image coordinates of all corners, or what they are divided by. */
struct corners {
	double at[CORNERS][PARTS];
};

static struct parts parts_of(const struct body *body)
{
	double cut = 2 * body->corner_m, roof = body->roof_ratio;
	return (struct parts){
		.ahead = {0.5 * body->length_m, 0.5 * (body->length_m - cut), 0.5 * body->tyres_m,
			0.5 * (roof * body->length_m)},
		.left = {0.5 * (body->width_m - cut), 0.5 * body->width_m, 0.5 * body->width_m,
			0.5 * (roof * body->width_m)},
		.up = {body->clearance_m, body->clearance_m, 0, body->height_m},
	};
}

/* Row `r` of the projection: a corner is a middle and plus or minus the same two ways from it. */
static void project_row(const struct calibration *calibration, int r, const struct parts *parts,
	struct vec2 middle_m, struct vec2 heading, struct corners *ret)
{
	const double *m = calibration->image_from_road.m[r];
	double base = m[0] * middle_m.x + m[1] * middle_m.y + m[2];
	double by_ahead = m[0] * heading.x + m[1] * heading.y;
	double by_left = m[1] * heading.x - m[0] * heading.y;
	double by_up = calibration->up_column[r];
	for (int p = 0; p < PARTS; p++) {
		double a = parts->ahead[p] * by_ahead, l = parts->left[p] * by_left;
		double u = parts->up[p] * by_up;
		ret->at[0][p] = base - a - l + u;
		ret->at[1][p] = base + a - l + u;
		ret->at[2][p] = base - a + l + u;
		ret->at[3][p] = base + a + l + u;
	}
}

static void distort_all(const struct lens *lens, struct corners *x, struct corners *y)
{
	for (int c = 0; c < CORNERS; c++)
		for (int p = 0; p < PARTS; p++) {
			struct vec2 at = {x->at[c][p], y->at[c][p]};
			at = lens_distort(lens, at);
			x->at[c][p] = at.x;
			y->at[c][p] = at.y;
		}
}

/* Corner by corner, so that two parts are compared at a time. */
static double least(const struct corners *v)
{
	double low[PARTS];
	for (int p = 0; p < PARTS; p++)
		low[p] = smaller(
			smaller(v->at[0][p], v->at[1][p]), smaller(v->at[2][p], v->at[3][p]));
	return smaller(smaller(low[0], low[1]), smaller(low[2], low[3]));
}

static double most(const struct corners *v)
{
	double high[PARTS];
	for (int p = 0; p < PARTS; p++)
		high[p] =
			larger(larger(v->at[0][p], v->at[1][p]), larger(v->at[2][p], v->at[3][p]));
	return larger(larger(high[0], high[1]), larger(high[2], high[3]));
}

bool footprint_box(const struct calibration *calibration, const struct body *body,
	struct vec2 middle_m, struct vec2 heading, struct box *ret_box)
{
	if (!calibration->has_camera)
		return false;
	struct parts parts = parts_of(body);
	struct corners x, y, w;
	project_row(calibration, 0, &parts, middle_m, heading, &x);
	project_row(calibration, 1, &parts, middle_m, heading, &y);
	project_row(calibration, 2, &parts, middle_m, heading, &w);
	if (!(least(&w) > 0))
		return false;
	for (int c = 0; c < CORNERS; c++)
		for (int p = 0; p < PARTS; p++) {
			double inverse = 1 / w.at[c][p];
			x.at[c][p] *= inverse;
			y.at[c][p] *= inverse;
		}
	if (calibration->lens.k1 != 0 || calibration->lens.k2 != 0)
		distort_all(&calibration->lens, &x, &y);
	*ret_box =
		(struct box){(float)least(&x), (float)least(&y), (float)most(&x), (float)most(&y)};
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
