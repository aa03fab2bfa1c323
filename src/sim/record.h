/*
 * A whole simulated scene written to files: the encoded video, its truth, and the scene file with
 * which `gantry run` analyses it.
 *
 * Threads: call from one thread.
 */
#pragma once

#include "av/writer.h"
#include "base/err.h"
#include "sim/sim.h"

struct sim_record_params {
	const struct sim_params *scene;
	const char *video_path; /* NULL: none; the suffix chooses the container */
	const char *truth_path; /* NULL: none */
	const char *config_path; /* NULL: none */
	/*
	 * The pictures are grey, at the times at which the drawn ones would be: for the truth
	 * detector, in a fifth of the time. The scene file reads the signals from their plans.
	 */
	bool blind;
	const char *frames_path; /* the frames before they are encoded, as YUV4MPEG2; NULL: none */
	struct av_writer_params video; /* fps 0: the scene's */
	int64_t frame_count; /* at most so many; 0: the whole scene */
	/*
	 * Called after every frame; may be NULL. Anything but 0 ends the recording there, with
	 * all files complete as far as it went.
	 */
	int (*on_frame)(void *opaque, int64_t done_count);
	/* Called once after the last one, where nothing failed; may be NULL. */
	void (*on_end)(void *opaque, const struct sim *sim);
	void *opaque;
};

/* 0, or a negative errno with the sentence: a scene that makes no sense, an output that fails. */
int sim_record(const struct sim_record_params *params, struct err *err);
