#include "rtsp/scene.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define COUNTS_MAX 256

struct scene {
	struct rtsp_source base;
	struct rtsp_scene_params params;
	struct sim *sim; /* of this round */
	/* Drawing a world takes seconds, in which a camera cannot pause: the next one is prepared.
	 */
	pthread_t preparing;
	bool is_preparing;
	struct sim *next_sim; /* the thread's until it was joined, as is next_err */
	struct err next_err;
	int next_result;
	struct av_rtp_frames *frames;
	struct wall start;
	int64_t base_us; /* media time of the round's beginning */
	int64_t next_frame; /* since the start, over all rounds */
	int first_id, next_id; /* of this round; above all ids so far */
	bool begun; /* something was drawn since the rewind */
	struct sim_truth truth; /* of the picture that is to be sent, with the round's ids */
	struct truth_object *objects;
	int objects_capacity;
	struct truth_count counts[COUNTS_MAX];
	int count_count;
};

static void *prepare(void *opaque)
{
	struct scene *s = opaque;
	s->next_result = sim_create(s->params.scene, &s->next_err, &s->next_sim);
	return NULL;
}

/* The prepared world, or one made now. */
static int draw_anew(struct scene *s, struct err *err)
{
	struct sim *sim = NULL;
	int r;
	if (s->is_preparing) {
		pthread_join(s->preparing, NULL);
		s->is_preparing = false;
		sim = s->next_sim;
		s->next_sim = NULL;
		r = s->next_result;
		if (r < 0)
			return err_set(err, r, "%s", s->next_err.text);
	} else {
		r = sim_create(s->params.scene, err, &sim);
		if (r < 0)
			return r;
	}
	sim_destroy(&s->sim);
	s->sim = sim;
	return 0;
}

static int encode_anew(struct scene *s, struct err *err)
{
	const struct sim_video_params *video = &s->params.scene->video;
	struct av_writer_params params = s->params.video;
	struct av_rtp_frames *frames;
	params.fps = video->fps;
	int r = av_rtp_frames_open(
		"scene", video->width_px, video->height_px, &params, err, &frames);
	if (r < 0)
		return r;
	av_rtp_frames_close(&s->frames);
	s->frames = frames;
	return 0;
}

static void add_count(struct scene *s, const struct truth_count *more)
{
	for (int i = 0; i < s->count_count; i++) {
		struct truth_count *c = &s->counts[i];
		if (strcmp(c->line, more->line) == 0 && strcmp(c->lane, more->lane) == 0 &&
			strcmp(c->direction, more->direction) == 0 &&
			strcmp(c->road_user, more->road_user) == 0) {
			c->count += more->count;
			return;
		}
	}
	if (s->count_count < COUNTS_MAX)
		s->counts[s->count_count++] = *more;
}

/* What the world decided in this round. */
static int close_round(struct scene *s)
{
	int r = 0;
	if (!s->begun || !s->params.truth)
		return 0;
	for (int i = 0; i < sim_violation_count(s->sim) && r == 0; i++) {
		struct truth_violation v = *sim_violation(s->sim, i);
		v.at.us += s->base_us;
		v.id += s->first_id;
		r = truth_write_violation(s->params.truth, &v);
	}
	for (int i = 0; i < sim_count_count(s->sim); i++)
		add_count(s, sim_count(s->sim, i));
	s->begun = false;
	return r;
}

static int write_counts(struct scene *s)
{
	int r = 0;
	for (int i = 0; i < s->count_count && r == 0; i++)
		r = truth_write_count(s->params.truth, &s->counts[i]);
	s->count_count = 0;
	return r;
}

static int truth_failed(int r, struct err *err)
{
	return err_set(err, r, "the truth cannot be written: %s", strerror(-r));
}

static void prepare_next(struct scene *s)
{
	/* Where there is no thread, the next world is drawn when it is needed. */
	if (s->params.loop && !s->is_preparing)
		s->is_preparing = pthread_create(&s->preparing, NULL, prepare, s) == 0;
}

static int next_round(struct scene *s, struct err *err)
{
	int r = close_round(s);
	if (r < 0)
		return truth_failed(r, err);
	if (!s->params.loop)
		return FLOW_END;
	s->base_us += media_from_seconds(s->params.scene->duration_s).us;
	s->first_id = s->next_id;
	r = draw_anew(s, err);
	prepare_next(s);
	return r < 0 ? r : FLOW_MORE;
}

