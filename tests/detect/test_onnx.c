/*
 * The onnx detector on models made here, which show what real ones do not: wrong shapes and types,
 * and boxes in exactly known places. Real models are scored by tests/eval/test_models.c.
 */
#include "test.h"

#include "detect/detector.h"
#include "detect/onnx.h"
#include "onnx_file.h"
#include "pixel/half.h"

#include <errno.h>
#include <math.h>

#define THREE_NAMES "{0: 'car', 1: 'truck', 2: 'Person'}"

static struct onnx_params params_of(const char *model)
{
	return (struct onnx_params){
		.model_path = model, .threshold = 0.1f, .nms_iou = 0.65f, .threads = 1};
}

/* Skips the test, aloud, where there is no ONNX Runtime. */
static int open_or_skip(const struct onnx_params *params, struct err *err, struct onnx **ret_onnx)
{
	int r = onnx_open(params, err, ret_onnx);
	if (r == -ENOTSUP) {
		print_message("# skipped: %s\n", err->text);
		skip();
	}
	return r;
}

/* An end-to-end network for pictures of 64x64 with these rows, three classes. */
static struct onnx_file end_to_end(const float (*rows)[6], int row_count)
{
	return (struct onnx_file){
		.input = {"images", ONNX_FLOAT, 4, {1, 3, 64, 64}},
		.outputs = {{"output0", ONNX_FLOAT, 3, {1, row_count, 6}, rows}},
		.output_count = 1,
		.names = THREE_NAMES,
	};
}

static struct frame *grey_frame(int width_px, int height_px)
{
	struct frame_pool *pool;
	assert_int_equal(frame_pool_create(width_px, height_px, 1, &pool), 0);
	struct frame *frame = frame_pool_get(pool);
	frame_pool_destroy(&pool);
	for (int p = 0; p < 3; p++)
		memset(frame_writable(frame, p), 128,
			(size_t)frame->stride_bytes[p] *
				(size_t)(p ? frame_chroma_height_px(frame) : frame->height_px));
	return frame;
}

static void test_refuses_models(void **state)
{
	(void)state;
	static const struct {
		struct onnx_file file;
		const char *says[3];
	} cases[] = {
		{{.input = {"x", ONNX_FLOAT, 4, {1, 3, 64, 64}},
			 .outputs = {{"y", ONNX_FLOAT, 3, {1, 25, 100}}},
			 .output_count = 1},
			{"not a layout", "y [1,25,100]", "YOLOX"}},
		{{.input = {"x", ONNX_UINT8, 4, {1, 3, 64, 64}},
			 .outputs = {{"y", ONNX_FLOAT, 3, {1, 300, 6}}},
			 .output_count = 1},
			{"uint8", "float", "x"}},
		{{.input = {"x", ONNX_FLOAT, 4, {1, 64, 64, 3}},
			 .outputs = {{"y", ONNX_FLOAT, 3, {1, 300, 6}}},
			 .output_count = 1},
			{"[1,64,64,3]", "[1,3,height,width]", "input"}},
		{{.input = {"x", ONNX_FLOAT, 4, {8, 3, 64, 64}},
			 .outputs = {{"y", ONNX_FLOAT, 3, {8, 300, 6}}},
			 .output_count = 1},
			{"batch of 8", "batch of 1", "x"}},
		{{.input = {"x", ONNX_FLOAT, 4, {1, 3, 64, 64}},
			 .outputs = {{"y", ONNX_INT32, 3, {1, 300, 6}}},
			 .output_count = 1},
			{"output y is int32", "float", ""}},
		{{.input = {"x", ONNX_FLOAT, 4, {1, 3, 96, 96}},
			 .outputs = {{"y", ONNX_FLOAT, 3, {1, 84, 189}}},
			 .output_count = 1,
			 .names = THREE_NAMES},
			{"has 80 classes (YOLOv8)", "its own note names 3", ""}},
		{{.input = {"x", ONNX_FLOAT, 4, {1, 3, 64, 64}},
			 .outputs = {{"y", ONNX_FLOAT, 3, {1, 7, 84}}},
			 .output_count = 1},
			{"has 3 classes and does not name them", "labels_path", ""}},
		{{.input = {"x", ONNX_FLOAT, 4, {1, 3, 64, 64}},
			 .outputs = {{"y", ONNX_FLOAT, 3, {1, 7, 84}}},
			 .output_count = 1,
			 .names = "car, truck, bus"},
			{"class names", "{0: 'car'", ""}},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err;
		struct onnx *onnx = NULL;
		const char *path = onnx_write(&cases[i].file);
		struct onnx_params params = params_of(path);
		int r = open_or_skip(&params, &err, &onnx);
		unlink(path);
		assert_int_equal(r, -EINVAL);
		assert_null(onnx);
		assert_null(strchr(err.text, '\n'));
		assert_non_null(strstr(err.text, "gantry-model-"));
		for (int k = 0; k < 3; k++)
			if (!strstr(err.text, cases[i].says[k]))
				fail_msg("\"%s\" is not in: %s", cases[i].says[k], err.text);
	}
}

