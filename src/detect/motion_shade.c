#include "detect/motion_shade.h"

#include "pixel/background.h"

#include <math.h>
#include <stdlib.h>

/* What is seen fades with this time constant. */
#define FADE_S 20.0
/* Samples around one that must be as dark as it is, and how nearly. */
#define REACH 2
#define SMOOTH_RATIO 0.06
/* Too dark a background tells nothing about ratios. */
#define LEVEL_MIN 24
#define CHROMA_MAX 10
/* Bins to each side of a peak that belong to it. */
#define PEAK_BINS 5
/* The share of all samples, and the number of them, that make a peak the sun's. */
#define PEAK_RATIO 0.45
#define PEAK_COUNT 1500.0
/* Half the width of the band that counts as shadow, around the peak. */
#define BAND_RATIO 0.07
/* Shadows that are this bright are soft ones, sun or no sun. */
#define SOFT_RATIO 0.78
#define PEAK_LAST_RATIO 0.71
#define CLOUDY_LOW_RATIO 0.72

void motion_shade_init(struct motion_shade *shade, double least_ratio)
{
	*shade = (struct motion_shade){
		.low_ratio = fmax(least_ratio, CLOUDY_LOW_RATIO),
		.high_ratio = 1,
		.least_ratio = least_ratio,
		.last = MEDIA_NONE,
	};
}

static double ratio_at(const uint8_t *luma, const uint8_t *reference, int64_t i)
{
	return (double)luma[i] / (reference[i] > 0 ? reference[i] : 1);
}

/* The same darkness all around. */
static bool is_smooth(const uint8_t *luma, const uint8_t *reference, int64_t i, int width)
{
	double ratio = ratio_at(luma, reference, i);
	const int64_t around[] = {-REACH, REACH, -(int64_t)REACH * width, (int64_t)REACH * width};
	for (int k = 0; k < 4; k++)
		if (fabs(ratio_at(luma, reference, i + around[k]) - ratio) > SMOOTH_RATIO)
			return false;
	return true;
}

static void find_peak(struct motion_shade *s)
{
	const int first = (int)(s->least_ratio * MOTION_SHADE_BINS);
	const int last = (int)(SOFT_RATIO * MOTION_SHADE_BINS);
	double all = 0, most = 0;
	int at = -1;
	for (int i = 0; i < last; i++)
		all += s->histogram[i];
	for (int i = first; i < last; i++) {
		double sum = 0;
		for (int k = i - PEAK_BINS; k <= i + PEAK_BINS; k++)
			sum += k >= 0 && k < MOTION_SHADE_BINS ? s->histogram[k] : 0;
		if (sum > most) {
			most = sum;
			at = i;
		}
	}
	s->sunny = at >= 0 && at < PEAK_LAST_RATIO * MOTION_SHADE_BINS && most >= PEAK_COUNT &&
		   most >= PEAK_RATIO * all;
	double peak = (at + 0.5) / MOTION_SHADE_BINS;
	s->low_ratio = s->sunny ? peak - BAND_RATIO : CLOUDY_LOW_RATIO;
	s->low_ratio = fmax(s->low_ratio, s->least_ratio);
	s->high_ratio = s->sunny ? peak + BAND_RATIO : 1;
}

void motion_shade_learn(struct motion_shade *shade, const uint8_t *luma, const uint8_t *reference,
	const uint8_t *chroma, const uint8_t *classes, int width, int height, struct media media)
{
	double dt_s = shade->last.us == INT64_MIN ? 0 : media_diff_s(media, shade->last);
	shade->last = media;
	const double fade = exp(-dt_s / FADE_S);
	for (int i = 0; i < MOTION_SHADE_BINS; i++)
		shade->histogram[i] *= fade;
	for (int y = REACH; y < height - REACH; y++)
		for (int x = REACH; x < width - REACH; x++) {
			int64_t i = (int64_t)y * width + x;
			if (classes[i] == BACKGROUND_SAME || reference[i] < LEVEL_MIN ||
				luma[i] >= reference[i] ||
				chroma[(int64_t)(y / 2) * (width / 2) + x / 2] > CHROMA_MAX)
				continue;
			if (is_smooth(luma, reference, i, width))
				shade->histogram[(
					int)(ratio_at(luma, reference, i) * MOTION_SHADE_BINS)]++;
		}
	find_peak(shade);
}
