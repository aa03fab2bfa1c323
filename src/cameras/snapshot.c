#include "cameras/snapshot.h"

#include "record/jpeg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QUALITY 85
#define STEP_US 20000

/* The cameras' locks are not held between two looks, so that nobody waits for this. */
static int wait_for_frame(struct cameras *cameras, const char *id, bool annotated, struct err *err,
	struct frame **ret_frame)
{
	struct mono deadline = mono_after(mono_now(), SNAPSHOT_WAIT_US);
	int r;
	while ((r = cameras_frame(cameras, id, annotated, err, ret_frame)) == -EBUSY) {
		if (mono_now().us > deadline.us)
			return err_set(err, -EAGAIN, "no picture of '%s' came in time", id);
		usleep(STEP_US);
	}
	return r;
}

static int encode(
	const struct frame *frame, struct err *err, unsigned char **ret_bytes, size_t *ret_count)
{
	const struct jpeg_area whole = {0, 0, frame->width_px, frame->height_px};
	const unsigned char *bytes;
	struct jpeg *jpeg;
	size_t count;
	if (jpeg_create(&jpeg) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	int r = jpeg_encode(jpeg, frame, whole, QUALITY, err, &bytes, &count);
	unsigned char *copy = r == 0 ? malloc(count) : NULL;
	if (r == 0 && !copy)
		r = err_set(err, -ENOMEM, "out of memory");
	if (r == 0) {
		memcpy(copy, bytes, count);
		*ret_bytes = copy;
		*ret_count = count;
	}
	jpeg_destroy(&jpeg);
	return r;
}

int snapshot_take(struct cameras *cameras, const char *id, bool annotated, struct err *err,
	unsigned char **ret_bytes, size_t *ret_count)
{
	struct frame *frame;
	int r = wait_for_frame(cameras, id, annotated, err, &frame);
	if (r < 0)
		return r;
	r = encode(frame, err, ret_bytes, ret_count);
	frame_unref(&frame);
	return r;
}
