#include "detect/detections.h"

#include <stddef.h>
#include <string.h>

static const char *const names[ROAD_USER_COUNT] = {
	[ROAD_USER_UNKNOWN] = "vehicle",
	[ROAD_USER_PERSON] = "person",
	[ROAD_USER_BICYCLE] = "bicycle",
	[ROAD_USER_MOTORCYCLE] = "motorcycle",
	[ROAD_USER_CAR] = "car",
	[ROAD_USER_BUS] = "bus",
	[ROAD_USER_TRUCK] = "truck",
};

/* Other words for the same in data sets that models were trained on. */
static const struct {
	const char *name;
	enum road_user road_user;
} synonyms[] = {
	{"pedestrian", ROAD_USER_PERSON},
	{"people", ROAD_USER_PERSON},
	{"van", ROAD_USER_CAR},
	{"motorbike", ROAD_USER_MOTORCYCLE},
	{"motor", ROAD_USER_MOTORCYCLE},
	{"bike", ROAD_USER_BICYCLE},
	{"lorry", ROAD_USER_TRUCK},
};

const char *road_user_name(enum road_user road_user)
{
	return (unsigned)road_user < ROAD_USER_COUNT ? names[road_user] : names[ROAD_USER_UNKNOWN];
}

enum road_user road_user_from_name(const char *name)
{
	for (int i = 0; i < ROAD_USER_COUNT; i++)
		if (!strcmp(name, names[i]))
			return (enum road_user)i;
	for (size_t i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++)
		if (!strcmp(name, synonyms[i].name))
			return synonyms[i].road_user;
	return ROAD_USER_COUNT;
}

static int weakest(const struct detections *d)
{
	int at = 0;
	for (int i = 1; i < d->count; i++)
		if (d->items[i].confidence_ratio < d->items[at].confidence_ratio)
			at = i;
	return at;
}

void detections_begin(struct detections *detections, const struct frame *frame)
{
	detections->media = frame->media;
	detections->sequence = frame->sequence;
	detections->flags = frame->flags;
	detections->width_px = frame->width_px;
	detections->height_px = frame->height_px;
	detections->count = detections->dropped_count = 0;
}

void detections_copy(struct detections *to, const struct detections *from)
{
	memcpy(to, from,
		offsetof(struct detections, items) + (size_t)from->count * sizeof(from->items[0]));
}

void detections_add(struct detections *detections, struct detection item)
{
	struct detections *d = detections;
	item.box = box_clip(item.box, d->width_px, d->height_px);
	if (!(box_area(item.box) > 0))
		return;
	if (d->count < DETECTIONS_MAX) {
		d->items[d->count++] = item;
		return;
	}
	d->dropped_count++;
	int at = weakest(d);
	if (item.confidence_ratio > d->items[at].confidence_ratio)
		d->items[at] = item;
}