static void test_refuses_files(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		int code;
		const char *says;
	} cases[] = {
		{"/nonexistent/model.onnx", -ENOENT, "cannot be opened"},
		{"/tmp", -EISDIR, "folder"},
		{"/proc/self/exe", -EINVAL, "not an ONNX model"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err;
		struct onnx *onnx = NULL;
		struct onnx_params params = params_of(cases[i].path);
		assert_int_equal(open_or_skip(&params, &err, &onnx), cases[i].code);
		if (!strstr(err.text, cases[i].says) || !strstr(err.text, cases[i].path))
			fail_msg("%s", err.text);
	}
}

static void test_missing_runtime(void **state)
{
	(void)state;
	struct err err;
	struct onnx *onnx = NULL;
	struct onnx_params params = params_of("/proc/self/exe");
	params.onnxruntime_path = "/nonexistent/libonnxruntime.so";
	assert_int_equal(onnx_open(&params, &err, &onnx), -ENOTSUP);
	assert_non_null(strstr(err.text, "ONNX Runtime"));
	params.onnxruntime_path = "libm.so.6";
	assert_int_equal(onnx_open(&params, &err, &onnx), -ENOTSUP);
	assert_non_null(strstr(err.text, "ONNX Runtime"));
}

static void test_labels_that_do_not_fit(void **state)
{
	(void)state;
	char labels[] = "/tmp/gantry-labels-XXXXXX";
	int fd = mkstemp(labels);
	assert_int_equal(write(fd, "car\nbus\n", 8), 8);
	close(fd);
	const struct onnx_file file = {
		.input = {"x", ONNX_FLOAT, 4, {1, 3, 64, 64}},
		.outputs = {{"y", ONNX_FLOAT, 3, {1, 7, 84}}},
		.output_count = 1,
		.names = THREE_NAMES,
	};
	const char *path = onnx_write(&file);
	struct onnx_params params = params_of(path);
	params.labels_path = labels;
	struct err err;
	struct onnx *onnx = NULL;
	int r = open_or_skip(&params, &err, &onnx);
	unlink(path);
	unlink(labels);
	assert_int_equal(r, -EINVAL);
	assert_non_null(strstr(err.text, "has 3 classes"));
	assert_non_null(strstr(err.text, "labels file names 2"));
}

/* Boxes of a 64x64 tensor land where they belong in a frame of 200x100: 3.125 times, 50 px up. */
static void test_boxes_in_the_frame(void **state)
{
	(void)state;
	static const float rows[][6] = {
		{0, 16, 64, 48, 0.9f, 0}, {32, 32, 48, 40, 0.8f, 2}, {0, 0, 1, 1, 0.05f, 0}};
	const struct onnx_file file = end_to_end(rows, 3);
	const char *path = onnx_write(&file);
	struct onnx_params params = params_of(path);
	struct err err;
	struct onnx *onnx;
	int r = open_or_skip(&params, &err, &onnx);
	unlink(path);
	assert_int_equal(r, 0);
	assert_int_equal(onnx_class_count(onnx), 3);
	assert_string_equal(onnx_class_name(onnx, 1), "truck");
	assert_non_null(strstr(onnx_description(onnx), "64x64"));

	struct frame *frame = grey_frame(200, 100);
	struct candidates *found;
	assert_int_equal(onnx_run(onnx, frame, &err, &found), 0);
	assert_int_equal(found->count, 2);
	const struct box whole = found->items[0].box, part = found->items[1].box;
	assert_true(fabsf(whole.x1) < 1e-3f && fabsf(whole.y1) < 1e-3f);
	assert_true(fabsf(whole.x2 - 200) < 1e-3f && fabsf(whole.y2 - 100) < 1e-3f);
	assert_true(fabsf(part.x1 - 100) < 1e-3f && fabsf(part.y1 - 50) < 1e-3f);
	assert_true(fabsf(part.x2 - 150) < 1e-3f && fabsf(part.y2 - 75) < 1e-3f);
	frame_unref(&frame);
	onnx_close(&onnx);
}

