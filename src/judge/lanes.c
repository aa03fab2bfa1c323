#include "judge/lanes.h"

#include <string.h>

static void add(struct lanes *lanes, const char **names, const char *name, double end)
{
	bool same = lanes->count > 0 && strcmp(names[lanes->count - 1], name) == 0;
	if (!same && lanes->count < LINE_LANES_MAX)
		names[lanes->count++] = name;
	lanes->end[lanes->count - 1] = end;
}

void lanes_init(struct lanes *lanes, const struct line_params *params, const struct outline *line,
	const char *ret_names[LINE_LANES_MAX])
{
	const struct option_strings *names = &params->lanes;
	const int stretches = params->points.count - 1;
	const double length = outline_length(line, line->count - 1);
	*lanes = (struct lanes){.count = 0};
	for (int i = 0; i < names->count; i++) {
		/* Where a lens bends the line, each stretch is carried over in as many pieces. */
		int point = (i + 1) * (line->count - 1) / stretches;
		double end = names->count == stretches ? outline_length(line, point)
						       : length * (i + 1) / names->count;
		add(lanes, ret_names, names->items[i], end);
	}
}

int lanes_at(const struct lanes *lanes, double along, double *ret_distance)
{
	int lane = 0;
	while (lane + 1 < lanes->count && along > lanes->end[lane])
		lane++;
	*ret_distance = INFINITY;
	if (lane > 0)
		*ret_distance = along - lanes->end[lane - 1];
	if (lane + 1 < lanes->count)
		*ret_distance = smaller(*ret_distance, lanes->end[lane] - along);
	return lane;
}
