/* The definition of the letterbox kernels, in C. */
#include "pixel/half.h"
#include "pixel/letterbox_ops.h"

static void reduce(int16_t *out, const uint8_t *const *rows, int width_px, int log2_x, int log2_y)
{
	letterbox_reduce_from(out, rows, width_px, log2_x, log2_y, 0);
}

static void blend(int16_t *out, const int16_t *a, const int16_t *b, int weight_q15, int count)
{
	for (int i = 0; i < count; i++)
		out[i] = letterbox_blend_one(a[i], b[i], weight_q15);
}

static float tap(const int16_t *samples, const struct letterbox_axis *axis, int x)
{
	const int16_t *s = samples + axis->left[x], *w = axis->weights + 2 * (size_t)x;
	return (float)(s[0] * w[0] + s[1] * w[1]);
}

static float channel(const struct letterbox_channel *c, float y, float u, float v)
{
	float value = ((y * c->v[0] + u * c->v[1]) + v * c->v[2]) + c->v[3];
	value = value > c->low ? value : c->low;
	return value < c->high ? value : c->high;
}

static void convert_float(const struct letterbox_row *row, float *const out[3])
{
	for (int x = 0; x < row->luma->count; x++) {
		float y = tap(row->samples[0], row->luma, x);
		float u = tap(row->samples[1], row->chroma, x);
		float v = tap(row->samples[2], row->chroma, x);
		for (int c = 0; c < 3; c++)
			out[c][x] = channel(&row->channels[c], y, u, v);
	}
}

static void convert_half(const struct letterbox_row *row, uint16_t *const out[3])
{
	for (int x = 0; x < row->luma->count; x++) {
		float y = tap(row->samples[0], row->luma, x);
		float u = tap(row->samples[1], row->chroma, x);
		float v = tap(row->samples[2], row->chroma, x);
		for (int c = 0; c < 3; c++)
			out[c][x] = half_from_float(channel(&row->channels[c], y, u, v));
	}
}

const struct letterbox_ops letterbox_c = {
	.name = "c",
	.block_px = 0,
	.reduce = reduce,
	.blend = blend,
	.convert_float = convert_float,
	.convert_half = convert_half,
};
