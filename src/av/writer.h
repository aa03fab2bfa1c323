/*
 * Frames encoded into a video file: annotated videos, the simulator's recordings.
 *
 * Frames go in with their media times and come out at those times (variable frame rate is kept).
 * The file is valid up to the last fragment written even where the process dies or the disk fills
 * (fragmented mp4), and av_writer_close() says whether everything reached it.
 *
 * Threads: one writer, one thread.
 */
#pragma once

#include "base/err.h"
#include "base/frame.h"

struct av_writer_params {
	const char *codec; /* "h264" (default), "hevc", "mpeg4", "mjpeg" */
	const char *preset; /* x264's and x265's word; NULL: "veryfast" */
	int crf; /* constant quality 1 to 51; 0: 23. Not used where bitrate is given */
	int bitrate_bps; /* 0: constant quality */
	int gop_frames; /* distance of key frames; 0: 50 */
	int b_frames; /* 0 to 4 */
	int thread_count; /* 0: 1. The same bytes for any number */
	double fps; /* written as the nominal rate; 0: 25 */
	bool fragmented; /* mp4 and mov: valid even when cut off */
};

struct av_writer;

/* The container is chosen from the file name (.mp4 .mov .mkv .avi). Size: that of all frames. */
int av_writer_open(const char *path, int width_px, int height_px,
	const struct av_writer_params *params, struct err *err, struct av_writer **ret_writer);
/* Borrows the frame. Media time must increase. -EINVAL for another size; -ENOSPC and the like. */
int av_writer_write(struct av_writer *writer, const struct frame *frame, struct err *err);
/* Flushes and closes; frees in any case. 0 only where the whole file is on disk. */
int av_writer_close(struct av_writer **writer, struct err *err);
