/*
 * Rates of a live stream over its last seconds: frames, bits, and how unevenly they arrive.
 *
 * Threads: one owner. Memory: none.
 */
#pragma once

#include "base/clock.h"

#define METER_FRAMES 128 /* what "the last seconds" are: 4 s at 30 frames/s */

struct meter {
	struct {
		struct media media;
		struct mono arrival;
		int64_t byte_count; /* of the stream up to this frame */
	} seen[METER_FRAMES];
	int count, next;
	double jitter_us;
};

void meter_reset(struct meter *meter);
void meter_frame(struct meter *meter, struct media media, struct mono arrival, int64_t byte_count);
/* Frames over the media time they cover; 0 with fewer than two. */
double meter_fps(const struct meter *meter);
/* Over the time of arrival. */
double meter_bitrate_bps(const struct meter *meter);
/* RFC 3550, 6.4.1, over frames: the mean difference of two arrivals less that of their times. */
double meter_jitter_ms(const struct meter *meter);
