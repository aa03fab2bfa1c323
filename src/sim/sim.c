#include "sim/sim.h"

#include "base/random.h"
#include "sim/config.h"
#include "sim/render.h"
#include "sim/site.h"
#include "sim/witness.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is smaller on the picture is not in the truth: nobody could see it. */
#define TRUTH_HEIGHT_MIN_PX 6.0f
/* Turning farther than this in so much time, a straight fit is no honest speed (docs/speed.md). */
#define MEASURABLE_TURN_RAD (15 * M_PI / 180)
#define MEASURABLE_WINDOW_S 1.5
#define MEASURABLE_OCCLUSION 0.30
#define MEASURABLE_MARGIN_PX 2.0

struct sim {
	const struct sim_params *params;
	bool blind; /* gives no pictures */
	struct world *world;
	struct camera camera;
	struct site *site;
	struct witness *witness;
	struct renderer *renderer;
	struct frame_pool *pool;
	int64_t next_frame, next_slot;
	struct sight *sights;
	struct truth_object *objects;
};

static int check(const struct sim_params *p, struct err *err)
{
	if (!(p->duration_s > 0))
		return err_set(err, -EINVAL, "duration_s is %g; it must be above 0", p->duration_s);
	if (!(p->video.fps > 0))
		return err_set(err, -EINVAL, "video.fps is %g; it must be above 0", p->video.fps);
	if (p->video.width_px % 2 || p->video.height_px % 2)
		return err_set(err, -EINVAL, "video: %d x %d; both must be even", p->video.width_px,
			p->video.height_px);
	return 0;
}

/* The world as it is, without a picture of it. */
static int lay_out(struct sim *s, struct err *err)
{
	const struct sim_params *p = s->params;
	int r = check(p, err);
	if (r == 0)
		r = camera_init(&p->camera, p->video.width_px, p->video.height_px, err, &s->camera);
	if (r == 0)
		r = world_create(p, err, &s->world);
	return r < 0 ? r : site_create(s->world, &s->camera, err, &s->site);
}

static int build(struct sim *s, struct err *err)
{
	const struct sim_params *p = s->params;
	int r = lay_out(s, err);
	if (r < 0)
		return r;
	r = witness_create(s->world, s->site, 0, &s->witness);
	if (r < 0)
		return err_set(err, r, "out of memory");
	if (!s->blind)
		r = frame_pool_create(p->video.width_px, p->video.height_px, SIM_FRAMES, &s->pool);
	if (r < 0)
		return err_set(err, r, "video: frames of %d x %d are not possible",
			p->video.width_px, p->video.height_px);
	s->sights = calloc((size_t)s->world->mover_count + 1, sizeof(*s->sights));
	s->objects = calloc((size_t)s->world->mover_count + 1, sizeof(*s->objects));
	if (!s->sights || !s->objects)
		return err_set(err, -ENOMEM, "out of memory");
	return renderer_create(s->world, &s->camera, s->blind, err, &s->renderer);
}

int sim_check(const struct sim_params *params, struct err *err)
{
	struct sim s = {.params = params};
	int r = lay_out(&s, err);
	site_destroy(&s.site);
	world_destroy(&s.world);
	return r;
}

static int create(
	const struct sim_params *params, bool blind, struct err *err, struct sim **ret_sim)
{
	struct sim *s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(err, -ENOMEM, "out of memory");
	s->params = params;
	s->blind = blind;
	int r = build(s, err);
	if (r < 0) {
		sim_destroy(&s);
		return r;
	}
	*ret_sim = s;
	return 0;
}

int sim_create(const struct sim_params *params, struct err *err, struct sim **ret_sim)
{
	return create(params, false, err, ret_sim);
}

int sim_create_blind(const struct sim_params *params, struct err *err, struct sim **ret_sim)
{
	return create(params, true, err, ret_sim);
}

