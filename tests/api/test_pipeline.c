/* The library as somebody else's program sees it: public headers, shared library. */
#include "test.h"

#include <gantry/gantry.h>
#include <math.h>

enum { WIDTH = 640, HEIGHT = 360, ROW = 3 * WIDTH, FRAMES = 100, STEP_US = 40000 };

struct picture {
	uint8_t bgr[HEIGHT * ROW], rgb[HEIGHT * ROW];
	uint8_t y[HEIGHT * WIDTH], uv[HEIGHT / 2 * WIDTH], u[HEIGHT / 2 * WIDTH / 2],
		v[HEIGHT / 2 * WIDTH / 2];
};

static uint32_t noise_state;

static int noise(void)
{
	noise_state = noise_state * 1664525u + 1013904223u;
	return (int)(noise_state >> 30);
}

/* A grey road on which one light vehicle with dark windows drives down, 3 px a frame. */
static void paint(struct picture *p, int index)
{
	int top = 20 + 3 * index;
	noise_state = 7u + (uint32_t)index;
	for (int r = 0; r < HEIGHT; r++)
		for (int c = 0; c < WIDTH; c++) {
			bool vehicle =
				index > 40 && r >= top && r < top + 50 && c >= 300 && c < 360;
			int body = (r - top) / 6 % 2 ? 160 : 220;
			int grey = (vehicle ? body : 90) + noise();
			memset(&p->bgr[r * ROW + 3 * c], grey, 3);
			memset(&p->rgb[r * ROW + 3 * c], grey, 3);
			p->y[r * WIDTH + c] = (uint8_t)(16 + (grey * 219 + 127) / 255);
		}
	memset(p->uv, 128, sizeof(p->uv));
	memset(p->u, 128, sizeof(p->u));
	memset(p->v, 128, sizeof(p->v));
}

static struct gantry_frame as(const struct picture *p, enum gantry_pixel_format format, int index)
{
	struct gantry_frame f = {
		.format = format,
		.width_px = WIDTH,
		.height_px = HEIGHT,
		.media_time_us = INT64_C(1) * index * STEP_US,
		.wall_time_us = INT64_C(1700000000000000) + INT64_C(1) * index * STEP_US,
	};
	switch (format) {
	case GANTRY_PIXEL_BGR24:
	case GANTRY_PIXEL_RGB24:
		f.data[0] = format == GANTRY_PIXEL_BGR24 ? p->bgr : p->rgb;
		f.stride_bytes[0] = ROW;
		break;
	case GANTRY_PIXEL_NV12:
		f.data[0] = p->y;
		f.data[1] = p->uv;
		f.stride_bytes[0] = f.stride_bytes[1] = WIDTH;
		break;
	case GANTRY_PIXEL_YUV420P:
		f.data[0] = p->y;
		f.data[1] = p->u;
		f.data[2] = p->v;
		f.stride_bytes[0] = WIDTH;
		f.stride_bytes[1] = f.stride_bytes[2] = WIDTH / 2;
		break;
	}
	return f;
}

static struct gantry_pipeline *create(const char *scene_text)
{
	struct gantry_pipeline_config config;
	struct gantry_error error = {{0}};
	struct gantry_pipeline *pipeline = NULL;
	gantry_pipeline_config_init(&config);
	config.scene_text = scene_text;
	config.device_id = "test";
	int r = gantry_pipeline_create(&config, &pipeline, &error);
	if (r < 0)
		print_error("%s\n", error.text);
	assert_int_equal(r, 0);
	return pipeline;
}

/* Drives the vehicle through; the last box of its one track goes to `bbox`. */
static void drive(enum gantry_pixel_format format, float bbox[4])
{
	static struct picture picture;
	struct gantry_pipeline *pipeline = create(NULL);
	struct gantry_result result;
	uint32_t id = 0;
	for (int i = 0; i < FRAMES; i++) {
		paint(&picture, i);
		struct gantry_frame frame = as(&picture, format, i);
		assert_int_equal(gantry_pipeline_process_frame(pipeline, &frame, &result), 0);
		assert_true(result.success);
		for (int k = 0; k < result.tracked_vehicle_count; k++) {
			const struct gantry_tracked_vehicle *v = &result.tracked_vehicles[k];
			assert_true(id == 0 || id == v->track_id);
			id = v->track_id;
			memcpy(bbox, v->bbox, sizeof(v->bbox));
			assert_string_equal(v->speed_status, "uncalibrated");
			assert_true(isnan(v->speed_kmh) && isnan(v->speed_uncertainty_kmh));
			assert_in_range(v->trajectory_count, 1, GANTRY_TRAJECTORY_MAX);
		}
	}
	assert_true(id != 0);
	struct gantry_pipeline_status status;
	gantry_pipeline_get_status(pipeline, &status);
	assert_int_equal(status.metrics.frames_processed, FRAMES);
	assert_true(fabs(status.metrics.fps - 25) < 1e-6);
	assert_string_equal(status.device_id, "test");
	gantry_pipeline_destroy(&pipeline);
	assert_null(pipeline);
}

