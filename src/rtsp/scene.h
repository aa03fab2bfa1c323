/*
 * A simulated scene as the source of a mount: drawn and encoded while it is sent, with the truth
 * about what was sent written beside it.
 *
 * Time: truth is in media time since the first picture, and says the wall time of each picture as
 * the RTCP sender reports do.
 * Threads: that of the server, and where the scene loops one that draws the next round's world.
 * Memory: that of a sim, of two where it loops.
 */
#pragma once

#include "rtsp/source.h"
#include "sim/sim.h"

#include <stdio.h>

struct rtsp_scene_params {
	const struct sim_params *scene; /* borrowed for as long as the source lives */
	struct av_writer_params
		video; /* codec, preset, crf, bitrate, gop_frames; fps is the scene's */
	/*
	 * From the beginning again at its end. Time goes on, and road users of another round have
	 * other ids, so that the truth is one long scene.
	 */
	bool loop;
	/* Gets a truth file (docs/truth.md), finished when the source is destroyed; NULL: none. */
	FILE *truth;
};

/* -EINVAL with the reason for a scene that cannot be, or an encoder that cannot. */
int rtsp_source_scene(
	const struct rtsp_scene_params *params, struct err *err, struct rtsp_source **ret_source);
/* The scene file for who analyses the stream (sim_write_config()). */
int rtsp_scene_write_config(const struct rtsp_source *source, FILE *file);
