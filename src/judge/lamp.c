#include "judge/lamp.h"

#include <string.h>

#define LEVELS 128
#define PIXELS_MAX 144 /* sampled per region, on a grid */
#define GLOW_MIN 22 /* below that no lamp is lit */
#define GLOW_RATIO 1.6 /* the lit one glows that many times more than the next */
#define CHROMA_MIN 10 /* and shows at least that much of its colour */

/*
 * Directions in the (U, V) plane: red, yellow (amber), green (signal green is bluish). In BT.601
 * as in BT.709 within a few degrees, which is all that matters here.
 */
static const struct vec2 hues[3] = {{-0.25, 0.97}, {-0.93, 0.37}, {-0.2, -0.98}};
static const enum lamp names[3] = {LAMP_RED, LAMP_YELLOW, LAMP_GREEN};

struct glow {
	double glow, chroma;
};

static struct box corners(const struct option_points *p)
{
	if (p->count < 2)
		return (struct box){0};
	struct vec2 a = p->items[0], b = p->items[1];
	return (struct box){(float)fmin(a.x, b.x), (float)fmin(a.y, b.y), (float)fmax(a.x, b.x),
		(float)fmax(a.y, b.y)};
}

bool lamp_regions(const struct signal_params *params, struct box ret_lamps[3])
{
	const struct lamps_params *l = &params->lamps;
	struct box head = corners(&params->region);
	ret_lamps[0] = corners(&l->red);
	ret_lamps[1] = corners(&l->yellow);
	ret_lamps[2] = corners(&l->green);
	if (l->red.count + l->yellow.count + l->green.count > 0)
		return true;
	bool upright = box_height(head) >= box_width(head);
	for (int i = 0; i < 3; i++) {
		float low = (float)i / 3, high = (float)(i + 1) / 3;
		ret_lamps[i] = head;
		if (upright) {
			ret_lamps[i].y1 = head.y1 + low * box_height(head);
			ret_lamps[i].y2 = head.y1 + high * box_height(head);
		} else {
			ret_lamps[i].x1 = head.x1 + low * box_width(head);
			ret_lamps[i].x2 = head.x1 + high * box_width(head);
		}
	}
	return box_area(head) > 0;
}

/* Up to PIXELS_MAX of the pixels whose middle lies in the region, evenly spread. */
static int sample(const struct frame *f, struct box box, uint8_t (*out)[3])
{
	struct box b = box_clip(box, f->width_px, f->height_px);
	int x1 = (int)b.x1, y1 = (int)b.y1, width = (int)(b.x2 + 0.5f) - x1;
	int height = (int)(b.y2 + 0.5f) - y1, count = 0, step = 1;
	while ((width / step + 1) * (height / step + 1) > PIXELS_MAX)
		step++;
	for (int y = y1; y < y1 + height && y < f->height_px; y += step)
		for (int x = x1; x < x1 + width && x < f->width_px && count < PIXELS_MAX;
			x += step) {
			out[count][0] = f->plane[0][y * f->stride_bytes[0] + x];
			out[count][1] = f->plane[1][y / 2 * f->stride_bytes[1] + x / 2];
			out[count][2] = f->plane[2][y / 2 * f->stride_bytes[2] + x / 2];
			count++;
		}
	return count;
}

static double along_hue(const uint8_t *yuv, struct vec2 hue)
{
	double chroma = (yuv[1] - 128) * hue.x + (yuv[2] - 128) * hue.y;
	double across = fabs((yuv[1] - 128) * hue.y - (yuv[2] - 128) * hue.x);
	/* Another lamp's colour spilling over is no colour of this one. */
	return fmax(chroma - 0.7 * across, 0);
}

static double luma_percentile(uint8_t (*pixels)[3], int count, double share)
{
	int histogram[256] = {0}, sum = 0, luma = 0;
	for (int i = 0; i < count; i++)
		histogram[pixels[i][0]]++;
	for (; luma < 255; luma++) {
		sum += histogram[luma];
		if (sum >= share * count)
			break;
	}
	return luma;
}

/* Mean glow and mean chroma of the strongest quarter. */
static struct glow measure_glow(uint8_t (*pixels)[3], int count, struct vec2 hue, double dark)
{
	int histogram[LEVELS] = {0}, left = (count + 3) / 4, taken = 0;
	double sum = 0, chroma = 0;
	double by_level[LEVELS] = {0};
	for (int i = 0; i < count; i++) {
		double c = along_hue(pixels[i], hue);
		double glow = c + 0.25 * fmax(pixels[i][0] - dark, 0);
		int level = (int)fmin(0.5 * glow, LEVELS - 1);
		histogram[level]++;
		by_level[level] += c;
	}
	for (int level = LEVELS - 1; level >= 0 && left > 0; level--) {
		int n = histogram[level] < left ? histogram[level] : left;
		if (n == 0)
			continue;
		sum += (2 * level + 1) * n;
		chroma += by_level[level] * n / histogram[level];
		left -= n;
		taken += n;
	}
	return taken ? (struct glow){sum / taken, chroma / taken} : (struct glow){0, 0};
}

static bool lit(const struct glow *g)
{
	return g->glow >= GLOW_MIN && g->chroma >= CHROMA_MIN;
}

/* glow[region][hue]; the lamp of a region has the hue of the same index. */
static enum lamp decide(struct glow g[3][3])
{
	int first = 0;
	for (int i = 1; i < 3; i++)
		if (g[i][i].glow > g[first][first].glow)
			first = i;
	if (!lit(&g[first][first]))
		return LAMP_UNKNOWN;
	bool alone = true;
	for (int i = 0; i < 3; i++)
		if (i != first)
			alone &= g[first][first].glow >=
				 GLOW_RATIO * fmax(g[i][i].glow, g[i][first].glow);
	if (alone)
		return names[first];
	/* Red with yellow: the third is dark, and the yellow is no red. */
	double weaker = fmin(g[0][0].glow, g[1][1].glow);
	bool both = lit(&g[0][0]) && lit(&g[1][1]) && g[1][1].chroma > g[1][0].chroma &&
		    weaker >= GLOW_RATIO * fmax(g[2][2].glow, g[2][first].glow);
	return both ? LAMP_RED_YELLOW : LAMP_UNKNOWN;
}

enum lamp lamp_read(const struct frame *frame, const struct box lamps[3])
{
	uint8_t pixels[3][PIXELS_MAX][3];
	int count[3];
	double dark = 255;
	struct glow g[3][3];
	for (int i = 0; i < 3; i++) {
		count[i] = box_area(lamps[i]) > 0 ? sample(frame, lamps[i], pixels[i]) : 0;
		if (count[i] > 0)
			dark = fmin(dark, luma_percentile(pixels[i], count[i], 0.5));
	}
	for (int i = 0; i < 3; i++)
		for (int hue = 0; hue < 3; hue++)
			g[i][hue] = measure_glow(pixels[i], count[i], hues[hue], dark);
	return decide(g);
}
