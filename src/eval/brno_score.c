#include "eval/brno_score.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define MATCH_S 0.2

/* The first of the nearest, in file order. */
static int nearest(
	const struct brno_car *car, const struct brno_measurement *m, int count, bool measured)
{
	int best = -1;
	double best_s = MATCH_S;
	for (int i = 0; i < count; i++) {
		if (m[i].measured != measured || m[i].lane < 0 || !(car->lanes & 1u << m[i].lane))
			continue;
		double away = fabs(m[i].time_s - car->last_s);
		if (away < best_s) {
			best_s = away;
			best = i;
		}
	}
	return best;
}

int brno_score_count(const struct brno_video *video, const struct brno_measurement *measurements,
	int count, int failed_count, struct brno_score *ret_score)
{
	struct brno_score score = {.false_count = failed_count};
	double first_s, last_s;
	bool *used = calloc((size_t)count + 1, sizeof(*used));
	score.pairs = calloc((size_t)video->car_count + 1, sizeof(*score.pairs));
	if (!used || !score.pairs) {
		free(used);
		free(score.pairs);
		return -ENOMEM;
	}
	for (int i = 0; i < video->car_count; i++) {
		const struct brno_car *car = &video->cars[i];
		int k = nearest(car, measurements, count, true);
		score.valid_count += car->valid;
		if (k >= 0)
			used[k] = true;
		if (!car->valid)
			continue;
		if (k < 0) {
			score.refused_count += nearest(car, measurements, count, false) >= 0;
			continue;
		}
		score.matched_count++;
		score.pairs[score.pair_count++] = (struct speed_pair){
			measurements[k].speed_kmh, car->speed_kmh, measurements[k].sigma_kmh, k};
	}
	brno_span(video, &first_s, &last_s);
	for (int i = 0; i < count; i++)
		score.false_count += measurements[i].measured && !used[i] &&
				     measurements[i].time_s >= first_s &&
				     measurements[i].time_s < last_s;
	score.minutes = (last_s - first_s) / 60;
	free(used);
	*ret_score = score;
	return 0;
}

void brno_score_finish(struct brno_score *score)
{
	free(score->pairs);
	score->pairs = NULL;
}
