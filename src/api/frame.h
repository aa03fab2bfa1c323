/*
 * Pictures across the library's border: a caller's pixels become a struct frame, and back.
 */
#pragma once

#include "base/err.h"
#include "base/frame.h"
#include "gantry/frame.h"

/* Turns frames of one size into 4:2:0. Zero-initialised is empty; finish frees. */
struct importer {
	int width_px, height_px; /* of the first frame; all others must agree */
	struct frame_pool *pool;
};

/* A copy of the caller's picture in 4:2:0. -EINVAL with the reason where it is malformed. */
int importer_import(struct importer *importer, const struct gantry_frame *frame, int64_t sequence,
	struct err *err, struct frame **ret_frame);
void importer_finish(struct importer *importer);

/* The planes of `frame` as a public frame that borrows them. */
void api_frame_borrow(const struct frame *frame, struct gantry_frame *ret_frame);

/* Takes the frame in any case; the public one is freed by gantry_frame_free(). 0 or -ENOMEM. */
int api_frame_give(struct frame **frame, struct gantry_frame **ret_frame, struct err *err);

void api_error(struct gantry_error *error, const struct err *err);
