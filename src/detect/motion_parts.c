#include "detect/motion_parts.h"

#include <math.h>

#define ALIGNED_RATIO 0.7f
/* A part is at most this share of what it is a part of, and has gone along for so long, */
#define PART_RATIO 0.17f
#define ALONG_S 0.4
/* for this share of the whole's size, but so many samples at least, */
#define WAY_RATIO 0.15
#define WAY_MIN_SAMPLES 3.0
/* without straying by more than this, and by this share of the way. */
#define STRAY_SAMPLES 1.0
#define STRAY_RATIO 0.25
/* A roof is hardly wider than the body, and no narrower than that share of it; */
#define ROOF_WIDE_RATIO 1.1f
#define ROOF_LEAST_RATIO 0.5f
/* both together are no taller than this share of their width. */
#define ROOF_TALL_RATIO 1.05f

bool motion_parts_aligned(struct box a, struct box b)
{
	float wide = fminf(a.x2, b.x2) - fmaxf(a.x1, b.x1);
	float high = fminf(a.y2, b.y2) - fmaxf(a.y1, b.y1);
	float gap = box_gap(a, b), least = fminf(box_width(a), box_width(b));
	if (wide > ALIGNED_RATIO * fmaxf(box_width(a), box_width(b)))
		return gap < 0.4f * fmaxf(box_height(a), box_height(b));
	return high > ALIGNED_RATIO * fmaxf(box_height(a), box_height(b)) && gap < 0.1f * least;
}

bool motion_parts_roof(const struct motion_objects *objects, struct box roof, struct box body)
{
	const struct box both = box_union(roof, body);
	return roof.y2 < body.y2 && box_width(both) < ROOF_WIDE_RATIO * box_width(body) &&
	       box_width(roof) > ROOF_LEAST_RATIO * box_width(body) &&
	       box_height(both) < ROOF_TALL_RATIO * box_width(both) &&
	       motion_road_is_low(&objects->params.road, body);
}

static bool is_near(const struct motion_object *o, const struct motion_object *of)
{
	float reach = 2 + 0.15f * fminf(box_width(of->box), box_height(of->box));
	return box_gap(o->box, of->box) < reach;
}

bool motion_parts_beside(const struct motion_objects *objects, const struct motion_object *object)
{
	for (int i = 0; i < objects->count; i++) {
		const struct motion_object *of = &objects->items[i];
		if (of != object && of->seen &&
			(float)object->area < PART_RATIO * (float)of->area && is_near(object, of))
			return true;
	}
	return false;
}

/* Whether it has gone where `of` goes for far and long enough to be a part of it. */
static bool goes_along(
	const struct motion_objects *os, struct motion_object *o, const struct motion_object *of)
{
	const struct vec2 there = box_center(of->box), offset = vec2_sub(box_center(o->box), there);
	if (o->host != of->serial) {
		o->host = of->serial;
		o->along = os->media;
		o->host_at = there;
		o->host_offset = offset;
	}
	/* Two that stand keep together, too. */
	const double size = 0.5 * (box_width(of->box) + box_height(of->box));
	const double way = vec2_length(vec2_sub(there, o->host_at));
	const double strayed = vec2_length(vec2_sub(offset, o->host_offset));
	if (strayed > STRAY_SAMPLES + STRAY_RATIO * way) {
		o->host = 0;
		return false;
	}
	return way > fmax(WAY_RATIO * size, WAY_MIN_SAMPLES) &&
	       media_diff_s(os->media, o->along) >= ALONG_S;
}

/* A small piece that lies in or right above or below a larger object, and goes where it goes. */
static bool is_fragment_of(
	const struct motion_objects *os, struct motion_object *o, const struct motion_object *of)
{
	if (!o->seen || !of->seen || o->area > of->area || (o->whole && of->whole))
		return false;
	bool near = is_near(o, of);
	bool young = media_diff_s(os->media, o->first) < MOTION_YOUNG_S ||
		     media_diff_s(os->media, of->first) < MOTION_YOUNG_S;
	if (young && near && motion_parts_aligned(o->box, of->box))
		return true;
	const bool roof = near && motion_parts_roof(os, o->box, of->box);
	if (roof && (young || !o->believed || goes_along(os, o, of)))
		return true;
	if (roof || o->area * 2 > of->area)
		return false;
	float inside = box_cover(o->box, of->box);
	float wide = fminf(o->box.x2, of->box.x2) - fmaxf(o->box.x1, of->box.x1);
	bool stacked =
		wide > 0.6f * box_width(of->box) && box_height(o->box) < 0.5f * box_height(of->box);
	bool small = (float)o->area < PART_RATIO * (float)of->area;
	/* A motorcycle behind a lorry is stacked too, but narrower. */
	if (o->believed)
		return near && (stacked || small) && goes_along(os, o, of);
	return inside > 0.6f || (near && wide > 0.7f * box_width(o->box));
}

void motion_parts_join(struct motion_objects *objects)
{
	for (int i = 0; i < objects->count; i++)
		for (int j = 0; j < objects->count; j++) {
			struct motion_object *o = &objects->items[i], *of = &objects->items[j];
			if (i == j || !is_fragment_of(objects, o, of))
				continue;
			of->box = box_union(of->box, o->box);
			of->area += o->area;
			of->believed |= o->believed;
			*o = objects->items[--objects->count];
			i--;
			break;
		}
}
