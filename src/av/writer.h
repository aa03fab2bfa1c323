/*
 * Frames encoded into a video file: annotated videos, the simulator's recordings.
 *
 *     int r = av_writer_open("out.mp4", 1280, 720, &(struct av_writer_params){.fps = 25}, &err,
 * &w);
 *     ... av_writer_write(w, frame, &err) ...
 *     r = av_writer_close(&w, &err);
 *
 * Time: the first frame becomes time 0, the others keep their distance from it: to the microsecond
 * in mp4 and mov, the millisecond in mkv, 1/60000 s in "mpeg4", one nominal frame in avi, whose
 * rate is constant by nature.
 * Failure: a full disk, or a dead process, leaves an mp4 or mov that was opened `fragmented`, an
 * mkv or an avi that plays up to the last whole group of pictures; an ordinary mp4 is lost. After
 * the first failure nothing more is tried, and every call says the same.
 *
 * The same frames give the same bytes on every run (libav's version and thread_count being equal).
 * Threads: one writer, one thread. Memory: none of its own per frame; the encoder may hold
 * references to frames for a while.
 */
#pragma once

#include "base/err.h"
#include "base/frame.h"

struct av_writer_params {
	const char *codec; /* "h264" (default), "hevc", "mpeg4", "mjpeg" */
	const char *preset; /* x264's and x265's word; NULL: "veryfast" */
	int crf; /* constant quality 1 (best) to 51; 0: 23. Not used where bitrate is given */
	int bitrate_bps; /* 0: constant quality */
	int gop_frames; /* greatest distance of key frames; 0: 50 */
	int b_frames; /* 0 to 4; h264 and hevc only */
	int thread_count; /* 0: 1 */
	double fps; /* written as the nominal rate; 0: 25 */
	double pixel_aspect; /* a pixel's width over its height, for players; 0: 1 */
	bool fragmented; /* mp4 and mov: valid even when cut off */
	struct wall created; /* of the first frame, kept to the second; 0: not written */
};

struct av_writer;

/*
 * Creates the file, so that an unwritable place is said at once. The container is chosen by the
 * file name (.mp4 .mov .mkv .avi). Size: that of all frames, 2 to FRAME_SIDE_MAX_PX; h264 and hevc
 * store pairs of pixels, so an odd last row or column is left out there. -EINVAL for parameters,
 * -ENOTSUP for a codec that this libav lacks, or the errno of creating the file.
 */
int av_writer_open(const char *path, int width_px, int height_px,
	const struct av_writer_params *params, struct err *err, struct av_writer **ret_writer);
/*
 * Media time must increase. -EINVAL for another size or a time that does not increase (nothing is
 * written, the writer stays usable); -ENOSPC and the like.
 */
int av_writer_write(struct av_writer *writer, const struct frame *frame, struct err *err);
/*
 * Flushes and closes; frees in any case. 0 only where the whole file is on disk. A writer that got
 * no frame leaves no file.
 */
int av_writer_close(struct av_writer **writer, struct err *err);
