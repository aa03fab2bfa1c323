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

/* Growing box of points seen; coordinates along and left of the body's middle, and up. */
struct view {
	double base[3], ahead[3], left[3], up[3]; /* homogeneous image columns */
	double x1, y1, x2, y2;
	bool behind;
};

static void view_add(struct view *view, const struct lens *lens, double a, double l, double z)
{
	double h[3];
	for (int i = 0; i < 3; i++)
		h[i] = view->base[i] + a * view->ahead[i] + l * view->left[i] + z * view->up[i];
	double w = 1 / h[2];
	struct vec2 p = {h[0] * w, h[1] * w};
	if (lens->k1 != 0 || lens->k2 != 0)
		p = lens_distort(lens, p);
	view->behind |= !(h[2] > 0);
	view->x1 = p.x < view->x1 ? p.x : view->x1;
	view->x2 = p.x > view->x2 ? p.x : view->x2;
	view->y1 = p.y < view->y1 ? p.y : view->y1;
	view->y2 = p.y > view->y2 ? p.y : view->y2;
}

static void view_add_rectangle(
	struct view *view, const struct lens *lens, double length, double width, double z)
{
	for (int corner = 0; corner < 4; corner++)
		view_add(view, lens, (corner & 1 ? 0.5 : -0.5) * length,
			(corner & 2 ? 0.5 : -0.5) * width, z);
}

bool footprint_box(const struct calibration *calibration, const struct body *body,
	struct vec2 middle_m, struct vec2 heading, struct box *ret_box)
{
	if (!calibration->has_camera)
		return false;
	const struct mat3 *m = &calibration->image_from_road;
	const struct lens *lens = &calibration->lens;
	struct view view = {.x1 = 1e30, .y1 = 1e30, .x2 = -1e30, .y2 = -1e30};
	for (int i = 0; i < 3; i++) {
		view.base[i] = m->m[i][0] * middle_m.x + m->m[i][1] * middle_m.y + m->m[i][2];
		view.ahead[i] = m->m[i][0] * heading.x + m->m[i][1] * heading.y;
		view.left[i] = m->m[i][1] * heading.x - m->m[i][0] * heading.y;
		view.up[i] = calibration->up_column[i];
	}
	double cut = 2 * body->corner_m, z = body->clearance_m;
	view_add_rectangle(&view, lens, body->length_m, body->width_m - cut, z);
	view_add_rectangle(&view, lens, body->length_m - cut, body->width_m, z);
	view_add_rectangle(&view, lens, body->tyres_m, body->width_m, 0);
	view_add_rectangle(&view, lens, body->roof_ratio * body->length_m,
		body->roof_ratio * body->width_m, body->height_m);
	if (view.behind)
		return false;
	*ret_box = (struct box){(float)view.x1, (float)view.y1, (float)view.x2, (float)view.y2};
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
