#include "pixel/letterbox.h"
#include "pixel/cpu.h"
#include "pixel/half.h"
#include "pixel/letterbox_ops.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PLANES 3

/* Best first. */
static const struct {
	const struct letterbox_ops *ops;
	int feature; /* enum cpu_feature, or -1 */
} kernels[] = {
#if defined(__x86_64__)
	{&letterbox_avx512, CPU_AVX512},
	{&letterbox_avx2, CPU_AVX2},
#elif defined(__aarch64__)
	{&letterbox_neon, CPU_NEON},
#endif
	{&letterbox_c, -1},
};

/* Which two reduced rows make a tensor row, and the second one's weight. */
struct row_taps {
	int first, second;
	int weight_q15;
};

struct plane {
	int width_px, height_px; /* of the source */
	int row_count, row_width; /* after reduction */
	int16_t *reduced[2]; /* the last two rows computed, by row number's parity */
	int reduced_row[2]; /* which rows they are; -1: none */
	int16_t *blended;
	struct row_taps *taps; /* [picture height] */
	int log2_x, log2_y;
};

/* All that depends on the size and colour of the frame. */
struct geometry {
	int frame_width_px, frame_height_px;
	enum color_matrix matrix;
	bool full_range;
	int left_px, top_px, width_px, height_px; /* the picture in the tensor */
};

struct letterbox {
	struct letterbox_params params;
	const struct letterbox_ops *best;
	const struct letterbox_ops *ops; /* best, or the C kernel where best cannot */
	struct geometry geometry;
	struct plane planes[PLANES];
	struct letterbox_axis luma, chroma;
	struct letterbox_channel channels[3];
	void *padded; /* the tensor whose padding is written; compared, not used */
};

int letterbox_create(const struct letterbox_params *params, const char *kernel, struct err *err,
	struct letterbox **ret_letterbox)
{
	assert(params->width_px >= 1 && params->width_px <= 4096);
	assert(params->height_px >= 1 && params->height_px <= 4096);
	const struct letterbox_ops *ops = NULL;
	for (size_t i = 0; !ops && i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		bool there =
			kernels[i].feature < 0 || cpu_has((enum cpu_feature)kernels[i].feature);
		if (there && (!kernel || !strcmp(kernel, kernels[i].ops->name)))
			ops = kernels[i].ops;
	}
	if (!ops)
		return err_set(err, -ENOTSUP, "this machine has no pixel kernel '%s'", kernel);
	struct letterbox *lb = calloc(1, sizeof(*lb));
	if (!lb)
		return err_set(err, -ENOMEM, "no memory for a letterbox");
	lb->params = *params;
	lb->best = lb->ops = ops;
	*ret_letterbox = lb;
	return 0;
}

static void free_axis(struct letterbox_axis *axis)
{
	free(axis->left);
	free(axis->weights);
	free(axis->base);
	free(axis->shuffle16);
	free(axis->shuffle8);
	*axis = (struct letterbox_axis){0};
}

/* Back to a letterbox that has seen no frame. */
static void forget(struct letterbox *lb)
{
	free_axis(&lb->luma);
	free_axis(&lb->chroma);
	for (int p = 0; p < PLANES; p++) {
		struct plane *plane = &lb->planes[p];
		free(plane->reduced[0]);
		free(plane->reduced[1]);
		free(plane->blended);
		free(plane->taps);
		*plane = (struct plane){0};
	}
	lb->geometry = (struct geometry){0};
	lb->padded = NULL;
}

void letterbox_destroy(struct letterbox **letterbox)
{
	if (*letterbox)
		forget(*letterbox);
	free(*letterbox);
	*letterbox = NULL;
}

/* Where the picture lies in the tensor: Ultralytics' rounding, which YOLOX's differs little from.
 */
static struct geometry place(const struct letterbox_params *p, const struct frame *f)
{
	struct geometry g = {
		.frame_width_px = f->width_px,
		.frame_height_px = f->height_px,
		.matrix = f->matrix,
		.full_range = f->full_range,
		.width_px = p->width_px,
		.height_px = p->height_px,
	};
	if (p->fit == LETTERBOX_STRETCH)
		return g;
	double ratio = fmin((double)p->width_px / f->width_px, (double)p->height_px / f->height_px);
	g.width_px = (int)fmax(1, floor(f->width_px * ratio + 0.5));
	g.height_px = (int)fmax(1, floor(f->height_px * ratio + 0.5));
	if (p->fit == LETTERBOX_CENTER) {
		g.left_px = (p->width_px - g.width_px) / 2;
		g.top_px = (p->height_px - g.height_px) / 2;
	}
	return g;
}

