/*
 * No stage allocates per frame after warm-up. The linker sends every allocation of our own objects
 * (--wrap) through the counters here; outside libraries keep their own.
 */
#include "pipeline/pipeline.h"
#include "test.h"

#include <malloc.h>

static _Atomic long allocation_count;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

void *__wrap_malloc(size_t size)
{
	allocation_count++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	allocation_count++;
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	allocation_count++;
	return __real_realloc(old, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	allocation_count++;
	return __real_aligned_alloc(alignment, size);
}

static const char scene_text[] = "image: {width_px: 640, height_px: 360}\n"
				 "calibration:\n"
				 "  points:\n"
				 "    - {image: [100, 350], road: [0, 0]}\n"
				 "    - {image: [540, 350], road: [10, 0]}\n"
				 "    - {image: [420, 100], road: [10, 60]}\n"
				 "    - {image: [220, 100], road: [0, 60]}\n"
				 "lines:\n"
				 "  - {name: gate, points: [[100, 200], [540, 200]]}\n"
				 "rules:\n"
				 "  - {kind: speed_violation, limit_kmh: 30}\n";

enum { WIDTH = 640, HEIGHT = 360, VEHICLES = 3 };

/* Grey road with a little noise and bright boxes that drive down the picture for ever. */
static void paint(struct frame *f, int index)
{
	uint32_t noise = 12345u + (uint32_t)index * 977u;
	uint8_t *y = frame_writable(f, 0);
	for (int r = 0; r < HEIGHT; r++)
		for (int c = 0; c < WIDTH; c++) {
			noise = noise * 1664525u + 1013904223u;
			y[r * f->stride_bytes[0] + c] = (uint8_t)(90 + (noise >> 30));
		}
	for (int p = 1; p < 3; p++)
		memset(frame_writable(f, p), 128,
			(size_t)f->stride_bytes[p] * (size_t)frame_chroma_height_px(f));
	for (int v = 0; v < VEHICLES; v++) {
		int top = (index * 4 + v * 130) % HEIGHT, left = 150 + 120 * v;
		for (int r = top; r < top + 40 && r < HEIGHT; r++)
			memset(y + r * f->stride_bytes[0] + left, 200, 50);
	}
}

static void run(struct scene *scene)
{
	struct err err = {0};
	struct pipeline *pipeline;
	struct frame_pool *pool;
	const struct pipeline_result *result;
	long after_warm_up = 0;
	int seen = 0;
	assert_int_equal(frame_pool_create(WIDTH, HEIGHT, 2, &pool), 0);
	assert_int_equal(pipeline_create(scene, WIDTH, HEIGHT, &err, NULL, &pipeline), 0);
	for (int i = 0; i < 400; i++) {
		struct frame *frame = frame_pool_get(pool);
		assert_non_null(frame);
		frame->media.us = i * INT64_C(40000);
		frame->sequence = i;
		paint(frame, i);
		if (i == 200)
			after_warm_up = allocation_count;
		assert_int_equal(pipeline_step(pipeline, frame, &err, &result), 0);
		seen += result->detections.count;
		frame_unref(&frame);
	}
	assert_int_equal(allocation_count - after_warm_up, 0);
	assert_true(after_warm_up > 0); /* the counters do count */
	assert_true(seen > 0 || scene->pipeline.detection_model_path);
	pipeline_destroy(&pipeline);
	frame_pool_destroy(&pool);
}

static void load(struct scene *scene)
{
	struct problems problems = {.file = "test"};
	scene_defaults(scene);
	assert_int_equal(scene_parse(scene_text, sizeof(scene_text) - 1, scene, &problems), 0);
	problems_finish(&problems);
}

static void motion_allocates_nothing_per_frame(void **state)
{
	(void)state;
	struct scene scene;
	load(&scene);
	run(&scene);
	scene_free(&scene);
}

static void onnx_allocates_nothing_per_frame(void **state)
{
	(void)state;
	struct scene scene;
	struct err err;
	const char *model = test_data("models/yolox_nano_416.onnx");
	if (access(getenv("GANTRY_ONNXRUNTIME"), R_OK) != 0) {
		print_message("skipped: no ONNX Runtime\n");
		skip();
	}
	load(&scene);
	assert_int_equal(scene_set(&scene, "pipeline.detection_model_path", model, &err), 0);
	run(&scene);
	scene_free(&scene);
}

TEST_MAIN(cmocka_unit_test(motion_allocates_nothing_per_frame),
	cmocka_unit_test(onnx_allocates_nothing_per_frame))