static void every_pixel_format_gives_the_same_track(void **state)
{
	(void)state;
	const enum gantry_pixel_format formats[] = {
		GANTRY_PIXEL_YUV420P, GANTRY_PIXEL_NV12, GANTRY_PIXEL_BGR24, GANTRY_PIXEL_RGB24};
	int top = 20 + 3 * (FRAMES - 1);
	for (int i = 0; i < 4; i++) {
		float bbox[4] = {0};
		drive(formats[i], bbox);
		assert_true(fabsf(bbox[0] - 300) < 6 && fabsf(bbox[2] - 360) < 6);
		assert_true(fabsf(bbox[1] - (float)top) < 8);
		assert_true(fabsf(bbox[3] - fminf((float)top + 50, HEIGHT)) < 8);
	}
}

static void refuse(
	struct gantry_pipeline *pipeline, const struct gantry_frame *frame, const char *because)
{
	struct gantry_result result;
	assert_true(gantry_pipeline_process_frame(pipeline, frame, &result) < 0);
	assert_false(result.success);
	if (!strstr(gantry_pipeline_error(pipeline), because))
		fail_msg("expected '%s' in '%s'", because, gantry_pipeline_error(pipeline));
}

static void malformed_frames_are_refused_and_the_next_goes_on(void **state)
{
	(void)state;
	static struct picture picture;
	struct gantry_pipeline *pipeline = create(NULL);
	struct gantry_result result;
	paint(&picture, 0);
	struct gantry_frame good = as(&picture, GANTRY_PIXEL_YUV420P, 5), bad;
	assert_int_equal(gantry_pipeline_process_frame(pipeline, &good, &result), 0);

	bad = as(&picture, GANTRY_PIXEL_YUV420P, 5);
	refuse(pipeline, &bad, "media time");
	bad = as(&picture, GANTRY_PIXEL_YUV420P, 6);
	bad.data[2] = NULL;
	refuse(pipeline, &bad, "data[2] is NULL");
	bad = as(&picture, GANTRY_PIXEL_YUV420P, 6);
	bad.stride_bytes[1] = WIDTH / 2 - 1;
	refuse(pipeline, &bad, "stride_bytes[1]");
	bad = as(&picture, GANTRY_PIXEL_YUV420P, 6);
	bad.height_px = HEIGHT / 2;
	refuse(pipeline, &bad, "the ones before had");
	bad.width_px = -1;
	refuse(pipeline, &bad, "outside 1 to");
	bad = as(&picture, GANTRY_PIXEL_YUV420P, 6);
	bad.format = (enum gantry_pixel_format)77;
	refuse(pipeline, &bad, "pixel format 77");

	gantry_pipeline_stop(pipeline);
	good = as(&picture, GANTRY_PIXEL_YUV420P, 7);
	refuse(pipeline, &good, "stopped");
	assert_false(gantry_pipeline_is_running(pipeline));
	assert_int_equal(gantry_pipeline_start(pipeline), 0);
	assert_int_equal(gantry_pipeline_process_frame(pipeline, &good, &result), 0);
	assert_string_equal(gantry_pipeline_error(pipeline), "");
	assert_int_equal(gantry_pipeline_frame_counter(pipeline), 2);
	gantry_pipeline_destroy(&pipeline);
}

static void refuse_config(const struct gantry_pipeline_config *config, const char *because)
{
	struct gantry_error error = {{0}};
	struct gantry_pipeline *pipeline = NULL;
	assert_true(gantry_pipeline_create(config, &pipeline, &error) < 0);
	assert_null(pipeline);
	if (!strstr(error.text, because))
		fail_msg("expected '%s' in '%s'", because, error.text);
}

static void wrong_configurations_say_what_and_where(void **state)
{
	(void)state;
	struct gantry_pipeline_config config;
	gantry_pipeline_config_init(&config);
	config.confidence_threshold = 1.5;
	refuse_config(&config, "confidence_threshold");
	gantry_pipeline_config_init(&config);
	config.scene_path = "/nonexistent/scene.yaml";
	refuse_config(&config, "/nonexistent/scene.yaml");
	gantry_pipeline_config_init(&config);
	config.scene_text = "trakcer: {}\nrules: 7\n";
	refuse_config(&config, "did you mean 'tracker'");
	refuse_config(&config, "1 more");
	gantry_pipeline_config_init(&config);
	config.detection_model_path = "/nonexistent/model.onnx";
	refuse_config(&config, "/nonexistent/model.onnx");
}

TEST_MAIN(cmocka_unit_test(every_pixel_format_gives_the_same_track),
	cmocka_unit_test(malformed_frames_are_refused_and_the_next_goes_on),
	cmocka_unit_test(wrong_configurations_say_what_and_where))
