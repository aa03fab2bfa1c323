#include "rtsp/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct files {
	struct rtsp_source base;
	char *paths[RTSP_FILES_MAX];
	int count, current;
	bool loop;
	struct av_rtp *rtp; /* paths[current] */
	int64_t base_us; /* when the first picture of the current file is due */
	struct av_rtp_unit last; /* with base_us */
	int64_t step_us; /* between the two latest pictures */
};

static int open_file(struct files *f, int index, struct err *err)
{
	struct av_rtp *rtp;
	int r = av_rtp_open_file(f->paths[index], err, &rtp);
	if (r < 0)
		return r;
	av_rtp_close(&f->rtp);
	f->rtp = rtp;
	f->current = index;
	return 0;
}

static int files_rewind(struct rtsp_source *source, struct err *err)
{
	struct files *f = (struct files *)source;
	f->base_us = 0;
	f->step_us = 40000;
	f->last = (struct av_rtp_unit){0};
	return open_file(f, 0, err);
}

/* The next file begins one picture after the last of the one before. */
static int follow(struct files *f, struct err *err)
{
	int index = f->current + 1;
	if (index == f->count && !f->loop)
		return FLOW_END;
	int r = open_file(f, index % f->count, err);
	if (r < 0)
		return r;
	f->base_us = f->last.due_us + f->step_us;
	return FLOW_MORE;
}

static int files_next(struct rtsp_source *source, struct err *err, struct av_rtp_unit *ret_unit)
{
	struct files *f = (struct files *)source;
	struct av_rtp_unit unit;
	int r = av_rtp_next(f->rtp, err, &unit);
	if (r == FLOW_END) {
		r = follow(f, err);
		if (r == FLOW_MORE)
			r = av_rtp_next(f->rtp, err, &unit);
	}
	if (r != FLOW_MORE)
		return r;
	unit.due_us += f->base_us;
	unit.shown_us += f->base_us;
	if (unit.due_us > f->last.due_us)
		f->step_us = unit.due_us - f->last.due_us;
	f->last = unit;
	*ret_unit = unit;
	return FLOW_MORE;
}

static int files_send(struct rtsp_source *source, av_rtp_sink *sink, void *opaque, struct err *err)
{
	return av_rtp_send(((struct files *)source)->rtp, sink, opaque, err);
}

static int files_sdp(struct rtsp_source *source, char *text, size_t size)
{
	return av_rtp_sdp(((struct files *)source)->rtp, text, size);
}

static void files_destroy(struct rtsp_source *source)
{
	struct files *f = (struct files *)source;
	av_rtp_close(&f->rtp);
	for (int i = 0; i < f->count; i++)
		free(f->paths[i]);
	free(f);
}

static const struct rtsp_source_ops files_ops = {
	.next = files_next,
	.send = files_send,
	.sdp = files_sdp,
	.rewind = files_rewind,
	.destroy = files_destroy,
};

int rtsp_source_files(const char *const *paths, int count, bool loop, struct err *err,
	struct rtsp_source **ret_source)
{
	if (count < 1 || count > RTSP_FILES_MAX)
		return err_set(
			err, -EINVAL, "%d files; 1 to %d are possible", count, RTSP_FILES_MAX);
	struct files *f = calloc(1, sizeof(*f));
	if (!f)
		return err_set(err, -ENOMEM, "out of memory");
	f->base.ops = &files_ops;
	f->loop = loop;
	int r = 0;
	for (; f->count < count && r == 0; f->count += r == 0)
		if (!(f->paths[f->count] = strdup(paths[f->count])))
			r = err_set(err, -ENOMEM, "out of memory");
	if (r == 0)
		r = files_rewind(&f->base, err);
	if (r < 0) {
		files_destroy(&f->base);
		return r;
	}
	*ret_source = &f->base;
	return 0;
}

void rtsp_source_destroy(struct rtsp_source **source)
{
	struct rtsp_source *s = *source;
	*source = NULL;
	if (s)
		s->ops->destroy(s);
}
