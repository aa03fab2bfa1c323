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

#define SIGNAL_CHANGES_MAX 64

struct signal_change {
	struct media at;
	enum lamp lamp;
};

struct signal {
	char name[48];
	struct box lamps[3]; /* red, yellow, green: where in the picture; zero area: not there */
	bool from_picture;
	double hold_s;
	/* The plan, or all of the file. */
	struct signal_change *plan;
	int plan_count;
	int64_t cycle_us; /* 0: the plan does not repeat */
	int64_t offset_us;
	/* The latest changes read from the picture, a ring. */
	struct signal_change changes[SIGNAL_CHANGES_MAX];
	int change_count;
	enum lamp candidate;
	struct media candidate_since, seen_at;
};

/* -EINVAL or -errno with the reason where a signal file is bad. */
int signal_init(struct signal *signal, const struct signal_params *params, struct err *err);
void signal_finish(struct signal *signal);
/* `frame` NULL: a signal read from the picture is not seen. */
void signal_step(struct signal *signal, const struct frame *frame, struct media now);
/* A gap in time: what was read from the picture before it says nothing about now. */
void signal_forget(struct signal *signal, struct media now);
/*
 * The state at `at`, now or in the past: LAMP_UNKNOWN where it cannot be told. A red that turns
 * red and yellow is one red.
 */
struct signal_state signal_at(const struct signal *signal, struct media at);
