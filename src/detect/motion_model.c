#include "detect/motion_model.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Luma steps below which nothing counts as different: coding noise of ordinary cameras. */
#define FLOOR_LEVELS 9
/* Largest deviation that is learnt: beyond it a sample would never be in front again. */
#define DEVIATION_MAX_LEVELS 24
#define DEVIATION_NEW_LEVELS 3
/* The most that is believed of the samples of the start: traffic is among them. */
#define DEVIATION_START_LEVELS 6
/* A gaussian's standard deviation over its mean absolute deviation. */
#define SIGMA_OVER_MAD 1.25
#define LEARN_INTERVAL_S 0.4
#define TICK_S 0.1
/* A background younger than this still changes too much to prove anything. */
#define PROOF_FROM_S 3.0

int motion_model_init(
	struct motion_model *model, int width, int height, const struct motion_model_params *params)
{
	*model = (struct motion_model){.params = *params, .width = width, .height = height};
	size_t n = (size_t)width * (size_t)height, all = n + n / 2;
	model->luma_count = (int64_t)n;
	model->count = (int64_t)all;
	bool ok = true;
	for (int i = 0; i < BACKGROUND_SAMPLES_MAX; i++)
		ok = (model->samples[i] = malloc(all)) && ok;
	model->mean = calloc(all, sizeof(*model->mean));
	model->deviation = calloc(all, sizeof(*model->deviation));
	model->reference = calloc(all, 1);
	model->threshold = calloc(n, 1);
	model->chroma = calloc(n / 4, 1);
	model->hold = calloc(all, 1);
	model->still = calloc(n, 1);
	model->still_age = calloc(n, 1);
	model->front_age = calloc(n, 1);
	model->proof = calloc(n, 1);
	model->doubt = calloc(n, 1);
	ok = ok && model->mean && model->deviation && model->reference && model->threshold &&
	     model->chroma && model->hold && model->still && model->still_age && model->front_age &&
	     model->proof && model->doubt;
	if (!ok) {
		motion_model_finish(model);
		return -ENOMEM;
	}
	motion_model_restart(model);
	return 0;
}

void motion_model_finish(struct motion_model *model)
{
	for (int i = 0; i < BACKGROUND_SAMPLES_MAX; i++)
		free(model->samples[i]);
	free(model->mean);
	free(model->deviation);
	free(model->reference);
	free(model->threshold);
	free(model->chroma);
	free(model->hold);
	free(model->still);
	free(model->still_age);
	free(model->front_age);
	free(model->proof);
	free(model->doubt);
	*model = (struct motion_model){0};
}

void motion_model_restart(struct motion_model *model)
{
	model->running = model->fresh = false;
	model->sample_count = 0;
	model->sample_interval_s = 0;
	model->began = model->last_sample = model->last_learn = model->last_tick = MEDIA_NONE;
	memset(model->still_age, 0, (size_t)model->luma_count);
	memset(model->front_age, 0, (size_t)model->luma_count);
	memset(model->proof, 0, (size_t)model->luma_count);
	memset(model->doubt, 0, (size_t)model->luma_count);
}

void motion_model_settle(struct motion_model *model)
{
	model->running = model->fresh = true;
	memset(model->still_age, 0, (size_t)model->luma_count);
	memset(model->front_age, 0, (size_t)model->luma_count);
	memset(model->doubt, 0, (size_t)model->luma_count);
}

double motion_model_age_s(const struct motion_model *model, struct media media)
{
	return model->sample_count ? media_diff_s(media, model->began) : 0;
}

static void refresh(struct motion_model *model)
{
	model->version++;
	background_round(model->mean, model->count, model->reference);
	int sigma_q4 = (int)lround(model->params.sigma * SIGMA_OVER_MAD * 16);
	background_threshold(model->reference, model->deviation, model->width, model->width,
		model->height, FLOOR_LEVELS, sigma_q4, 4, model->threshold);
}

/* Keeps every second sample, so that those kept still span the whole time evenly. */
static void thin_out(struct motion_model *model)
{
	int kept = 0;
	for (int i = 0; i < model->sample_count; i += 2, kept++) {
		uint8_t *swap = model->samples[kept];
		model->samples[kept] = model->samples[i];
		model->samples[i] = swap;
	}
	double span_s = media_diff_s(model->last_sample, model->began);
	model->sample_interval_s = 2 * span_s / (model->sample_count - 1);
	model->sample_count = kept;
}

/* Chroma is held where any of its four luma samples is. */
static void set_hold(struct motion_model *model, const uint8_t *hold)
{
	memcpy(model->hold, hold, (size_t)model->luma_count);
	const int w = model->width;
	uint8_t *u = model->hold + model->luma_count, *v = u + model->luma_count / 4;
	for (int y = 0; y < model->height / 2; y++) {
		const uint8_t *a = model->hold + (int64_t)2 * y * w, *b = a + w;
		uint8_t *row = u + (int64_t)y * (w / 2);
		for (int x = 0; x < w / 2; x++)
			row[x] = a[2 * x] | a[2 * x + 1] | b[2 * x] | b[2 * x + 1];
	}
	memcpy(v, u, (size_t)(model->luma_count / 4));
}

