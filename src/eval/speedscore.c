#include "eval/speedscore.h"

#include "base/units.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define BIAS_MIN_KMH 5

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

double speedscore_percentile(const double *values, int count, double p)
{
	if (count == 0)
		return NAN;
	double at = p * (count - 1);
	int low = (int)at, high = low + 1 < count ? low + 1 : low;
	return values[low] + (at - low) * (values[high] - values[low]);
}

double speedscore_median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof(values[0]), ascending);
	return speedscore_percentile(values, count, 0.5);
}

static void count_errors(
	const struct speed_pair *pairs, int count, double *work, struct speedscore *score)
{
	double sum = 0, squares = 0;
	for (int i = 0; i < count; i++) {
		double error = pairs[i].measured_kmh - pairs[i].true_kmh;
		work[i] = fabs(error);
		sum += work[i];
		squares += error * error;
		score->bias_kmh += error / count;
	}
	score->median_kmh = speedscore_median(work, count);
	score->mean_kmh = sum / count;
	score->rms_kmh = sqrt(squares / count);
	score->p95_kmh = speedscore_percentile(work, count, 0.95);
	score->p99_kmh = speedscore_percentile(work, count, 0.99);
	score->worst_kmh = work[count - 1];
}

static void count_intervals(
	const struct speed_pair *pairs, int count, double *work, struct speedscore *score)
{
	for (int i = 0; i < count; i++) {
		const struct speed_pair *p = &pairs[i];
		if (!(p->sigma_kmh > 0))
			continue;
		work[score->stated_count++] = INTERVAL_95 * p->sigma_kmh;
		score->within_count +=
			fabs(p->measured_kmh - p->true_kmh) <= INTERVAL_95 * p->sigma_kmh;
	}
	if (score->stated_count)
		score->interval_kmh = speedscore_median(work, score->stated_count);
}

int speedscore_count(const struct speed_pair *pairs, int count, struct speedscore *ret_score)
{
	struct speedscore score = {.count = count};
	double *work = calloc((size_t)count + 1, sizeof(*work));
	if (!work)
		return -ENOMEM;
	if (count) {
		count_errors(pairs, count, work, &score);
		count_intervals(pairs, count, work, &score);
	}
	int n = 0;
	for (int i = 0; i < count; i++)
		if (pairs[i].true_kmh > BIAS_MIN_KMH)
			work[n++] = pairs[i].measured_kmh / pairs[i].true_kmh - 1;
	if (n)
		score.bias_median_ratio = speedscore_median(work, n);
	free(work);
	*ret_score = score;
	return 0;
}

void speedscore_json(struct json *j, const struct speedscore *score)
{
	const struct {
		const char *name;
		double value;
	} reals[] = {{"mean_kmh", score->mean_kmh}, {"median_kmh", score->median_kmh},
		{"p95_kmh", score->p95_kmh}, {"p99_kmh", score->p99_kmh},
		{"worst_kmh", score->worst_kmh}, {"rms_kmh", score->rms_kmh},
		{"bias_kmh", score->bias_kmh}, {"bias_median_ratio", score->bias_median_ratio}};
	json_member_int(j, "count", score->count);
	for (size_t i = 0; i < sizeof(reals) / sizeof(reals[0]); i++) {
		json_key(j, reals[i].name);
		json_real(j, reals[i].value, 5);
	}
	if (!score->stated_count)
		return;
	json_member_real(
		j, "coverage_95_ratio", (double)score->within_count / score->stated_count, 4);
	json_member_real(j, "interval_kmh", score->interval_kmh, 4);
}