/* The truth is borrowed until the sim's next step; ids and times are the stream's. */
static int keep_truth(struct scene *s, const struct sim_truth *truth)
{
	int count = truth->frame.count;
	if (count > s->objects_capacity) {
		struct truth_object *objects =
			realloc(s->objects, (size_t)count * 2 * sizeof(*objects));
		if (!objects)
			return -ENOMEM;
		s->objects = objects;
		s->objects_capacity = count * 2;
	}
	for (int i = 0; i < count; i++) {
		s->objects[i] = truth->objects[i];
		s->objects[i].id += s->first_id;
		if (s->objects[i].id >= s->next_id)
			s->next_id = s->objects[i].id + 1;
	}
	s->truth = (struct sim_truth){truth->frame, s->objects};
	s->truth.frame.frame = (int)s->next_frame++;
	s->truth.frame.media.us += s->base_us;
	return 0;
}

static int scene_next(struct rtsp_source *source, struct err *err, struct av_rtp_unit *ret_unit)
{
	struct scene *s = (struct scene *)source;
	struct frame *frame = NULL;
	struct sim_truth truth;
	int r = sim_step(s->sim, err, &frame, &truth);
	if (r == FLOW_END) {
		r = next_round(s, err);
		if (r == FLOW_MORE)
			r = sim_step(s->sim, err, &frame, &truth);
	}
	if (r != FLOW_MORE)
		return r;
	s->begun = true;
	/* Nobody else has seen it yet. */
	frame->media.us += s->base_us;
	r = keep_truth(s, &truth);
	if (r == 0)
		r = av_rtp_frames_put(s->frames, frame, err, ret_unit);
	frame_unref(&frame);
	return r < 0 ? r : FLOW_MORE;
}

static int scene_send(struct rtsp_source *source, av_rtp_sink *sink, void *opaque, struct err *err)
{
	struct scene *s = (struct scene *)source;
	if (s->params.truth) {
		s->truth.frame.wall.us = s->start.us + s->truth.frame.media.us;
		int r = truth_write_frame(s->params.truth, &s->truth.frame, s->truth.objects);
		if (r < 0)
			return truth_failed(r, err);
	}
	return av_rtp_frames_send(s->frames, sink, opaque, err);
}

static int scene_sdp(struct rtsp_source *source, char *text, size_t size)
{
	return av_rtp_frames_sdp(((struct scene *)source)->frames, text, size);
}

static void scene_start(struct rtsp_source *source, struct wall start)
{
	struct scene *s = (struct scene *)source;
	s->start = start;
	prepare_next(s);
}

static int scene_rewind(struct rtsp_source *source, struct err *err)
{
	struct scene *s = (struct scene *)source;
	int r = close_round(s);
	if (r < 0)
		return truth_failed(r, err);
	s->base_us = 0;
	r = draw_anew(s, err);
	return r < 0 ? r : encode_anew(s, err);
}

static void scene_destroy(struct rtsp_source *source)
{
	struct scene *s = (struct scene *)source;
	if (s->sim && s->params.truth) {
		close_round(s);
		write_counts(s);
	}
	if (s->is_preparing)
		pthread_join(s->preparing, NULL);
	av_rtp_frames_close(&s->frames);
	sim_destroy(&s->sim);
	sim_destroy(&s->next_sim);
	free(s->objects);
	free(s);
}

static const struct rtsp_source_ops scene_ops = {
	.next = scene_next,
	.send = scene_send,
	.sdp = scene_sdp,
	.start = scene_start,
	.rewind = scene_rewind,
	.destroy = scene_destroy,
};

int rtsp_source_scene(
	const struct rtsp_scene_params *params, struct err *err, struct rtsp_source **ret_source)
{
	struct scene *s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(err, -ENOMEM, "out of memory");
	s->base.ops = &scene_ops;
	s->params = *params;
	int r = draw_anew(s, err);
	if (r == 0)
		r = encode_anew(s, err);
	if (r == 0 && params->truth &&
		truth_write_header(params->truth, params->scene->video.width_px,
			params->scene->video.height_px) < 0)
		r = truth_failed(-EIO, err);
	if (r < 0) {
		scene_destroy(&s->base);
		return r;
	}
	*ret_source = &s->base;
	return 0;
}

int rtsp_scene_write_config(const struct rtsp_source *source, FILE *file)
{
	return sim_write_config(((const struct scene *)source)->sim, file);
}
