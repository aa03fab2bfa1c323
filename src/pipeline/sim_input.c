#include "pipeline/sim_input.h"

#include "sim/sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "sim:"
/* Frames beyond those that wait: being drawn, the newest, in the caller's hands. */
#define SPARE_FRAMES 8
/* All frames are in use: how long until it is looked again. */
#define BUSY_US 2000

struct sim_source {
	struct sim_params params;
	struct problems problems;
	struct sim *sim;
	struct frame_pool *pool; /* the simulator's own frames are few */
	struct cancel *cancel;
	int buffer_size;
	bool loop, paced, again;
	struct mono start; /* when media time 0 was due */
	struct media offset, last;
	struct wall start_wall;
	int64_t read_count;
	int width_px, height_px;
};

static bool sim_takes(const char *source, bool paced)
{
	(void)paced;
	return strncmp(source, PREFIX, strlen(PREFIX)) == 0;
}

static bool sim_is_file(const char *source)
{
	(void)source;
	return true;
}

static void sim_close(void **input)
{
	struct sim_source *s = *input;
	*input = NULL;
	if (!s)
		return;
	sim_destroy(&s->sim);
	sim_params_finish(&s->params);
	problems_finish(&s->problems);
	frame_pool_destroy(&s->pool);
	free(s);
}

static int load(struct sim_source *s, const char *path, struct err *err)
{
	if (!path[0])
		return sim_params_builtin(&s->params, err);
	int r = sim_params_load(path, &s->params, &s->problems, err);
	if (r == -EINVAL && s->problems.count > 0) {
		char text[400];
		problem_format(&s->problems.items[0], path, text, sizeof(text));
		err_set(err, r, "%s", text);
	}
	return r;
}

static int sim_open(const struct input_params *params, struct err *err, void **ret_input)
{
	struct sim_source *s = calloc(1, sizeof(*s));
	void *input = s;
	if (!s)
		return err_set(err, -ENOMEM, "out of memory");
	s->cancel = params->demux.cancel;
	s->buffer_size = params->buffer_size;
	s->loop = params->loop;
	s->paced = params->paced;
	int r = load(s, params->source + strlen(PREFIX), err);
	if (r == 0)
		r = sim_create(&s->params, err, &s->sim);
	if (r < 0) {
		sim_close(&input);
		return r;
	}
	s->start = mono_now();
	s->start_wall = wall_now();
	*ret_input = s;
	return 0;
}

/* The scene once more from its beginning. */
static int begin_again(struct sim_source *s, struct err *err)
{
	sim_destroy(&s->sim);
	s->offset.us = s->last.us + 40000;
	s->again = true;
	return sim_create(&s->params, err, &s->sim);
}

static int step(struct sim_source *s, struct err *err, struct frame **ret_frame)
{
	struct sim_truth truth;
	int r = sim_step(s->sim, err, ret_frame, &truth);
	if (r != FLOW_END || !s->loop)
		return r;
	r = begin_again(s, err);
	return r < 0 ? r : sim_step(s->sim, err, ret_frame, &truth);
}

/* A frame of ours to write on; waits while the caller holds all. NULL where cancelled. */
static struct frame *writable_frame(struct sim_source *s)
{
	struct frame *frame;
	while (!(frame = frame_pool_get(s->pool)))
		if (cancel_wait_until(s->cancel, mono_after(mono_now(), BUSY_US)))
			return NULL;
	return frame;
}

static void copy_pixels(const struct frame *from, struct frame *to)
{
	for (int p = 0; p < 3; p++) {
		int height = p ? frame_chroma_height_px(from) : from->height_px;
		int width = p ? frame_chroma_width_px(from) : from->width_px;
		for (int y = 0; y < height; y++)
			memcpy(frame_writable(to, p) + (ptrdiff_t)y * to->stride_bytes[p],
				from->plane[p] + (ptrdiff_t)y * from->stride_bytes[p],
				(size_t)width);
	}
	to->matrix = from->matrix;
	to->full_range = from->full_range;
	to->flags = from->flags;
}

static int sim_read(void *input, struct err *err, struct frame **ret_frame)
{
	struct sim_source *s = input;
	struct frame *drawn;
	int r = step(s, err, &drawn);
	if (r != FLOW_MORE)
		return r;
	struct media media = {drawn->media.us + s->offset.us};
	if (!s->pool)
		r = frame_pool_create(
			drawn->width_px, drawn->height_px, s->buffer_size + SPARE_FRAMES, &s->pool);
	struct frame *frame = r >= 0 ? writable_frame(s) : NULL;
	bool stopped = !frame ||
		       (s->paced && cancel_wait_until(s->cancel, mono_after(s->start, media.us)));
	if (stopped) {
		frame_unref(&drawn);
		frame_unref(&frame);
		return r < 0 ? err_set(err, r, "out of memory") : -ECANCELED;
	}
	copy_pixels(drawn, frame);
	frame_unref(&drawn);
	s->width_px = frame->width_px;
	s->height_px = frame->height_px;
	frame->media = s->last = media;
	frame->wall.us = s->start_wall.us + media.us;
	frame->arrival = mono_now();
	frame->flags |= s->again ? FRAME_GAP : 0;
	s->again = false;
	s->read_count++;
	*ret_frame = frame;
	return FLOW_MORE;
}

static void sim_stats(const void *input, struct input_stats *ret_stats)
{
	const struct sim_source *s = input;
	*ret_stats = (struct input_stats){
		.read_count = s->read_count,
		.decoded_count = s->read_count,
		.coded_width_px = s->width_px,
		.coded_height_px = s->height_px,
		.codec = "none",
	};
}

const struct input_kind sim_input = {
	.name = "simulator",
	.takes = sim_takes,
	.is_file = sim_is_file,
	.open = sim_open,
	.close = sim_close,
	.read = sim_read,
	.stats = sim_stats,
};
