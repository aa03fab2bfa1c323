#include "detect/service.h"

#include "base/cores.h"
#include "detect/gate.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WORKERS_MAX 256

struct service_camera {
	struct service *service;
	struct service_camera_params params;
	/* The offering thread's. */
	struct gate gate;
	/* Below: under the service's lock. */
	struct pace pace;
	struct service_stats stats;
	struct frame *waiting; /* the mailbox */
	bool queued; /* is in the service's line */
	bool busy; /* a worker has a frame of it */
	struct service_camera *next; /* in that line */
};

struct worker {
	struct service *service;
	struct detector *detector;
	struct detections found;
	pthread_t thread;
	bool started;
};

struct service {
	int worker_count, nice;
	struct worker *workers;
	pthread_mutex_t lock;
	pthread_cond_t some; /* the line is not empty, or stopping */
	pthread_cond_t idle; /* a camera became idle */
	/* Below: under lock. The line: cameras with a waiting frame and no worker, oldest first. */
	struct service_camera *first, *last;
	bool stopping;
};

static void enqueue(struct service *s, struct service_camera *c)
{
	if (c->queued || c->busy || !c->waiting)
		return;
	c->queued = true;
	c->next = NULL;
	if (s->last)
		s->last->next = c;
	else
		s->first = c;
	s->last = c;
	pthread_cond_signal(&s->some);
}

static void dequeue(struct service *s, struct service_camera *c)
{
	struct service_camera *before = NULL;
	if (!c->queued)
		return;
	for (struct service_camera *at = s->first; at != c; at = at->next)
		before = at;
	if (before)
		before->next = c->next;
	else
		s->first = c->next;
	if (s->last == c)
		s->last = before;
	c->queued = false;
}

static void answer(const struct service_camera *c, const struct service_answer *a)
{
	c->params.answer(c->params.opaque, a);
}

static void shed(struct service_camera *c, struct frame *frame, enum service_outcome outcome)
{
	answer(c, &(struct service_answer){.outcome = outcome, .frame = frame});
	frame_unref(&frame);
}

/* The oldest waiting frame; false: the service ends. */
static bool take(struct service *s, struct service_camera **ret_camera, struct frame **ret_frame)
{
	pthread_mutex_lock(&s->lock);
	while (!s->first && !s->stopping)
		pthread_cond_wait(&s->some, &s->lock);
	struct service_camera *c = s->first;
	if (c) {
		dequeue(s, c);
		c->busy = true;
		*ret_camera = c;
		*ret_frame = c->waiting;
		c->waiting = NULL;
		pace_begin(&c->pace, (*ret_frame)->media);
	}
	pthread_mutex_unlock(&s->lock);
	return c != NULL;
}

static void count(struct service_camera *c, int r, int64_t cpu_us, struct mono arrival)
{
	struct service *s = c->service;
	pthread_mutex_lock(&s->lock);
	c->stats.looked_count += r == 0;
	c->stats.failed_count += r < 0;
	c->stats.cpu_us += cpu_us;
	pace_answered(&c->pace, (double)(mono_now().us - arrival.us) * 1e-6);
	pthread_mutex_unlock(&s->lock);
}

static void put_back(struct service_camera *c)
{
	struct service *s = c->service;
	pthread_mutex_lock(&s->lock);
	c->busy = false;
	enqueue(s, c);
	pthread_cond_broadcast(&s->idle);
	pthread_mutex_unlock(&s->lock);
}

static void look(struct worker *w, struct service_camera *c, struct frame *frame)
{
	struct detector *detector = c->params.detector ? c->params.detector : w->detector;
	struct err err = {0};
	int64_t begin_us = clock_thread_cpu_us();
	int r = detector_detect(detector, frame, &w->found, &err);
	count(c, r, clock_thread_cpu_us() - begin_us, frame->arrival);
	struct service_answer a = {
		.outcome = r < 0 ? SERVICE_FAILED : SERVICE_LOOKED,
		.frame = frame,
		.detections = r < 0 ? NULL : &w->found,
		.err = r < 0 ? &err : NULL,
	};
	answer(c, &a);
	frame_unref(&frame);
}

static void *work(void *opaque)
{
	struct worker *w = opaque;
	struct service_camera *camera;
	struct frame *frame;
	/* On Linux this is the thread's own; where it is refused the order of things stays. */
	if (w->service->nice > 0)
		setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), w->service->nice);
	while (take(w->service, &camera, &frame)) {
		look(w, camera, frame);
		put_back(camera);
	}
	return NULL;
}

static int start_workers(struct service *s, const struct detector_params *params, struct err *err)
{
	int r = 0;
	for (int i = 0; i < s->worker_count && r == 0; i++) {
		struct worker *w = &s->workers[i];
		w->service = s;
		r = params ? detector_create(params, err, &w->detector) : 0;
		if (r < 0)
			break;
		r = -pthread_create(&w->thread, NULL, work, w);
		if (r < 0)
			err_set(err, r, "a thread for detection could not be started");
		w->started = r == 0;
	}
	return r;
}

