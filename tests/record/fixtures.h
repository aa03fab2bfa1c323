/* Pictures, violations and rows for the tests of what is written. */
#pragma once

#include "base/frame.h"
#include "record/passages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline struct frame *fixture_frame(struct frame_pool *pool)
{
	struct frame *f = frame_pool_get(pool);
	for (int p = 0; f && p < 3; p++) {
		int w = p ? frame_chroma_width_px(f) : f->width_px;
		int h = p ? frame_chroma_height_px(f) : f->height_px;
		for (int y = 0; y < h; y++)
			for (int x = 0; x < w; x++)
				frame_writable(f, p)[y * f->stride_bytes[p] + x] =
					(uint8_t)(p ? 100 + (x + y) % 60
						    : 30 + (2 * x + 3 * y) % 190);
	}
	return f;
}

static inline struct violation fixture_violation(void)
{
	struct violation v = {
		.kind = VIOLATION_SPEED,
		.rule_name = "town limit",
		.track_id = 7,
		.road_user = ROAD_USER_CAR,
		.truth_id = -1,
		.severity = SEVERITY_HIGH,
		.at = {1500000},
		.from = {1000000},
		.to = {1500000},
		.box = {60, 40, 100, 70},
		.measured = 63.25,
		.uncertainty = 1.5,
		.limit = 50,
		.tolerance = 3,
		.unit = "km/h",
	};
	snprintf(v.explanation, sizeof(v.explanation),
		"63.2 km/h \xC2\xB1 1.5, where 50 km/h are allowed; said \"so\" over 11 frames");
	return v;
}

static inline struct passage fixture_passage(void)
{
	return (struct passage){
		.track_id = 7,
		.road_user = ROAD_USER_TRUCK,
		.road_user_share = 0.75f,
		.truth_id = -1,
		.first = {500000},
		.last = {2500000},
		.update_count = 51,
		.from_px = {10.26, 20},
		.to_px = {300, 40.5},
		.speed_status = SPEED_OK,
		.speed_mps = 15,
		.speed_sigma_mps = 0.5,
		.speed_from = {1000000},
		.speed_to = {2000000},
		.speed_at = {1500000},
		.violation_kinds = 1u << VIOLATION_SPEED | 1u << VIOLATION_LANE,
	};
}

static inline char *fixture_read(const char *path, size_t *ret_count)
{
	FILE *file = fopen(path, "rb");
	if (!file)
		return NULL;
	char *bytes = NULL;
	size_t count = 0, n;
	do {
		bytes = realloc(bytes, count + 65537);
		n = fread(bytes + count, 1, 65536, file);
		count += n;
	} while (n > 0);
	bytes[count] = '\0';
	fclose(file);
	if (ret_count)
		*ret_count = count;
	return bytes;
}
