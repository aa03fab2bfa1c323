#include "judge/lights.h"

#include "judge/lamp.h"
#include "judge/signal_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define UNKNOWN_S 1.0

static int init_plan(struct lights *s, const struct signal_params *params, struct err *err)
{
	const struct phase_params *phases = params->phases.items;
	s->plan = calloc((size_t)params->phases.count, sizeof(s->plan[0]));
	if (!s->plan)
		return err_set(err, -ENOMEM, "no memory for the signals");
	for (int i = 0; i < params->phases.count; i++) {
		s->plan[i].at.us = s->cycle_us;
		s->plan[i].lamp = (enum lamp)phases[i].lamp;
		s->cycle_us += media_from_seconds(phases[i].duration_s).us;
	}
	s->plan_count = params->phases.count;
	s->offset_us = media_from_seconds(params->offset_s).us;
	if (s->cycle_us <= 0)
		return err_set(err, -EINVAL, "signal \"%s\": its phases last no time", s->name);
	return 0;
}

int lights_init(struct lights *signal, const struct signal_params *params, struct err *err)
{
	int r = 0;
	*signal = (struct lights){
		.hold_s = params->hold_s, .candidate_since = MEDIA_NONE, .seen_at = MEDIA_NONE};
	snprintf(signal->name, sizeof(signal->name), "%s", params->name);
	if (params->file)
		r = signal_file_load(
			params->file, signal->name, err, &signal->plan, &signal->plan_count);
	else if (params->phases.count > 0)
		r = init_plan(signal, params, err);
	else
		signal->from_picture = lamp_regions(params, signal->lamps);
	if (r < 0)
		lights_finish(signal);
	return r;
}

void lights_finish(struct lights *signal)
{
	free(signal->plan);
	*signal = (struct lights){0};
}

static enum lamp last_lamp(const struct lights *s)
{
	return s->change_count ? s->changes[(s->change_count - 1) % LIGHTS_CHANGES_MAX].lamp
			       : LAMP_UNKNOWN;
}

static void change(struct lights *s, enum lamp lamp, struct media at)
{
	if (last_lamp(s) == lamp)
		return;
	s->changes[s->change_count % LIGHTS_CHANGES_MAX] = (struct lights_change){at, lamp};
	s->change_count++;
	/* Keeps the count small without losing what the ring holds. */
	if (s->change_count >= 4 * LIGHTS_CHANGES_MAX)
		s->change_count -= 2 * LIGHTS_CHANGES_MAX;
}

void lights_step(struct lights *signal, const struct frame *frame, struct media now)
{
	struct lights *s = signal;
	if (!s->from_picture)
		return;
	enum lamp lamp = frame ? lamp_read(frame, s->lamps) : LAMP_UNKNOWN;
	if (lamp == LAMP_UNKNOWN) {
		/* A lamp that pulses is dark in single frames: the candidate waits. */
		if (s->seen_at.us == MEDIA_NONE.us || media_diff_s(now, s->seen_at) > UNKNOWN_S) {
			change(s, LAMP_UNKNOWN, s->seen_at.us == MEDIA_NONE.us ? now : s->seen_at);
			s->candidate_since = MEDIA_NONE;
		}
		return;
	}
	s->seen_at = now;
	if (lamp != s->candidate || s->candidate_since.us == MEDIA_NONE.us) {
		s->candidate = lamp;
		s->candidate_since = now;
	}
	if (media_diff_s(now, s->candidate_since) >= s->hold_s)
		change(s, lamp, s->candidate_since);
}

void lights_forget(struct lights *signal, struct media now)
{
	if (!signal->from_picture)
		return;
	change(signal, LAMP_UNKNOWN, now);
	signal->candidate_since = signal->seen_at = MEDIA_NONE;
}

static bool is_red(enum lamp lamp)
{
	return lamp == LAMP_RED || lamp == LAMP_RED_YELLOW;
}

static struct signal_state state_in_ring(const struct lights *s, struct media at)
{
	struct signal_state state = {LAMP_UNKNOWN, MEDIA_NONE};
	int oldest =
		s->change_count > LIGHTS_CHANGES_MAX ? s->change_count - LIGHTS_CHANGES_MAX : 0;
	for (int i = s->change_count - 1; i >= oldest; i--) {
		const struct lights_change *c = &s->changes[i % LIGHTS_CHANGES_MAX];
		if (c->at.us > at.us)
			continue;
		if (state.since.us == MEDIA_NONE.us)
			state.lamp = c->lamp;
		else if (!is_red(state.lamp) || !is_red(c->lamp))
			break;
		state.since = c->at;
	}
	return state;
}

/* The last entry of the plan at or before `us`, or -1. */
static int plan_index(const struct lights *s, int64_t us)
{
	int low = 0, high = s->plan_count;
	while (low < high) {
		int middle = low + (high - low) / 2;
		if (s->plan[middle].at.us <= us)
			low = middle + 1;
		else
			high = middle;
	}
	return low - 1;
}

static struct signal_state state_in_plan(const struct lights *s, struct media at)
{
	int64_t base = 0, us = at.us;
	if (s->cycle_us) {
		int64_t in = (at.us - s->offset_us) % s->cycle_us;
		us = in < 0 ? in + s->cycle_us : in;
		base = at.us - us;
	}
	int i = plan_index(s, us);
	if (i < 0)
		return (struct signal_state){LAMP_UNKNOWN, MEDIA_NONE};
	struct signal_state state = {s->plan[i].lamp, {base + s->plan[i].at.us}};
	/* The phase began where the same lamp, or the same red, began; at most one cycle ago. */
	for (int back = 1; back < s->plan_count; back++) {
		int k = i - back;
		if (k < 0 && !s->cycle_us)
			break;
		if (k < 0)
			k += s->plan_count;
		bool same = s->plan[k].lamp == state.lamp ||
			    (is_red(s->plan[k].lamp) && is_red(state.lamp));
		if (!same)
			break;
		state.since.us = base + s->plan[k].at.us - (i - back < 0 ? s->cycle_us : 0);
	}
	return state;
}

struct signal_state lights_at(const struct lights *signal, struct media at)
{
	return signal->from_picture ? state_in_ring(signal, at) : state_in_plan(signal, at);
}
