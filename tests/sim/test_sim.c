#include "sim/sim.h"
#include "worlds.h"

static const char traffic[] = WORLD_HEAD
	"duration_s: 6\n"
	"signals:\n"
	"  - {name: s, road: main, at_m: 60, plan: [{lamp: red, duration_s: 99}]}\n"
	"users:\n"
	"  - {kind: car, route: [main.f1], at_m: 20, speed_kmh: 70, ignores_signals: true}\n"
	"  - {kind: truck, route: [main.f2], at_m: 10, speed_kmh: 40}\n"
	"  - {kind: motorcycle, route: [main.f2], at_m: 70, speed_kmh: 40}\n"
	"  - {kind: car, route: [main.b1], at_m: 2, at_s: 2, speed_kmh: 40, against: true}\n";

static struct sim *make(struct sim_params *params)
{
	struct sim *sim;
	struct err err = {0};
	world_read(traffic, params);
	if (sim_create(params, &err, &sim) < 0)
		fail_msg("%s", err.text);
	return sim;
}

static uint64_t hash_plane(uint64_t h, const struct frame *f, int plane, int width, int height)
{
	for (int y = 0; y < height; y++)
		for (int x = 0; x < width; x++)
			h = (h ^ f->plane[plane][y * f->stride_bytes[plane] + x]) * 1099511628211u;
	return h;
}

static uint64_t run_and_hash(void)
{
	struct sim_params params;
	struct sim *sim = make(&params);
	struct sim_truth truth;
	struct frame *frame;
	struct err err;
	uint64_t h = 14695981039346656037u;
	while (sim_step(sim, &err, &frame, &truth) == FLOW_MORE) {
		h = hash_plane(h, frame, 0, 320, 180);
		h = hash_plane(h, frame, 1, 160, 90);
		h = hash_plane(h, frame, 2, 160, 90);
		for (int i = 0; i < truth.frame.count; i++)
			h = (h ^ (uint64_t)lrint(truth.objects[i].full.x1 * 64)) * 1099511628211u;
		frame_unref(&frame);
	}
	sim_destroy(&sim);
	sim_params_finish(&params);
	return h;
}

static void two_runs_give_the_same_bytes(void **state)
{
	(void)state;
	assert_true(run_and_hash() == run_and_hash());
}

/* Places from the truth follow each other at the speed that the truth says. */
static void truth_agrees_with_itself(void **state)
{
	(void)state;
	struct sim_params params;
	struct sim *sim = make(&params);
	struct sim_truth truth;
	struct truth_object last[8];
	double last_t[8] = {-1, -1, -1, -1, -1, -1, -1, -1};
	struct frame *frame;
	struct err err;
	int compared = 0;
	while (sim_step(sim, &err, &frame, &truth) == FLOW_MORE) {
		double t = media_seconds(frame->media);
		for (int i = 0; i < truth.frame.count; i++) {
			const struct truth_object *o = &truth.objects[i];
			struct box inside = box_clip(o->full, 320, 180);
			assert_true(o->visible.x1 >= inside.x1 - 1e-3f &&
				    o->visible.x2 <= inside.x2 + 1e-3f);
			assert_true(o->visible.y1 >= inside.y1 - 1e-3f &&
				    o->visible.y2 <= inside.y2 + 1e-3f);
			assert_true(o->occlusion_ratio >= 0 && o->occlusion_ratio <= 1);
			if (last_t[o->id] >= 0 && t - last_t[o->id] < 0.05) {
				double moved =
					vec2_length(vec2_sub(o->ground_m, last[o->id].ground_m));
				double mean = 0.5 * (o->speed_mps + last[o->id].speed_mps);
				assert_true(fabs(moved / (t - last_t[o->id]) - mean) < 0.02);
				compared++;
			}
			last[o->id] = *o;
			last_t[o->id] = t;
		}
		frame_unref(&frame);
	}
	assert_true(compared > 200);
	sim_destroy(&sim);
	sim_params_finish(&params);
}

