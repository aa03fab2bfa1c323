/*
 * Cameras' pictures as JPEG, again and again, for whoever watches: encoded once for all viewers of
 * the same pictures, at the rate of the quickest of them, and only while there is one.
 *
 * A viewer takes the newest picture when it is due, and never waits; what one who is slow does not
 * take is gone. So cameras are held up by nobody, and a viewer costs a reference to one picture.
 *
 * Threads: one of its own that encodes; open, take and close by any. Memory: an encoder, and one
 * picture for each (stream, annotated) that is watched.
 */
#pragma once

#include "cameras/cameras.h"

#include <stddef.h>

struct live_pictures;
struct live_pictures_viewer;

/* Shared; read only. */
struct live_picture {
	_Atomic int refs;
	size_t length;
	unsigned char bytes[];
};
void live_picture_unref(struct live_picture **picture);

/* The cameras are borrowed until destroy. -ENOMEM, or -EAGAIN where there is no thread. */
int live_pictures_create(struct cameras *cameras, struct live_pictures **ret_pictures);
/* No viewer is left. */
void live_pictures_destroy(struct live_pictures **pictures);

/* `fps` above 0, `annotated`: with what was found drawn on it. 0 or -ENOMEM. */
int live_pictures_open(struct live_pictures *pictures, const char *id, bool annotated, double fps,
	struct live_pictures_viewer **ret_viewer);
void live_pictures_close(struct live_pictures_viewer **viewer);
/* 1 and a reference to a picture not taken yet, not more often than `fps`; 0: not now; -ENOENT: the
 * stream was removed. */
int live_pictures_take(struct live_pictures_viewer *viewer, struct live_picture **ret_picture);