/* Half precision in and out. */
static void test_half(void **state)
{
	(void)state;
	static const float rows[][6] = {{8, 16, 24, 48, 0.75f, 1}};
	uint16_t halves[6];
	for (int i = 0; i < 6; i++)
		halves[i] = half_from_float(rows[0][i]);
	struct onnx_file file = end_to_end(NULL, 1);
	file.input.type = file.outputs[0].type = ONNX_HALF;
	file.outputs[0].values = halves;
	const char *path = onnx_write(&file);
	struct onnx_params params = params_of(path);
	struct err err;
	struct onnx *onnx;
	int r = open_or_skip(&params, &err, &onnx);
	unlink(path);
	assert_int_equal(r, 0);
	struct frame *frame = grey_frame(64, 64);
	struct candidates *found;
	assert_int_equal(onnx_run(onnx, frame, &err, &found), 0);
	assert_int_equal(found->count, 1);
	assert_int_equal(found->items[0].class_id, 1);
	assert_true(found->items[0].score_ratio == 0.75f);
	assert_true(found->items[0].box.x1 == 8 && found->items[0].box.y2 == 48);
	frame_unref(&frame);
	onnx_close(&onnx);
}

static int create_detector(const struct onnx_file *file, struct err *err, struct detector **ret)
{
	const char *path = onnx_write(file);
	char copy[64];
	snprintf(copy, sizeof(copy), "%s", path);
	struct detector_params params;
	options_defaults(&detector_options, &params);
	params.detection_model_path = copy;
	params.confidence_threshold = 0.5;
	int r = detector_create(&params, err, ret);
	unlink(path);
	if (r == -ENOTSUP) {
		print_message("# skipped: %s\n", err->text);
		skip();
	}
	return r;
}

/*
 * Of the classes only the road users come through; one vehicle seen as a car and as a truck is one
 * detection; weak ones come too, for whoever follows known tracks.
 */
static void test_road_users(void **state)
{
	(void)state;
	static const float rows[][6] = {
		{0, 0, 32, 32, 0.9f, 0}, /* car */
		{0, 0, 32, 31, 0.8f, 1}, /* the same as a truck */
		{0, 0, 32, 31, 0.7f, 2}, /* a person in the same place */
		{40, 40, 60, 60, 0.6f, 3}, /* a bird */
		{40, 40, 60, 60, 0.2f, 1}, /* weak */
		{10, 40, 20, 60, 0.05f, 0}, /* too weak */
	};
	struct onnx_file file = end_to_end(rows, 6);
	file.names = "{0: 'car', 1: 'truck', 2: 'Person', 3: 'bird'}";
	struct err err;
	struct detector *detector;
	assert_int_equal(create_detector(&file, &err, &detector), 0);
	assert_int_equal(strncmp(detector_description(detector), "onnx: gantry-model-", 19), 0);

	struct frame *frame = grey_frame(64, 64);
	frame->media = (struct media){1234};
	frame->sequence = 7;
	struct detections *d = malloc(sizeof(*d));
	assert_int_equal(detector_detect(detector, frame, d, &err), 0);
	assert_int_equal(d->count, 3);
	assert_int_equal(d->items[0].road_user, ROAD_USER_CAR);
	assert_int_equal(d->items[1].road_user, ROAD_USER_PERSON);
	assert_int_equal(d->items[2].road_user, ROAD_USER_TRUCK);
	assert_true(d->items[2].confidence_ratio == 0.2f);
	assert_int_equal(d->items[0].truth_id, -1);
	assert_int_equal(d->media.us, 1234);
	assert_int_equal(d->sequence, 7);
	free(d);
	frame_unref(&frame);
	detector_destroy(&detector);
}

