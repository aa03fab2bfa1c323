#include "detect/motion_blobs.h"

#include "pixel/background.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int motion_blobs_init(struct motion_blobs *blobs, int width, int height, double min_area)
{
	*blobs = (struct motion_blobs){.width = width, .height = height};
	size_t n = (size_t)width * (size_t)height;
	blobs->min_area = min_area > 0 ? min_area : (double)n * 2e-4;
	blobs->mask = calloc(n, 1);
	blobs->closed = calloc(n, 1);
	blobs->scratch = calloc(n, 1);
	blobs->front = calloc(n, 1);
	if (blobs->mask && blobs->closed && blobs->scratch && blobs->front &&
		motion_regions_init(&blobs->regions, width, height, 4096) == 0)
		return 0;
	motion_blobs_finish(blobs);
	return -ENOMEM;
}

void motion_blobs_finish(struct motion_blobs *blobs)
{
	free(blobs->mask);
	free(blobs->closed);
	free(blobs->scratch);
	free(blobs->front);
	motion_regions_finish(&blobs->regions);
	*blobs = (struct motion_blobs){0};
}

static void add_blob(struct motion_blobs *bs, const struct motion_region *r)
{
	if (r->area < bs->min_area || bs->count == MOTION_BLOBS_MAX)
		return;
	bs->items[bs->count++] = (struct motion_blob){
		.box = {(float)r->x1, (float)r->y1, (float)r->x2, (float)r->y2},
		.confidence_ratio = 0.9f,
		.area = r->area,
	};
}

void motion_blobs_find(struct motion_blobs *blobs, const uint8_t *classes)
{
	const int w = blobs->width, h = blobs->height;
	for (int64_t i = 0; i < (int64_t)w * h; i++)
		blobs->mask[i] = classes[i] >= BACKGROUND_WEAK;
	background_majority(blobs->mask, w, w, h, 5, blobs->scratch, blobs->mask);
	background_dilate(blobs->mask, w, w, h, 2, 2, blobs->scratch, blobs->closed);
	background_erode(blobs->closed, w, w, h, 2, 2, blobs->scratch, blobs->closed);
	motion_regions_find(&blobs->regions, blobs->closed);
	memcpy(blobs->front, blobs->closed, (size_t)w * (size_t)h);
	blobs->count = 0;
	for (int i = 0; i < blobs->regions.count; i++)
		add_blob(blobs, &blobs->regions.items[i]);
}
