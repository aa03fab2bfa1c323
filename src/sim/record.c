#include "sim/record.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct recorder {
	const struct sim_record_params *params;
	struct sim *sim;
	struct frame_pool *grey; /* of blind recordings */
	struct av_writer *video;
	FILE *truth, *frames;
};

static int refused(const char *path, int r, struct err *err)
{
	return err_set(err, r, "%s: cannot be written: %s", path, strerror(-r));
}

static int open_files(struct recorder *rec, struct err *err)
{
	const struct sim_record_params *p = rec->params;
	struct av_writer_params video = p->video;
	int width = p->scene->video.width_px, height = p->scene->video.height_px;
	if (video.fps == 0)
		video.fps = p->scene->video.fps;
	if (p->blind)
		video.preset = "ultrafast"; /* there is nothing to see */
	if (p->video_path) {
		int r = av_writer_open(p->video_path, width, height, &video, err, &rec->video);
		if (r < 0)
			return r;
	}
	if (p->frames_path) {
		rec->frames = fopen(p->frames_path, "we");
		if (!rec->frames)
			return refused(p->frames_path, -errno, err);
		fprintf(rec->frames, "YUV4MPEG2 W%d H%d F%d:1000 Ip A1:1 C420jpeg\n", width, height,
			(int)(p->scene->video.fps * 1000 + 0.5));
	}
	if (!p->truth_path)
		return 0;
	rec->truth = fopen(p->truth_path, "we");
	int r = rec->truth ? truth_write_header(rec->truth, width, height) : -errno;
	return r < 0 ? refused(p->truth_path, r, err) : 0;
}

static int write_raw(FILE *file, const struct frame *f)
{
	fputs("FRAME\n", file);
	for (int plane = 0; plane < 3; plane++) {
		int width = plane ? frame_chroma_width_px(f) : f->width_px;
		int height = plane ? frame_chroma_height_px(f) : f->height_px;
		for (int y = 0; y < height; y++)
			fwrite(f->plane[plane] + (size_t)y * (size_t)f->stride_bytes[plane], 1,
				(size_t)width, file);
	}
	return ferror(file) ? -errno : 0;
}

/* A picture of nothing, at the time of the truth. */
static int make_grey(struct recorder *rec, const struct sim_truth *truth, struct err *err,
	struct frame **ret_frame)
{
	int width = rec->params->scene->video.width_px,
	    height = rec->params->scene->video.height_px;
	int r = rec->grey ? 0 : frame_pool_create(width, height, SIM_FRAMES, &rec->grey);
	struct frame *frame = r == 0 ? frame_pool_get(rec->grey) : NULL;
	if (!frame)
		return err_set(err, r < 0 ? r : -ENOBUFS, "no memory for a picture");
	for (int plane = 0; plane < 3; plane++)
		memset(frame_writable(frame, plane), 128,
			(size_t)frame->stride_bytes[plane] *
				(size_t)(plane ? frame_chroma_height_px(frame) : height));
	frame->media = truth->frame.media;
	frame->sequence = truth->frame.frame;
	*ret_frame = frame;
	return 0;
}

static int one_frame(struct recorder *rec, const struct frame *frame, const struct sim_truth *truth,
	struct err *err)
{
	int r = rec->video ? av_writer_write(rec->video, frame, err) : 0;
	if (r < 0)
		return r;
	r = rec->truth ? truth_write_frame(rec->truth, &truth->frame, truth->objects) : 0;
	if (r < 0)
		return refused(rec->params->truth_path, r, err);
	r = rec->frames ? write_raw(rec->frames, frame) : 0;
	return r < 0 ? refused(rec->params->frames_path, r, err) : 0;
}

static int all_frames(struct recorder *rec, struct err *err)
{
	const struct sim_record_params *p = rec->params;
	struct frame *frame = NULL;
	struct sim_truth truth;
	int64_t done = 0;
	int r = FLOW_END;
	while ((p->frame_count == 0 || done < p->frame_count) &&
		(r = sim_step(rec->sim, err, &frame, &truth)) == FLOW_MORE) {
		r = p->blind ? make_grey(rec, &truth, err, &frame) : 0;
		if (r == 0)
			r = one_frame(rec, frame, &truth, err);
		frame_unref(&frame);
		if (r < 0)
			return r;
		done++;
		if (p->on_frame && p->on_frame(p->opaque, done) != 0)
			return 0;
	}
	return r < 0 ? r : 0;
}

static int write_verdicts(struct recorder *rec, struct err *err)
{
	int r = 0;
	for (int i = 0; i < sim_violation_count(rec->sim) && r == 0; i++)
		r = truth_write_violation(rec->truth, sim_violation(rec->sim, i));
	for (int i = 0; i < sim_count_count(rec->sim) && r == 0; i++)
		r = truth_write_count(rec->truth, sim_count(rec->sim, i));
	return r < 0 ? refused(rec->params->truth_path, r, err) : 0;
}

static int close_file(FILE **file, const char *path, int r, struct err *err)
{
	if (!*file)
		return r;
	int close_r = fclose(*file) == 0 ? 0 : -errno;
	*file = NULL;
	if (r == 0 && close_r < 0)
		r = refused(path, close_r, err);
	return r;
}

static int write_config(const struct recorder *rec, struct err *err)
{
	const char *path = rec->params->config_path;
	FILE *file = fopen(path, "we");
	int r = file ? sim_write_config(rec->sim, file) : -errno;
	if (file && fclose(file) != 0 && r == 0)
		r = -errno;
	return r < 0 ? refused(path, r, err) : 0;
}

int sim_record(const struct sim_record_params *params, struct err *err)
{
	struct recorder rec = {.params = params};
	int r = params->blind ? sim_create_blind(params->scene, err, &rec.sim)
			      : sim_create(params->scene, err, &rec.sim);
	if (r == 0)
		r = open_files(&rec, err);
	if (r == 0)
		r = all_frames(&rec, err);
	if (r == 0 && rec.truth)
		r = write_verdicts(&rec, err);
	r = close_file(&rec.truth, params->truth_path, r, err);
	r = close_file(&rec.frames, params->frames_path, r, err);
	if (rec.video) {
		struct err late;
		int close_r = av_writer_close(&rec.video, r < 0 ? &late : err);
		r = r < 0 ? r : close_r;
	}
	if (r == 0 && params->config_path)
		r = write_config(&rec, err);
	if (r == 0 && params->on_end)
		params->on_end(params->opaque, rec.sim);
	sim_destroy(&rec.sim);
	frame_pool_destroy(&rec.grey);
	return r;
}
