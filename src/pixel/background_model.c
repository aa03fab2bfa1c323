#include "pixel/background.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Samples handled at once by the sorting network; a few registers of any width. */
#define LANES 64

static void exchange(uint8_t *restrict a, uint8_t *restrict b)
{
	for (int i = 0; i < LANES; i++) {
		uint8_t lo = a[i] < b[i] ? a[i] : b[i], hi = a[i] < b[i] ? b[i] : a[i];
		a[i] = lo;
		b[i] = hi;
	}
}

/* Odd-even transposition sort of `n` rows, lane by lane. */
static void sort_lanes(uint8_t rows[][LANES], int n)
{
	for (int pass = 0; pass < n; pass++)
		for (int i = pass & 1; i + 1 < n; i += 2)
			exchange(rows[i], rows[i + 1]);
}

/*
 * Loads a block of every sample. Unknown ones become the lowest and the highest value in turn, so
 * that they fall on both sides of the median and leave it where the known ones put it.
 */
static void load_lanes(
	const uint8_t *const *samples, int n, int64_t at, int width, uint8_t rows[][LANES])
{
	uint8_t turn[LANES] = {0};
	for (int i = 0; i < n; i++) {
		memset(rows[i], 0, LANES);
		memcpy(rows[i], samples[i] + at, (size_t)width);
		for (int x = 0; x < LANES; x++) {
			uint8_t unknown = rows[i][x] == BACKGROUND_UNKNOWN ? 255 : 0;
			turn[x] ^= unknown;
			rows[i][x] |= unknown & turn[x];
		}
	}
}

static void median_block(const uint8_t *const *samples, int n, int64_t at, int width,
	int deviation_max, uint16_t *mean, uint16_t *deviation)
{
	uint8_t rows[BACKGROUND_SAMPLES_MAX][LANES] = {{0}}, middle[LANES];
	load_lanes(samples, n, at, width, rows);
	sort_lanes(rows, n);
	memcpy(middle, rows[(n - 1) / 2], LANES);
	for (int i = 0; i < n; i++)
		for (int x = 0; x < LANES; x++) {
			uint8_t s = rows[i][x], off = (uint8_t)abs(s - middle[x]);
			rows[i][x] = s == 0 || s == 255 ? 255 : off;
		}
	sort_lanes(rows, n);
	for (int x = 0; x < width; x++) {
		mean[at + x] = (uint16_t)(middle[x] * BACKGROUND_ONE);
		int off = rows[(n - 1) / 3][x] * 3 / 2;
		off = off > deviation_max ? deviation_max : off;
		deviation[at + x] = (uint16_t)(off * BACKGROUND_ONE);
	}
}

void background_store(const uint8_t *restrict picture, const uint8_t *restrict hold, int64_t count,
	uint8_t *restrict sample)
{
	for (int64_t i = 0; i < count; i++) {
		uint8_t s = picture[i] < 1 ? 1 : picture[i] > 254 ? 254 : picture[i];
		sample[i] = hold[i] ? BACKGROUND_UNKNOWN : s;
	}
}

void background_median(const uint8_t *const *samples, int sample_count, int64_t count,
	int deviation_max, uint16_t *mean, uint16_t *deviation)
{
	assert(sample_count >= 1 && sample_count <= BACKGROUND_SAMPLES_MAX);
	for (int64_t at = 0; at < count; at += LANES) {
		int width = count - at < LANES ? (int)(count - at) : LANES;
		median_block(samples, sample_count, at, width, deviation_max, mean, deviation);
	}
}

void background_learn(const uint8_t *restrict sample, const uint8_t *restrict hold, int rate,
	int deviation_max, int64_t count, uint16_t *restrict mean, uint16_t *restrict deviation)
{
	assert(rate >= 0 && rate <= 32767);
	assert(deviation_max >= 0 && deviation_max <= 32767);
	for (int64_t i = 0; i < count; i++) {
		int16_t m = (int16_t)mean[i], d = (int16_t)deviation[i];
		int16_t off = (int16_t)(sample[i] * BACKGROUND_ONE - m);
		int16_t far = (int16_t)(off < 0 ? -off : off);
		far = far > deviation_max ? (int16_t)deviation_max : far;
		int16_t keep = hold[i] ? 0 : -1;
		int16_t step_m = (int16_t)((off * rate + 32768) >> 16);
		int16_t step_d = (int16_t)(((far - d) * rate + 32768) >> 16);
		mean[i] = (uint16_t)(m + (step_m & keep));
		deviation[i] = (uint16_t)(d + (step_d & keep));
	}
}

void background_shift(int offset, int slope, int64_t count, uint16_t *mean)
{
	const int top = 255 * BACKGROUND_ONE;
	for (int64_t i = 0; i < count; i++) {
		int m = mean[i];
		m += offset + (((m - 128 * BACKGROUND_ONE) * slope) >> 15);
		mean[i] = (uint16_t)(m < 0 ? 0 : m > top ? top : m);
	}
}

void background_shift_sample(int offset, int slope, int64_t count, uint8_t *sample)
{
	for (int64_t i = 0; i < count; i++) {
		int s = sample[i];
		int to = s + ((offset * 256 + (s - 128) * slope + 16384) >> 15);
		to = to < 1 ? 1 : to > 254 ? 254 : to;
		sample[i] = (uint8_t)(s == BACKGROUND_UNKNOWN ? s : to);
	}
}

