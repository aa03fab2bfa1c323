#include "small_world.h"
#include "test.h"
#include <gantry/gantry.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

/* Generous: nothing here is about speed. */
#define SOON_S 60

struct fixture {
	char dir[64], source[96];
	struct gantry_stream_processor *processor;
	struct gantry_stream_config stream;
	/* Told by the cameras' threads. */
	_Atomic int north_count, south_count, wrong_count;
};

static void on_result(void *opaque, const char *id, const struct gantry_frame *frame,
	const struct gantry_result *result)
{
	struct fixture *f = opaque;
	if (!frame)
		return;
	f->wrong_count += frame->width_px != 160 || !result->success ||
			  result->media_time_us != frame->media_time_us;
	if (strcmp(id, "north") == 0)
		f->north_count++;
	else
		f->south_count++;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct gantry_stream_processor_config config;
	struct gantry_error error;
	snprintf(f->dir, sizeof(f->dir), "/tmp/gantry-processor-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->source, sizeof(f->source), "sim:%s/world.yaml", f->dir);
	FILE *file = fopen(f->source + 4, "w");
	assert_non_null(file);
	fputs(small_world, file);
	fclose(file);
	gantry_stream_config_init(&f->stream);
	f->stream.loop = f->stream.paced = true;
	gantry_stream_processor_config_init(&config);
	assert_true(config.max_hz == 10 && config.min_hz == 2 && config.motion_gate);
	config.on_result = on_result;
	config.opaque = f;
	config.motion_gate = false;
	if (gantry_stream_processor_create(&config, &f->processor, &error) < 0)
		fail_msg("%s", error.text);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char command[128];
	gantry_stream_processor_destroy(&f->processor);
	snprintf(command, sizeof(command), "rm -rf '%s'", f->dir);
	int r = system(command);
	free(f);
	return r;
}

static void add(struct fixture *f, const char *id, const struct gantry_pipeline_config *pipeline)
{
	struct gantry_error error;
	if (gantry_stream_processor_add_camera_stream(
		    f->processor, id, f->source, &f->stream, pipeline, &error) < 0)
		fail_msg("%s", error.text);
}

static struct gantry_processing_statistics statistics(struct fixture *f, const char *id)
{
	struct gantry_processing_statistics s;
	assert_int_equal(gantry_stream_processor_get_statistics(f->processor, id, &s), 0);
	return s;
}

/* A frame may be on its way from one thread to another. */
static void every_frame_is_accounted_for(struct fixture *f, const char *id)
{
	time_t end = time(NULL) + SOON_S;
	while (statistics(f, id).unaccounted != 0) {
		assert_true(time(NULL) < end);
		usleep(1000);
	}
}

static void wait_for(_Atomic int *count, int at_least)
{
	time_t end = time(NULL) + SOON_S;
	while (*count < at_least && time(NULL) < end)
		usleep(10000);
	assert_true(*count >= at_least);
}

static void every_camera_is_analysed_until_it_goes(void **state)
{
	struct fixture *f = *state;
	struct gantry_error error;
	struct gantry_aggregated_metrics sum;
	add(f, "north", NULL);
	add(f, "south", NULL);
	wait_for(&f->north_count, 20);
	wait_for(&f->south_count, 20);
	struct gantry_processing_statistics s = statistics(f, "south");
	every_frame_is_accounted_for(f, "south");
	assert_int_equal(s.stream.state, GANTRY_STREAM_LIVE);
	assert_true(s.frames_looked_at >= 20); /* motion is detected in every frame */
	assert_true(s.frames_predicted == 0 && s.look_rate_hz == 0);
	assert_true(s.latency_p99_ms >= s.latency_p50_ms);
	gantry_stream_processor_get_aggregated_metrics(f->processor, &sum);
	assert_int_equal(sum.total_streams, 2);
	assert_int_equal(sum.active_streams, 2);
	assert_true(sum.total_frames >= 40 && sum.total_looks == sum.total_frames);
	assert_int_equal(
		gantry_stream_processor_remove_camera_stream(f->processor, "north", &error), 0);
	int north = f->north_count, south = f->south_count;
	wait_for(&f->south_count, south + 10);
	assert_int_equal(f->north_count, north);
	assert_int_equal(f->wrong_count, 0);
	assert_int_equal(
		gantry_stream_processor_remove_camera_stream(f->processor, "north", &error),
		-ENOENT);
	assert_int_equal(
		gantry_stream_processor_get_statistics(f->processor, "north", &s), -ENOENT);
}

static void what_is_wrong_is_said(void **state)
{
	struct fixture *f = *state;
	struct gantry_error error;
	struct gantry_pipeline_config pipeline;
	struct gantry_stream_processor *other;
	struct gantry_stream_processor_config config;
	gantry_pipeline_config_init(&pipeline);
	add(f, "north", NULL);
	assert_int_equal(gantry_stream_processor_add_camera_stream(
				 f->processor, "north", f->source, &f->stream, NULL, &error),
		-EEXIST);
	assert_int_equal(gantry_stream_processor_add_camera_stream(
				 f->processor, "", f->source, NULL, NULL, &error),
		-EINVAL);
	assert_int_equal(gantry_stream_processor_add_camera_stream(
				 f->processor, "east", "gopher://x", NULL, NULL, &error),
		-EPROTONOSUPPORT);
	pipeline.scene_text = "rules: 7\n";
	assert_int_equal(gantry_stream_processor_add_camera_stream(
				 f->processor, "east", f->source, &f->stream, &pipeline, &error),
		-EINVAL);
	f->stream.buffer_size = 1;
	assert_int_equal(gantry_stream_processor_add_camera_stream(
				 f->processor, "east", f->source, &f->stream, NULL, &error),
		-EINVAL);
	assert_non_null(strstr(error.text, "buffer_size"));
	gantry_stream_processor_config_init(&config);
	config.min_hz = 11;
	assert_int_equal(gantry_stream_processor_create(&config, &other, &error), -EINVAL);
}

/* Sanitizers do not go with ONNX Runtime's own threads; there is none here where it is absent. */
static void one_network_looks_for_all(void **state)
{
	struct fixture *f = *state;
	struct gantry_error error;
	struct gantry_pipeline_config pipeline;
	struct gantry_processing_statistics s;
	gantry_pipeline_config_init(&pipeline);
	pipeline.detection_model_path = test_data("models/yolox_nano_416.onnx");
	if (gantry_stream_processor_add_camera_stream(
		    f->processor, "north", f->source, &f->stream, &pipeline, &error) < 0) {
		print_message("# skipped: %s\n", error.text);
		skip();
	}
	add(f, "south", &pipeline);
	wait_for(&f->north_count, 30);
	wait_for(&f->south_count, 30);
	s = statistics(f, "north");
	assert_true(s.frames_looked_at > 0 && s.look_rate_hz >= 2);
	assert_true(s.look_ms > 0 && s.analyse_ms > 0);
	every_frame_is_accounted_for(f, "north");
	/* Shedding shows: each frame that was offered and gave way is counted, and predicted. */
	assert_true(s.frames_predicted >= s.looks_replaced);
	assert_int_equal(s.looks_failed, 0);
	assert_int_equal(f->wrong_count, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
TEST_MAIN(CASE(every_camera_is_analysed_until_it_goes), CASE(what_is_wrong_is_said),
	CASE(one_network_looks_for_all))
