/*
 * What a mount sends: coded pictures with their times. Kinds: a list of video files, as they are
 * (rtsp_source_files()), and a simulated scene (rtsp/scene.h).
 *
 * Time: a source's first picture is due at 0, and so it is again after rewind().
 * Threads: that of the server.
 */
#pragma once

#include "av/rtp.h"
#include "base/clock.h"
#include "base/err.h"

struct rtsp_source {
	const struct rtsp_source_ops *ops;
};

struct rtsp_source_ops {
	/* enum flow or a negative errno. */
	int (*next)(struct rtsp_source *source, struct err *err, struct av_rtp_unit *ret_unit);
	/* The latest picture of next(), as packets. */
	int (*send)(struct rtsp_source *source, av_rtp_sink *sink, void *opaque, struct err *err);
	/* As av_rtp_sdp(): of what the source sends at the moment. */
	int (*sdp)(struct rtsp_source *source, char *text, size_t size);
	/* The first picture is due now. May be NULL. */
	void (*start)(struct rtsp_source *source, struct wall now);
	int (*rewind)(struct rtsp_source *source, struct err *err);
	void (*destroy)(struct rtsp_source *source);
};

#define RTSP_FILES_MAX 16
/*
 * 1 to RTSP_FILES_MAX files, one after another, and again from the first where `loop`. Where two
 * differ in codec or size, the stream changes in the middle, as cameras do that are reconfigured.
 */
int rtsp_source_files(const char *const *paths, int count, bool loop, struct err *err,
	struct rtsp_source **ret_source);
void rtsp_source_destroy(struct rtsp_source **source);
