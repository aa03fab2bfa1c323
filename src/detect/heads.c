#include "detect/heads.h"

#include <errno.h>
#include <stddef.h>

#define MASK_COEFFICIENTS 32
#define END_TO_END_MAX 1000
#define NANODET_BINS 8

static const int strides[] = {8, 16, 32};
#define STRIDES 3

static int64_t cells_at(const struct head_facts *f, int stride)
{
	return (int64_t)((f->width_px + stride - 1) / stride) *
	       ((f->height_px + stride - 1) / stride);
}

/* Grid cells over the strides from `first` to `last`, each the double of the one before. */
static int64_t cells(const struct head_facts *f, int first, int last)
{
	int64_t sum = 0;
	for (int stride = first; stride <= last; stride *= 2)
		sum += cells_at(f, stride);
	return sum;
}

/* Networks for large pictures add stride 64, those for small objects stride 4. */
static bool is_grid(const struct head_facts *f, int64_t rows)
{
	return rows == cells(f, 8, 32) || rows == cells(f, 8, 64) || rows == cells(f, 4, 32);
}

/* Output `index` is [1, rows, columns]. */
static bool is_table(const struct head_facts *f, int index, int64_t *ret_rows, int64_t *ret_columns)
{
	const int64_t *d = f->outputs[index].dims;
	if (f->outputs[index].dim_count != 3 || d[0] != 1 || d[1] < 1 || d[2] < 1)
		return false;
	*ret_rows = d[1];
	*ret_columns = d[2];
	return true;
}

/* A segmentation network: the second output holds the masks' prototypes, which are not needed. */
static bool has_masks(const struct head_facts *f)
{
	return f->output_count == 2 && f->outputs[1].dim_count == 4 &&
	       f->outputs[1].dims[1] == MASK_COEFFICIENTS;
}

/* Whether `numbers` hold scores of the classes that the labels name, or of some where none are. */
static bool are_classes(const struct head_facts *f, int64_t numbers, struct head_shape *shape)
{
	shape->class_count = (int)numbers;
	return numbers >= 1 && (f->named_class_count == 0 || numbers == f->named_class_count);
}

static struct box from_center(float cx, float cy, float width, float height)
{
	return (struct box){cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2};
}

static int choice_count(const struct head_shape *shape)
{
	return shape->wanted ? shape->wanted_count : shape->class_count;
}

static int choice(const struct head_shape *shape, int index)
{
	return shape->wanted ? shape->wanted[index] : index;
}

/* The class with the highest score, among those to choose from; the scores are `step` apart. */
static int strongest(const struct head_shape *shape, const float *scores, size_t step)
{
	int best = choice(shape, 0);
	for (int i = 1; i < choice_count(shape); i++) {
		int c = choice(shape, i);
		if (scores[(size_t)c * step] > scores[(size_t)best * step])
			best = c;
	}
	return best;
}

/* YOLOv5 and v7: three anchors a cell, [cx, cy, width, height, object, classes...] in pixels. */
static int match_yolov5(const struct head_facts *f, struct head_shape *shape, int *outputs)
{
	int64_t rows, columns;
	if (f->output_count < 1 || !is_table(f, 0, &rows, &columns) || rows % 3 != 0 ||
		!is_grid(f, rows / 3) || !are_classes(f, columns - 5, shape))
		return 0;
	shape->row_count = (int)rows;
	shape->row_size = (int)columns;
	outputs[0] = 0;
	return 1;
}

static void decode_yolov5(const struct head_shape *shape, const float *const *tensors,
	float threshold, struct candidates *out)
{
	for (int i = 0; i < shape->row_count; i++) {
		const float *r = tensors[0] + (size_t)i * (size_t)shape->row_size;
		if (!(r[4] >= threshold))
			continue;
		int best = strongest(shape, r + 5, 1);
		float score = r[4] * r[5 + best];
		if (score >= threshold)
			candidates_add(out, (struct candidate){from_center(r[0], r[1], r[2], r[3]),
						    score, best, i});
	}
}

/*
 * YOLOv8, v9, 11, 12 and v5u: no anchors, no object score; [cx, cy, width, height, classes...] in
 * pixels, a row of the tensor for each number.
 */
static int match_yolov8(const struct head_facts *f, struct head_shape *shape, int *outputs)
{
	int64_t numbers, boxes;
	if (f->output_count < 1 || !is_table(f, 0, &numbers, &boxes) || !is_grid(f, boxes) ||
		!are_classes(f, numbers - 4 - (has_masks(f) ? MASK_COEFFICIENTS : 0), shape))
		return 0;
	shape->row_count = (int)boxes;
	shape->row_size = (int)numbers;
	outputs[0] = 0;
	return 1;
}

#define YOLOV8_BLOCK 64