void background_round(const uint16_t *restrict mean, int64_t count, uint8_t *restrict reference)
{
	for (int64_t i = 0; i < count; i++)
		reference[i] = (uint8_t)((mean[i] + BACKGROUND_ONE / 2) / BACKGROUND_ONE);
}

static uint8_t apart(uint8_t a, uint8_t b)
{
	return a > b ? (uint8_t)(a - b) : (uint8_t)(b - a);
}

void background_chroma(const uint8_t *restrict u, const uint8_t *restrict ref_u,
	const uint8_t *restrict v, const uint8_t *restrict ref_v, int64_t count,
	uint8_t *restrict distance)
{
	for (int64_t i = 0; i < count; i++) {
		uint8_t du = apart(u[i], ref_u[i]), dv = apart(v[i], ref_v[i]);
		uint8_t sum = (uint8_t)(du + dv);
		distance[i] = sum < du ? 255 : sum;
	}
}

void background_age(const uint8_t *restrict luma, const uint8_t *restrict classes,
	const uint8_t *restrict threshold, int settled, int64_t count, uint8_t *restrict still,
	uint8_t *restrict still_age, uint8_t *restrict front_age, uint8_t *restrict proof,
	uint8_t *restrict doubt)
{
	const uint8_t counts = settled ? 1 : 0, covered_long = 2;
	for (int64_t i = 0; i < count; i++) {
		uint8_t front = classes[i] != BACKGROUND_SAME;
		uint8_t same = front & (apart(luma[i], still[i]) <= threshold[i]);
		uint8_t covered = front_age[i], age = still_age[i], back = proof[i];
		uint8_t begins = counts & !front & (back == 0) & (covered >= covered_long);
		uint8_t goes_on = !front & (back > 0) & (back < BACKGROUND_PROVEN);
		/* Covered anew before it was proven: the wait begins anew. */
		back = (front & (back > 1) & (back < BACKGROUND_PROVEN)) ? 1 : back;
		proof[i] = back = (uint8_t)(back + (begins | goes_on));
		front_age[i] = front ? (uint8_t)(covered + (covered < 255)) : 0;
		still_age[i] = age = same ? (uint8_t)(age + (age < 255)) : 0;
		still[i] = same ? still[i] : luma[i];
		doubt[i] = front & (age >= BACKGROUND_STILL) & (back < BACKGROUND_PROVEN);
	}
}

static uint8_t clamp_u8(int x)
{
	return (uint8_t)(x < 0 ? 0 : x > 255 ? 255 : x);
}

void background_classify(const uint8_t *restrict luma, const uint8_t *restrict reference,
	const uint8_t *restrict threshold, const uint8_t *restrict chroma,
	const struct background_limits *limits, int width, uint8_t *restrict classes)
{
	enum { ROW = 256 };
	uint8_t color[ROW];
	const uint16_t low = (uint16_t)limits->shadow_low_q8,
		       high = (uint16_t)limits->shadow_high_q8;
	const uint8_t other_c = clamp_u8(limits->chroma), same_c = clamp_u8(limits->shadow_chroma);
	assert(width % 2 == 0 && limits->shadow_low_q8 <= 256 && limits->shadow_high_q8 <= 256);
	for (int at = 0; at < width; at += ROW) {
		int n = width - at < ROW ? width - at : ROW;
		for (int i = 0; i < n / 2; i++)
			color[2 * i] = color[2 * i + 1] = chroma[at / 2 + i];
		for (int i = 0; i < n; i++) {
			uint8_t y = luma[at + i], r = reference[at + i], c = color[i];
			uint16_t scaled = (uint16_t)(y * 256);
			uint8_t other = (apart(y, r) > threshold[at + i]) | (c > other_c);
			uint8_t shade = (y < r) & (c <= same_c) & (scaled >= (uint16_t)(r * low));
			uint8_t soft = scaled > (uint16_t)(r * high);
			uint8_t kind =
				shade ? (uint8_t)(BACKGROUND_SHADOW + soft) : BACKGROUND_FRONT;
			classes[at + i] = other ? kind : BACKGROUND_SAME;
		}
	}
}

/* Half the larger of the two central differences that a row of samples and its neighbours give. */
static void threshold_row(const uint8_t *restrict above, const uint8_t *restrict row,
	const uint8_t *restrict below, const uint16_t *restrict deviation, int width, int floor,
	int sigma_q4, int edge_q4, uint8_t *restrict threshold)
{
	for (int x = 0; x < width; x++) {
		int gx = 0;
		if (x > 0 && x < width - 1)
			gx = apart(row[x - 1], row[x + 1]);
		int gy = apart(above[x], below[x]);
		int g = (gx > gy ? gx : gy) / 2;
		int t = (deviation[x] * sigma_q4) / (16 * BACKGROUND_ONE);
		t = (t < floor ? floor : t) + g * edge_q4 / 16;
		threshold[x] = (uint8_t)(t > 255 ? 255 : t);
	}
}

void background_threshold(const uint8_t *reference, const uint16_t *deviation, int stride,
	int width, int height, int floor, int sigma_q4, int edge_q4, uint8_t *threshold)
{
	for (int y = 0; y < height; y++) {
		const uint8_t *row = reference + (int64_t)y * stride;
		threshold_row(y > 0 ? row - stride : row, row, y < height - 1 ? row + stride : row,
			deviation + (int64_t)y * stride, width, floor, sigma_q4, edge_q4,
			threshold + (int64_t)y * stride);
	}
}
