#include "ingest/meter.h"

#include <math.h>

#define JITTER_SHARE (1.0 / 16)

void meter_reset(struct meter *meter)
{
	meter->count = meter->next = 0;
	meter->jitter_us = 0;
}

static int newest(const struct meter *m)
{
	return (m->next + METER_FRAMES - 1) % METER_FRAMES;
}

static int oldest(const struct meter *m)
{
	return (m->next + METER_FRAMES - m->count) % METER_FRAMES;
}

void meter_frame(struct meter *meter, struct media media, struct mono arrival, int64_t byte_count)
{
	struct meter *m = meter;
	if (m->count > 0) {
		int before = newest(m);
		double arrived_us = (double)(arrival.us - m->seen[before].arrival.us);
		double shown_us = (double)(media.us - m->seen[before].media.us);
		m->jitter_us += (fabs(arrived_us - shown_us) - m->jitter_us) * JITTER_SHARE;
	}
	m->seen[m->next].media = media;
	m->seen[m->next].arrival = arrival;
	m->seen[m->next].byte_count = byte_count;
	m->next = (m->next + 1) % METER_FRAMES;
	m->count += m->count < METER_FRAMES;
}

double meter_fps(const struct meter *meter)
{
	if (meter->count < 2)
		return 0;
	double s = media_diff_s(meter->seen[newest(meter)].media, meter->seen[oldest(meter)].media);
	return s > 0 ? (meter->count - 1) / s : 0;
}

double meter_bitrate_bps(const struct meter *meter)
{
	if (meter->count < 2)
		return 0;
	int a = oldest(meter), b = newest(meter);
	double s = (double)(meter->seen[b].arrival.us - meter->seen[a].arrival.us) * 1e-6;
	double bytes = (double)(meter->seen[b].byte_count - meter->seen[a].byte_count);
	return s > 0 ? bytes * 8 / s : 0;
}

double meter_jitter_ms(const struct meter *meter)
{
	return meter->jitter_us * 1e-3;
}