static void decode_yolov8(const struct head_shape *shape, const float *const *tensors,
	float threshold, struct candidates *out)
{
	size_t n = (size_t)shape->row_count;
	const float *scores = tensors[0] + 4 * n;
	for (size_t from = 0; from < n; from += YOLOV8_BLOCK) {
		/* The best score of a block of boxes first: most of them end here. */
		float best[YOLOV8_BLOCK] = {0};
		size_t count = n - from < YOLOV8_BLOCK ? n - from : YOLOV8_BLOCK;
		for (int i = 0; i < choice_count(shape); i++) {
			const float *s = scores + (size_t)choice(shape, i) * n + from;
			for (size_t j = 0; j < count; j++)
				best[j] = s[j] > best[j] ? s[j] : best[j];
		}
		for (size_t j = 0; j < count; j++) {
			if (!(best[j] >= threshold))
				continue;
			const float *b = tensors[0] + from + j;
			int class_id = strongest(shape, scores + from + j, n);
			candidates_add(
				out, (struct candidate){from_center(b[0], b[n], b[2 * n], b[3 * n]),
					     best[j], class_id, (int)(from + j)});
		}
	}
}

/* YOLOv10 and 26: [x1, y1, x2, y2, score, class] in pixels, chosen by the network. */
static int match_end_to_end(const struct head_facts *f, struct head_shape *shape, int *outputs)
{
	int64_t rows, columns;
	if (f->output_count < 1 || !is_table(f, 0, &rows, &columns) || rows > END_TO_END_MAX ||
		columns != 6 + (has_masks(f) ? MASK_COEFFICIENTS : 0))
		return 0;
	shape->class_count = f->named_class_count;
	shape->row_count = (int)rows;
	shape->row_size = (int)columns;
	outputs[0] = 0;
	return 1;
}

static bool is_wanted(const struct head_shape *shape, int class_id)
{
	bool found = !shape->wanted;
	for (int i = 0; i < shape->wanted_count && !found; i++)
		found = shape->wanted[i] == class_id;
	return found;
}

static void decode_end_to_end(const struct head_shape *shape, const float *const *tensors,
	float threshold, struct candidates *out)
{
	for (int i = 0; i < shape->row_count; i++) {
		const float *r = tensors[0] + (size_t)i * (size_t)shape->row_size;
		if (r[4] >= threshold && r[5] >= 0 && r[5] < (float)shape->class_count &&
			is_wanted(shape, (int)r[5]))
			candidates_add(out,
				(struct candidate){{r[0], r[1], r[2], r[3]}, r[4], (int)r[5], i});
	}
}

/*
 * YOLOX (Ge et al. 2021): a box a cell, [x, y, log width, log height, object, classes...] relative
 * to the cell and in units of its stride; the scores are already probabilities.
 */
static int match_yolox(const struct head_facts *f, struct head_shape *shape, int *outputs)
{
	int64_t rows, columns;
	if (f->output_count != 1 || !is_table(f, 0, &rows, &columns) || rows != cells(f, 8, 32) ||
		!are_classes(f, columns - 5, shape))
		return 0;
	shape->row_count = (int)rows;
	shape->row_size = (int)columns;
	outputs[0] = 0;
	return 1;
}

static void add_yolox_cell(const struct head_shape *shape, const float *r, int x, int y,
	float stride, float threshold, int order, struct candidates *out)
{
	if (!(r[4] >= threshold))
		return;
	int best = strongest(shape, r + 5, 1);
	float score = r[4] * r[5 + best];
	if (score >= threshold)
		candidates_add(out,
			(struct candidate){
				from_center((r[0] + (float)x) * stride, (r[1] + (float)y) * stride,
					expf(r[2]) * stride, expf(r[3]) * stride),
				score, best, order});
}

static void decode_yolox(const struct head_shape *shape, const float *const *tensors,
	float threshold, struct candidates *out)
{
	int i = 0;
	for (int s = 0; s < STRIDES; s++) {
		int width = (shape->width_px + strides[s] - 1) / strides[s];
		int height = (shape->height_px + strides[s] - 1) / strides[s];
		for (int y = 0; y < height; y++)
			for (int x = 0; x < width; x++, i++)
				add_yolox_cell(shape,
					tensors[0] + (size_t)i * (size_t)shape->row_size, x, y,
					(float)strides[s], threshold, i, out);
	}
}

/*
 * NanoDet: for each stride a map of class probabilities and one of the distances to the four sides,
 * each a distribution over 8 bins (generalised focal loss, Li et al. 2020).
 */
