/*
 * What the stages say of a frame, in the shapes that the library promises.
 *
 * Threads: one owner. Memory: all at creation.
 */
#pragma once

#include "gantry/pipeline.h"
#include "pipeline/pipeline.h"

struct api_result;

/* 0 or -ENOMEM. */
int api_result_create(struct api_result **ret_result);
void api_result_destroy(struct api_result **result);
/* One frame, in order. `out` borrows from `result`, `in` and the scene until the next call. */
void api_result_fill(struct api_result *result, const struct scene *scene,
	const struct frame *frame, const struct pipeline_result *in, struct gantry_result *out);
/* Verdicts that came with the end, after the frame that was filled last. */
void api_result_fill_late(struct api_result *result, const struct scene *scene,
	const struct violations *late, struct gantry_result *out);
