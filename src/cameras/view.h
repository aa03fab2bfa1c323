/*
 * A camera's picture with what was found drawn on it, for whoever looks: drawn only while somebody
 * does, by the camera's own thread.
 *
 * Threads: begin, step and end by live's thread; latest by any. Memory: a pool of frames once
 * somebody looked.
 */
#pragma once

#include "pipeline/pipeline.h"
#include "record/trails.h"

struct view;

int view_create(struct view **ret_view);
void view_destroy(struct view **view);
/* Scene and calibration (NULL: none) are borrowed until end. */
void view_begin(
	struct view *view, const struct scene *scene, const struct calibration *calibration);
void view_step(struct view *view, const struct frame *frame, const struct pipeline_result *result,
	const struct trails *trails);
void view_end(struct view *view);
/*
 * A reference to the newest drawn picture that is not older than a second. -EAGAIN where there is
 * none yet: the next frames are drawn, so ask again.
 */
int view_latest(struct view *view, struct frame **ret_frame);