void motion_model_feed(
	struct motion_model *model, const uint8_t *picture, const uint8_t *hold, struct media media)
{
	if (model->fresh)
		model->began = model->last_learn = model->last_tick = media;
	model->fresh = false;
	if (model->running)
		return;
	if (model->sample_count == 0) {
		model->began = model->last_learn = model->last_tick = media;
	} else if (media_diff_s(media, model->began) > model->params.start_s &&
		   model->sample_count >= 5) {
		model->running = true;
		return;
	} else if (media_diff_s(media, model->last_sample) < 0.99 * model->sample_interval_s) {
		return;
	}
	if (model->sample_count == BACKGROUND_SAMPLES_MAX)
		thin_out(model);
	if (model->sample_count == 0)
		memset(model->hold, 0, (size_t)model->count);
	else
		set_hold(model, hold);
	background_store(picture, model->hold, model->count, model->samples[model->sample_count++]);
	model->last_sample = media;
	background_median((const uint8_t *const *)model->samples, model->sample_count, model->count,
		DEVIATION_START_LEVELS, model->mean, model->deviation);
	refresh(model);
}

void motion_model_classify(struct motion_model *model, const uint8_t *picture,
	const struct motion_shade *shade, uint8_t *classes)
{
	const int64_t n = model->luma_count, quarter = n / 4;
	const struct background_limits limits = {
		.chroma = 12,
		.shadow_chroma = 10,
		.shadow_low_q8 = (int)lround(shade->low_ratio * 256),
		.shadow_high_q8 = (int)lround(shade->high_ratio * 256),
	};
	background_chroma(picture + n, model->reference + n, picture + n + quarter,
		model->reference + n + quarter, quarter, model->chroma);
	for (int y = 0; y < model->height; y++) {
		const int64_t at = (int64_t)y * model->width;
		background_classify(picture + at, model->reference + at, model->threshold + at,
			model->chroma + (int64_t)(y / 2) * (model->width / 2), &limits,
			model->width, classes + at);
	}
}

void motion_model_replace(struct motion_model *model, const uint8_t *picture, const uint8_t *take)
{
	const int w = model->width;
	const int64_t n = model->luma_count, quarter = n / 4;
	for (int64_t i = 0; i < n; i++) {
		if (!take[i])
			continue;
		int64_t y = i / w, x = i % w, c = n + (y / 2) * (w / 2) + x / 2;
		model->mean[i] = (uint16_t)(picture[i] * BACKGROUND_ONE);
		model->deviation[i] = DEVIATION_NEW_LEVELS * BACKGROUND_ONE;
		model->still_age[i] = model->front_age[i] = model->proof[i] = 0;
		model->mean[c] = (uint16_t)(picture[c] * BACKGROUND_ONE);
		model->mean[c + quarter] = (uint16_t)(picture[c + quarter] * BACKGROUND_ONE);
		for (int k = 0; k < model->sample_count && !model->running; k++) {
			model->samples[k][i] = picture[i] > 0 ? picture[i] : 1;
			model->samples[k][c] = picture[c] > 0 ? picture[c] : 1;
			model->samples[k][c + quarter] =
				picture[c + quarter] > 0 ? picture[c + quarter] : 1;
		}
	}
	refresh(model);
}

bool motion_model_tick(struct motion_model *model, const uint8_t *picture, const uint8_t *classes,
	struct media media)
{
	if (media_diff_s(media, model->last_tick) < TICK_S)
		return false;
	const bool settled = motion_model_age_s(model, media) > PROOF_FROM_S;
	background_age(picture, classes, model->threshold, settled, model->luma_count, model->still,
		model->still_age, model->front_age, model->proof, model->doubt);
	model->last_tick = media;
	return true;
}

void motion_model_learn(
	struct motion_model *model, const uint8_t *picture, const uint8_t *hold, struct media media)
{
	double dt_s = media_diff_s(media, model->last_learn);
	if (dt_s < LEARN_INTERVAL_S)
		return;
	model->last_learn = media;
	if (model->running) {
		int rate = (int)lround(65536 * (1 - exp(-dt_s / model->params.learning_s)));
		set_hold(model, hold);
		background_learn(picture, model->hold, rate < 32767 ? rate : 32767,
			DEVIATION_MAX_LEVELS * BACKGROUND_ONE, model->count, model->mean,
			model->deviation);
	}
	const int settled = (int)lround(model->params.settle_s / TICK_S);
	for (int64_t i = 0; i < model->luma_count; i++)
		model->hold[i] = model->still_age[i] >= settled && !hold[i];
	motion_model_replace(model, picture, model->hold);
}

void motion_model_relight(struct motion_model *model, double offset, double slope)
{
	int steps = (int)lround(offset * BACKGROUND_ONE), ratio = (int)lround(slope * 32768);
	background_shift(steps, ratio, model->luma_count, model->mean);
	for (int i = 0; i < model->sample_count && !model->running; i++)
		background_shift_sample(steps, ratio, model->luma_count, model->samples[i]);
	refresh(model);
}
