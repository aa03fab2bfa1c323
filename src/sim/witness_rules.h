/*
 * What breaks each kind of rule, as docs/rules.md defines it, for a world that is known exactly.
 *
 * A watcher looks at one road user and one rule at one tick; it keeps what it must remember in a
 * struct witness_memory, zeroed before the first tick and after the road user left the area.
 */
#pragma once

#include "sim/site.h"

#define WITNESS_HEADINGS 200 /* tenths of a second */

struct witness_memory {
	bool done, pending, beside, inside;
	int side; /* direction in which a line was crossed: +1, -1; 0: not */
	int other; /* id of the one in front */
	double since_s, at_s, value;
	struct vec2 place;
	double headings_rad[WITNESS_HEADINGS]; /* for turns: a ring, unwrapped */
	int heading_count;
};

/* One road user at one tick. */
struct witness_look {
	const struct world *world;
	const struct site_rule *rule;
	const struct mover *mover;
	const struct pose *pose, *before; /* of this tick and of the one before */
	double t_s;
	/*
	 * 0: as defined. Towards 1 every number asks for more before it is a violation, towards -1
	 * for less: where the two find different things, a case is too close to be a fair test.
	 */
	double strict;
};

/* What was found. */
struct witness_finding {
	double at_s;
	double measured, limit; /* in the unit of docs/rules.md; NAN: none */
};

/* True where a violation is now complete: `ret_finding` is filled. At most once for each event. */
bool witness_rules_look(const struct witness_look *look, struct witness_memory *memory,
	struct witness_finding *ret_finding);