static int match_nanodet(const struct head_facts *f, struct head_shape *shape, int *outputs)
{
	if (f->output_count != 2 * STRIDES)
		return 0;
	int found = 0;
	for (int s = 0; s < STRIDES; s++) {
		outputs[s] = outputs[STRIDES + s] = -1;
		for (int i = 0; i < f->output_count; i++) {
			int64_t rows, columns;
			if (!is_table(f, i, &rows, &columns) || rows != cells_at(f, strides[s]))
				continue;
			bool classes = outputs[s] < 0 && are_classes(f, columns, shape);
			if (columns == 4 * NANODET_BINS && outputs[STRIDES + s] < 0 &&
				(!classes || outputs[s] >= 0))
				found++, outputs[STRIDES + s] = i;
			else if (classes)
				found++, outputs[s] = i;
		}
	}
	shape->row_count = (int)cells(f, 8, 32);
	shape->row_size = 0;
	return found == 2 * STRIDES ? found : 0;
}

/* Expectation of a softmax over the bins. */
static float nanodet_distance(const float *bins)
{
	float top = bins[0], sum = 0, weighted = 0;
	for (int i = 1; i < NANODET_BINS; i++)
		top = bins[i] > top ? bins[i] : top;
	for (int i = 0; i < NANODET_BINS; i++) {
		float e = expf(bins[i] - top);
		sum += e;
		weighted += e * (float)i;
	}
	return weighted / sum;
}

static void decode_nanodet(const struct head_shape *shape, const float *const *tensors,
	float threshold, struct candidates *out)
{
	int order = 0;
	for (int s = 0; s < STRIDES; s++) {
		int width = (shape->width_px + strides[s] - 1) / strides[s];
		int height = (shape->height_px + strides[s] - 1) / strides[s];
		float stride = (float)strides[s];
		for (int i = 0; i < width * height; i++, order++) {
			const float *scores = tensors[s] + (size_t)i * (size_t)shape->class_count;
			int best = strongest(shape, scores, 1);
			if (!(scores[best] >= threshold))
				continue;
			const float *bins = tensors[STRIDES + s] + (size_t)i * 4 * NANODET_BINS;
			float cx = ((float)(i % width) + 0.5f) * stride;
			float cy = ((float)(i / width) + 0.5f) * stride;
			struct box box = {
				cx - nanodet_distance(bins) * stride,
				cy - nanodet_distance(bins + NANODET_BINS) * stride,
				cx + nanodet_distance(bins + 2 * NANODET_BINS) * stride,
				cy + nanodet_distance(bins + 3 * NANODET_BINS) * stride,
			};
			candidates_add(out, (struct candidate){box, scores[best], best, order});
		}
	}
}

#define FEED_ULTRALYTICS                                                                           \
	.fit = LETTERBOX_CENTER, .bgr = false, .scale = {1 / 255.0f, 1 / 255.0f, 1 / 255.0f},      \
	.offset = {0, 0, 0}

/* In the order tried: a grid's exact size says more than the 6 columns of an end-to-end head. */
static const struct head table[] = {
	{
		.name = "YOLOX",
		.fit = LETTERBOX_CORNER,
		.bgr = true,
		.scale = {1, 1, 1},
		.match = match_yolox,
		.decode = decode_yolox,
	},
	{.name = "YOLOv5", FEED_ULTRALYTICS, .match = match_yolov5, .decode = decode_yolov5},
	{.name = "YOLOv8", FEED_ULTRALYTICS, .match = match_yolov8, .decode = decode_yolov8},
	{
		.name = "NanoDet",
		.fit = LETTERBOX_STRETCH,
		.bgr = true,
		.scale = {1 / 57.375f, 1 / 57.12f, 1 / 58.395f},
		.offset = {-103.53f / 57.375f, -116.28f / 57.12f, -123.675f / 58.395f},
		.match = match_nanodet,
		.decode = decode_nanodet,
	},
	{
		.name = "YOLO end to end",
		FEED_ULTRALYTICS,
		.end_to_end = true,
		.match = match_end_to_end,
		.decode = decode_end_to_end,
	},
};
#define HEADS (sizeof(table) / sizeof(table[0]))

static size_t element_count(const struct head_facts *f, int output)
{
	size_t count = 1;
	for (int i = 0; i < f->outputs[output].dim_count; i++)
		count *= (size_t)f->outputs[output].dims[i];
	return count;
}

int head_recognise(const struct head_facts *facts, struct head_match *ret_match)
{
	for (size_t h = 0; h < HEADS; h++) {
		struct head_match m = {.head = &table[h]};
		m.shape.width_px = facts->width_px;
		m.shape.height_px = facts->height_px;
		m.output_count = table[h].match(facts, &m.shape, m.outputs);
		if (m.output_count == 0)
			continue;
		for (int i = 0; i < m.output_count; i++)
			m.element_count[i] = element_count(facts, m.outputs[i]);
		*ret_match = m;
		return 0;
	}
	return -ENOENT;
}

const char *head_known_names(void)
{
	return "YOLOv5, YOLOv8 to 12, YOLOv10 and 26 end to end, YOLOX and NanoDet";
}

const struct head *head_at(int index)
{
	return index >= 0 && (size_t)index < HEADS ? &table[index] : NULL;
}
