#include "sim/record.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct recorder {
	const struct sim_record_params *params;
	struct sim *sim;
	struct av_writer *video;
	FILE *truth;
};

static int open_files(struct recorder *rec, struct err *err)
{
	const struct sim_record_params *p = rec->params;
	struct av_writer_params video = p->video;
	int width = p->scene->video.width_px, height = p->scene->video.height_px;
	if (video.fps == 0)
		video.fps = p->scene->video.fps;
	if (p->video_path) {
		int r = av_writer_open(p->video_path, width, height, &video, err, &rec->video);
		if (r < 0)
			return r;
	}
	if (!p->truth_path)
		return 0;
	rec->truth = fopen(p->truth_path, "we");
	if (!rec->truth || truth_write_header(rec->truth, width, height) < 0)
		return err_set(
			err, -errno, "%s: cannot be written: %s", p->truth_path, strerror(errno));
	return 0;
}

static int one_frame(struct recorder *rec, const struct frame *frame, const struct sim_truth *truth,
	struct err *err)
{
	int r = rec->video ? av_writer_write(rec->video, frame, err) : 0;
	if (r == 0 && rec->truth)
		r = truth_write_frame(rec->truth, &truth->frame, truth->objects);
	return r;
}

static int all_frames(struct recorder *rec, struct err *err)
{
	const struct sim_record_params *p = rec->params;
	struct frame *frame;
	struct sim_truth truth;
	int64_t done = 0;
	int r = FLOW_END;
	while ((p->frame_count == 0 || done < p->frame_count) &&
		(r = sim_step(rec->sim, err, &frame, &truth)) == FLOW_MORE) {
		r = one_frame(rec, frame, &truth, err);
		frame_unref(&frame);
		if (r < 0)
			return r;
		done++;
		if (p->on_frame)
			p->on_frame(p->opaque, done);
	}
	return r < 0 ? r : 0;
}

static int write_verdicts(struct recorder *rec)
{
	int r = 0;
	for (int i = 0; i < sim_violation_count(rec->sim) && r == 0; i++)
		r = truth_write_violation(rec->truth, sim_violation(rec->sim, i));
	for (int i = 0; i < sim_count_count(rec->sim) && r == 0; i++)
		r = truth_write_count(rec->truth, sim_count(rec->sim, i));
	return r;
}

static int close_truth(struct recorder *rec, int r, struct err *err)
{
	if (!rec->truth)
		return r;
	if (r == 0)
		r = write_verdicts(rec);
	int close_r = fclose(rec->truth) == 0 ? 0 : -errno;
	rec->truth = NULL;
	if (r == 0 && close_r < 0)
		r = err_set(err, close_r, "%s: cannot be written: %s", rec->params->truth_path,
			strerror(-close_r));
	return r;
}

static int write_config(const struct recorder *rec, struct err *err)
{
	const char *path = rec->params->config_path;
	FILE *file = fopen(path, "we");
	int r = file ? sim_write_config(rec->sim, file) : -errno;
	if (file && fclose(file) != 0 && r == 0)
		r = -errno;
	return r < 0 ? err_set(err, r, "%s: cannot be written: %s", path, strerror(-r)) : 0;
}

int sim_record(const struct sim_record_params *params, struct err *err)
{
	struct recorder rec = {.params = params};
	int r = sim_create(params->scene, err, &rec.sim);
	if (r == 0)
		r = open_files(&rec, err);
	if (r == 0)
		r = all_frames(&rec, err);
	r = close_truth(&rec, r, err);
	if (rec.video) {
		struct err late;
		int close_r = av_writer_close(&rec.video, r < 0 ? &late : err);
		r = r < 0 ? r : close_r;
	}
	if (r == 0 && params->config_path)
		r = write_config(&rec, err);
	sim_destroy(&rec.sim);
	return r;
}
