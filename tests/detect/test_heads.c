#include "test.h"

#include "detect/heads.h"

#include <errno.h>
#include <math.h>

/* Outputs as in the table of the test data's README, and what they must be taken for. */
struct known {
	const char *model, *head;
	int side_px, named;
	int output_count;
	struct {
		int dim_count;
		int64_t dims[4];
	} outputs[6];
	int class_count, row_count;
};

static const struct known models[] = {
	{"yolox_nano_416", "YOLOX", 416, 0, 1, {{3, {1, 3549, 85}}}, 80, 3549},
	{"nanodet_m_416", "NanoDet", 416, 0, 6,
		{{3, {1, 2704, 80}}, {3, {1, 676, 80}}, {3, {1, 169, 80}}, {3, {1, 2704, 32}},
			{3, {1, 676, 32}}, {3, {1, 169, 32}}},
		80, 3549},
	{"yolov8n_640", "YOLOv8", 640, 80, 1, {{3, {1, 84, 8400}}}, 80, 8400},
	{"yolov8n_320", "YOLOv8", 320, 80, 1, {{3, {1, 84, 2100}}}, 80, 2100},
	{"yolov8n_320, no names", "YOLOv8", 320, 0, 1, {{3, {1, 84, 2100}}}, 80, 2100},
	{"yolov8n_seg_320", "YOLOv8", 320, 80, 2, {{3, {1, 116, 2100}}, {4, {1, 32, 80, 80}}}, 80,
		2100},
	{"yolov5nu_640", "YOLOv8", 640, 80, 4,
		{{3, {1, 84, 8400}}, {4, {1, 144, 80, 80}}, {4, {1, 144, 40, 40}},
			{4, {1, 144, 20, 20}}},
		80, 8400},
	{"yolov5n_640", "YOLOv5", 640, 80, 1, {{3, {1, 25200, 85}}}, 80, 25200},
	{"yolo26n_640", "YOLO end to end", 640, 80, 1, {{3, {1, 300, 6}}}, 80, 300},
	{"one class, no names", "YOLOv8", 640, 0, 1, {{3, {1, 5, 8400}}}, 1, 8400},
	{"as many classes as NanoDet has bins", "NanoDet", 416, 32, 6,
		{{3, {1, 2704, 32}}, {3, {1, 676, 32}}, {3, {1, 169, 32}}, {3, {1, 2704, 32}},
			{3, {1, 676, 32}}, {3, {1, 169, 32}}},
		32, 3549},
};

static struct head_facts facts_of(const struct known *k)
{
	struct head_facts f = {.width_px = k->side_px,
		.height_px = k->side_px,
		.output_count = k->output_count,
		.named_class_count = k->named};
	for (int i = 0; i < k->output_count; i++) {
		f.outputs[i].dim_count = k->outputs[i].dim_count;
		memcpy(f.outputs[i].dims, k->outputs[i].dims, sizeof(k->outputs[i].dims));
	}
	return f;
}

static void test_recognises(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
		struct head_facts facts = facts_of(&models[i]);
		struct head_match m;
		if (head_recognise(&facts, &m) < 0)
			fail_msg("%s: not recognised", models[i].model);
		assert_string_equal(m.head->name, models[i].head);
		assert_int_equal(m.shape.class_count, models[i].class_count);
		assert_int_equal(m.shape.row_count, models[i].row_count);
	}
}

static void test_refuses(void **state)
{
	(void)state;
	static const struct known wrong[] = {
		{"no grid", "", 640, 80, 1, {{3, {1, 84, 8399}}}, 0, 0},
		{"another size", "", 320, 80, 1, {{3, {1, 84, 8400}}}, 0, 0},
		{"classes that the labels do not name", "", 640, 3, 1, {{3, {1, 84, 8400}}}, 0, 0},
		{"masks without prototypes", "", 320, 80, 1, {{3, {1, 116, 2100}}}, 0, 0},
		{"batch of two", "", 640, 80, 1, {{3, {2, 84, 8400}}}, 0, 0},
		{"a picture", "", 640, 80, 1, {{4, {1, 3, 640, 640}}}, 0, 0},
		{"a classifier", "", 224, 0, 1, {{2, {1, 1000}}}, 0, 0},
		{"no class at all", "", 640, 0, 1, {{3, {1, 4, 8400}}}, 0, 0},
		{"no output", "", 640, 0, 0, {{0}}, 0, 0},
		{"five maps of NanoDet's six", "", 416, 80, 5,
			{{3, {1, 2704, 80}}, {3, {1, 676, 80}}, {3, {1, 169, 80}},
				{3, {1, 2704, 32}}, {3, {1, 676, 32}}},
			0, 0},
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct head_facts facts = facts_of(&wrong[i]);
		struct head_match m;
		if (head_recognise(&facts, &m) != -ENOENT)
			fail_msg("%s: taken for %s", wrong[i].model, m.head->name);
	}
}

