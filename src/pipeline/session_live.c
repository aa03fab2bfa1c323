#include "pipeline/session_live.h"

#include "pipeline/recorder.h"
#include "pipeline/sim_input.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>

#define STEP_US 100000

struct watching {
	const struct session_params *params;
	struct session_summary *summary;
	struct service *own_service;
	struct live *live;

	/* live's thread, and the caller's once that has ended. */
	struct recorder *recorder;
	enum session_failure failure;
	struct media first; /* MEDIA_NONE: no frame yet */
	int end_error;
	struct err end_err;

	_Atomic bool enough; /* relaxed: a wish to end */
};

bool session_is_live(const char *source)
{
	return sim_input.takes(source, true) || av_source_kind(source) != AV_SOURCE_FILE;
}

static int on_begin(void *opaque, const struct live_view *live, struct err *err)
{
	struct watching *w = opaque;
	struct session_summary *sum = w->summary;
	struct recorder_view view = {
		.width_px = live->width_px,
		.height_px = live->height_px,
		.fps = w->params->scene->pipeline.target_fps,
		.calibration = live->calibration,
		.created = live->start_wall,
		.ring = live->ring,
		.endless = true,
	};
	sum->info.video.width_px = live->width_px;
	sum->info.video.height_px = live->height_px;
	sum->info.start_wall = live->start_wall;
	sum->calibrated = live->calibration != NULL;
	snprintf(sum->detector, sizeof(sum->detector), "%s", live->detector);
	w->failure = SESSION_OUTPUT;
	return recorder_open(w->params, &view, sum, err, &w->recorder);
}

static int on_result(void *opaque, const struct live_result *result, struct err *err)
{
	struct watching *w = opaque;
	const struct session_params *p = w->params;
	struct frame *frame = result->frame;
	if (w->first.us == MEDIA_NONE.us)
		w->first = frame->media;
	int r = recorder_frame(w->recorder, frame, result->pipeline, err);
	if (r < 0)
		return r;
	if (p->seconds > 0 && media_diff_s(frame->media, w->first) >= p->seconds)
		atomic_store_explicit(&w->enough, true, memory_order_relaxed);
	if (p->on_frame && p->on_frame(p->opaque, &w->summary->info, result->pipeline) != 0) {
		w->summary->interrupted = true;
		atomic_store_explicit(&w->enough, true, memory_order_relaxed);
	}
	return 0;
}

static void on_end(void *opaque, const struct violations *late, const struct counts *counts)
{
	struct watching *w = opaque;
	struct err reason = {0};
	if (!w->recorder)
		return;
	struct stream_stats stream;
	stream_stats(live_stream(w->live), &stream);
	bool lost = stream.state == STREAM_FAILED;
	w->end_error = recorder_end(w->recorder, late, counts, !lost && !w->summary->interrupted,
		lost ? stream.reason : NULL, &reason);
	w->end_err = reason;
}

/* A camera that gives nothing at its first attempt is more likely a wrong address than a reboot. */
static bool never_came(struct watching *w, struct err *err)
{
	struct stream_stats stream;
	stream_stats(live_stream(w->live), &stream);
	if (stream.connect_count > 0 || stream.error_count == 0)
		return false;
	err_set(err, -EIO, "%s", stream.reason);
	return true;
}

static int watch(struct watching *w, struct err *err)
{
	const struct session_params *p = w->params;
	while (live_wait(w->live, mono_after(mono_now(), STEP_US)) == -EAGAIN) {
		if (never_came(w, err)) {
			w->failure = SESSION_SOURCE;
			return -EIO;
		}
		if (atomic_load_explicit(&w->enough, memory_order_relaxed))
			return 0;
		if (p->on_frame && p->on_frame(p->opaque, NULL, NULL) != 0) {
			live_stop(w->live);
			w->summary->interrupted = true;
			return 0;
		}
	}
	return 0;
}

static int open_service(struct watching *w, struct err *err)
{
	struct detector_params detector = pipeline_detector_params(w->params->scene);
	if (w->params->service || detector_memory(&detector) == DETECTOR_MEMORY_FRAMES)
		return 0;
	bool shared = detector_memory(&detector) == DETECTOR_MEMORY_NONE;
	struct service_params params = {
		.detector = shared ? &detector : NULL,
		.worker_count = 1,
	};
	w->failure = SESSION_DETECTOR;
	return service_create(&params, err, &w->own_service);
}

static int open_camera(struct watching *w, struct err *err)
{
	static const struct input_kind *const kinds[] = {&sim_input, NULL};
	const struct session_params *p = w->params;
	struct live_params params = {
		.scene = p->scene,
		.service = p->service ? p->service : w->own_service,
		.gated = true,
		.on_begin = on_begin,
		.on_result = on_result,
		.on_end = on_end,
		.opaque = w,
	};
	stream_params_init(&params.stream);
	params.stream.source = p->source;
	params.stream.kinds = kinds;
	params.stream.paced = true; /* the simulator, which would be faster */
	if (p->scene->pipeline.target_fps > 0)
		params.stream.target_fps = p->scene->pipeline.target_fps;
	params.stream.ring_bytes = p->evidence_dir ? RECORDER_RING_BYTES : 0;
	params.stream.ring_s = RECORDER_RING_S;
	w->failure = SESSION_SOURCE;
	int r = live_create(&params, err, &w->live);
	return r == 0 ? live_start(w->live, err) : r;
}

/* How it ended, the camera's own failure first. */
static int finish(struct watching *w, int r, struct err *err)
{
	struct err late = {0};
	if (w->live) {
		live_stop(w->live);
		live_stats(w->live, &w->summary->live_stats);
		snprintf(w->summary->info.video.codec, sizeof(w->summary->info.video.codec), "%s",
			w->summary->live_stats.stream.codec);
		if (r == 0) {
			r = live_error(w->live, err);
			if (r == -EIO && w->summary->live_stats.stream.state == STREAM_FAILED)
				w->failure = SESSION_SOURCE;
		}
		if (r == 0 && w->end_error < 0) {
			r = w->end_error;
			*err = w->end_err;
			w->failure = SESSION_OUTPUT;
		}
	}
	int close_r = recorder_close(&w->recorder, &late);
	if (r == 0 && close_r < 0) {
		r = close_r;
		*err = late;
		w->failure = SESSION_OUTPUT;
	}
	live_destroy(&w->live);
	service_destroy(&w->own_service);
	return r;
}

int session_live_run(const struct session_params *params, struct err *err,
	struct session_summary *summary, enum session_failure *ret_failure)
{
	struct watching w = {
		.params = params,
		.summary = summary,
		.failure = SESSION_CONFIG,
		.first = MEDIA_NONE,
	};
	summary->live = true;
	int r = open_service(&w, err);
	if (r == 0)
		r = open_camera(&w, err);
	if (r == 0) {
		w.failure = SESSION_CONFIG; /* until a recorder is there */
		r = watch(&w, err);
	}
	r = finish(&w, r, err);
	*ret_failure = w.failure;
	return r;
}
