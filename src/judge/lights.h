/*
 * Traffic signals: which lamp is lit now, and since when. Private to src/judge.
 *
 * Three sources: the picture (lamp.h), a plan of phases that repeats for ever, or a file. What is
 * read from the picture is believed only after it has lasted hold_s, and then holds from the frame
 * in which it was first seen; where for UNKNOWN_S nothing clear is seen, the lamp is unknown.
 *
 * Threads: of the judge. Memory: at init; none per frame.
 */
#pragma once

#include "judge/judge.h"

#define LIGHTS_CHANGES_MAX 64

struct lights_change {
	struct media at;
	enum lamp lamp;
};

struct lights {
	char name[48];
	struct box lamps[3]; /* red, yellow, green: where in the picture; zero area: not there */
	bool from_picture;
	double hold_s;
	/* The plan, or all of the file. */
	struct lights_change *plan;
	int plan_count;
	int64_t cycle_us; /* 0: the plan does not repeat */
	int64_t offset_us;
	/* The latest changes read from the picture, a ring. */
	struct lights_change changes[LIGHTS_CHANGES_MAX];
	int change_count;
	enum lamp candidate;
	struct media candidate_since, seen_at;
};

/* -EINVAL or -errno with the reason where a signal file is bad. */
int lights_init(struct lights *signal, const struct signal_params *params, struct err *err);
void lights_finish(struct lights *signal);
/* `frame` NULL: a signal read from the picture is not seen. */
void lights_step(struct lights *signal, const struct frame *frame, struct media now);
/* A gap in time: what was read from the picture before it says nothing about now. */
void lights_forget(struct lights *signal, struct media now);
/*
 * The state at `at`, now or in the past: LAMP_UNKNOWN where it cannot be told. A red that turns
 * red and yellow is one red.
 */
struct signal_state lights_at(const struct lights *signal, struct media at);
