/*
 * Where frames come from: a video file (any container and codec libav reads) or an image, which
 * is a source of one frame.
 *
 * In file mode nothing is lost and two runs give the same frames. Every frame carries its media
 * time; `wall` is start_wall + media, so that a run over a file is reproducible. What is wrong
 * with a file, though it can be read (it ends early, its clock jumps), is logged once, at its end.
 *
 * Threads: one source, one thread, but for source_interrupt(). Memory: see av/reader.h.
 */
#pragma once

#include "av/reader.h"
#include "base/err.h"
#include "base/frame.h"

struct source_params {
	const char *url; /* path of a file */
	int decoder_threads; /* 0: 1 */
	double target_fps; /* decimation by media time; 0: every frame */
	double gap_s; /* media time between frames beyond which FRAME_GAP is set; 0: 1 s */
	struct wall start_wall; /* 0: the file's creation_time metadata, else its mtime */
	struct packet_ring *ring; /* gets every packet that is read; borrowed; NULL: none */
	struct media ring_start; /* as av_reader_params */
};

struct source_info {
	struct av_reader_info video;
	struct wall start_wall; /* wall time of media time 0 */
};

struct source_stats {
	struct av_reader_stats video;
	int64_t delivered_count;
	int64_t decimated_count; /* left out because of target_fps */
	int64_t gap_count; /* frames delivered with FRAME_GAP */
	struct media last; /* of the last frame delivered */
};

struct source;

int source_open(const struct source_params *params, struct err *err, struct source **ret_source);
void source_close(struct source **source);
/*
 * enum flow or negative errno. Gives a reference to the frame. `sequence` counts the frames that
 * are delivered; marks of frames left out by target_fps pass to the next one.
 */
int source_read(struct source *source, struct err *err, struct frame **ret_frame);
const struct source_info *source_info(const struct source *source);
struct source_stats source_stats(const struct source *source);
void source_interrupt(struct source *source);