/* A tensor of zeros for each output, to write into, and what decode() makes of them. */
struct bench {
	struct head_match match;
	float *tensors[HEAD_TENSORS_MAX];
	struct candidates found;
};

static void bench_init(struct bench *b, const struct known *k)
{
	struct head_facts facts = facts_of(k);
	*b = (struct bench){0};
	assert_int_equal(head_recognise(&facts, &b->match), 0);
	for (int i = 0; i < b->match.output_count; i++)
		b->tensors[i] = calloc(b->match.element_count[i], sizeof(float));
	b->found.capacity = b->match.shape.row_count;
	b->found.items = calloc((size_t)b->found.capacity, sizeof(*b->found.items));
}

static void bench_decode(struct bench *b, float threshold)
{
	b->found.count = 0;
	b->match.head->decode(
		&b->match.shape, (const float *const *)b->tensors, threshold, &b->found);
}

static void bench_finish(struct bench *b)
{
	for (int i = 0; i < HEAD_TENSORS_MAX; i++)
		free(b->tensors[i]);
	free(b->found.items);
}

static void expect(const struct bench *b, int index, struct box box, float score, int class_id)
{
	assert_true(index < b->found.count);
	const struct candidate *c = &b->found.items[index];
	assert_int_equal(c->class_id, class_id);
	assert_true(fabsf(c->score_ratio - score) < 1e-5f);
	assert_true(fabsf(c->box.x1 - box.x1) < 1e-3f && fabsf(c->box.y1 - box.y1) < 1e-3f);
	assert_true(fabsf(c->box.x2 - box.x2) < 1e-3f && fabsf(c->box.y2 - box.y2) < 1e-3f);
}

static void test_yolov5(void **state)
{
	(void)state;
	struct bench b;
	bench_init(&b, &models[7]);
	float *row = b.tensors[0] + (size_t)12345 * 85;
	memcpy(row, (float[]){100, 200, 40, 20, 0.8f}, 5 * sizeof(float));
	row[5 + 2] = 0.5f;
	row[5 + 7] = 0.25f;
	bench_decode(&b, 0.1f);
	assert_int_equal(b.found.count, 1);
	expect(&b, 0, (struct box){80, 190, 120, 210}, 0.4f, 2);
	bench_decode(&b, 0.41f);
	assert_int_equal(b.found.count, 0);
	bench_finish(&b);
}

static void test_yolov8(void **state)
{
	(void)state;
	for (int m = 2; m <= 5; m++) {
		struct bench b;
		bench_init(&b, &models[m]);
		size_t n = (size_t)models[m].row_count;
		/* The last box of all, in a block that is not full, and one in the first. */
		const size_t at[2] = {n - 1, 3};
		for (int k = 0; k < 2; k++) {
			const float box[4] = {60, 50, 40, 20};
			for (size_t i = 0; i < 4; i++)
				b.tensors[0][i * n + at[k]] = box[i];
			b.tensors[0][(4 + 5) * n + at[k]] = 0.3f;
			b.tensors[0][(4 + 79) * n + at[k]] = 0.6f;
		}
		bench_decode(&b, 0.1f);
		assert_int_equal(b.found.count, 2);
		expect(&b, 0, (struct box){40, 40, 80, 60}, 0.6f, 79);
		expect(&b, 1, (struct box){40, 40, 80, 60}, 0.6f, 79);
		assert_true(b.found.items[0].order < b.found.items[1].order);
		bench_finish(&b);
	}
}

/* Only some classes to choose from: the box is the best of these, if that is strong enough. */
static void test_wanted(void **state)
{
	(void)state;
	static const int wanted[] = {7, 2};
	/* YOLOv8 and YOLOv5: the scores of class c are `step` apart. */
	for (int m = 0; m < 2; m++) {
		struct bench b;
		bench_init(&b, &models[m ? 7 : 3]);
		size_t step = m ? 1 : 2100;
		float *first = b.tensors[0];
		const float box[4] = {60, 50, 40, 20};
		for (size_t i = 0; i < 4; i++)
			first[i * step] = box[i];
		if (m)
			first[4] = 1;
		float *scores = first + (m ? 5 : 4 * step);
		scores[4 * step] = 0.9f;
		scores[2 * step] = 0.4f;
		scores[7 * step] = 0.3f;
		bench_decode(&b, 0.35f);
		assert_int_equal(b.found.items[0].class_id, 4);
		b.match.shape.wanted = wanted;
		b.match.shape.wanted_count = 2;
		bench_decode(&b, 0.35f);
		assert_int_equal(b.found.count, 1);
		expect(&b, 0, (struct box){40, 40, 80, 60}, 0.4f, 2);
		bench_decode(&b, 0.45f);
		assert_int_equal(b.found.count, 0);
		bench_finish(&b);
	}
	struct bench b;
	bench_init(&b, &models[8]);
	memcpy(b.tensors[0], (float[]){1, 2, 30, 40, 0.7f, 5}, 6 * sizeof(float));
	memcpy(b.tensors[0] + 6, (float[]){1, 2, 30, 40, 0.7f, 2}, 6 * sizeof(float));
	b.match.shape.wanted = wanted;
	b.match.shape.wanted_count = 2;
	bench_decode(&b, 0.1f);
	assert_int_equal(b.found.count, 1);
	assert_int_equal(b.found.items[0].class_id, 2);
	bench_finish(&b);
}

