#include "detect/motion_road.h"

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