static int log2_below(double shrink)
{
	int log2 = 0;
	while (log2 < REDUCE_MAX_LOG2 && shrink >= 2 << log2)
		log2++;
	return log2;
}

/*
 * Tensor pixel `i` of `count` along a plane of `size` source pixels that is reduced to `reduced`
 * samples of 2^log2 pixels (`per_sample` luma pixels): the sample before its centre, and how far
 * its centre is beyond that, 0 to 1.
 */
static int locate(int i, double step, int reduced, double *ret_rest)
{
	double at = fmax(0, (i + 0.5) * step - 0.5);
	int first = (int)at;
	if (first >= reduced - 1) {
		*ret_rest = 0;
		return reduced - 1;
	}
	*ret_rest = at - first;
	return first;
}

static int make_taps(struct plane *plane, double step, int count)
{
	plane->taps = calloc((size_t)count, sizeof(*plane->taps));
	if (!plane->taps)
		return -ENOMEM;
	for (int i = 0; i < count; i++) {
		double rest;
		int first = locate(i, step, plane->row_count, &rest);
		int weight = (int)(rest * 32768 + 0.5);
		plane->taps[i] = (struct row_taps){
			.first = first,
			.second = weight ? first + 1 : first,
			.weight_q15 = weight < 32767 ? weight : 32767,
		};
	}
	return 0;
}

static void *zeroed(size_t count, size_t size)
{
	size_t bytes = (count * size + 63) & ~(size_t)63;
	void *memory = aligned_alloc(64, bytes);
	if (memory)
		memset(memory, 0, bytes);
	return memory;
}

/* What a kernel that looks at blocks needs; see struct letterbox_axis. */
static int make_blocks(struct letterbox_axis *axis, int block_px)
{
	/* One more: a kernel may take two at once. */
	int blocks = (axis->count + block_px - 1) / block_px + 1;
	axis->base = zeroed((size_t)blocks, sizeof(*axis->base));
	axis->shuffle16 = zeroed((size_t)blocks * 2 * (size_t)block_px, sizeof(*axis->shuffle16));
	axis->shuffle8 = zeroed((size_t)blocks * 4 * (size_t)block_px, sizeof(*axis->shuffle8));
	if (!axis->base || !axis->shuffle16 || !axis->shuffle8)
		return -ENOMEM;
	for (int x = 0; x < axis->count; x++) {
		if (x % block_px == 0)
			axis->base[x / block_px] = axis->left[x];
		int sample = axis->left[x] - axis->base[x / block_px];
		assert(sample >= 0 && sample < 2 * block_px);
		/* At the right edge the second sample has no weight, and may lie beyond the block.
		 */
		for (int tap = 0; tap < 2; tap++) {
			int at = sample + tap < 2 * block_px ? sample + tap : sample;
			axis->shuffle16[2 * x + tap] = (uint16_t)at;
			axis->shuffle8[4 * x + 2 * tap] = (uint8_t)(2 * at);
			axis->shuffle8[4 * x + 2 * tap + 1] = (uint8_t)(2 * at + 1);
		}
	}
	return 0;
}

static int make_axis(struct letterbox_axis *axis, double step, int reduced, int count, int block_px)
{
	axis->count = count;
	axis->left = zeroed((size_t)count, sizeof(*axis->left));
	axis->weights = zeroed(2 * ((size_t)count + 16), sizeof(*axis->weights));
	if (!axis->left || !axis->weights)
		return -ENOMEM;
	for (int x = 0; x < count; x++) {
		double rest;
		axis->left[x] = locate(x, step, reduced, &rest);
		int weight = (int)(rest * WEIGHT_ONE + 0.5);
		axis->weights[2 * x] = (int16_t)(WEIGHT_ONE - weight);
		axis->weights[2 * x + 1] = (int16_t)weight;
	}
	return block_px ? make_blocks(axis, block_px) : 0;
}

static int make_plane(struct plane *plane, int width_px, int height_px, int log2_x, int log2_y)
{
	plane->width_px = width_px;
	plane->height_px = height_px;
	plane->log2_x = log2_x;
	plane->log2_y = log2_y;
	plane->row_width = (width_px + (1 << log2_x) - 1) >> log2_x;
	plane->row_count = (height_px + (1 << log2_y) - 1) >> log2_y;
	plane->reduced_row[0] = plane->reduced_row[1] = -1;
	size_t room = (size_t)(log2_x ? (width_px + 1) / 2 : width_px) + SAMPLE_SLACK;
	plane->reduced[0] = zeroed(room, sizeof(int16_t));
	plane->reduced[1] = zeroed(room, sizeof(int16_t));
	plane->blended = zeroed(room, sizeof(int16_t));
	return plane->reduced[0] && plane->reduced[1] && plane->blended ? 0 : -ENOMEM;
}

