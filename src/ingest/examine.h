/*
 * A source looked at for some seconds: what it really sends, measured from its packets and
 * pictures. What that means for a user is said by ingest/diagnosis.h.
 *
 * Threads: call from one thread; `cancel` ends it from any. Time: cameras for `seconds` of waiting,
 * files for `seconds` of their own time, as fast as they are read.
 */
#pragma once

#include "av/demux.h"
#include "base/cancel.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct examine_params {
	const char *source; /* path, rtsp://, http://, device */
	struct av_demux_params demux; /* transport, credentials, time outs, cancel */
	double seconds; /* above 0 */
};

struct examination {
	bool is_live;
	bool over_tcp; /* RTSP by TCP, so that nothing is lost on the way */
	bool is_rtsp;
	bool ended; /* the source ended before the time was over */
	bool stalled; /* nothing came any more */
	char container[32], codec[32], pixel_format[32];
	int width_px, height_px; /* as shown; 0: no picture could be decoded */
	double opening_s; /* until the first packet could be read */
	double first_picture_s; /* from opening on; 0: there was none */
	double covered_s; /* media time over which the rates were measured */
	double declared_fps; /* 0: it says nothing */
	double fps; /* real; 0: fewer than two pictures */
	double interval_s,
		interval_max_s; /* between two pictures, by timestamps: median, longest */
	int64_t long_interval_count; /* those that a picture more would have fitted in */
	double jitter_ms; /* of arrival, as RFC 3550 has it; cameras only */
	double bitrate_bps;
	int64_t packet_count, picture_count;
	int64_t missed_packet_count; /* RTP packets that never came */
	int64_t corrupt_count, refused_count; /* pictures damaged, packets of no use */
	int64_t untimed_count, backward_count, jump_count; /* timestamps: see ingest/live_clock.h */
	int64_t resized_count; /* pictures of another size than the first */
	int64_t key_count;
	double key_interval_max_s; /* between two key frames; 0: fewer than two */
	bool nominal_time; /* no timestamps in the container */
	bool b_frames;
	bool has_camera_clock; /* RTCP sender reports */
	double clock_offset_s; /* the camera's less ours, with the way's delay in it */
};

/*
 * 0 where something was learned, also where the source ended or stalled; else what av_demux_open()
 * and av_decoder_create() say, or -ECANCELED.
 */
int examine(const struct examine_params *params, struct err *err, struct examination *ret_result);
