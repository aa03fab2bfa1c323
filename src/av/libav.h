/*
 * What every file behind the door to libav shares: its log, its errors, its versions.
 *
 * libav prints by itself; here every line goes to our log at debug level instead. The callback is
 * the process's only one, so it is installed once, by whichever reader or writer comes first.
 */
#pragma once

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <stdint.h>

/* What libav complained of in the calling thread while it was listened to. */
struct libav_note {
	char text[160]; /* the first complaint, one line; it is the cause, later ones its effects */
	int decoder_count; /* complaints by a decoder */
	int missed_count; /* RTP packets that never came, which only its log tells */
};

/* Installs the log callback; any number of times, from any thread. */
void libav_init(void);
/* Complaints of the calling thread go to `note` too, until called with NULL. */
void libav_listen(struct libav_note *note);
/* A libav error as a negative errno. */
int libav_errno(int error);
/* A sentence part for a libav error, its own complaint where it had one. Static or note's memory.
 */
const char *libav_reason(int error, const struct libav_note *note);
/* The display matrix (9 numbers, 16.16) that the container gives the stream, or NULL. */
const int32_t *libav_display_matrix(const AVStream *stream);
/* Gives a stream that is being written its display matrix. 0 or -ENOMEM. */
int libav_set_display_matrix(AVStream *stream, const int32_t matrix[9]);
/* Duration of a decoded frame in the stream's time base; 0 if unknown. */
int64_t libav_frame_duration(const AVFrame *frame);
int libav_frame_is_key(const AVFrame *frame);
/* get_buffer2 may be called from all threads of the decoder at once. */
void libav_allow_parallel_buffers(AVCodecContext *codec);