static void test_end_to_end(void **state)
{
	(void)state;
	struct bench b;
	bench_init(&b, &models[8]);
	memcpy(b.tensors[0] + 6, (float[]){1, 2, 30, 40, 0.7f, 5}, 6 * sizeof(float));
	memcpy(b.tensors[0] + 12, (float[]){1, 2, 30, 40, 0.7f, 80}, 6 * sizeof(float));
	memcpy(b.tensors[0] + 18, (float[]){1, 2, 30, 40, 0.7f, -1}, 6 * sizeof(float));
	memcpy(b.tensors[0] + 24, (float[]){1, 2, 30, 40, 0.7f, NAN}, 6 * sizeof(float));
	bench_decode(&b, 0.1f);
	assert_int_equal(b.found.count, 1);
	expect(&b, 0, (struct box){1, 2, 30, 40}, 0.7f, 5);
	bench_finish(&b);
}

static void test_yolox(void **state)
{
	(void)state;
	struct bench b;
	bench_init(&b, &models[0]);
	/* Stride 16 comes after 52 x 52 cells of stride 8; there, row 3, column 5. */
	float *row = b.tensors[0] + (size_t)(52 * 52 + 3 * 26 + 5) * 85;
	memcpy(row, (float[]){0.5f, 0.25f, logf(2), logf(4), 0.9f}, 5 * sizeof(float));
	row[5 + 2] = 0.5f;
	bench_decode(&b, 0.1f);
	assert_int_equal(b.found.count, 1);
	/* Centre (5.5, 3.25) * 16 = (88, 52), size (2, 4) * 16 = (32, 64). */
	expect(&b, 0, (struct box){72, 20, 104, 84}, 0.45f, 2);
	bench_finish(&b);
}

static void test_nanodet(void **state)
{
	(void)state;
	struct bench b;
	bench_init(&b, &models[1]);
	/* Stride 32, row 2, column 4: centre (144, 80). */
	int cell = 2 * 13 + 4;
	b.tensors[2][cell * 80 + 3] = 0.8f;
	float *bins = b.tensors[5] + (size_t)cell * 32;
	bins[0 * 8 + 1] = 50; /* left: surely 1 stride */
	bins[1 * 8 + 2] = 50; /* top: surely 2 */
	bins[2 * 8 + 0] = bins[2 * 8 + 1] = 50; /* right: 0 or 1, so 0.5 */
	/* bottom: all alike, so the mean of 0 to 7, 3.5 */
	bench_decode(&b, 0.1f);
	assert_int_equal(b.found.count, 1);
	expect(&b, 0, (struct box){144 - 32, 80 - 64, 144 + 16, 80 + 112}, 0.8f, 3);
	bench_finish(&b);
}

/* Not numbers and infinities in every place yield nothing, or something sound. */
static void test_nonsense(void **state)
{
	(void)state;
	static const float junk[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f};
	for (size_t m = 0; m < sizeof(models) / sizeof(models[0]); m++)
		for (size_t j = 0; j < sizeof(junk) / sizeof(junk[0]); j++) {
			struct bench b;
			bench_init(&b, &models[m]);
			for (int t = 0; t < b.match.output_count; t++)
				for (size_t i = 0; i < b.match.element_count[t]; i++)
					b.tensors[t][i] = i % 7 ? junk[j] : 0.5f;
			bench_decode(&b, 0.1f);
			for (int i = 0; i < b.found.count; i++) {
				const struct candidate *c = &b.found.items[i];
				assert_true(
					isfinite(c->box.x1 + c->box.y1 + c->box.x2 + c->box.y2));
				assert_true(c->score_ratio >= 0.1f && c->score_ratio <= 1);
				assert_in_range(c->class_id, 0, b.match.shape.class_count - 1);
			}
			bench_finish(&b);
		}
}

TEST_MAIN(cmocka_unit_test(test_recognises), cmocka_unit_test(test_refuses),
	cmocka_unit_test(test_yolov5), cmocka_unit_test(test_yolov8),
	cmocka_unit_test(test_end_to_end), cmocka_unit_test(test_wanted),
	cmocka_unit_test(test_yolox), cmocka_unit_test(test_nanodet),
	cmocka_unit_test(test_nonsense))
