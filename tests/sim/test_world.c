#include "sim/world.h"
#include "worlds.h"

static struct world *make(const char *users, struct sim_params *params)
{
	char text[4096];
	struct world *world;
	struct err err = {0};
	snprintf(text, sizeof(text), WORLD_HEAD "%s", users);
	world_read(text, params);
	if (world_create(params, &err, &world) < 0)
		fail_msg("%s", err.text);
	return world;
}

static void advance(struct world *w, double t)
{
	while (world_time_s(w) < t)
		world_step(w);
}

/* The speed is the derivative of the place: on a bend, while changing lanes, while braking. */
static void speed_is_the_derivative_of_position(void **state)
{
	(void)state;
	struct sim_params params;
	struct world *w = make(
		"  - {name: bent, points: [[40, 0], [40, 60], [90, 90]], bend_m: 30}\n"
		"users:\n"
		"  - {kind: car, route: [bent.f1], speed_kmh: 40}\n"
		"  - {kind: bus, route: [main.f1], at_m: 30, speed_kmh: 30, stops: [{at_m: 60}]}\n"
		"  - {kind: car, route: [main.f2], at_m: 0, speed_kmh: 50,\n"
		"     changes: [{at_m: 20, left_m: 3.5, over_m: 30}]}\n",
		&params);
	advance(w, 0.5);
	const double d = 1e-5;
	int looked = 0, off = 0;
	for (int i = 0; i < 600; i++) {
		world_step(w);
		for (int k = 0; k < w->mover_count; k++) {
			const struct mover *m = &w->movers[k];
			if (!m->active)
				continue;
			struct pose a = world_pose(m, 0.004 - d), b = world_pose(m, 0.004 + d);
			struct pose pose = world_pose(m, 0.004);
			struct vec2 v = vec2_scale(vec2_sub(b.center, a.center), 1 / (2 * d));
			double error = vec2_length(vec2_sub(v, pose.velocity_mps));
			double turn = remainder(b.heading_rad - a.heading_rad, 2 * M_PI) / (2 * d);
			looked++;
			/* Where an axle passes a corner of the line the direction jumps a little.
			 */
			off += error > 1e-4 || fabs(turn - pose.yaw_rate_radps) > 1e-4;
			assert_true(error < 0.2);
		}
	}
	assert_true(looked > 1000 && off < looked / 100);
	world_destroy(&w);
	sim_params_finish(&params);
}

/* What it will have turned in a window, told from its path, is what it then does. */
static void a_turn_is_that_of_the_whole_window(void **state)
{
	(void)state;
	enum { TICKS = 700, HALF = 75 };
	struct sim_params params;
	struct world *w =
		make("  - {name: bent, points: [[40, 0], [40, 60], [90, 90]], bend_m: 30}\n"
		     "users:\n"
		     "  - {kind: car, route: [bent.f1], speed_kmh: 40}\n",
			&params);
	const struct mover *m = &w->movers[0];
	double heading[TICKS], told[TICKS], most = 0;
	advance(w, 0.5);
	for (int i = 0; i < TICKS; i++) {
		world_step(w);
		assert_true(m->active);
		heading[i] = world_pose(m, 0).heading_rad;
		told[i] = world_turn(m, 0, 2 * HALF * WORLD_TICK_S);
	}
	for (int i = HALF; i < TICKS - HALF; i++) {
		double turned = fabs(remainder(heading[i] - heading[i - HALF], 2 * M_PI)) +
				fabs(remainder(heading[i + HALF] - heading[i], 2 * M_PI));
		assert_true(fabs(turned - told[i]) < 0.5 * M_PI / 180);
		most = fmax(most, turned);
	}
	assert_true(most > 15 * M_PI / 180);
	world_destroy(&w);
	sim_params_finish(&params);
}

static void followers_keep_their_distance_and_stop_behind(void **state)
{
	(void)state;
	struct sim_params params;
	struct world *w = make("users:\n"
			       "  - {kind: car, route: [main.f1], at_m: 60, speed_kmh: 30,\n"
			       "     stops: [{at_m: 40, for_s: 20}]}\n"
			       "  - {kind: car, route: [main.f1], at_m: 20, speed_kmh: 60}\n",
		&params);
	const struct mover *a = &w->movers[0], *b = &w->movers[1];
	for (int i = 0; i < 2000; i++) {
		world_step(w);
		double gap = (60 + a->s_m - 0.5 * a->length_m) - (20 + b->s_m + 0.5 * b->length_m);
		assert_true(gap > 1.0);
	}
	assert_true(a->v_mps < 0.1 && b->v_mps < 0.1);
	world_destroy(&w);
	sim_params_finish(&params);
}

static void a_red_lamp_stops_those_who_obey(void **state)
{
	(void)state;
	struct sim_params params;
	struct world *w =
		make("signals:\n"
		     "  - {name: s, road: main, at_m: 80, plan: [{lamp: red, duration_s: 99}]}\n"
		     "users:\n"
		     "  - {kind: car, route: [main.f1], speed_kmh: 50}\n"
		     "  - {kind: car, route: [main.f2], speed_kmh: 50, ignores_signals: true}\n",
			&params);
	advance(w, 20);
	const struct mover *m = &w->movers[0];
	double front = m->s_m + 0.5 * m->length_m;
	assert_true(m->v_mps < 0.05 && front < 80 && front > 77);
	assert_true(w->movers[1].s_m > 120);
	world_destroy(&w);
	sim_params_finish(&params);
}

static void impossible_worlds_are_refused_with_the_reason(void **state)
{
	(void)state;
	const struct {
		const char *users, *reason;
	} cases[] = {
		{"users: [{route: [main.f7]}]\n", "no lane main.f7"},
		{"users: [{route: [main.f1], at_m: 900}]\n", "outside every lane"},
		{"users: [{route: [side.f1]}]\n", "no lane side.f1"},
		{"users: [{route: [main.b1], at_m: 0}]\n", "where its lane ends"},
		{"signals: [{name: s, road: x, plan: [{lamp: red, duration_s: 1}]}]\n",
			"no road x"},
		{"signals: [{name: s, road: main, plan: [{lamp: red, duration_s: 0}]}]\n",
			"lasts 0"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[2048];
		struct sim_params params;
		struct world *w;
		struct err err = {0};
		snprintf(text, sizeof(text), WORLD_HEAD "%s", cases[i].users);
		world_read(text, &params);
		assert_true(world_create(&params, &err, &w) < 0);
		if (!strstr(err.text, cases[i].reason))
			fail_msg("'%s' does not say '%s'", err.text, cases[i].reason);
		sim_params_finish(&params);
	}
}

TEST_MAIN(cmocka_unit_test(speed_is_the_derivative_of_position),
	cmocka_unit_test(a_turn_is_that_of_the_whole_window),
	cmocka_unit_test(followers_keep_their_distance_and_stop_behind),
	cmocka_unit_test(a_red_lamp_stops_those_who_obey),
	cmocka_unit_test(impossible_worlds_are_refused_with_the_reason))
