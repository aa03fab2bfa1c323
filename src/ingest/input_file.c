/* Files read as fast as their frames are taken: ingest/source.h, and again from the beginning. */
#include "ingest/input.h"
#include "ingest/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct file {
	char *path;
	struct source_params params;
	bool loop;
	struct source *source;
	struct media offset; /* of the present round */
	struct media last;
	int64_t round_count; /* frames of the present round */
	bool again; /* the next frame is the first of another round */
	struct input_stats before; /* of the rounds before */
};

static bool file_takes(const char *source, bool paced)
{
	return !paced && av_source_kind(source) == AV_SOURCE_FILE;
}

static bool file_is_file(const char *source)
{
	(void)source;
	return true;
}

static void file_close(void **input)
{
	struct file *f = *input;
	*input = NULL;
	if (!f)
		return;
	source_close(&f->source);
	free(f->path);
	free(f);
}

static int file_open(const struct input_params *params, struct err *err, void **ret_input)
{
	struct file *f = calloc(1, sizeof(*f));
	void *input = f;
	int r = -ENOMEM;
	if (!f || !(f->path = strdup(params->source))) {
		err_set(err, r, "out of memory");
		goto fail;
	}
	f->params = (struct source_params){
		.url = f->path,
		.decoder_threads = params->decoder_threads,
		.gap_s = params->gap_s,
		.ring = params->ring,
	};
	f->loop = params->loop;
	r = source_open(&f->params, err, &f->source);
	if (r < 0)
		goto fail;
	*ret_input = f;
	return 0;
fail:
	file_close(&input);
	return r;
}

static void file_stats(const void *input, struct input_stats *ret_stats)
{
	const struct file *f = input;
	*ret_stats = f->before;
	if (!f->source)
		return;
	struct av_reader_stats v = source_stats(f->source).video;
	const struct av_reader_info *info = &source_info(f->source)->video;
	ret_stats->read_count += v.packet_count;
	ret_stats->decoded_count += f->round_count;
	ret_stats->corrupt_count += v.corrupt_count;
	ret_stats->rescaled_count += v.rescaled_count;
	/* The reader has decoded one frame ahead, and the decoder may hold some. */
	int64_t held = v.packet_count - f->round_count;
	ret_stats->held_count = held > 0 ? held : 0;
	ret_stats->coded_width_px = info->width_px;
	ret_stats->coded_height_px = info->height_px;
	memcpy(ret_stats->codec, info->codec, sizeof(ret_stats->codec));
	ret_stats->declared_fps = info->declared_fps;
}

/* The file again from its beginning; an empty round is an end. */
static int begin_again(struct file *f, struct err *err)
{
	if (f->round_count == 0)
		return FLOW_END;
	file_stats(f, &f->before);
	f->before.held_count = 0;
	source_close(&f->source);
	f->round_count = 0;
	f->again = true;
	/* The last frame had a duration too; half a frame more or less is no matter. */
	f->offset.us = f->last.us + 40000;
	f->params.ring_start = f->offset;
	return source_open(&f->params, err, &f->source) < 0 ? -EIO : FLOW_MORE;
}

static int file_read(void *input, struct err *err, struct frame **ret_frame)
{
	struct file *f = input;
	int r;
	while ((r = source_read(f->source, err, ret_frame)) == FLOW_END && f->loop) {
		r = begin_again(f, err);
		if (r != FLOW_MORE)
			return r;
	}
	if (r != FLOW_MORE)
		return r;
	struct frame *frame = *ret_frame;
	if (f->again) {
		frame->flags |= FRAME_GAP;
		f->again = false;
	}
	frame->media.us += f->offset.us;
	frame->wall.us += f->offset.us;
	f->last = frame->media;
	f->round_count++;
	return FLOW_MORE;
}

const struct input_kind input_file = {
	.name = "file",
	.takes = file_takes,
	.is_file = file_is_file,
	.open = file_open,
	.close = file_close,
	.read = file_read,
	.stats = file_stats,
};
