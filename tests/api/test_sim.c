/* The simulator as somebody else's program sees it. */
#include "test.h"

#include <errno.h>
#include <gantry/gantry.h>
#include <math.h>

#define STREET                                                                                     \
	"name: street\n"                                                                           \
	"duration_s: 12\n"                                                                         \
	"video: {width_px: 320, height_px: 180, fps: 10}\n"                                        \
	"camera: {position: [3, -8], height_m: 7, pitch_deg: 14, focal_px: 300}\n"                 \
	"roads: [{name: main, points: [[0, -20], [0, 160]], forward: 1, backward: 1}]\n"           \
	"users: [{kind: car, route: [main.f1], at_m: 30, at_s: 0, speed_kmh: 72}]\n"

static void start(const struct gantry_sim_config *config, struct gantry_sim **ret_sim)
{
	struct gantry_error error = {""};
	int r = gantry_sim_create(config, ret_sim, &error);
	if (r < 0)
		print_message("# %s\n", error.text);
	assert_int_equal(r, 0);
}

/* One car at a known speed along a known road: everything about it can be computed by hand. */
static void the_truth_is_that_of_the_world(void **state)
{
	struct gantry_sim_config config;
	struct gantry_sim *sim;
	const struct gantry_frame *frame;
	const struct gantry_sim_truth *truth;
	struct gantry_error error;
	double last_y = 0;
	int r, seen = 0;
	int64_t count = 0;
	(void)state;
	gantry_sim_config_init(&config);
	config.world_text = STREET;
	start(&config, &sim);
	assert_int_equal(gantry_sim_frame_count(sim), 120);
	for (; (r = gantry_sim_next(sim, &frame, &truth, &error)) == 1; count++) {
		assert_int_equal(frame->width_px, 320);
		assert_int_equal(frame->height_px, 180);
		assert_non_null(frame->data[2]);
		assert_int_equal(frame->media_time_us, count * 100000);
		assert_int_equal(truth->media_time_us, frame->media_time_us);
		assert_int_equal(truth->frame_number, count);
		if (truth->object_count == 0)
			continue;
		const struct gantry_sim_object *car = &truth->objects[0];
		assert_int_equal(truth->object_count, 1);
		assert_int_equal(car->id, 0);
		assert_string_equal(car->class_name, "car");
		assert_true(fabs(car->speed_mps - 20) < 0.5);
		assert_true(fabs(car->heading_rad - acos(0)) < 0.05);
		assert_true(car->bbox[0] < car->bbox[2] && car->bbox[1] < car->bbox[3]);
		assert_true(car->visible[0] >= 0 && car->visible[2] <= 320);
		assert_true(car->occlusion == 0);
		if (seen++ > 0)
			assert_true(fabs(car->ground_m[1] - last_y - 2) < 0.1);
		last_y = car->ground_m[1];
	}
	assert_int_equal(r, 0);
	assert_int_equal(count, 120);
	assert_true(seen > 30);
	/* Where nothing else is said, 50 km/h are allowed. */
	assert_int_equal(gantry_sim_violation_count(sim), 1);
	struct gantry_sim_violation v = gantry_sim_violation(sim, 0);
	assert_string_equal(v.violation_type, "speed_violation");
	assert_true(v.id == 0 && fabs(v.measured - 72) < 2 && v.limit == 50);
	gantry_sim_destroy(&sim);
	assert_null(sim);
	gantry_sim_destroy(&sim);
}

/* The same truth with and without pictures, and the same bytes in its file. */
static void without_pictures_it_is_the_same(void **state)
{
	char paths[2][64] = {"/tmp/gantry-sim-a-XXXXXX", "/tmp/gantry-sim-b-XXXXXX"};
	char command[256];
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct gantry_sim_config config;
		struct gantry_sim *sim;
		const struct gantry_frame *frame;
		gantry_sim_config_init(&config);
		close(mkstemp(paths[i]));
		config.world_text = STREET;
		config.pictures = i == 0;
		config.truth_path = paths[i];
		start(&config, &sim);
		while (gantry_sim_next(sim, &frame, NULL, NULL) == 1)
			assert_true((frame->data[0] != NULL) == config.pictures);
		gantry_sim_destroy(&sim);
	}
	snprintf(command, sizeof(command), "cmp '%s' '%s' && [ $(wc -l <'%s') -ge 121 ]", paths[0],
		paths[1], paths[0]);
	assert_int_equal(system(command), 0);
	unlink(paths[0]);
	unlink(paths[1]);
}

