#include "detect/motion_road.h"

/* No road user is flatter or narrower, metres. */
#define FLAT_M 0.5
#define NARROW_M 0.25
/* The least of a motorcycle with its rider, and of a car. */
#define USER_WIDTH_M 0.4
#define USER_HEIGHT_M 1.0
#define VEHICLE_WIDTH_M 1.2
#define VEHICLE_HEIGHT_M 0.8
/* No car is lower, as seen from the front or the back by a camera that looks along the road. */
#define LOW_M 1.2

double motion_road_scale(const struct motion_road *road, struct box box)
{
	const struct mat3 *h = &road->road_from_sample;
	const struct vec2 p = box_bottom_center(box);
	double w1, w2;
	struct vec2 left = mat3_project(h, (struct vec2){p.x - 0.5, p.y}, &w1);
	struct vec2 right = mat3_project(h, (struct vec2){p.x + 0.5, p.y}, &w2);
	double across = vec2_length(vec2_sub(right, left));
	return road->calibrated && w1 * w2 > 0 && across > 0 ? 1 / across : 0;
}

bool motion_road_too_small(const struct motion_road *road, struct box box)
{
	const double scale = motion_road_scale(road, box);
	return (double)box_height(box) + 1 < FLAT_M * scale ||
	       (double)box_width(box) + 1 < NARROW_M * scale;
}

static bool is_at_least(
	const struct motion_road *road, struct box b, double width_m, double height_m)
{
	const double scale = motion_road_scale(road, b);
	return scale > 0 && (double)box_width(b) > width_m * scale &&
	       (double)box_height(b) > height_m * scale;
}

bool motion_road_is_user(const struct motion_road *road, struct box box)
{
	return is_at_least(road, box, USER_WIDTH_M, USER_HEIGHT_M);
}

bool motion_road_is_vehicle(const struct motion_road *road, struct box box)
{
	return is_at_least(road, box, VEHICLE_WIDTH_M, VEHICLE_HEIGHT_M);
}

bool motion_road_is_low(const struct motion_road *road, struct box box)
{
	const double scale = motion_road_scale(road, box);
	return (double)box_width(box) > VEHICLE_WIDTH_M * scale &&
	       (double)box_height(box) < LOW_M * scale;
}
