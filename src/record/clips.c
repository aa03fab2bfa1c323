#include "record/clips.h"

#include "av/clip.h"
#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_US INT64_C(1000000)

struct pending {
	char path[PATH_MAX]; /* of the clip */
	struct media at, now; /* the deed, the verdict */
};

struct clips {
	struct packet_ring *ring;
	int count;
	struct pending pending[CLIPS_PENDING_MAX]; /* in the order of their verdicts */
};

int clips_create(struct packet_ring *ring, struct clips **ret_clips)
{
	struct clips *c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->ring = packet_ring_ref(ring);
	*ret_clips = c;
	return 0;
}

void clips_destroy(struct clips **clips)
{
	struct clips *c = *clips;
	*clips = NULL;
	if (!c)
		return;
	packet_ring_unref(&c->ring);
	free(c);
}

static int take(struct clips *c, struct media at, struct packet_list *ret_list)
{
	struct media from = {at.us - CLIPS_BEFORE_S * SECOND_US};
	struct media to = {at.us + CLIPS_AFTER_S * SECOND_US};
	return packet_ring_take(c->ring, from, at, to, ret_list);
}

static int write_one(struct clips *c, const struct pending *p, struct err *err)
{
	struct packet_list list = {0};
	int r = take(c, p->at, &list);
	if (r == -ENOENT)
		r = take(c, p->now, &list);
	if (r == -ENOENT) {
		log_warning("%s: there is no clip: that moment of the video is not held", p->path);
		return 0;
	}
	if (r < 0)
		return err_set(err, r, "%s: out of memory", p->path);
	r = clip_write(p->path, &list, err);
	packet_list_finish(&list);
	if (r != -ENOTSUP)
		return r;
	log_warning("%s: there is no clip: %s", p->path, err->text);
	return 0;
}

/* The first one, away with it. */
static int write_first(struct clips *c, struct err *err)
{
	int r = write_one(c, &c->pending[0], err);
	memmove(&c->pending[0], &c->pending[1], sizeof(c->pending[0]) * (size_t)--c->count);
	return r;
}

void clips_add(struct clips *clips, const char *record_path, struct media at, struct media now)
{
	struct clips *c = clips;
	struct err err = {0};
	const char *dot = strrchr(record_path, '.');
	int stem = dot ? (int)(dot - record_path) : (int)strlen(record_path);
	if (c->count == CLIPS_PENDING_MAX && write_first(c, &err) < 0)
		log_warning("%s", err.text);
	struct pending *p = &c->pending[c->count++];
	snprintf(p->path, sizeof(p->path), "%.*s.mp4", stem, record_path);
	p->at = at;
	p->now = now;
}

int clips_step(struct clips *clips, struct media now, struct err *err)
{
	/* A moment more, for what the decoder and the analysis are behind. */
	const int64_t wait_us = CLIPS_AFTER_S * SECOND_US + SECOND_US / 2;
	int r = 0;
	while (r == 0 && clips->count > 0 && now.us - clips->pending[0].at.us > wait_us)
		r = write_first(clips, err);
	return r;
}

int clips_finish(struct clips *clips, struct err *err)
{
	int r = 0;
	while (r == 0 && clips->count > 0)
		r = write_first(clips, err);
	return r;
}
