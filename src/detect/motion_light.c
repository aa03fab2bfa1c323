#include "detect/motion_light.h"

#include <math.h>
#include <stdlib.h>

/* Every so many samples, each way, one is looked at. */
#define STRIDE 4
#define LEVELS 256
/* A sample is explained where it is off by no more than this. */
#define FIT_LEVELS 8
#define SLOPE_MAX 0.6

struct fit {
	double n, x, y, xx, xy;
};

static void add_sample(struct fit *f, double x, double y)
{
	f->n++;
	f->x += x;
	f->y += y;
	f->xx += x * x;
	f->xy += x * y;
}

static int histogram_median(const int *histogram, int count, int total)
{
	int seen = 0, i = 0;
	for (; i < count - 1; i++) {
		seen += histogram[i];
		if (2 * seen >= total)
			break;
	}
	return i;
}

/* Least squares over the samples that the light so far explains. */
static void refine(struct motion_light *light, const uint8_t *luma, const uint8_t *ref, int width,
	int height, double reach)
{
	struct fit f = {0};
	int total = 0;
	for (int y = STRIDE / 2; y < height; y += STRIDE)
		for (int x = STRIDE / 2; x < width; x += STRIDE) {
			int64_t i = (int64_t)y * width + x;
			double level = ref[i] - 128, off = luma[i] - ref[i];
			total++;
			if (ref[i] < 2 || ref[i] > 250 || luma[i] < 2 || luma[i] > 250)
				continue;
			if (fabs(off - light->offset - light->slope * level) <= reach)
				add_sample(&f, level, off);
		}
	light->fit_ratio = total > 0 ? f.n / total : 0;
	double spread = f.n * f.xx - f.x * f.x;
	if (f.n < 50)
		return;
	/* A scene of one brightness tells nothing about the slope. */
	double slope = spread / (f.n * f.n) > 100 ? (f.n * f.xy - f.x * f.y) / spread : 0;
	slope = fmin(fmax(slope, -SLOPE_MAX), SLOPE_MAX);
	light->slope = slope;
	light->offset = (f.y - slope * f.x) / f.n;
}

struct motion_light motion_light_find(
	const uint8_t *luma, const uint8_t *reference, int width, int height)
{
	int histogram[2 * LEVELS] = {0}, total = 0;
	for (int y = STRIDE / 2; y < height; y += STRIDE)
		for (int x = STRIDE / 2; x < width; x += STRIDE) {
			int64_t i = (int64_t)y * width + x;
			histogram[LEVELS + luma[i] - reference[i]]++;
			total++;
		}
	struct motion_light light = {
		.offset = histogram_median(histogram, 2 * LEVELS, total) - LEVELS};
	refine(&light, luma, reference, width, height, 3 * FIT_LEVELS);
	refine(&light, luma, reference, width, height, FIT_LEVELS);
	return light;
}

bool motion_light_matters(const struct motion_light *light)
{
	const double least = 1.5;
	return fabs(light->offset) >= least ||
	       fabs(light->offset + 100 * light->slope) >= least + 1 ||
	       fabs(light->offset - 100 * light->slope) >= least + 1;
}
