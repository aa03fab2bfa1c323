/* A model's size left open: which bytes change, which stay, and what makes no sense. */
#include "test.h"

#include "detect/model_size.h"
#include "onnx_file.h"

#include <errno.h>

/* A value of four dimensions, the last two with a name or a number each; NULL: no shape at all. */
struct value {
	const char *name;
	bool shaped;
	int64_t channels, height, width;
	const char *height_name, *width_name;
};

static void put_dim(struct bytes *shape, int64_t value, const char *name)
{
	struct bytes dim = {0};
	if (name)
		put_text(&dim, 2, name);
	else
		put_int(&dim, 1, value);
	put_message(shape, 1, dim);
}

static struct bytes value_info(const struct value *v)
{
	struct bytes shape = {0}, tensor = {0}, type = {0}, info = {0};
	put_int(&tensor, 1, ONNX_FLOAT);
	if (v->shaped) {
		put_dim(&shape, 1, NULL);
		put_dim(&shape, v->channels, NULL);
		put_dim(&shape, v->height, v->height_name);
		put_dim(&shape, v->width, v->width_name);
		put_message(&tensor, 2, shape);
	}
	put_message(&type, 1, tensor);
	put_text(&type, 6, "denotation");
	put_text(&info, 1, v->name);
	put_message(&info, 2, type);
	put_text(&info, 3, "a note");
	return info;
}

/* A model with that picture, weights among the inputs, as old files have them, and one output. */
static struct bytes model(const struct value *picture, const struct value *output, bool between)
{
	const struct value weights = {"weights", true, 3, 3, 3, NULL, NULL};
	struct bytes model = {0}, graph = {0}, node = {0};
	put_text(&node, 4, "Conv");
	put_message(&graph, 1, node);
	put_text(&graph, 2, "test");
	put_message(&graph, 11, value_info(picture));
	put_message(&graph, 11, value_info(&weights));
	put_message(&graph, 12, value_info(output));
	if (between)
		put_message(&graph, 13, value_info(output));
	put_int(&model, 1, 7);
	put_message(&model, 7, graph);
	put_text(&model, 2, "an exporter");
	return model;
}

static void test_opens_what_is_fixed(void **state)
{
	(void)state;
	static const int64_t sizes[][2] = {{416, 416}, {64, 96}, {127, 128}, {4096, 32}};
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct value picture = {"images", true, 3, sizes[i][0], sizes[i][1], NULL, NULL};
		struct value output = {"output", true, 85, 7, 7, NULL, NULL};
		struct bytes fixed = model(&picture, &output, true);
		picture.height_name = "h";
		picture.width_name = "w";
		output.shaped = false;
		struct bytes open = model(&picture, &output, false);
		uint8_t *got;
		size_t size;
		assert_int_equal(model_size_open(fixed.data, fixed.length, &got, &size), 0);
		assert_int_equal(size, open.length);
		assert_memory_equal(got, open.data, size);
		free(got);
		/* Once is enough. */
		assert_int_equal(model_size_open(open.data, open.length, &got, &size), -ENOENT);
		free(fixed.data);
		free(open.data);
	}
}

static void test_leaves_others_alone(void **state)
{
	(void)state;
	static const struct value pictures[] = {
		{"four channels", true, 4, 64, 64, NULL, NULL},
		{"a small one", true, 3, 31, 64, NULL, NULL},
		{"half open", true, 3, 64, 0, NULL, "width"},
		{"no shape", false, 0, 0, 0, NULL, NULL},
	};
	const struct value output = {"output", true, 85, 7, 7, NULL, NULL};
	for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++) {
		struct bytes bytes = model(&pictures[i], &output, true);
		uint8_t *got;
		size_t size;
		assert_int_equal(model_size_open(bytes.data, bytes.length, &got, &size), -ENOENT);
		free(bytes.data);
	}
}

/* Cut anywhere, a model is refused, or was cut between two of its fields. */
static void test_refuses_what_is_cut(void **state)
{
	(void)state;
	const struct value picture = {"images", true, 3, 416, 416, NULL, NULL};
	const struct value output = {"output", true, 85, 7, 7, NULL, NULL};
	struct bytes bytes = model(&picture, &output, true);
	int refused = 0;
	for (size_t n = 0; n < bytes.length; n++) {
		uint8_t *got;
		size_t size;
		uint8_t *cut = malloc(n + 1);
		memcpy(cut, bytes.data, n);
		int r = model_size_open(cut, n, &got, &size);
		if (r == 0)
			free(got);
		assert_true(r == 0 || r == -EINVAL || r == -ENOENT);
		refused += r == -EINVAL;
		free(cut);
	}
	/* Between the three fields of the model there are four places. */
	assert_int_equal(refused, bytes.length - 4 + 1);
	free(bytes.data);
}

static void test_files(void **state)
{
	(void)state;
	uint8_t *got;
	size_t size;
	assert_int_equal(model_size_open_file("/nonexistent", &got, &size), -ENOENT);
	assert_int_equal(model_size_open_file("/dev/null", &got, &size), -EINVAL);
	assert_int_equal(model_size_open_file("/proc/self/exe", &got, &size), -EINVAL);
	const struct onnx_file file = {
		.input = {"images", ONNX_FLOAT, 4, {1, 3, 64, 64}},
		.outputs = {{"output", ONNX_FLOAT, 3, {1, 84, 85}}},
		.output_count = 1,
	};
	const char *path = onnx_write(&file);
	int r = model_size_open_file(path, &got, &size);
	unlink(path);
	assert_int_equal(r, 0);
	free(got);
}

TEST_MAIN(cmocka_unit_test(test_opens_what_is_fixed), cmocka_unit_test(test_leaves_others_alone),
	cmocka_unit_test(test_refuses_what_is_cut), cmocka_unit_test(test_files))
