/*
 * Kernels of the background model: pictures of 8-bit samples, integer arithmetic only, so that
 * every compiler and machine gives the same bytes. All are written as plain loops over contiguous
 * samples, which gcc and clang turn into SIMD at any instruction set.
 *
 * Threads: no state. Memory: the caller's; arrays do not overlap unless said.
 */
#pragma once

#include <stdint.h>

/* Means and deviations are kept in steps of 1/128 of a grey level: 255 fits in 15 bits. */
#define BACKGROUND_ONE 128
#define BACKGROUND_SAMPLES_MAX 15

/* What one sample is, weakest first; a mask may hold several kinds and be cut at any of them. */
enum background_class {
	BACKGROUND_SAME = 0,
	BACKGROUND_SHADOW = 1, /* as dark as the scene's shadows are, of the same colour */
	BACKGROUND_SOFT = 2, /* lighter than those: the rim of one, or something grey */
	BACKGROUND_FRONT = 3, /* different, and no shadow explains it */
};

/*
 * Average of blocks of `factor` x `factor` samples, 1 to 16. The source has at least
 * dst_width * factor by dst_height * factor samples; dst_width up to 4096.
 */
void background_shrink(const uint8_t *src, int src_stride, int factor, uint8_t *dst, int dst_stride,
	int dst_width, int dst_height);

/* A sample that says nothing about the background; real ones are stored as 1 to 254. */
#define BACKGROUND_UNKNOWN 0

/* A picture kept for the median: unknown where `hold` is not 0. */
void background_store(const uint8_t *picture, const uint8_t *hold, int64_t count, uint8_t *sample);

/*
 * Per sample the median of `sample_count` pictures (1 to BACKGROUND_SAMPLES_MAX; the lower one
 * where even) to `mean`, and the median absolute deviation from it to `deviation`, both in
 * 1/BACKGROUND_ONE. Unknown samples do not count; at least one of a place must be known.
 */
void background_median(const uint8_t *const *samples, int sample_count, int64_t count,
	int deviation_max, uint16_t *mean, uint16_t *deviation);

/*
 * One step of the running mean: mean += rate * (sample - mean) wherever `hold` is 0, with `rate`
 * in 1/65536 (0 to 32767); the deviation likewise toward |sample - mean|, capped at
 * `deviation_max` (1/BACKGROUND_ONE).
 */
void background_learn(const uint8_t *sample, const uint8_t *hold, int rate, int deviation_max,
	int64_t count, uint16_t *mean, uint16_t *deviation);

/* mean += offset + slope * (mean - 128), in 1/BACKGROUND_ONE and 1/32768; clamped to 0..255. */
void background_shift(int offset, int slope, int64_t count, uint16_t *mean);

/* The same for a stored picture; unknown stays unknown. */
void background_shift_sample(int offset, int slope, int64_t count, uint8_t *sample);

/* The mean rounded to samples. */
void background_round(const uint16_t *mean, int64_t count, uint8_t *reference);

/* min(255, |u - ref_u| + |v - ref_v|). */
void background_chroma(const uint8_t *u, const uint8_t *ref_u, const uint8_t *v,
	const uint8_t *ref_v, int64_t count, uint8_t *distance);

/* From this proof on a sample of the background is proven. */
#define BACKGROUND_PROVEN 20
/* Kept still for so many ticks. */
#define BACKGROUND_STILL 3

/*
 * One tick of a clock that counts, per luma sample and up to 255:
 *
 *   front_age  ticks for which something has been in front
 *   still_age  ticks for which that has kept the luma `still`, within the threshold
 *   proof      0: the background was never covered; then 1, and more for every tick that it is
 *              seen again. Something went past and the background came back: so it is no vehicle
 *              that stands there and may drive off. Only counted where `settled`.
 *   doubt      1 where something keeps still over a background that is not proven
 */
void background_age(const uint8_t *luma, const uint8_t *classes, const uint8_t *threshold,
	int settled, int64_t count, uint8_t *still, uint8_t *still_age, uint8_t *front_age,
	uint8_t *proof, uint8_t *doubt);

struct background_limits {
	int chroma; /* a colour distance beyond this is FRONT */
	int shadow_chroma; /* a shadow's colour distance is at most this */
	/* Luma over reference, in 1/256: a shadow from low to high, SOFT from there to 256. */
	int shadow_low_q8, shadow_high_q8;
};

/*
 * Classes of one row. `threshold`: the luma difference beyond which a sample differs. `chroma` has
 * half as many samples, each for two of the row; `width` is even.
 */
void background_classify(const uint8_t *luma, const uint8_t *reference, const uint8_t *threshold,
	const uint8_t *chroma, const struct background_limits *limits, int width, uint8_t *classes);

/*
 * The threshold of every sample of a plane: deviation * sigma (1/16) but at least `floor`, and in
 * addition `edge` sixteenths of the local gradient, since there a shake of the camera below one
 * pixel looks like motion.
 */
void background_threshold(const uint8_t *reference, const uint16_t *deviation, int stride,
	int width, int height, int floor, int sigma_q4, int edge_q4, uint8_t *threshold);

/* 1 where the class is at least `least`, else 0. */
void background_select(const uint8_t *classes, int least, int64_t count, uint8_t *mask);
/* Adds one mask to another. */
void background_join(const uint8_t *mask, int64_t count, uint8_t *out);

/*
 * Where a plane is seen: sample (x, y) of `out` is the picture's at
 * x + dx + zoom * (x - cx) - turn * (y - cy), and y likewise, between samples by bilinear weights
 * in sixteenths that are constant over 16 samples of a row. Beyond the edge the edge is repeated.
 */
struct background_view {
	double dx, dy; /* samples */
	double zoom, turn; /* ratio - 1; radians, small */
};
void background_warp(const uint8_t *picture, int width, int height,
	const struct background_view *view, uint8_t *out);

/*
 * Masks of 0 and 1. `scratch` has as many bytes as a plane. Outside the plane everything is 0.
 */
/* 1 where at least `least` of the 3x3 neighbours (itself included) are. */
void background_majority(const uint8_t *mask, int stride, int width, int height, int least,
	uint8_t *scratch, uint8_t *out);
/* 1 where any sample within `rx`, `ry` (a rectangle) is. In place is allowed. */
void background_dilate(const uint8_t *mask, int stride, int width, int height, int rx, int ry,
	uint8_t *scratch, uint8_t *out);
/* 1 where all samples within `rx`, `ry` are; outside the plane counts as 1. */
void background_erode(const uint8_t *mask, int stride, int width, int height, int rx, int ry,
	uint8_t *scratch, uint8_t *out);