void sim_destroy(struct sim **sim)
{
	struct sim *s = *sim;
	*sim = NULL;
	if (!s)
		return;
	renderer_destroy(&s->renderer);
	witness_destroy(&s->witness);
	site_destroy(&s->site);
	world_destroy(&s->world);
	frame_pool_destroy(&s->pool);
	free(s->sights);
	free(s->objects);
	free(s);
}

const struct sim_params *sim_params(const struct sim *s)
{
	return s->params;
}

/* The place of a frame in an even rhythm; some are missing. */
static bool is_dropped(const struct sim *s, int64_t slot)
{
	struct random r = random_at((uint64_t)s->params->seed, (uint64_t)slot, 0, 'd');
	return slot > 0 && random_unit(&r) < s->params->video.drop_ratio;
}

static int64_t slot_count(const struct sim *s)
{
	return (int64_t)floor(s->params->duration_s * s->params->video.fps + 1e-9);
}

int64_t sim_frame_count(const struct sim *s)
{
	int64_t count = 0;
	for (int64_t i = 0; i < slot_count(s); i++)
		count += !is_dropped(s, i);
	return count;
}

static struct media slot_time(const struct sim *s, int64_t slot)
{
	const struct sim_video_params *v = &s->params->video;
	struct random r = random_at((uint64_t)s->params->seed, (uint64_t)slot, 1, 'd');
	double late = slot > 0 ? v->jitter_ratio * random_range(&r, -1, 1) : 0;
	return media_from_seconds(((double)slot + late) / v->fps);
}

static void advance(struct sim *s, double t)
{
	while (world_time_s(s->world) + WORLD_TICK_S <= t + 1e-9) {
		world_step(s->world);
		if (s->world->tick > 0)
			witness_step(s->witness);
	}
}

static bool measurable(const struct sim *s, const struct sight *sight, double t)
{
	const struct mover *m = &s->world->movers[sight->id];
	double w = s->params->video.width_px, h = s->params->video.height_px;
	double margin = MEASURABLE_MARGIN_PX;
	return sight->full.x1 >= margin && sight->full.y1 >= margin &&
	       sight->full.x2 <= w - margin && sight->full.y2 <= h - margin &&
	       sight->occlusion_ratio <= MEASURABLE_OCCLUSION &&
	       site_watches(s->site, sight->pose.center) &&
	       world_turn(m, t - world_time_s(s->world), MEASURABLE_WINDOW_S) <=
		       MEASURABLE_TURN_RAD;
}

static void plate_of(int id, char plate[16])
{
	snprintf(plate, 16, "GAN %03d", (id * 37 + 101) % 1000);
}

static int by_id(const void *a, const void *b)
{
	return ((const struct truth_object *)a)->id - ((const struct truth_object *)b)->id;
}

static void tell_truth(struct sim *s, struct media media, int count, struct sim_truth *truth)
{
	const struct sim_signal_params *signals = s->params->signals.items;
	truth->frame = (struct truth_frame){.frame = (int)s->next_frame, .media = media};
	for (int i = 0; i < count; i++) {
		const struct sight *sight = &s->sights[i];
		const struct mover *m = &s->world->movers[sight->id];
		if (!sight->in_view || box_height(sight->full) < TRUTH_HEIGHT_MIN_PX)
			continue;
		struct truth_object *o = &s->objects[truth->frame.count++];
		*o = (struct truth_object){
			.id = sight->id,
			.full = sight->full,
			.visible = sight->visible,
			.occlusion_ratio = sight->occlusion_ratio,
			.has_road = true,
			.ground_m = sight->pose.center,
			.heading_rad = sight->pose.heading_rad,
			.speed_mps = sight->pose.speed_mps,
			.measurable = measurable(s, sight, media_seconds(media)),
		};
		snprintf(o->road_user, sizeof(o->road_user), "%s", sim_kind_names[m->params->kind]);
		plate_of(o->id, o->plate);
	}
	qsort(s->objects, (size_t)truth->frame.count, sizeof(*s->objects), by_id);
	truth->objects = s->objects;
	truth->frame.signal_count = s->params->signals.count;
	for (int i = 0; i < s->params->signals.count; i++) {
		struct truth_signal *out = &truth->frame.signals[i];
		enum sim_lamp lamp = signal_at(&signals[i], media_seconds(media));
		snprintf(out->name, sizeof(out->name), "%s", signals[i].name);
		snprintf(out->lamp, sizeof(out->lamp), "%s", sim_lamp_names[lamp]);
	}
}