/* A random world: violations and counts are there at the end, in the order of time. */
static void a_random_world_has_its_verdicts(void **state)
{
	struct gantry_sim_config config;
	struct gantry_sim *sim;
	int64_t last_us = -1;
	int crossings = 0;
	(void)state;
	gantry_sim_config_init(&config);
	config.world = "random";
	config.seed = 7;
	config.pictures = false;
	start(&config, &sim);
	while (gantry_sim_next(sim, NULL, NULL, NULL) == 1)
		;
	assert_true(gantry_sim_violation_count(sim) > 0);
	for (int i = 0; i < gantry_sim_violation_count(sim); i++) {
		struct gantry_sim_violation v = gantry_sim_violation(sim, i);
		assert_true(v.media_time_us >= last_us && v.id >= 0 && v.violation_type[0]);
		last_us = v.media_time_us;
	}
	for (int i = 0; i < gantry_sim_count_count(sim); i++)
		crossings += gantry_sim_count(sim, i).count;
	assert_true(crossings > 0);
	gantry_sim_destroy(&sim);
}

/* The scene file is one that a pipeline takes. */
static void a_pipeline_takes_its_scene(void **state)
{
	char path[] = "/tmp/gantry-scene-XXXXXX";
	struct gantry_sim_config config;
	struct gantry_pipeline_config pipeline_config;
	struct gantry_pipeline *pipeline;
	struct gantry_pipeline_status status;
	struct gantry_error error;
	struct gantry_sim *sim;
	(void)state;
	close(mkstemp(path));
	gantry_sim_config_init(&config);
	config.world_text = STREET;
	start(&config, &sim);
	assert_int_equal(gantry_sim_write_scene(sim, path, &error), 0);
	assert_int_equal(gantry_sim_write_scene(sim, "/nowhere/scene.yaml", &error), -ENOENT);
	gantry_sim_destroy(&sim);
	gantry_pipeline_config_init(&pipeline_config);
	pipeline_config.scene_path = path;
	assert_int_equal(gantry_pipeline_create(&pipeline_config, &pipeline, &error), 0);
	gantry_pipeline_get_status(pipeline, &status);
	assert_true(status.components.calibrated);
	gantry_pipeline_destroy(&pipeline);
	unlink(path);
}

static void worlds_that_cannot_be(void **state)
{
	const struct {
		const char *world, *text;
		int seed, code;
		const char *said;
	} cases[] = {
		{"missing.yaml", NULL, -1, -ENOENT, "missing.yaml"},
		{NULL, "duration_s: -1\nfps: 3\n", -1, -EINVAL, "world:1"},
		{"builtin", NULL, -2, -EINVAL, "seed is -2"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gantry_sim_config config;
		struct gantry_sim *sim = NULL;
		struct gantry_error error = {""};
		gantry_sim_config_init(&config);
		config.world = cases[i].world;
		config.world_text = cases[i].text;
		config.seed = cases[i].seed;
		assert_int_equal(gantry_sim_create(&config, &sim, &error), cases[i].code);
		assert_non_null(strstr(error.text, cases[i].said));
		assert_null(sim);
	}
}

TEST_MAIN(cmocka_unit_test(the_truth_is_that_of_the_world),
	cmocka_unit_test(without_pictures_it_is_the_same),
	cmocka_unit_test(a_random_world_has_its_verdicts),
	cmocka_unit_test(a_pipeline_takes_its_scene), cmocka_unit_test(worlds_that_cannot_be))
