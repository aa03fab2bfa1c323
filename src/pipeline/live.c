#include "pipeline/live.h"

#include "base/log.h"
#include "pipeline/inbox.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define SECOND_US 1000000

struct live {
	struct live_params params;
	struct stream *stream;
	struct inbox *inbox;
	struct detector *detector; /* of this camera, for the service; NULL: the service's */
	struct service_camera *camera; /* NULL: live's thread looks itself */
	pthread_t thread;
	bool started;
	_Atomic bool reload; /* relaxed: a wish; what is wished for is behind its owner's lock */

	/* live's thread. */
	struct pipeline *pipeline;
	struct detections found;
	bool failure_said;

	pthread_mutex_t lock;
	pthread_cond_t ended;
	/* Below: under lock. */
	bool running;
	int error;
	struct err err;
	struct live_stats stats; /* but for stream and service */
};

/* From the service: a worker, the stream's thread, or whoever stops. */
static void settle(void *opaque, const struct service_answer *answer)
{
	struct live *l = opaque;
	bool looked = answer->outcome == SERVICE_LOOKED;
	if (answer->outcome == SERVICE_FAILED) {
		pthread_mutex_lock(&l->lock);
		bool first = l->stats.failed_count++ == 0;
		pthread_mutex_unlock(&l->lock);
		if (first)
			log_error("%s: the detector fails, tracks are only predicted: %s",
				stream_name(l->stream), answer->err->text);
	}
	inbox_settle(l->inbox, answer->frame->sequence,
		looked ? PIPELINE_LOOKED : PIPELINE_NOT_LOOKED, answer->detections);
}

/* From the stream's thread. */
static void offer(void *opaque, struct frame *frame)
{
	struct live *l = opaque;
	inbox_put(l->inbox, frame);
	switch (l->camera ? service_offer(l->camera, frame) : SERVICE_NOT_DUE) {
	case SERVICE_TAKEN:
		break;
	case SERVICE_NOT_DUE:
		inbox_settle(l->inbox, frame->sequence, PIPELINE_NOT_LOOKED, NULL);
		break;
	case SERVICE_STILL:
		inbox_settle(l->inbox, frame->sequence, PIPELINE_STILL, NULL);
		break;
	}
}

/* From the stream's thread: nothing more comes from a stream that has ended or failed. */
static void look_for_end(void *opaque)
{
	struct live *l = opaque;
	struct stream_stats stats;
	stream_stats(l->stream, &stats);
	if (stats.state == STREAM_FAILED || stats.state == STREAM_STOPPED)
		inbox_close(l->inbox);
}

static int begin(struct live *l, const struct frame *frame, struct err *err)
{
	int r = (l->camera ? pipeline_create_apart : pipeline_create)(
		l->params.scene, frame->width_px, frame->height_px, err, NULL, &l->pipeline);
	if (r < 0 || !l->params.on_begin)
		return r;
	const char *own = pipeline_detector(l->pipeline);
	struct live_view view = {
		.width_px = frame->width_px,
		.height_px = frame->height_px,
		.detector = own           ? own
			    : l->detector ? detector_description(l->detector)
					  : service_description(l->params.service),
		.calibration = pipeline_calibration(l->pipeline),
		.ring = stream_ring(l->stream),
		.start_wall = {frame->wall.us - frame->media.us},
	};
	return l->params.on_begin(l->params.opaque, &view, err);
}

/* Somebody seen once may be anywhere at the next look: it should come soon. */
static bool somebody_new(const struct tracks *tracks)
{
	for (int i = 0; i < tracks->count; i++)
		if (tracks->items[i].update_count == 1 && tracks->items[i].updated)
			return true;
	return false;
}

static void add_cost(struct pipeline_cost *sum, const struct pipeline_cost *cost)
{
	sum->detect_us += cost->detect_us;
	sum->track_us += cost->track_us;
	sum->measure_us += cost->measure_us;
	sum->judge_us += cost->judge_us;
}

static void account(struct live *l, const struct live_result *result)
{
	pthread_mutex_lock(&l->lock);
	struct live_stats *s = &l->stats;
	s->looked_count += result->look == PIPELINE_LOOKED;
	s->predicted_count += result->look == PIPELINE_NOT_LOOKED;
	s->still_count += result->look == PIPELINE_STILL;
	s->violation_count += result->pipeline->violations.count;
	s->cpu_us = clock_thread_cpu_us();
	add_cost(&s->cost, &result->pipeline->cost);
	histogram_add(&s->latency, (int64_t)(result->latency_s * SECOND_US));
	pthread_mutex_unlock(&l->lock);
}