/* Where somebody drives the picture changes, and nowhere else but for the noise and shadows. */
static void boxes_hold_what_is_drawn(void **state)
{
	(void)state;
	struct sim_params params;
	world_read(WORLD_HEAD
		"duration_s: 3\nsensor: {noise_level: 0}\nlook: {sun_elevation_deg: 90}\n"
		"users: [{kind: van, route: [main.f1], at_m: 42, speed_kmh: 40}]\n",
		&params);
	struct sim *sim;
	struct err err;
	assert_int_equal(sim_create(&params, &err, &sim), 0);
	struct frame *first = NULL, *frame;
	struct sim_truth truth;
	struct truth_object before = {0};
	int r, frames = 0;
	while ((r = sim_step(sim, &err, &frame, &truth)) == FLOW_MORE) {
		if (!first && truth.frame.count == 1 && frames == 10) {
			first = frame;
			before = truth.objects[0];
			frames++;
			continue;
		}
		if (first && truth.frame.count == 1 && frames == 40) {
			const struct box a = before.full, b = truth.objects[0].full;
			float x1 = 1e9f, y1 = 1e9f, x2 = 0, y2 = 0;
			for (int y = 0; y < 180; y++)
				for (int x = 0; x < 320; x++) {
					if (first->plane[0][y * first->stride_bytes[0] + x] ==
						frame->plane[0][y * frame->stride_bytes[0] + x])
						continue;
					x1 = fminf(x1, (float)x);
					y1 = fminf(y1, (float)y);
					x2 = fmaxf(x2, (float)x + 1);
					y2 = fmaxf(y2, (float)y + 1);
				}
			/* Under a sun straight above the shadow stays below the body, but can be
			 * seen a little under its raised end. */
			assert_true(fabsf(x1 - fminf(a.x1, b.x1)) < 2 &&
				    fabsf(x2 - fmaxf(a.x2, b.x2)) < 2);
			assert_true(fabsf(y1 - fminf(a.y1, b.y1)) < 2 &&
				    y2 > fmaxf(a.y2, b.y2) - 2 && y2 < fmaxf(a.y2, b.y2) + 6);
		}
		frame_unref(&frame);
		frames++;
	}
	assert_int_equal(r, FLOW_END);
	assert_non_null(first);
	frame_unref(&first);
	sim_destroy(&sim);
	sim_params_finish(&params);
}

static int count_of(const struct sim *sim, const char *type, int id)
{
	int count = 0;
	for (int i = 0; i < sim_violation_count(sim); i++)
		count += strcmp(sim_violation(sim, i)->type, type) == 0 &&
			 sim_violation(sim, i)->id == id;
	return count;
}

static void the_truth_names_who_broke_which_rule(void **state)
{
	(void)state;
	struct sim_params params;
	struct sim *sim = make(&params);
	struct sim_truth truth;
	struct frame *frame;
	struct err err;
	while (sim_step(sim, &err, &frame, &truth) == FLOW_MORE)
		frame_unref(&frame);
	assert_int_equal(count_of(sim, "speed_violation", 0), 1);
	assert_int_equal(count_of(sim, "red_light", 0), 1);
	assert_int_equal(count_of(sim, "wrong_way", 3), 1);
	assert_int_equal(sim_violation_count(sim), 3);
	sim_destroy(&sim);
	sim_params_finish(&params);
}

static void the_builtin_world_is_read(void **state)
{
	(void)state;
	struct sim_params params;
	struct err err = {0};
	if (sim_params_builtin(&params, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(params.users.count >= 12);
	sim_params_finish(&params);
}

TEST_MAIN(cmocka_unit_test(two_runs_give_the_same_bytes),
	cmocka_unit_test(truth_agrees_with_itself), cmocka_unit_test(boxes_hold_what_is_drawn),
	cmocka_unit_test(the_truth_names_who_broke_which_rule),
	cmocka_unit_test(the_builtin_world_is_read))
