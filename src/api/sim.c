/* gantry/sim.h over sim/sim.c. */
#include "gantry/sim.h"

#include "api/frame.h"
#include "base/problems.h"
#include "sim/invent.h"
#include "sim/sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RANDOM_SEED 1

struct gantry_sim {
	struct sim_params params;
	struct sim *sim;
	char *truth_path;
	FILE *truth_file; /* NULL once it is whole */
	struct frame *frame; /* the one the caller looks at */
	struct gantry_frame public_frame;
	struct sim_truth inner; /* what the public truth points into */
	struct gantry_sim_truth truth;
	struct gantry_sim_object *objects;
	int object_capacity;
	struct gantry_sim_signal signals[TRUTH_SIGNALS_MAX];
};

void gantry_sim_config_init(struct gantry_sim_config *config)
{
	*config = (struct gantry_sim_config){.world = "builtin", .seed = -1, .pictures = true};
}

static int parse(struct gantry_sim *s, const char *text, const char *name, struct err *err)
{
	struct problems problems = {.file = name};
	int r = sim_params_parse(text, strlen(text), &s->params, &problems);
	problems_sort(&problems);
	if (r < 0)
		problems_first(&problems, name, "", err);
	problems_finish(&problems);
	return r;
}

static int load_random(struct gantry_sim *s, int seed, struct err *err)
{
	char *text = NULL;
	int r = invent_world(seed >= 0 ? seed : RANDOM_SEED, err, &text);
	if (r == 0)
		r = parse(s, text, "the random world", err);
	free(text);
	return r;
}

static int load_file(struct gantry_sim *s, const char *path, struct err *err)
{
	struct problems problems = {.file = path};
	int r = sim_params_load(path, &s->params, &problems, err);
	problems_sort(&problems);
	if (r < 0)
		problems_first(&problems, path, "", err);
	problems_finish(&problems);
	return r;
}

static int load(struct gantry_sim *s, const struct gantry_sim_config *config, struct err *err)
{
	const char *world = config->world ? config->world : "builtin";
	int r;
	if (config->seed < -1)
		return err_set(err, -EINVAL, "seed is %d; -1 or at least 0", config->seed);
	if (config->world_text)
		r = parse(s, config->world_text, "world", err);
	else if (strcmp(world, "builtin") == 0)
		r = sim_params_builtin(&s->params, err);
	else if (strcmp(world, "random") == 0)
		r = load_random(s, config->seed, err);
	else
		r = load_file(s, world, err);
	if (r == 0 && config->seed >= 0)
		s->params.seed = config->seed;
	return r;
}

static int truth_failed(const struct gantry_sim *s, int r, struct err *err)
{
	return err_set(err, r, "%s: cannot be written: %s", s->truth_path, strerror(-r));
}

static int open_truth(struct gantry_sim *s, const char *path, struct err *err)
{
	if (!path)
		return 0;
	s->truth_path = strdup(path);
	if (!s->truth_path)
		return err_set(err, -ENOMEM, "out of memory");
	s->truth_file = fopen(path, "we");
	if (!s->truth_file)
		return truth_failed(s, -errno, err);
	int r = truth_write_header(
		s->truth_file, s->params.video.width_px, s->params.video.height_px);
	return r < 0 ? truth_failed(s, r, err) : 0;
}

int gantry_sim_create(const struct gantry_sim_config *config, struct gantry_sim **ret_sim,
	struct gantry_error *error)
{
	struct err err = {0};
	struct gantry_sim *s = calloc(1, sizeof(*s));
	int r = s ? load(s, config, &err) : err_set(&err, -ENOMEM, "out of memory");
	if (r == 0)
		r = config->pictures ? sim_create(&s->params, &err, &s->sim)
				     : sim_create_blind(&s->params, &err, &s->sim);
	if (r == 0)
		r = open_truth(s, config->truth_path, &err);
	if (r < 0) {
		gantry_sim_destroy(&s);
		api_error(error, &err);
		return r;
	}
	*ret_sim = s;
	return 0;
}

/* The truth file gets its end: what was decided over all frames. */
static int close_truth(struct gantry_sim *s, struct err *err)
{
	int r = 0;
	if (!s->truth_file)
		return 0;
	for (int i = 0; i < sim_violation_count(s->sim) && r == 0; i++)
		r = truth_write_violation(s->truth_file, sim_violation(s->sim, i));
	for (int i = 0; i < sim_count_count(s->sim) && r == 0; i++)
		r = truth_write_count(s->truth_file, sim_count(s->sim, i));
	if (fclose(s->truth_file) != 0 && r == 0)
		r = -errno;
	s->truth_file = NULL;
	return r < 0 ? truth_failed(s, r, err) : 0;
}

void gantry_sim_destroy(struct gantry_sim **sim)
{
	struct gantry_sim *s = *sim;
	*sim = NULL;
	if (!s)
		return;
	/* A scene that was not played to its end: what there is, is written. */
	close_truth(s, NULL);
	frame_unref(&s->frame);
	sim_destroy(&s->sim);
	sim_params_finish(&s->params);
	free(s->truth_path);
	free(s->objects);
	free(s);
}