static void refuse(struct live *l, const struct err *err)
{
	pthread_mutex_lock(&l->lock);
	l->stats.refused_count++;
	pthread_mutex_unlock(&l->lock);
	if (!l->failure_said)
		log_warning("%s: a frame is left out: %s", stream_name(l->stream), err->text);
	l->failure_said = true;
}

/* A frame that cannot be analysed is counted and left out; only callbacks end the camera. */
static int one_frame(struct live *l, struct frame *frame, enum pipeline_look look, struct err *err)
{
	struct live_result result = {.frame = frame, .look = l->camera ? look : PIPELINE_LOOKED};
	struct err reason = {0};
	int r = l->camera ? pipeline_analyse(
				    l->pipeline, frame, look, &l->found, &reason, &result.pipeline)
			  : pipeline_step(l->pipeline, frame, &reason, &result.pipeline);
	if (r < 0) {
		refuse(l, &reason);
		return 0;
	}
	result.latency_s = (double)(mono_now().us - frame->arrival.us) / SECOND_US;
	if (l->camera && result.look == PIPELINE_LOOKED && somebody_new(&result.pipeline->tracks))
		service_hurry(l->camera);
	account(l, &result);
	return l->params.on_result ? l->params.on_result(l->params.opaque, &result, err) : 0;
}

static void tell_end(struct live *l)
{
	const struct violations *late = pipeline_flush(l->pipeline);
	pthread_mutex_lock(&l->lock);
	l->stats.violation_count += late->count;
	pthread_mutex_unlock(&l->lock);
	if (l->params.on_end)
		l->params.on_end(l->params.opaque, late, pipeline_counts(l->pipeline));
}

static void change_scene(struct live *l)
{
	if (l->pipeline)
		tell_end(l);
	pipeline_destroy(&l->pipeline);
	l->params.scene = l->params.on_reload(l->params.opaque);
}

static int all_frames(struct live *l, struct err *err)
{
	struct frame *frame;
	enum pipeline_look look;
	int r = 0;
	while (r == 0 && inbox_take(l->inbox, &frame, &look, &l->found)) {
		if (atomic_exchange_explicit(&l->reload, false, memory_order_relaxed))
			change_scene(l);
		r = l->pipeline ? 0 : begin(l, frame, err);
		if (r == 0)
			r = one_frame(l, frame, look, err);
		frame_unref(&frame);
	}
	return r;
}

/* A stream that was stopped, or came to its end, has not failed. */
static int why_ended(struct live *l, struct err *err)
{
	struct stream_stats stats;
	stream_stats(l->stream, &stats);
	if (stats.state != STREAM_FAILED)
		return 0;
	return err_set(err, -EIO, "%s: %s", stream_name(l->stream), stats.reason);
}

static void *analyse(void *opaque)
{
	struct live *l = opaque;
	struct err err = {0};
	int r = all_frames(l, &err);
	if (r == 0)
		r = why_ended(l, &err);
	if (l->pipeline)
		tell_end(l);
	pthread_mutex_lock(&l->lock);
	l->running = false;
	l->error = r < 0 ? r : 0;
	l->err = err;
	pthread_cond_broadcast(&l->ended);
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

/* Where the looks are made: by live's thread, or by the service with its or the camera's detector.
 */
static int join_service(struct live *l, struct err *err)
{
	struct detector_params params = pipeline_detector_params(l->params.scene);
	enum detector_memory memory = detector_memory(&params);
	if (!l->params.service || memory == DETECTOR_MEMORY_FRAMES)
		return 0;
	int r = memory == DETECTOR_MEMORY_CAMERA ? detector_create(&params, err, &l->detector) : 0;
	if (r < 0)
		return r;
	struct service_camera_params camera = {
		.pace = l->params.pace,
		.gated = l->params.gated,
		.detector = l->detector,
		.answer = settle,
		.opaque = l,
	};
	r = service_add(l->params.service, &camera, &l->camera);
	if (r < 0)
		return err_set(err, r, "the detection service has no detector for this camera");
	return 0;
}

int live_create(const struct live_params *params, struct err *err, struct live **ret_live)
{
	struct live *l = calloc(1, sizeof(*l));
	if (!l)
		return err_set(err, -ENOMEM, "out of memory");
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->ended, &monotonic);
	pthread_condattr_destroy(&monotonic);
	l->params = *params;
	l->params.stream.on_frame = offer;
	l->params.stream.on_change = look_for_end;
	l->params.stream.opaque = l;
	int r = inbox_create(params->stream.buffer_size, &l->inbox);
	if (r < 0)
		err_set(err, r, "a buffer of %d frames cannot be made", params->stream.buffer_size);
	if (r == 0)
		r = join_service(l, err);
	if (r == 0)
		r = stream_create(&l->params.stream, err, &l->stream);
	if (r < 0) {
		live_destroy(&l);
		return r;
	}
	*ret_live = l;
	return 0;
}

