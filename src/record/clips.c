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
	char record_path[PATH_MAX], path[PATH_MAX];
	struct violation violation;
	struct media now; /* of the verdict */
};

struct clips {
	struct clips_params params;
	int count;
	struct pending pending[CLIPS_PENDING_MAX]; /* in the order of their verdicts */
};

int clips_create(const struct clips_params *params, struct clips **ret_clips)
{
	struct clips *c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->params = *params;
	packet_ring_ref(params->ring);
	*ret_clips = c;
	return 0;
}

void clips_destroy(struct clips **clips)
{
	struct clips *c = *clips;
	*clips = NULL;
	if (!c)
		return;
	packet_ring_unref(&c->params.ring);
	free(c);
}

static int take(struct clips *c, struct media at, struct packet_list *ret_list)
{
	struct media from = {at.us - CLIPS_BEFORE_S * SECOND_US};
	struct media to = {at.us + CLIPS_AFTER_S * SECOND_US};
	return packet_ring_take(c->params.ring, from, at, to, ret_list);
}

/* Packets come in the order of decoding, which need not be that of the pictures. */
static int tell(const struct clips *c, const struct pending *p, const struct packet_list *list,
	struct err *err)
{
	struct clip clip = {
		.path = p->path,
		.record_path = p->record_path,
		.violation = &p->violation,
		.from = list->items[0]->pts,
		.to = list->items[0]->pts,
	};
	for (int i = 1; i < list->count; i++) {
		struct media pts = list->items[i]->pts;
		clip.from = pts.us < clip.from.us ? pts : clip.from;
		clip.to = pts.us > clip.to.us ? pts : clip.to;
	}
	return c->params.written ? c->params.written(c->params.opaque, &clip, err) : 0;
}

static int write_one(struct clips *c, const struct pending *p, struct err *err)
{
	struct packet_list list = {0};
	int r = take(c, p->violation.at, &list);
	if (r == -ENOENT)
		r = take(c, p->now, &list);
	if (r == -ENOENT) {
		log_warning("%s: there is no clip: that moment of the video is not held", p->path);
		return 0;
	}
	if (r < 0)
		return err_set(err, r, "%s: out of memory", p->path);
	struct err reason = {0};
	r = clip_write(p->path, &list, &reason);
	if (r == 0) {
		r = tell(c, p, &list, err);
	} else if (r == -ENOTSUP) {
		log_warning("%s: there is no clip: %s", p->path, reason.text);
		r = 0;
	} else {
		*err = reason;
	}
	packet_list_finish(&list);
	return r;
}

/* The first one, away with it. */
static int write_first(struct clips *c, struct err *err)
{
	int r = write_one(c, &c->pending[0], err);
	memmove(&c->pending[0], &c->pending[1], sizeof(c->pending[0]) * (size_t)--c->count);
	return r;
}

int clips_add(struct clips *clips, const char *record_path, const struct violation *violation,
	struct media now, struct err *err)
{
	struct clips *c = clips;
	const char *dot = strrchr(record_path, '.');
	int stem = dot ? (int)(dot - record_path) : (int)strlen(record_path);
	int r = c->count == CLIPS_PENDING_MAX ? write_first(c, err) : 0;
	struct pending *p = &c->pending[c->count++];
	snprintf(p->record_path, sizeof(p->record_path), "%s", record_path);
	snprintf(p->path, sizeof(p->path), "%.*s.mp4", stem, record_path);
	p->violation = *violation;
	p->now = now;
	return r;
}

int clips_step(struct clips *clips, struct media now, struct err *err)
{
	/* A moment more, for what the decoder and the analysis are behind. */
	const int64_t wait_us = CLIPS_AFTER_S * SECOND_US + SECOND_US / 2;
	int r = 0;
	while (r == 0 && clips->count > 0 && now.us - clips->pending[0].violation.at.us > wait_us)
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