static void copy_box(struct box from, float to[4])
{
	to[0] = from.x1;
	to[1] = from.y1;
	to[2] = from.x2;
	to[3] = from.y2;
}

static void show_object(const struct truth_object *o, struct gantry_sim_object *ret_object)
{
	*ret_object = (struct gantry_sim_object){
		.id = o->id,
		.class_name = o->road_user,
		.occlusion = o->occlusion_ratio,
		.ground_m = {o->ground_m.x, o->ground_m.y},
		.heading_rad = o->heading_rad,
		.speed_mps = o->speed_mps,
		.measurable = o->measurable,
		.plate = o->plate,
	};
	copy_box(o->full, ret_object->bbox);
	copy_box(o->visible, ret_object->visible);
}

static int show_truth(struct gantry_sim *s, struct err *err)
{
	const struct truth_frame *frame = &s->inner.frame;
	if (frame->count > s->object_capacity) {
		struct gantry_sim_object *objects =
			realloc(s->objects, 2 * (size_t)frame->count * sizeof(*objects));
		if (!objects)
			return err_set(err, -ENOMEM, "out of memory");
		s->objects = objects;
		s->object_capacity = 2 * frame->count;
	}
	for (int i = 0; i < frame->count; i++)
		show_object(&s->inner.objects[i], &s->objects[i]);
	for (int i = 0; i < frame->signal_count; i++)
		s->signals[i] =
			(struct gantry_sim_signal){frame->signals[i].name, frame->signals[i].lamp};
	s->truth = (struct gantry_sim_truth){
		.frame_number = frame->frame,
		.media_time_us = frame->media.us,
		.object_count = frame->count,
		.signal_count = frame->signal_count,
		.objects = s->objects,
		.signals = s->signals,
	};
	return 0;
}

static void show_frame(struct gantry_sim *s)
{
	if (s->frame) {
		api_frame_borrow(s->frame, &s->public_frame);
		return;
	}
	s->public_frame = (struct gantry_frame){
		.format = GANTRY_PIXEL_YUV420P,
		.width_px = s->params.video.width_px,
		.height_px = s->params.video.height_px,
		.media_time_us = s->inner.frame.media.us,
	};
}

static int next(struct gantry_sim *s, struct err *err)
{
	frame_unref(&s->frame);
	int r = sim_step(s->sim, err, &s->frame, &s->inner);
	if (r == FLOW_END)
		return close_truth(s, err);
	if (r < 0)
		return r;
	show_frame(s);
	r = show_truth(s, err);
	if (r == 0 && s->truth_file) {
		r = truth_write_frame(s->truth_file, &s->inner.frame, s->inner.objects);
		if (r < 0)
			return truth_failed(s, r, err);
	}
	return r < 0 ? r : FLOW_MORE;
}

int gantry_sim_next(struct gantry_sim *sim, const struct gantry_frame **ret_frame,
	const struct gantry_sim_truth **ret_truth, struct gantry_error *error)
{
	struct err err = {0};
	int r = next(sim, &err);
	if (r < 0)
		api_error(error, &err);
	if (r == FLOW_MORE && ret_frame)
		*ret_frame = &sim->public_frame;
	if (r == FLOW_MORE && ret_truth)
		*ret_truth = &sim->truth;
	return r;
}

int64_t gantry_sim_frame_count(const struct gantry_sim *sim)
{
	return sim_frame_count(sim->sim);
}

int gantry_sim_violation_count(const struct gantry_sim *sim)
{
	return sim_violation_count(sim->sim);
}

struct gantry_sim_violation gantry_sim_violation(const struct gantry_sim *sim, int index)
{
	const struct truth_violation *v = sim_violation(sim->sim, index);
	return (struct gantry_sim_violation){
		.violation_type = v->type,
		.id = v->id,
		.media_time_us = v->at.us,
		.measured = v->measured,
		.limit = v->limit,
	};
}

int gantry_sim_count_count(const struct gantry_sim *sim)
{
	return sim_count_count(sim->sim);
}

struct gantry_sim_count gantry_sim_count(const struct gantry_sim *sim, int index)
{
	const struct truth_count *c = sim_count(sim->sim, index);
	return (struct gantry_sim_count){
		c->line, c->direction, c->road_user, c->count, c->lane[0] != '\0' ? c->lane : NULL};
}

int gantry_sim_write_scene(
	const struct gantry_sim *sim, const char *path, struct gantry_error *error)
{
	struct err err = {0};
	FILE *file = fopen(path, "we");
	int r = file ? sim_write_config(sim->sim, file) : -errno;
	if (file && fclose(file) != 0 && r == 0)
		r = -errno;
	if (r < 0) {
		err_set(&err, r, "%s: cannot be written: %s", path, strerror(-r));
		api_error(error, &err);
	}
	return r;
}
