/*
 * Where frames come from: a file (any container and codec libav reads), an image, or a
 * directory-free list of them; behind one door so that cameras and the simulator fit in as
 * further kinds (a small vtable inside source.c's table).
 *
 * In file mode nothing is lost and two runs give the same frames. Every frame carries its media
 * time; `wall` is start_wall + media, so that a run over a file is reproducible.
 *
 * Threads: one source, one thread, but for source_interrupt().
 */
#pragma once

#include "av/reader.h"
#include "base/err.h"
#include "base/frame.h"

struct source_params {
	const char *url;         /* path of a file */
	int decoder_threads;     /* 0: 1 */
	double target_fps;       /* decimation by media time; 0: every frame */
	double gap_s;            /* media time between frames beyond which FRAME_GAP is set; 0: 1 s */
	struct wall start_wall;  /* 0: the file's creation_time metadata, else its mtime */
};

struct source_info {
	struct av_reader_info video;
};

struct source_stats {
	struct av_reader_stats video;
	int64_t delivered_count, decimated_count, gap_count;
};

struct source;

int source_open(const struct source_params *params, struct err *err, struct source **ret_source);
void source_close(struct source **source);
/* enum flow or negative errno. Gives a reference to the frame. */
int source_read(struct source *source, struct err *err, struct frame **ret_frame);
const struct source_info *source_info(const struct source *source);
struct source_stats source_stats(const struct source *source);
void source_interrupt(struct source *source);