void live_destroy(struct live **live)
{
	struct live *l = *live;
	*live = NULL;
	if (!l)
		return;
	if (l->stream)
		live_stop(l);
	service_remove(&l->camera);
	stream_destroy(&l->stream);
	inbox_destroy(&l->inbox);
	detector_destroy(&l->detector);
	pipeline_destroy(&l->pipeline);
	pthread_cond_destroy(&l->ended);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

static void set_running(struct live *l, bool running)
{
	pthread_mutex_lock(&l->lock);
	l->running = running;
	pthread_mutex_unlock(&l->lock);
}

/* Counts begin anew with those of the stream, so that its frames stay accounted for. */
static void begin_run(struct live *l)
{
	pthread_mutex_lock(&l->lock);
	l->running = true;
	l->error = 0;
	l->stats = (struct live_stats){0};
	pthread_mutex_unlock(&l->lock);
}

int live_start(struct live *live, struct err *err)
{
	if (live->started)
		return 0;
	pipeline_destroy(&live->pipeline); /* of an earlier run: tracks do not bridge the two */
	inbox_open(live->inbox);
	begin_run(live);
	int r = stream_start(live->stream, err);
	if (r < 0) {
		set_running(live, false);
		return r;
	}
	r = -pthread_create(&live->thread, NULL, analyse, live);
	if (r < 0) {
		set_running(live, false);
		stream_stop(live->stream);
		return err_set(err, r, "a thread for analysing could not be started");
	}
	live->started = true;
	return 0;
}

void live_stop(struct live *live)
{
	stream_stop(live->stream);
	inbox_close(live->inbox);
	if (live->started)
		pthread_join(live->thread, NULL);
	live->started = false;
}

void live_reload(struct live *live)
{
	atomic_store_explicit(&live->reload, true, memory_order_relaxed);
}

bool live_is_running(struct live *live)
{
	pthread_mutex_lock(&live->lock);
	bool running = live->running;
	pthread_mutex_unlock(&live->lock);
	return running;
}

int live_wait(struct live *live, struct mono deadline)
{
	const struct timespec until = {.tv_sec = (time_t)(deadline.us / SECOND_US),
		.tv_nsec = (long)(deadline.us % SECOND_US) * 1000};
	int r = 0;
	pthread_mutex_lock(&live->lock);
	while (live->running && r == 0)
		r = pthread_cond_timedwait(&live->ended, &live->lock, &until);
	r = live->running ? -EAGAIN : 0;
	pthread_mutex_unlock(&live->lock);
	return r;
}

int live_error(struct live *live, struct err *err)
{
	pthread_mutex_lock(&live->lock);
	int error = live->error;
	if (error < 0 && err)
		*err = live->err;
	pthread_mutex_unlock(&live->lock);
	return error;
}

static int64_t settled_count(const struct live_stats *s)
{
	return s->looked_count + s->predicted_count + s->still_count + s->refused_count;
}

void live_stats(struct live *live, struct live_stats *ret_stats)
{
	pthread_mutex_lock(&live->lock);
	*ret_stats = live->stats;
	bool running = live->running;
	pthread_mutex_unlock(&live->lock);
	stream_stats(live->stream, &ret_stats->stream);
	struct inbox_stats inbox = inbox_stats(live->inbox);
	ret_stats->waiting_count = inbox.waiting_count;
	if (running)
		ret_stats->waiting_count += inbox.taken_count - settled_count(ret_stats);
	ret_stats->late_count = inbox.dropped_count;
	if (live->camera)
		ret_stats->service = service_stats(live->camera);
}

int64_t live_unaccounted(const struct live_stats *s)
{
	int64_t dropped = s->stream.dropped_rate + s->stream.dropped_late + s->late_count;
	return s->stream.frames_decoded - dropped - settled_count(s) - s->stream.waiting_count -
	       s->waiting_count;
}

struct stream *live_stream(struct live *live)
{
	return live->stream;
}