/*
 * YUV samples to tensor values, ITU-R BT.601 and BT.709, with the scale of samples and weights and
 * the network's own normalisation folded in.
 */
static void make_channels(struct letterbox *lb)
{
	bool bt709 = lb->geometry.matrix == COLOR_MATRIX_BT709, full = lb->geometry.full_range;
	double kr = bt709 ? 0.2126 : 0.299, kb = bt709 ? 0.0722 : 0.114, kg = 1 - kr - kb;
	double luma = full ? 1 : 255.0 / 219, chroma = full ? 1 : 255.0 / 224;
	double black = full ? 0 : 16;
	double one = 1.0 / ((double)SAMPLE_ONE * WEIGHT_ONE);
	const double rgb[3][3] = {
		{luma, 0, 2 * (1 - kr) * chroma},
		{luma, -2 * kb * (1 - kb) / kg * chroma, -2 * kr * (1 - kr) / kg * chroma},
		{luma, 2 * (1 - kb) * chroma, 0},
	};
	for (int c = 0; c < 3; c++) {
		const double *k = rgb[lb->params.bgr ? 2 - c : c];
		double scale = lb->params.scale[c], offset = lb->params.offset[c];
		double zero = -(black * k[0] + 128 * (k[1] + k[2]));
		struct letterbox_channel *out = &lb->channels[c];
		for (int i = 0; i < 3; i++)
			out->v[i] = (float)(k[i] * one * scale);
		out->v[3] = (float)(zero * scale + offset);
		out->low = (float)offset;
		out->high = (float)(255 * scale + offset);
	}
}

/* Prepares everything for frames like this one. */
static int plan(struct letterbox *lb, const struct frame *frame)
{
	forget(lb);
	struct geometry *g = &lb->geometry;
	*g = place(&lb->params, frame);
	double shrink_x = (double)frame->width_px / g->width_px;
	double shrink_y = (double)frame->height_px / g->height_px;
	int log2_x = log2_below(shrink_x), log2_y = log2_below(shrink_y);
	/* Blocks of pixels are only sure to lie close enough where the step is at most 2 samples.
	 */
	lb->ops = shrink_x <= 2 << log2_x ? lb->best : &letterbox_c;

	for (int p = 0; p < PLANES; p++) {
		bool luma = p == 0;
		int lx = luma || log2_x == 0 ? log2_x : log2_x - 1;
		int ly = luma || log2_y == 0 ? log2_y : log2_y - 1;
		struct plane *plane = &lb->planes[p];
		int r = make_plane(plane, luma ? frame->width_px : frame_chroma_width_px(frame),
			luma ? frame->height_px : frame_chroma_height_px(frame), lx, ly);
		if (r < 0)
			return r;
		double unit_x = (luma ? 1.0 : 2.0) * (1 << lx),
		       unit_y = (luma ? 1.0 : 2.0) * (1 << ly);
		r = make_taps(plane, shrink_y / unit_y, g->height_px);
		if (r == 0 && p < 2)
			r = make_axis(luma ? &lb->luma : &lb->chroma, shrink_x / unit_x,
				plane->row_width, g->width_px, lb->ops->block_px);
		if (r < 0)
			return r;
	}
	make_channels(lb);
	return 0;
}

static bool fits(const struct geometry *g, const struct frame *f)
{
	return g->frame_width_px == f->width_px && g->frame_height_px == f->height_px &&
	       g->matrix == f->matrix && g->full_range == f->full_range;
}

static void put(const struct letterbox_params *p, void *tensor, size_t from, size_t count, int c)
{
	float value = (float)p->pad * p->scale[c] + p->offset[c];
	uint16_t half = half_from_float(value);
	for (size_t i = from; i < from + count; i++) {
		if (p->half)
			((uint16_t *)tensor)[i] = half;
		else
			((float *)tensor)[i] = value;
	}
}

