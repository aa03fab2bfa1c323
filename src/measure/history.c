#include "measure/history.h"

#include <string.h>

void history_clear(struct history *history)
{
	history->head = history->count = 0;
	memset(&history->open, 0, sizeof(history->open));
}

static int bin_total(const struct history_bin *bin)
{
	int total = 0;
	for (int i = 0; i < SAMPLE_KIND_COUNT; i++)
		total += bin->count[i];
	return total;
}

static void close_bin(struct history *history)
{
	struct history_bin bin = history->open;
	int good = bin.count[SAMPLE_GOOD];
	if (good) {
		bin.t_s = bin.from_s + bin.t_s / good;
		bin.road_m = vec2_scale(bin.road_m, 1.0 / good);
		for (int i = 0; i < 3; i++)
			bin.var_m2[i] /= (double)good * good;
	}
	history->bins[history->head++ % HISTORY_BINS] = bin;
	if (history->count < HISTORY_BINS)
		history->count++;
	memset(&history->open, 0, sizeof(history->open));
}

const struct history_bin *history_at(const struct history *history, uint32_t i)
{
	return &history->bins[(history->head - history->count + i) % HISTORY_BINS];
}

bool history_add(
	struct history *history, const struct sample *sample, double bin_s, double window_s)
{
	struct history_bin *open = &history->open;
	bool closed = bin_total(open) && sample->t_s - open->from_s > 0.999 * bin_s;
	if (closed)
		close_bin(history);
	if (!bin_total(open))
		open->from_s = sample->t_s;
	open->to_s = sample->t_s;
	open->count[sample->kind]++;
	if (sample->kind == SAMPLE_GOOD) {
		open->t_s += sample->t_s - open->from_s;
		open->road_m = vec2_add(open->road_m, sample->road_m);
		for (int i = 0; i < 3; i++)
			open->var_m2[i] += sample->var_m2[i];
	}
	while (history->count && history_at(history, 0)->to_s < sample->t_s - window_s)
		history->count--;
	return closed;
}
