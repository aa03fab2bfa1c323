#include "measure/footprint.h"

/* Homogeneous image coordinates of a direction on the road (no origin). */
static void direction_column(const struct calibration *cal, double x, double y, double ret[3])
{
	for (int i = 0; i < 3; i++)
		ret[i] = cal->image_from_road.m[i][0] * x + cal->image_from_road.m[i][1] * y;
}

bool footprint_box(const struct calibration *calibration, struct cuboid cuboid,
	struct vec2 middle_m, double heading_rad, struct box *ret_box)
{
	if (!calibration->has_camera)
		return false;
	double c = cos(heading_rad), s = sin(heading_rad);
	double base[3], ahead[3], left[3];
	const struct mat3 *m = &calibration->image_from_road;
	direction_column(calibration, 0.5 * cuboid.length_m * c, 0.5 * cuboid.length_m * s, ahead);
	direction_column(calibration, -0.5 * cuboid.width_m * s, 0.5 * cuboid.width_m * c, left);
	for (int i = 0; i < 3; i++)
		base[i] = m->m[i][0] * middle_m.x + m->m[i][1] * middle_m.y + m->m[i][2];
	double x1 = HUGE_VAL, y1 = HUGE_VAL, x2 = -HUGE_VAL, y2 = -HUGE_VAL;
	for (int corner = 0; corner < 8; corner++) {
		double a = corner & 1 ? 1 : -1, l = corner & 2 ? 1 : -1;
		double up = corner & 4 ? cuboid.height_m : 0, h[3];
		for (int i = 0; i < 3; i++)
			h[i] = base[i] + a * ahead[i] + l * left[i] +
			       up * calibration->up_column[i];
		if (!(h[2] > 0))
			return false;
		double w = 1 / h[2];
		struct vec2 p = lens_distort(&calibration->lens, (struct vec2){h[0] * w, h[1] * w});
		x1 = fmin(x1, p.x);
		y1 = fmin(y1, p.y);
		x2 = fmax(x2, p.x);
		y2 = fmax(y2, p.y);
	}
	*ret_box = (struct box){(float)x1, (float)y1, (float)x2, (float)y2};
	return true;
}

bool footprint_offset(const struct calibration *calibration, struct cuboid cuboid,
	struct vec2 middle_m, double heading_rad, struct vec2 *ret_offset_m, struct box *ret_box)
{
	struct vec2 seen;
	struct box box;
	if (!footprint_box(calibration, cuboid, middle_m, heading_rad, &box) ||
		!calibration_to_road(calibration, box_bottom_center(box), NULL, &seen, NULL))
		return false;
	*ret_offset_m = vec2_sub(middle_m, seen);
	*ret_box = box;
	return true;
}