static void test_no_road_users(void **state)
{
	(void)state;
	struct onnx_file file = end_to_end(NULL, 1);
	file.names = "{0: 'bird', 1: 'cat'}";
	struct err err;
	struct detector *detector = NULL;
	assert_int_equal(create_detector(&file, &err, &detector), -EINVAL);
	assert_non_null(strstr(err.text, "'bird'"));
	assert_null(detector);
}

/* An open size follows the frame: 640 on the longer side, multiples of 32, smallest that holds it.
 */
static void test_open_size(void **state)
{
	(void)state;
	struct onnx_params params = params_of(test_data("models/yolov8n_dynamic_int8.onnx"));
	struct err err;
	struct onnx *onnx;
	assert_int_equal(open_or_skip(&params, &err, &onnx), 0);
	struct candidates *found;
	static const int sizes[][2] = {{640, 360}, {360, 640}, {1280, 720}};
	for (int i = 0; i < 3; i++) {
		struct frame *frame = grey_frame(sizes[i][0], sizes[i][1]);
		assert_int_equal(onnx_run(onnx, frame, &err, &found), 0);
		frame_unref(&frame);
	}
	assert_non_null(strstr(onnx_description(onnx), "open size, 640"));
	onnx_close(&onnx);
}

/*
 * A square that the file fixes is cut to the frame where the network can do with less. More shapes
 * than are kept ready come in turn, and what is found in one is what was found in it before.
 */
static void test_fixed_size_follows_the_frame(void **state)
{
	(void)state;
	struct onnx_params params = params_of(test_data("models/yolox_nano_416.onnx"));
	params.threshold = 1e-7f;
	struct err err;
	struct onnx *onnx;
	assert_int_equal(open_or_skip(&params, &err, &onnx), 0);
	assert_non_null(strstr(onnx_description(onnx), "up to 416x416"));
	static const int sizes[][2] = {
		{640, 360}, {360, 640}, {640, 480}, {480, 640}, {400, 400}, {640, 120}};
	enum { COUNT = sizeof(sizes) / sizeof(sizes[0]) };
	struct candidate strongest[COUNT];
	for (int i = 0; i < 2 * COUNT; i++) {
		struct frame *frame = grey_frame(sizes[i % COUNT][0], sizes[i % COUNT][1]);
		struct candidates *found;
		assert_int_equal(onnx_run(onnx, frame, &err, &found), 0);
		frame_unref(&frame);
		assert_true(found->count > 0);
		if (i < COUNT)
			strongest[i] = found->items[0];
		else
			assert_memory_equal(
				&strongest[i % COUNT], &found->items[0], sizeof(strongest[0]));
	}
	onnx_close(&onnx);
}

/* One whose anchors are among its constants stays what it is. */
static void test_fixed_size_stays(void **state)
{
	(void)state;
	struct onnx_params params = params_of(test_data("models/yolov8n_320_int8.onnx"));
	struct err err;
	struct onnx *onnx;
	assert_int_equal(open_or_skip(&params, &err, &onnx), 0);
	assert_non_null(strstr(onnx_description(onnx), "320x320"));
	assert_null(strstr(onnx_description(onnx), "up to"));
	struct frame *frame = grey_frame(640, 360);
	struct candidates *found;
	assert_int_equal(onnx_run(onnx, frame, &err, &found), 0);
	frame_unref(&frame);
	onnx_close(&onnx);
}

TEST_MAIN(cmocka_unit_test(test_refuses_models), cmocka_unit_test(test_refuses_files),
	cmocka_unit_test(test_missing_runtime), cmocka_unit_test(test_labels_that_do_not_fit),
	cmocka_unit_test(test_boxes_in_the_frame), cmocka_unit_test(test_half),
	cmocka_unit_test(test_road_users), cmocka_unit_test(test_no_road_users),
	cmocka_unit_test(test_open_size), cmocka_unit_test(test_fixed_size_follows_the_frame),
	cmocka_unit_test(test_fixed_size_stays))
