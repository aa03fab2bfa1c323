/*
 * One live camera through the whole pipeline: its stream, looks at some of its frames by the
 * detection service that all cameras share, and every frame tracked, measured and judged.
 *
 *     stream's thread:  decode, offer the frame to the service, into the inbox
 *     service's worker: look at it
 *     live's thread:    take every frame in order, wait for its look if there is one, analyse, tell
 *
 * Every decoded frame is accounted for: tracked with detections, tracked by prediction (nobody
 * looked, or nothing moved), or dropped with a cause. live_unaccounted() is what is missing from
 * that, and 0.
 *
 * A scene with the `motion` detector, which has to see every frame, looks in live's own thread, as
 * does any scene without a service. Where all this is too slow the oldest waiting frame is dropped
 * and counted.
 *
 * Threads: start, stop and destroy from one thread; stats and is_running from any. Callbacks come
 * from live's thread and must not call stop or destroy; while they run the camera's frames wait.
 * Memory: that of the stream, and 16 KB for each of the buffer_size frames that may wait.
 * Time: latency is real time from the arrival of a frame's last packet to its result.
 */
#pragma once

#include "base/histogram.h"
#include "detect/service.h"
#include "ingest/stream.h"
#include "pipeline/pipeline.h"

/* What is known once the first frame is there. Borrowed until the end. */
struct live_view {
	int width_px, height_px;
	const char *detector;
	const struct calibration *calibration; /* NULL: not calibrated */
	struct packet_ring *ring; /* NULL: none */
	struct wall start_wall; /* of media time 0 */
};

struct live_result {
	struct frame *frame; /* a reference of its own keeps it */
	enum pipeline_look look;
	const struct pipeline_result *pipeline;
	double latency_s;
};

struct live_params {
	struct stream_params stream; /* but for its callbacks, which are live's; buffer_size >= 2 */
	const struct scene *scene; /* borrowed until destroy or on_reload */
	struct service *service; /* borrowed until destroy; NULL: live's thread looks at all */
	struct pace_params pace;
	bool gated; /* what does not move is looked at at pace.idle_hz only */
	/* May be NULL. Not 0 from the first two ends the camera with that error. */
	int (*on_begin)(void *opaque, const struct live_view *view, struct err *err);
	int (*on_result)(void *opaque, const struct live_result *result, struct err *err);
	/* After the last result, if there was one: what was decided with the end. */
	void (*on_end)(void *opaque, const struct violations *late, const struct counts *counts);
	/*
	 * After live_reload(), before the next frame: what is analysed by from there on. The scene
	 * before is no longer used. on_end came before if there was a frame, on_begin comes next.
	 */
	const struct scene *(*on_reload)(void *opaque);
	void *opaque;
};

struct live_stats {
	struct stream_stats stream;
	struct service_stats service; /* zero where live's thread looks itself */
	int64_t waiting_count; /* decoded, and not analysed to the end yet */
	int64_t late_count; /* dropped: a newer frame needed the room, buffer_size were waiting */
	int64_t looked_count; /* tracked with detections */
	int64_t predicted_count; /* tracked by prediction: not due, replaced by a newer, failed */
	int64_t still_count; /* tracked where it is: nothing moved */
	int64_t refused_count; /* dropped: media time did not increase, or a stage failed */
	int64_t failed_count; /* looks that failed; their frames are among the predicted */
	int64_t violation_count;
	int64_t cpu_us; /* of live's thread */
	struct pipeline_cost cost; /* sums */
	struct histogram latency; /* of all results */
};

struct live;

int live_create(const struct live_params *params, struct err *err, struct live **ret_live);
/* Stops too. */
void live_destroy(struct live **live);
/* As stream_start(). Also the errno of a detector of its own that cannot be made. */
int live_start(struct live *live, struct err *err);
/* Ends the stream; returns when on_end has returned. */
void live_stop(struct live *live);
/*
 * The next frame is judged by another scene, which on_reload then gives; the connection stays, and
 * no frame is lost, but tracks begin anew. The detector must be the same, but for one that live's
 * thread runs itself.
 */
void live_reload(struct live *live);
/* Until the stream ended or failed and the last result was told, or stopped. */
bool live_is_running(struct live *live);
/* Waits until it does not run any more or until then: 0, or -EAGAIN. */
int live_wait(struct live *live, struct mono deadline);
/* 0, or the error that ended it, with the sentence. */
int live_error(struct live *live, struct err *err);
void live_stats(struct live *live, struct live_stats *ret_stats);
/*
 * Decoded frames that are neither tracked nor dropped with a cause nor waiting: 0. While the camera
 * runs, those on their way from one thread to another may make it differ for a moment.
 */
int64_t live_unaccounted(const struct live_stats *stats);
/* The stream, for latest frames, state and packet ring; as long as the live. */
struct stream *live_stream(struct live *live);