int sim_step(struct sim *s, struct err *err, struct frame **ret_frame, struct sim_truth *ret_truth)
{
	while (is_dropped(s, s->next_slot))
		s->next_slot++;
	if (s->next_slot >= slot_count(s))
		return FLOW_END;
	struct media media = slot_time(s, s->next_slot);
	struct frame *frame = s->blind ? NULL : frame_pool_get(s->pool);
	if (!frame && !s->blind)
		return err_set(
			err, -ENOBUFS, "all %d frames of the simulator are in use", SIM_FRAMES);
	double t = media_seconds(media);
	advance(s, t);
	int count = 0;
	for (int i = 0; i < s->world->mover_count; i++)
		if (s->world->movers[i].active)
			s->sights[count++] = (struct sight){
				.id = i,
				.pose = world_pose(
					&s->world->movers[i], t - world_time_s(s->world)),
				.length_m = s->world->movers[i].length_m,
				.braking = s->world->movers[i].a_mps2 < -0.4,
			};
	int r = renderer_draw(s->renderer, t, s->next_frame, s->sights, count, frame);
	if (r < 0) {
		frame_unref(&frame);
		return err_set(err, r, "frame %lld: out of memory", (long long)s->next_frame);
	}
	if (frame) {
		frame->media = media;
		frame->sequence = s->next_frame;
		*ret_frame = frame;
	}
	tell_truth(s, media, count, ret_truth);
	s->next_frame++;
	s->next_slot++;
	return FLOW_MORE;
}

int sim_violation_count(const struct sim *s)
{
	return witness_violation_count(s->witness);
}

const struct truth_violation *sim_violation(const struct sim *s, int index)
{
	return witness_violation(s->witness, index);
}

int sim_count_count(const struct sim *s)
{
	return witness_count_count(s->witness);
}

const struct truth_count *sim_count(const struct sim *s, int index)
{
	return witness_count(s->witness, index);
}

static bool is_said(const struct sim_user_params *user, const char *type)
{
	for (int i = 0; i < user->breaks.count; i++)
		if (strcmp(user->breaks.items[i], type) == 0)
			return true;
	return false;
}

int sim_agrees(const struct sim *s, struct err *err)
{
	const struct sim_user_params *users = s->params->users.items;
	for (int i = 0; i < sim_violation_count(s); i++) {
		const struct truth_violation *v = sim_violation(s, i);
		if (!is_said(&users[v->id], v->type))
			return err_set(err, -EBADMSG,
				"users[%d] breaks %s at %.2f s, which the world does not say",
				v->id, v->type, media_seconds(v->at));
	}
	for (int i = 0; i < s->params->users.count; i++)
		for (int k = 0; k < users[i].breaks.count; k++) {
			bool found = false;
			for (int v = 0; v < sim_violation_count(s); v++)
				found = found || (sim_violation(s, v)->id == i &&
							 strcmp(sim_violation(s, v)->type,
								 users[i].breaks.items[k]) == 0);
			if (!found)
				return err_set(err, -EBADMSG,
					"users[%d] is said to break %s, and does not", i,
					users[i].breaks.items[k]);
		}
	return 0;
}

int sim_write_config(const struct sim *s, FILE *file)
{
	return config_write(s->world, &s->camera, s->site, s->blind, file);
}
