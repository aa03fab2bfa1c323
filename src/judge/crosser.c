#include "judge/crosser.h"

static void meet(struct crosser *c, const struct outline *line, struct vec2 p, struct media now)
{
	struct outline_meeting m;
	if (!c->has_last || !outline_meets(line, c->last, p, &m))
		return;
	/* The last meeting counts: whoever stands on the line crosses it when he leaves it. */
	c->met = (signed char)m.direction;
	c->met_at.us = c->last_at.us + (int64_t)(m.t * (double)(now.us - c->last_at.us));
	c->met_along = m.along;
}

int crosser_step(struct crosser *crosser, const struct outline *line, struct vec2 p, double margin,
	struct media now, struct media *ret_at)
{
	struct crosser *c = crosser;
	double side = outline_side(line, p, NULL);
	int sign = side > 0 ? 1 : -1, crossed = 0;
	meet(c, line, p, now);
	c->last = p;
	c->last_at = now;
	c->has_last = true;
	/* Who appears close to the line is believed sooner, or his crossing would be missed. */
	if (fabs(side) < (c->side ? margin : margin / 3))
		return 0;
	if (c->side && c->side != sign && c->met == sign) {
		*ret_at = c->met_at;
		crossed = sign;
	}
	c->met = 0;
	c->side = (signed char)sign;
	return crossed;
}
