#include "cameras/camera_inside.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So many pictures without a packet: there will be none. */
#define NEVER_ENCODED_FRAMES 10

static void generation_destroy(struct generation **generation)
{
	if (*generation)
		camera_config_free(&(*generation)->config);
	free(*generation);
	*generation = NULL;
}

static int generation_create(
	const char *text, int64_t version, struct err *err, struct generation **ret_generation)
{
	struct generation *g = calloc(1, sizeof(*g));
	struct problems problems = {0};
	if (!g)
		return err_set(err, -ENOMEM, "out of memory");
	g->version = version;
	camera_config_defaults(&g->config);
	int r = camera_config_read(text, strlen(text), &g->config, &problems);
	if (r < 0)
		problems_first(&problems, "configuration", "", err);
	else
		r = scene_apply_environment(&g->config.scene, err);
	problems_finish(&problems);
	if (r < 0)
		generation_destroy(&g);
	else
		*ret_generation = g;
	return r;
}

/* Called by live's thread */

static int on_begin(void *opaque, const struct live_view *view, struct err *err)
{
	struct camera *c = opaque;
	struct recording_params params = {
		.store = c->site->store,
		.evidence_dir = c->site->evidence_dir,
		.device = camera_config_device(&c->current->config),
		.version = c->current->version,
		.start = view->start_wall,
		.ring = view->ring,
	};
	trails_destroy(&c->trails);
	if (trails_create(&c->trails) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	c->start = view->start_wall;
	atomic_store_explicit(&c->user_seen_us, mono_now().us, memory_order_relaxed);
	recording_begin(c->recording, &params);
	view_begin(c->view, &c->current->config.scene, view->calibration);
	pthread_mutex_lock(&c->lock);
	snprintf(c->detector, sizeof(c->detector), "%s", view->detector);
	c->calibrated = view->calibration != NULL;
	c->width_px = view->width_px;
	c->height_px = view->height_px;
	pthread_mutex_unlock(&c->lock);
	return 0;
}

static void tell_frame(struct camera *c, const struct live_result *result)
{
	const struct cameras_listener *to = &c->site->listener;
	struct message_about about = {
		.stream = c->id,
		.device = camera_config_device(&c->current->config),
		.start = c->start,
		.version = c->current->version,
	};
	if (!to->wants_frames || !to->wants_frames(to->opaque))
		return;
	json_reset(&c->message);
	message_write(&c->message, &about, result, c->trails);
	if (!c->message.failed)
		to->on_frame(to->opaque, c->id, c->message.text, c->message.length);
}

static int on_result(void *opaque, const struct live_result *result, struct err *err)
{
	struct camera *c = opaque;
	(void)err;
	if (result->pipeline->measures.count > 0)
		atomic_store_explicit(&c->user_seen_us, mono_now().us, memory_order_relaxed);
	trails_step(c->trails, &result->pipeline->measures);
	recording_step(c->recording, result->frame, result->pipeline);
	view_step(c->view, result->frame, result->pipeline, c->trails);
	tell_frame(c, result);
	return 0;
}

static void on_end(void *opaque, const struct violations *late, const struct counts *counts)
{
	struct camera *c = opaque;
	recording_end(c->recording, late, counts);
	view_end(c->view);
}

static const struct scene *on_reload(void *opaque)
{
	struct camera *c = opaque;
	pthread_mutex_lock(&c->lock);
	if (c->next) {
		generation_destroy(&c->current);
		c->current = c->next;
		c->next = NULL;
	}
	pthread_mutex_unlock(&c->lock);
	return &c->current->config.scene;
}

/* Life */

int camera_create(const struct camera_site *site, const char *text, int64_t version,
	struct err *err, struct camera **ret_camera)
{
	struct camera *c = calloc(1, sizeof(*c));
	if (!c)
		return err_set(err, -ENOMEM, "out of memory");
	pthread_mutex_init(&c->lock, NULL);
	c->site = site;
	c->version = version;
	c->text = strdup(text);
	int r = c->text && recording_create(&c->recording) == 0 && view_create(&c->view) == 0
			? generation_create(text, version, err, &c->current)
			: err_set(err, -ENOMEM, "out of memory");
	if (r < 0) {
		camera_destroy(&c);
		return r;
	}
	snprintf(c->id, sizeof(c->id), "%s", c->current->config.id);
	*ret_camera = c;
	return 0;
}

/* Nothing of it runs any more; its statistics go. */
static void forget_live(struct camera *c)
{
	pthread_mutex_lock(&c->lock);
	struct live *live = c->live;
	c->live = NULL;
	pthread_mutex_unlock(&c->lock);
	live_destroy(&live);
	services_put(c->site->services, &c->service);
}

void camera_destroy(struct camera **camera)
{
	struct camera *c = *camera;
	*camera = NULL;
	if (!c)
		return;
	forget_live(c);
	recording_destroy(&c->recording);
	view_destroy(&c->view);
	trails_destroy(&c->trails);
	generation_destroy(&c->current);
	generation_destroy(&c->next);
	json_finish(&c->message);
	pthread_mutex_destroy(&c->lock);
	free(c->text);
	free(c);
}

static int make_live(struct camera *c, struct err *err)
{
	const struct scene *scene = &c->current->config.scene;
	struct detector_params detector = pipeline_detector_params(scene);
	struct live *live;
	struct live_params params = {
		.scene = scene,
		.gated = true,
		.on_begin = on_begin,
		.on_result = on_result,
		.on_end = on_end,
		.on_reload = on_reload,
		.opaque = c,
	};
	int r = services_get(c->site->services, &detector, err, &c->service);
	if (r < 0)
		return r;
	camera_config_stream(&c->current->config, &params.stream);
	params.service = c->service;
	r = live_create(&params, err, &live);
	if (r < 0) {
		services_put(c->site->services, &c->service);
		return r;
	}
	pthread_mutex_lock(&c->lock);
	c->live = live;
	pthread_mutex_unlock(&c->lock);
	return 0;
}

static void note(struct camera *c, bool wanted, const char *problem)
{
	pthread_mutex_lock(&c->lock);
	c->wanted = wanted;
	snprintf(c->problem, sizeof(c->problem), "%s", problem);
	pthread_mutex_unlock(&c->lock);
}

int camera_start(struct camera *camera, struct err *err)
{
	struct camera *c = camera;
	struct err why = {0};
	if (c->live && live_is_running(c->live))
		return 0;
	if (c->live)
		live_stop(c->live); /* it ended by itself: its thread is still to be joined */
	int r = c->live ? 0 : make_live(c, &why);
	if (r == 0)
		r = live_start(c->live, &why);
	note(c, true, r < 0 ? why.text : "");
	if (r < 0) {
		log_error("%s: cannot be started: %s", c->id, why.text);
		err_set(err, r, "%s", why.text);
	}
	return r;
}

void camera_stop(struct camera *camera)
{
	note(camera, false, "");
	if (camera->live)
		live_stop(camera->live);
}

static bool is_wanted(struct camera *c)
{
	pthread_mutex_lock(&c->lock);
	bool wanted = c->wanted;
	pthread_mutex_unlock(&c->lock);
	return wanted;
}

/* Between two frames. */
static void swap(struct camera *c, struct generation *fresh)
{
	pthread_mutex_lock(&c->lock);
	struct generation *unused = c->next; /* never came to be: no frame came since */
	c->next = fresh;
	pthread_mutex_unlock(&c->lock);
	generation_destroy(&unused);
	live_reload(c->live);
}

static int restart(struct camera *c, struct generation *fresh, struct err *err)
{
	bool wanted = is_wanted(c);
	if (c->live)
		live_stop(c->live);
	forget_live(c);
	pthread_mutex_lock(&c->lock);
	generation_destroy(&c->current);
	generation_destroy(&c->next);
	c->current = fresh;
	c->width_px = c->height_px = 0;
	pthread_mutex_unlock(&c->lock);
	return wanted ? camera_start(c, err) : 0;
}

int camera_configure(struct camera *camera, const char *text, int64_t version, struct err *err)
{
	struct camera *c = camera;
	struct generation *fresh;
	char *copy = strdup(text);
	int r = copy ? generation_create(text, version, err, &fresh)
		     : err_set(err, -ENOMEM, "out of memory");
	if (r < 0) {
		free(copy);
		return r;
	}
	pthread_mutex_lock(&c->lock);
	free(c->text);
	c->text = copy;
	c->version = version;
	const struct generation *last = c->next ? c->next : c->current;
	bool same = camera_config_same_video(&last->config, &fresh->config);
	pthread_mutex_unlock(&c->lock);
	if (same && c->live && live_is_running(c->live)) {
		swap(c, fresh);
		return 0;
	}
	return restart(c, fresh, err);
}

int camera_check_size(struct camera *camera, const struct scene *scene, struct err *err)
{
	pthread_mutex_lock(&camera->lock);
	int width_px = camera->width_px, height_px = camera->height_px;
	pthread_mutex_unlock(&camera->lock);
	return width_px ? scene_check_size(scene, width_px, height_px, err) : 0;
}

const char *camera_id(const struct camera *camera)
{
	return camera->id;
}

const char *camera_text(const struct camera *camera)
{
	return camera->text;
}

int64_t camera_version(const struct camera *camera)
{
	return camera->version;
}

int camera_frame(struct camera *camera, bool annotated, struct err *err, struct frame **ret_frame)
{
	struct camera *c = camera;
	int r = -EAGAIN;
	pthread_mutex_lock(&c->lock);
	if (c->live && stream_is_healthy(live_stream(c->live)))
		r = annotated ? view_latest(c->view, ret_frame)
			      : stream_latest(live_stream(c->live), ret_frame);
	else
		r = err_set(err, -ENODATA, "'%s' gives no pictures now", c->id);
	pthread_mutex_unlock(&c->lock);
	return r == -EAGAIN ? -EBUSY : r == -ENODATA ? -EAGAIN : r;
}

/* Whether pictures came and nothing encoded did: simulators, and files that loop. */
static bool is_never_encoded(struct stream *stream, struct packet_ring *ring)
{
	struct stream_stats stats;
	stream_stats(stream, &stats);
	return stats.frames_decoded > NEVER_ENCODED_FRAMES &&
	       (!ring || packet_ring_stats(ring).pushed_count == 0);
}

int camera_ring(struct camera *camera, struct packet_ring **ret_ring)
{
	struct camera *c = camera;
	int r = -EAGAIN;
	pthread_mutex_lock(&c->lock);
	if (c->live && live_is_running(c->live)) {
		struct packet_ring *ring = stream_ring(live_stream(c->live));
		if (is_never_encoded(live_stream(c->live), ring)) {
			r = -ENOTSUP;
		} else if (ring) {
			*ret_ring = packet_ring_ref(ring);
			r = 0;
		}
	}
	pthread_mutex_unlock(&c->lock);
	return r;
}
