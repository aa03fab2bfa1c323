/*
 * What the road looks like when nobody is on it: per sample of a small picture a mean and a mean
 * deviation, learnt in media time.
 *
 *   starting  the median over the pictures seen so far (at most BACKGROUND_SAMPLES_MAX, spread
 *             evenly over the whole time), since moving traffic from the first picture on is the
 *             rule. Robust as long as a sample shows the road more than half of the time.
 *   running   a running mean, updated only where nothing is in front (selective update), so that a
 *             vehicle that waits at a red light does not melt into the road.
 *
 * What differs from the background and stays as it is for a while is either something that came
 * and stopped, or a hole left by something that was part of the background and went ("ghost").
 * Ghosts are told by their outline, see motion_ghost.c, and taken over at once; what stands is
 * taken over after `absorb_s`, and what was never reported (leaves, dirt) after `settle_s`.
 *
 * A picture is luma, then U, then V in one array without padding: `count` = n + n / 4 + n / 4
 * samples where n = width * height; width and height are even.
 *
 * Threads: one owner. Memory: all at creation. Time: media time that increases; any frame rate.
 */
#pragma once

#include "base/clock.h"
#include "detect/motion_shade.h"
#include "pixel/background.h"

#include <stdbool.h>
#include <stdint.h>

struct motion_model_params {
	double learning_s; /* time constant of the running mean */
	double start_s; /* length of the starting phase */
	double settle_s; /* the same for what was never reported */
	double sigma; /* threshold in standard deviations */
};

struct motion_model {
	struct motion_model_params params;
	int width, height;
	int64_t luma_count, count;

	bool running;
	bool fresh; /* settled from a preview: its clocks start with the next picture */
	int64_t version; /* goes up whenever the reference changes */
	struct media began, last_sample, last_learn, last_tick;
	int sample_count;
	double sample_interval_s;
	uint8_t *samples[BACKGROUND_SAMPLES_MAX];

	uint16_t *mean, *deviation; /* count */
	uint8_t *reference; /* count: the mean, rounded */
	uint8_t *threshold; /* luma_count */
	uint8_t *chroma; /* luma_count / 4: colour distance of the picture in work */
	uint8_t *hold; /* count: 1 where nothing is learnt */
	uint8_t *still, *still_age, *front_age, *proof;
	uint8_t *doubt; /* luma_count: see background_age() for these five */
};

/* 0 or -ENOMEM; `width` and `height` even, at least 16. */
int motion_model_init(struct motion_model *model, int width, int height,
	const struct motion_model_params *params);
void motion_model_finish(struct motion_model *model);
/* Forgets everything and starts anew: the light or the view has changed. */
void motion_model_restart(struct motion_model *model);
/*
 * Ends the starting phase: what was seen so far is the background, and pictures come anew, with
 * media times that may lie before those so far.
 */
void motion_model_settle(struct motion_model *model);
/* Before anything else is done with a picture. Starts by itself with the first one. */
void motion_model_feed(struct motion_model *model, const uint8_t *picture, const uint8_t *hold,
	struct media media);
/* Seconds of media time since the start. */
double motion_model_age_s(const struct motion_model *model, struct media media);
/* enum background_class of every luma sample. */
void motion_model_classify(struct motion_model *model, const uint8_t *picture,
	const struct motion_shade *shade, uint8_t *classes);
/*
 * After classification, every 0.1 s of media time (true where it was time): how long samples have
 * been in front and kept still.
 */
bool motion_model_tick(struct motion_model *model, const uint8_t *picture, const uint8_t *classes,
	struct media media);
/*
 * After classification: learns wherever `hold` is 0, and takes over at once what has kept still
 * there for settle_s. `hold` is 1 where an object stands that must not become background.
 */
void motion_model_learn(struct motion_model *model, const uint8_t *picture, const uint8_t *hold,
	struct media media);
/* The mean everywhere by offset + slope * (mean - 128): the whole scene got lighter or darker. */
void motion_model_relight(struct motion_model *model, double offset, double slope);
/* Takes the samples over from the picture where `take` is 1. */
void motion_model_replace(struct motion_model *model, const uint8_t *picture, const uint8_t *take);
