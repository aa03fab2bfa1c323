#include "pipeline/session_shapes.h"

#include <stdlib.h>

static bool place(const struct calibration *calibration, int space,
	const struct option_points *from, struct vec2 *to)
{
	for (int i = 0; i < from->count; i++) {
		if (space == SPACE_IMAGE)
			to[i] = from->items[i];
		else if (!calibration || !calibration_to_image(calibration, from->items[i], &to[i]))
			return false;
	}
	return true;
}

static void add(struct shapes *shapes, struct vec2 **next, struct shape shape,
	const struct option_points *points, int space, const struct calibration *calibration)
{
	if (!place(calibration, space, points, *next))
		return;
	shape.points = *next;
	shape.count = points->count;
	shapes->items[shapes->count++] = shape;
	*next += points->count;
}

void shapes_init(
	struct shapes *shapes, const struct scene *scene, const struct calibration *calibration)
{
	const struct line_params *lines = scene->judge.lines.items;
	const struct zone_params *zones = scene->judge.zones.items;
	int line_count = scene->judge.lines.count, zone_count = scene->judge.zones.count;
	size_t points = 0;
	for (int i = 0; i < line_count; i++)
		points += (size_t)lines[i].points.count;
	for (int i = 0; i < zone_count; i++)
		points += (size_t)zones[i].polygon.count;
	*shapes = (struct shapes){
		.items = calloc((size_t)(line_count + zone_count) + 1, sizeof(*shapes->items)),
		.points = calloc(points + 1, sizeof(*shapes->points)),
	};
	if (!shapes->items || !shapes->points)
		return;
	struct vec2 *next = shapes->points;
	for (int i = 0; i < zone_count; i++)
		add(shapes, &next, (struct shape){SHAPE_ZONE, zones[i].name, .signal = -1},
			&zones[i].polygon, zones[i].space, calibration);
	for (int i = 0; i < line_count; i++) {
		int signal = judge_line_signal(&scene->judge, i);
		struct shape shape = {
			signal < 0 ? SHAPE_LINE : SHAPE_STOP_LINE, lines[i].name, .signal = signal};
		add(shapes, &next, shape, &lines[i].points, lines[i].space, calibration);
	}
}

void shapes_finish(struct shapes *shapes)
{
	free(shapes->items);
	free(shapes->points);
	*shapes = (struct shapes){0};
}
