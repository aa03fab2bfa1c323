#include "cameras/live_pictures.h"

#include "base/log.h"
#include "cameras/config.h"
#include "record/jpeg.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUALITY 75 /* of moving pictures; a snapshot is better */
#define INTERVAL_MAX_US 60000000
#define STEP_US 10000 /* how often it is looked for a picture that is due and has not come */

/* The pictures of one stream, annotated or not. */
struct show {
	struct show *next;
	char id[CAMERA_ID_MAX + 1];
	bool annotated;
	struct live_pictures_viewer *viewers;
	struct mono due;
	int64_t interval_us; /* of the quickest viewer */
	struct media shown; /* of the picture encoded last */
	struct live_picture *picture; /* NULL: none came yet */
	int64_t number; /* of it, from 1 */
	bool removed;
};

struct live_pictures_viewer {
	struct live_pictures *pictures;
	struct show *show;
	struct live_pictures_viewer *next;
	int64_t interval_us;
	struct mono due;
	int64_t seen; /* number of the picture taken last */
};

struct live_pictures {
	struct cameras *cameras;
	struct jpeg *jpeg; /* the thread's */
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t wake; /* on CLOCK_MONOTONIC */
	/* Below: under lock. Only the thread takes shows out of the list. */
	struct show *shows;
	bool stopping;
};

void live_picture_unref(struct live_picture **picture)
{
	struct live_picture *p = *picture;
	*picture = NULL;
	/* Release: what others read of it is read; acquire: before it goes. */
	if (p && atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) == 1)
		free(p);
}

static void show_destroy(struct show *show)
{
	live_picture_unref(&show->picture);
	free(show);
}

/* Encoding */

static struct live_picture *encode(struct live_pictures *p, const struct frame *frame)
{
	const struct jpeg_area whole = {0, 0, frame->width_px, frame->height_px};
	const unsigned char *bytes;
	struct err err = {0};
	size_t length;
	if (jpeg_encode(p->jpeg, frame, whole, QUALITY, &err, &bytes, &length) < 0) {
		log_debug("live pictures: %s", err.text);
		return NULL;
	}
	struct live_picture *picture = malloc(sizeof(*picture) + length);
	if (!picture)
		return NULL;
	atomic_init(&picture->refs, 1);
	picture->length = length;
	memcpy(picture->bytes, bytes, length);
	return picture;
}

/* The picture due now, where there is a new one. Without lock: what it reads of the show only the
 * thread changes. */
static struct live_picture *draw(
	struct live_pictures *p, const struct show *show, struct media *ret_media, int *ret_code)
{
	struct frame *frame;
	struct live_picture *picture = NULL;
	*ret_code = cameras_frame(p->cameras, show->id, show->annotated, NULL, &frame);
	if (*ret_code < 0)
		return NULL;
	*ret_media = frame->media;
	if (frame->media.us != show->shown.us)
		picture = encode(p, frame);
	frame_unref(&frame);
	return picture;
}

/* Under lock, but while it draws. */
static void serve_show(struct live_pictures *p, struct show *show)
{
	struct media media;
	int code;
	pthread_mutex_unlock(&p->lock);
	struct live_picture *picture = draw(p, show, &media, &code);
	pthread_mutex_lock(&p->lock);
	show->removed = code == -ENOENT;
	struct mono now = mono_now();
	if (!picture) {
		show->due = mono_after(now, STEP_US);
		return;
	}
	live_picture_unref(&show->picture);
	show->picture = picture;
	show->shown = media;
	show->number++;
	/* In step, unless it is behind. */
	show->due.us += show->interval_us;
	if (show->due.us < now.us)
		show->due = now;
}

/* Under lock: the one that is due first; those that nobody watches go. */
static struct show *first_due(struct live_pictures *p)
{
	struct show *first = NULL, **at = &p->shows;
	while (*at) {
		struct show *show = *at;
		if (!show->viewers) {
			*at = show->next;
			show_destroy(show);
			continue;
		}
		if (!first || show->due.us < first->due.us)
			first = show;
		at = &show->next;
	}
	return first;
}