static void pad(const struct letterbox *lb, void *tensor)
{
	const struct letterbox_params *p = &lb->params;
	const struct geometry *g = &lb->geometry;
	int right = g->left_px + g->width_px, bottom = g->top_px + g->height_px;
	size_t stride = (size_t)p->width_px;
	for (int c = 0; c < 3; c++)
		for (int y = 0; y < p->height_px; y++) {
			size_t row = ((size_t)c * (size_t)p->height_px + (size_t)y) * stride;
			if (y < g->top_px || y >= bottom) {
				put(p, tensor, row, stride, c);
				continue;
			}
			put(p, tensor, row, (size_t)g->left_px, c);
			put(p, tensor, row + (size_t)right, (size_t)(p->width_px - right), c);
		}
}

/* One reduced row, from the two kept or computed now. */
static const int16_t *reduced_row(const struct letterbox_ops *ops, struct plane *plane,
	const uint8_t *pixels, int stride, int row)
{
	int slot = row & 1;
	if (plane->reduced_row[slot] == row)
		return plane->reduced[slot];
	const uint8_t *rows[1 << REDUCE_MAX_LOG2];
	for (int i = 0; i < 1 << plane->log2_y; i++) {
		int y = (row << plane->log2_y) + i;
		y = y < plane->height_px ? y : plane->height_px - 1;
		rows[i] = pixels + (ptrdiff_t)y * stride;
	}
	ops->reduce(plane->reduced[slot], rows, plane->width_px, plane->log2_x, plane->log2_y);
	plane->reduced_row[slot] = row;
	return plane->reduced[slot];
}

/* The samples at the height of tensor row `y`. */
static const int16_t *samples_at(const struct letterbox_ops *ops, struct plane *plane,
	const uint8_t *pixels, int stride, int y)
{
	const struct row_taps *taps = &plane->taps[y];
	const int16_t *a = reduced_row(ops, plane, pixels, stride, taps->first);
	if (taps->second == taps->first)
		return a;
	const int16_t *b = reduced_row(ops, plane, pixels, stride, taps->second);
	ops->blend(plane->blended, a, b, taps->weight_q15, plane->row_width);
	return plane->blended;
}

static void convert_row(
	const struct letterbox *lb, const struct letterbox_row *row, void *tensor, int y)
{
	const struct letterbox_params *p = &lb->params;
	size_t area = (size_t)p->width_px * (size_t)p->height_px;
	size_t at = (size_t)(y + lb->geometry.top_px) * (size_t)p->width_px +
		    (size_t)lb->geometry.left_px;
	if (p->half) {
		uint16_t *first = (uint16_t *)tensor + at;
		lb->ops->convert_half(
			row, (uint16_t *const[]){first, first + area, first + 2 * area});
	} else {
		float *first = (float *)tensor + at;
		lb->ops->convert_float(
			row, (float *const[]){first, first + area, first + 2 * area});
	}
}

int letterbox_run(
	struct letterbox *letterbox, const struct frame *frame, void *tensor, struct err *err)
{
	struct letterbox *lb = letterbox;
	if (!fits(&lb->geometry, frame)) {
		int r = plan(lb, frame);
		if (r < 0) {
			forget(lb);
			return err_set(err, r, "no memory to resize frames of %dx%d",
				frame->width_px, frame->height_px);
		}
	}
	if (lb->padded != tensor)
		pad(lb, tensor);
	lb->padded = tensor;
	for (int p = 0; p < PLANES; p++)
		lb->planes[p].reduced_row[0] = lb->planes[p].reduced_row[1] = -1;
	for (int y = 0; y < lb->geometry.height_px; y++) {
		struct letterbox_row row = {
			.luma = &lb->luma, .chroma = &lb->chroma, .channels = lb->channels};
		for (int p = 0; p < PLANES; p++)
			row.samples[p] = samples_at(lb->ops, &lb->planes[p], frame->plane[p],
				frame->stride_bytes[p], y);
		convert_row(lb, &row, tensor, y);
	}
	return 0;
}

struct box letterbox_to_frame(const struct letterbox *letterbox, struct box box)
{
	const struct geometry *g = &letterbox->geometry;
	double x = (double)g->frame_width_px / g->width_px;
	double y = (double)g->frame_height_px / g->height_px;
	return (struct box){
		.x1 = (float)((box.x1 - g->left_px) * x),
		.y1 = (float)((box.y1 - g->top_px) * y),
		.x2 = (float)((box.x2 - g->left_px) * x),
		.y2 = (float)((box.y2 - g->top_px) * y),
	};
}

const char *letterbox_kernel(const struct letterbox *letterbox)
{
	return letterbox->ops->name;
}