int service_create(
	const struct service_params *params, struct err *err, struct service **ret_service)
{
	int count = params->worker_count ? params->worker_count : cores_usable();
	if (count < 1 || count > WORKERS_MAX)
		return err_set(err, -EINVAL, "a detection service has 1 to %d workers, not %d",
			WORKERS_MAX, count);
	if (params->detector && detector_memory(params->detector) != DETECTOR_MEMORY_NONE)
		return err_set(err, -EINVAL,
			"detectors that remember their camera cannot be shared by all cameras");
	struct service *s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(err, -ENOMEM, "out of memory");
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->some, NULL);
	pthread_cond_init(&s->idle, NULL);
	s->nice = params->nice;
	s->workers = calloc((size_t)count, sizeof(*s->workers));
	s->worker_count = s->workers ? count : 0;
	int r = s->workers ? start_workers(s, params->detector, err)
			   : err_set(err, -ENOMEM, "out of memory");
	if (r < 0) {
		service_destroy(&s);
		return r;
	}
	*ret_service = s;
	return 0;
}

void service_destroy(struct service **service)
{
	struct service *s = *service;
	*service = NULL;
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	pthread_cond_broadcast(&s->some);
	pthread_mutex_unlock(&s->lock);
	for (int i = 0; i < s->worker_count; i++) {
		if (s->workers[i].started)
			pthread_join(s->workers[i].thread, NULL);
		detector_destroy(&s->workers[i].detector);
	}
	free(s->workers);
	pthread_cond_destroy(&s->idle);
	pthread_cond_destroy(&s->some);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

int service_worker_count(const struct service *service)
{
	return service->worker_count;
}

const char *service_description(const struct service *service)
{
	const struct detector *detector = service->workers[0].detector;
	return detector ? detector_description(detector) : "";
}

int service_add(struct service *service, const struct service_camera_params *params,
	struct service_camera **ret_camera)
{
	if (!params->detector && !service->workers[0].detector)
		return -EINVAL;
	struct service_camera *c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->service = service;
	c->params = *params;
	pace_init(&c->pace, &params->pace);
	*ret_camera = c;
	return 0;
}

void service_remove(struct service_camera **camera)
{
	struct service_camera *c = *camera;
	*camera = NULL;
	if (!c)
		return;
	struct service *s = c->service;
	pthread_mutex_lock(&s->lock);
	dequeue(s, c);
	struct frame *waiting = c->waiting;
	c->waiting = NULL;
	c->stats.stopped_count += waiting != NULL;
	while (c->busy)
		pthread_cond_wait(&s->idle, &s->lock);
	pthread_mutex_unlock(&s->lock);
	if (waiting)
		shed(c, waiting, SERVICE_STOPPED);
	gate_finish(&c->gate);
	free(c);
}

/* Into the mailbox; what was there is the caller's to shed. Its place in the line stays. */
static struct frame *post(struct service_camera *c, struct frame *frame)
{
	struct frame *replaced = c->waiting;
	c->waiting = frame_ref(frame);
	c->stats.taken_count++;
	c->stats.replaced_count += replaced != NULL;
	enqueue(c->service, c);
	return replaced;
}

/* Whether the frame is to be looked at. Where one waits already it is: it took that one's place. */
static enum pace_need ask(
	struct service_camera *c, struct frame *frame, struct frame **ret_replaced)
{
	struct service *s = c->service;
	pthread_mutex_lock(&s->lock);
	c->stats.offered_count++;
	if (c->waiting)
		*ret_replaced = post(c, frame);
	enum pace_need need = *ret_replaced ? PACE_ALWAYS : pace_ask(&c->pace, frame->media);
	c->stats.not_due_count += need == PACE_NOT_YET;
	pthread_mutex_unlock(&s->lock);
	return need;
}

/* One that is due, unless nothing moved. */
static enum service_offer offer_due(struct service_camera *c, struct frame *frame, bool if_moved)
{
	bool moved = !c->params.gated || gate_moved(&c->gate, frame);
	bool still = if_moved && !moved;
	if (!still)
		gate_looked(&c->gate);
	pthread_mutex_lock(&c->service->lock);
	if (still)
		c->stats.still_count++;
	else
		post(c, frame);
	pthread_mutex_unlock(&c->service->lock);
	return still ? SERVICE_STILL : SERVICE_TAKEN;
}

enum service_offer service_offer(struct service_camera *camera, struct frame *frame)
{
	struct frame *replaced = NULL;
	enum pace_need need = ask(camera, frame, &replaced);
	if (replaced) {
		shed(camera, replaced, SERVICE_REPLACED);
		return SERVICE_TAKEN;
	}
	if (need == PACE_NOT_YET)
		return SERVICE_NOT_DUE;
	return offer_due(camera, frame, need == PACE_IF_MOVED);
}

void service_hurry(struct service_camera *camera)
{
	pthread_mutex_lock(&camera->service->lock);
	pace_hurry(&camera->pace);
	pthread_mutex_unlock(&camera->service->lock);
}

void service_drain(struct service_camera *camera)
{
	struct service *s = camera->service;
	pthread_mutex_lock(&s->lock);
	while (camera->busy || camera->waiting)
		pthread_cond_wait(&s->idle, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

struct service_stats service_stats(struct service_camera *camera)
{
	struct service *s = camera->service;
	pthread_mutex_lock(&s->lock);
	struct service_stats stats = camera->stats;
	stats.rate_hz = camera->pace.rate_hz;
	pthread_mutex_unlock(&s->lock);
	return stats;
}