static void *run(void *opaque)
{
	struct live_pictures *p = opaque;
	pthread_mutex_lock(&p->lock);
	while (!p->stopping) {
		struct show *show = first_due(p);
		if (!show) {
			pthread_cond_wait(&p->wake, &p->lock);
		} else if (mono_now().us < show->due.us) {
			struct timespec until = mono_timespec(show->due);
			pthread_cond_timedwait(&p->wake, &p->lock, &until);
		} else {
			serve_show(p, show);
		}
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

int live_pictures_create(struct cameras *cameras, struct live_pictures **ret_pictures)
{
	struct live_pictures *p = calloc(1, sizeof(*p));
	pthread_condattr_t monotonic;
	if (!p)
		return -ENOMEM;
	p->cameras = cameras;
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&p->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	int r = jpeg_create(&p->jpeg) < 0 ? -ENOMEM : 0;
	if (r == 0) {
		p->started = pthread_create(&p->thread, NULL, run, p) == 0;
		r = p->started ? 0 : -EAGAIN;
	}
	if (r < 0)
		live_pictures_destroy(&p);
	else
		*ret_pictures = p;
	return r;
}

void live_pictures_destroy(struct live_pictures **pictures)
{
	struct live_pictures *p = *pictures;
	*pictures = NULL;
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->stopping = true;
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->lock);
	if (p->started)
		pthread_join(p->thread, NULL);
	while (p->shows) {
		struct show *show = p->shows;
		p->shows = show->next;
		show_destroy(show);
	}
	jpeg_destroy(&p->jpeg);
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* Viewers */

/* Under lock. */
static struct show *find_show(struct live_pictures *p, const char *id, bool annotated)
{
	struct show *show = p->shows;
	while (show && (show->annotated != annotated || strcmp(show->id, id) != 0))
		show = show->next;
	if (show)
		return show;
	show = calloc(1, sizeof(*show));
	if (!show)
		return NULL;
	snprintf(show->id, sizeof(show->id), "%s", id);
	show->annotated = annotated;
	show->shown = MEDIA_NONE;
	show->due = mono_now();
	show->next = p->shows;
	p->shows = show;
	return show;
}

/* Under lock. */
static void set_pace(struct show *show)
{
	int64_t interval_us = INTERVAL_MAX_US;
	for (const struct live_pictures_viewer *v = show->viewers; v; v = v->next)
		if (v->interval_us < interval_us)
			interval_us = v->interval_us;
	show->interval_us = interval_us;
}

int live_pictures_open(struct live_pictures *pictures, const char *id, bool annotated, double fps,
	struct live_pictures_viewer **ret_viewer)
{
	struct live_pictures_viewer *v = calloc(1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	v->pictures = pictures;
	v->interval_us = llround(1e6 / fps);
	v->due = mono_now();
	pthread_mutex_lock(&pictures->lock);
	v->show = find_show(pictures, id, annotated);
	if (v->show) {
		v->next = v->show->viewers;
		v->show->viewers = v;
		set_pace(v->show);
		if (v->show->due.us > v->due.us)
			v->show->due = v->due;
		pthread_cond_signal(&pictures->wake);
	}
	pthread_mutex_unlock(&pictures->lock);
	if (!v->show) {
		free(v);
		return -ENOMEM;
	}
	*ret_viewer = v;
	return 0;
}

void live_pictures_close(struct live_pictures_viewer **viewer)
{
	struct live_pictures_viewer *v = *viewer, **at;
	*viewer = NULL;
	if (!v)
		return;
	struct live_pictures *p = v->pictures;
	pthread_mutex_lock(&p->lock);
	for (at = &v->show->viewers; *at != v; at = &(*at)->next)
		;
	*at = v->next;
	set_pace(v->show);
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->lock);
	free(v);
}

int live_pictures_take(struct live_pictures_viewer *viewer, struct live_picture **ret_picture)
{
	struct live_pictures_viewer *v = viewer;
	struct mono now = mono_now();
	int r = 0;
	pthread_mutex_lock(&v->pictures->lock);
	struct show *show = v->show;
	/* A little early is in time: those who ask do so in steps. */
	if (show->removed) {
		r = -ENOENT;
	} else if (show->picture && show->number != v->seen && now.us + STEP_US >= v->due.us) {
		*ret_picture = show->picture;
		atomic_fetch_add_explicit(&show->picture->refs, 1, memory_order_relaxed);
		v->seen = show->number;
		v->due.us += v->interval_us;
		if (v->due.us < now.us)
			v->due = now;
		r = 1;
	}
	pthread_mutex_unlock(&v->pictures->lock);
	return r;
}
