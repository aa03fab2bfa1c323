#include "sim/render.h"

#include "sim/backdrop.h"
#include "sim/glow.h"
#include "sim/models.h"
#include "sim/sensor.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Under a clouded sky a body still darkens the ground right below it. */
#define CONTACT_STRENGTH 170
/* Bodies that move less while the shutter is open are not blurred. */
#define BLUR_STEP_PX 1.2
#define NOBODY 0xffff
#define BLIND_SCALE 2

struct renderer {
	const struct world *world;
	struct camera camera; /* coarser than the world's by `scale` */
	int scale; /* 1, or BLIND_SCALE where nothing is drawn but outlines */
	struct light *light;
	struct backdrop backdrop;
	struct stage stage;
	struct sprite_target work;
	uint8_t *shade; /* of the road users; all 0 between pictures */
	uint16_t *owner; /* index of the sight on top of each pixel */
	struct mesh *meshes; /* by mover */
	struct glow_lamps *lamps; /* by mover */
	struct sprite (*heads)[SIM_LAMP_COUNT]; /* by signal and lamp; luma NULL: not in view */
	struct sensor *sensor;
	int *inside_px; /* of each sight: pixels of its whole outline within the picture */
	int (*drawn)[4]; /* rectangles of those drawn so far: x1, y1, x2, y2 */
};

static double signal_facing(const struct world *w, int i)
{
	/* Against the drivers, who have the outer end of the stop line to their right. */
	struct vec2 across = vec2_sub(w->stop_lines[i].ends[1], w->stop_lines[i].ends[0]);
	return atan2(-across.x, across.y);
}

static const struct sim_signal_params *signal_params(const struct world *w, int i)
{
	return (const struct sim_signal_params *)w->params->signals.items + i;
}

static struct vec2 signal_place(const struct world *w, int i)
{
	const struct sim_signal_params *p = signal_params(w, i);
	double facing = signal_facing(w, i);
	struct vec2 ahead = {-cos(facing), -sin(facing)};
	struct vec2 outward = vec2_sub(w->stop_lines[i].ends[1], w->stop_lines[i].ends[0]);
	outward = vec2_scale(outward, 1 / vec2_length(outward));
	return vec2_add(w->stop_lines[i].ends[1],
		vec2_add(vec2_scale(ahead, p->pole_ahead_m), vec2_scale(outward, p->pole_aside_m)));
}

struct vec3 renderer_lamp(const struct world *w, int i, int index)
{
	return model_signal_lamp(
		signal_place(w, i), signal_facing(w, i), signal_params(w, i)->head_height_m, index);
}

static int draw_heads(struct renderer *r)
{
	const struct sim_signal_params *signals = r->world->params->signals.items;
	for (int i = 0; i < r->world->params->signals.count; i++)
		for (int lamp = 0; lamp < SIM_LAMP_COUNT; lamp++) {
			struct vec2 at = signal_place(r->world, i);
			struct mesh mesh;
			int ret = model_signal(at, signal_facing(r->world, i),
				signals[i].head_height_m, (enum sim_lamp)lamp, &mesh);
			if (ret < 0)
				return ret;
			if (stage_draw(&r->stage, &mesh, NULL, 1)) {
				ret = sprite_keep(&r->stage.sprite, &r->heads[i][lamp]);
				r->heads[i][lamp].distance_m =
					hypot(at.x - r->camera.eye.x, at.y - r->camera.eye.y);
			}
			mesh_finish(&mesh);
			if (ret < 0)
				return ret;
		}
	return 0;
}

/* The lamps of the street, where they are lit. */
static void hang_lamps(struct renderer *r)
{
	const struct sim_prop_params *props = r->world->params->props.items;
	for (int i = 0; r->light->dark && i < r->world->params->props.count; i++) {
		const struct sim_prop_params *p = &props[i];
		double turn = p->turn_deg * M_PI / 180;
		if (p->kind != SIM_PROP_LAMP_POST || r->light->lamp_count == LIGHT_LAMPS_MAX)
			continue;
		r->light->lamps[r->light->lamp_count++] =
			(struct light_lamp){{p->position.x + p->width_m * cos(turn),
						    p->position.y + p->width_m * sin(turn)},
				p->height_m};
	}
}

static int fill(struct renderer *r, struct err *err)
{
	const struct sim_params *p = r->world->params;
	size_t pixels = (size_t)r->camera.width_px * (size_t)r->camera.height_px;
	int movers = r->world->mover_count;
	r->light = malloc(sizeof(*r->light));
	r->shade = calloc(1, pixels);
	r->owner = malloc(pixels * sizeof(*r->owner));
	r->meshes = calloc((size_t)movers + 1, sizeof(*r->meshes));
	r->lamps = calloc((size_t)movers + 1, sizeof(*r->lamps));
	r->heads = calloc((size_t)p->signals.count + 1, sizeof(*r->heads));
	r->inside_px = calloc((size_t)movers + 1, sizeof(*r->inside_px));
	r->drawn = calloc((size_t)movers + 1, sizeof(*r->drawn));
	if (!r->light || !r->shade || !r->owner || !r->meshes || !r->lamps || !r->heads ||
		!r->inside_px || !r->drawn)
		return -ENOMEM;
	light_init(&p->look, (uint64_t)p->seed, r->light);
	hang_lamps(r);
	int ret = sprite_target_alloc(r->camera.width_px, r->camera.height_px, &r->work);
	if (ret == 0)
		ret = stage_init(
			&r->stage, &r->camera, r->light, r->camera.width_px, r->camera.height_px);
	if (ret == 0)
		ret = backdrop_create(
			r->world, &r->camera, r->light, r->scale == 1, err, &r->backdrop);
	for (int i = 0; ret == 0 && i < movers; i++) {
		const struct mover *m = &r->world->movers[i];
		uint64_t look = m->params->look >= 0 ? (uint64_t)m->params->look
						     : (uint64_t)(p->seed * 1000 + i);
		ret = model_mover(m, look, &r->meshes[i]);
		if (ret == 0)
			r->lamps[i] = glow_find(&r->meshes[i]);
	}
	if (ret == 0)
		ret = draw_heads(r);
	if (ret == 0)
		ret = sensor_create(p, &r->sensor);
	return ret;
}

/* The same view on a picture of half the size. */
static void make_coarse(struct renderer *r)
{
	struct camera *c = &r->camera;
	r->scale = BLIND_SCALE;
	c->width_px = (c->width_px / BLIND_SCALE + 2) & ~1;
	c->height_px = (c->height_px / BLIND_SCALE + 2) & ~1;
	c->focal_px /= BLIND_SCALE;
	c->half_diagonal_px /= BLIND_SCALE;
	c->center = vec2_scale(c->center, 1.0 / BLIND_SCALE);
}

int renderer_create(const struct world *world, const struct camera *camera, bool blind,
	struct err *err, struct renderer **ret_renderer)
{
	struct renderer *r = calloc(1, sizeof(*r));
	if (!r)
		return err_set(err, -ENOMEM, "out of memory");
	r->world = world;
	r->camera = *camera;
	r->scale = 1;
	if (blind)
		make_coarse(r);
	int ret = fill(r, err);
	if (ret < 0) {
		renderer_destroy(&r);
		return err_set(err, ret, "the renderer: out of memory");
	}
	*ret_renderer = r;
	return 0;
}

void renderer_destroy(struct renderer **renderer)
{
	struct renderer *r = *renderer;
	*renderer = NULL;
	if (!r)
		return;
	for (int i = 0; r->meshes && i < r->world->mover_count; i++)
		mesh_finish(&r->meshes[i]);
	for (int i = 0; r->heads && i < r->world->params->signals.count; i++)
		for (int lamp = 0; lamp < SIM_LAMP_COUNT; lamp++)
			sprite_finish(&r->heads[i][lamp]);
	backdrop_finish(&r->backdrop);
	stage_finish(&r->stage);
	free(r->work.y);
	sensor_destroy(&r->sensor);
	free(r->light);
	free(r->lamps);
	free(r->shade);
	free(r->owner);
	free(r->meshes);
	free(r->heads);
	free(r->inside_px);
	free(r->drawn);
	free(r);
}

static double distance(const struct renderer *r, const struct sight *s)
{
	return hypot(s->pose.center.x - r->camera.eye.x, s->pose.center.y - r->camera.eye.y);
}

/*
 * From far to near by their middles, which is right for footprints that do not overlap unless a
 * long one stands across another one's nose. Few and nearly sorted, so by insertion.
 */
static void sort_sights(const struct renderer *r, struct sight *sights, int count)
{
	for (int i = 1; i < count; i++)
		for (int k = i; k > 0; k--) {
			if (distance(r, &sights[k - 1]) >= distance(r, &sights[k]))
				break;
			struct sight t = sights[k];
			sights[k] = sights[k - 1];
			sights[k - 1] = t;
		}
}

/* Darkens the touched rectangle by the shadows in it and wipes them out again. */
static void lay_shadows(struct renderer *r, const struct sprite *rect)
{
	int width = r->work.width_px,
	    strength = light_has_shadows(r->light) ? (int)(256 * (1 - light_shadow_ratio(r->light)))
						   : CONTACT_STRENGTH;
	for (int y = rect->y_px; y < rect->y_px + rect->height_px; y += 2)
		for (int x = rect->x_px; x < rect->x_px + rect->width_px; x += 2) {
			int sum = 0;
			for (int k = 0; k < 4; k++) {
				size_t at = (size_t)(y + (k >> 1)) * (size_t)width +
					    (size_t)(x + (k & 1));
				int shade = r->shade[at] - r->backdrop.shade[at];
				r->shade[at] = 0;
				if (shade <= 0)
					continue;
				int keep = 65280 - shade * strength;
				r->work.y[at] =
					(uint8_t)(16 +
						  ((r->work.y[at] - 16) * keep + 32640) / 65280);
				sum += shade;
			}
			if (sum == 0)
				continue;
			size_t at = (size_t)(y / 2) * (size_t)(width / 2) + (size_t)(x / 2);
			int keep = 65280 - sum / 4 * strength;
			r->work.u[at] = (uint8_t)(128 + (r->work.u[at] - 128) * keep / 65280);
			r->work.v[at] = (uint8_t)(128 + (r->work.v[at] - 128) * keep / 65280);
		}
}

static double sunlit(const struct renderer *r, struct vec2 at)
{
	struct vec2 px;
	if (!camera_project(&r->camera, (struct vec3){at.x, at.y, 0}, &px))
		return 1;
	if (px.x < 0 || px.y < 0 || px.x >= r->work.width_px || px.y >= r->work.height_px)
		return 1;
	return 1 - r->backdrop.shade[(int)px.y * r->work.width_px + (int)px.x] / 255.0;
}

static struct placement placement_of(const struct renderer *r, const struct sight *s)
{
	const struct light *l = r->light;
	return (struct placement){
		.at = s->pose.center,
		.heading_rad = s->pose.heading_rad,
		.sunlit = sunlit(r, s->pose.center),
		.lamplight = l->lamp_count > 0 ? light_lamps(l, s->pose.center) : 0,
		.braking = s->braking,
	};
}

/* Where it was while the shutter was open; fills up to STAGE_POSES_MAX and gives their number. */
static int blur(const struct renderer *r, const struct sight *s, struct placement *placements)
{
	double open_s = r->world->params->sensor.exposure_s;
	struct vec2 a, b;
	struct vec2 move = vec2_scale(s->pose.velocity_mps, open_s);
	struct vec2 from = s->pose.center, to = vec2_add(from, move);
	placements[0] = placement_of(r, s);
	if (!(open_s > 0) || !camera_project(&r->camera, (struct vec3){from.x, from.y, 0}, &a) ||
		!camera_project(&r->camera, (struct vec3){to.x, to.y, 0}, &b))
		return 1;
	int count = (int)ceil(vec2_length(vec2_sub(b, a)) / BLUR_STEP_PX);
	count = count < 1 ? 1 : count > STAGE_POSES_MAX ? STAGE_POSES_MAX : count;
	for (int i = 0; i < count; i++) {
		double t = (i + 0.5) / count - 0.5;
		placements[i] = placements[0];
		placements[i].at = vec2_add(from, vec2_scale(move, t));
		placements[i].heading_rad += t * open_s * s->pose.yaw_rate_radps;
	}
	return count;
}

/* On the ground, under everybody: shadows, or the light of head lamps. */
static void draw_ground(struct renderer *r, const struct sight *sights, int count, bool lamps)
{
	enum { BATCH = 64 };
	struct sprite touched[BATCH];
	for (int from = 0; from < count; from += BATCH) {
		int n = count - from < BATCH ? count - from : BATCH;
		for (int i = 0; i < n; i++) {
			const struct sight *s = &sights[from + i];
			struct placement p = placement_of(r, s);
			bool any = lamps ? r->lamps[s->id].count > 0 &&
						   stage_head_light(&r->stage, s->length_m, &p,
							   r->shade, &touched[i])
					 : stage_shadow(&r->stage, &r->meshes[s->id], &p, r->shade,
						   &touched[i]);
			if (!any)
				touched[i].width_px = 0;
		}
		for (int i = 0; i < n; i++) {
			if (touched[i].width_px > 0 && lamps)
				glow_lay(&touched[i], r->shade, &r->work);
			else if (touched[i].width_px > 0)
				lay_shadows(r, &touched[i]);
		}
	}
}

/* Writes who is on top where the sprite covers most of a pixel; counts those pixels. */
static int own(struct renderer *r, const struct sprite *s, int index)
{
	int count = 0;
	for (int y = 0; y < s->height_px; y++) {
		uint16_t *owner =
			r->owner + (size_t)(s->y_px + y) * (size_t)r->work.width_px + s->x_px;
		const uint8_t *cover = s->cover + (size_t)y * (size_t)s->width_px;
		for (int x = 0; x < s->width_px; x++)
			if (cover[x] >= 128) {
				owner[x] = (uint16_t)index;
				count++;
			}
	}
	return count;
}

/* The part of a sprite's rectangle where somebody was drawn; false: none. */
static bool passed_behind(const struct renderer *r, const struct sprite *s, int drawn, int range[4])
{
	range[0] = range[1] = INT_MAX;
	range[2] = range[3] = 0;
	for (int i = 0; i < drawn; i++) {
		const int *d = r->drawn[i];
		int x1 = d[0] > s->x_px ? d[0] : s->x_px, y1 = d[1] > s->y_px ? d[1] : s->y_px;
		int x2 = s->x_px + s->width_px, y2 = s->y_px + s->height_px;
		x2 = d[2] < x2 ? d[2] : x2;
		y2 = d[3] < y2 ? d[3] : y2;
		if (x1 >= x2 || y1 >= y2)
			continue;
		range[0] = x1 < range[0] ? x1 : range[0];
		range[1] = y1 < range[1] ? y1 : range[1];
		range[2] = x2 > range[2] ? x2 : range[2];
		range[3] = y2 > range[3] ? y2 : range[3];
	}
	return range[0] < range[2];
}

/* A thing that stands still covers only what has passed behind it: the rest is in the backdrop. */
static void blend_in_front(struct renderer *r, const struct sprite *s, int drawn)
{
	int w = r->work.width_px, range[4];
	if (!passed_behind(r, s, drawn, range))
		return;
	for (int y = range[1]; y < range[3]; y++)
		for (int x = range[0]; x < range[2]; x++) {
			int sx = x - s->x_px, sy = y - s->y_px;
			size_t from = (size_t)sy * (size_t)s->width_px + (size_t)sx;
			size_t to = (size_t)y * (size_t)w + (size_t)x;
			int cover = s->cover[from];
			if (cover == 0 || r->owner[to] == NOBODY)
				continue;
			r->work.y[to] =
				(uint8_t)((r->work.y[to] * (255 - cover) + s->luma[from] * cover) /
					  255);
			size_t half =
				(size_t)(sy / 2) * (size_t)(s->width_px / 2) + (size_t)(sx / 2);
			size_t chroma = (size_t)(y / 2) * (size_t)(w / 2) + (size_t)(x / 2);
			/* Each of the four pixels brings its share of the colour. */
			r->work.u[chroma] =
				(uint8_t)(r->work.u[chroma] +
					  (s->u[half] - r->work.u[chroma]) * cover / 510);
			r->work.v[chroma] =
				(uint8_t)(r->work.v[chroma] +
					  (s->v[half] - r->work.v[chroma]) * cover / 510);
			if (cover >= 128)
				r->owner[to] = NOBODY - 1;
		}
}

/* What is farther away than the next road user comes first. */
static void draw_things(
	struct renderer *r, double t_s, double beyond_m, int drawn, int *prop, bool *heads_done)
{
	const struct backdrop *b = &r->backdrop;
	const struct sim_signal_params *signals = r->world->params->signals.items;
	while (*prop < b->prop_count && b->props[*prop].distance_m > beyond_m)
		blend_in_front(r, &b->props[(*prop)++], drawn);
	for (int i = 0; i < r->world->params->signals.count; i++) {
		const struct sprite *head = &r->heads[i][signal_at(&signals[i], t_s)];
		if (heads_done[i] || !head->luma || head->distance_m <= beyond_m)
			continue;
		heads_done[i] = true;
		sprite_blend(head, &r->work);
		own(r, head, NOBODY - 1);
	}
}

static void find_visible(struct renderer *r, struct sight *s, int index)
{
	struct box clip = box_clip(s->full, r->work.width_px, r->work.height_px);
	int x1 = (int)clip.x1, y1 = (int)clip.y1, x2 = (int)ceilf(clip.x2),
	    y2 = (int)ceilf(clip.y2);
	int left = x2, right = x1, top = y2, bottom = y1, count = 0;
	for (int y = y1; y < y2; y++) {
		const uint16_t *owner = r->owner + (size_t)y * (size_t)r->work.width_px;
		for (int x = x1; x < x2; x++) {
			if (owner[x] != index)
				continue;
			count++;
			left = x < left ? x : left;
			right = x + 1 > right ? x + 1 : right;
			top = y < top ? y : top;
			bottom = y + 1 > bottom ? y + 1 : bottom;
		}
	}
	double inside = box_area(clip) / box_area(s->full);
	s->visible = clip;
	s->occlusion_ratio = 1 - inside;
	if (r->inside_px[index] == 0)
		return; /* too thin to fill any pixel */
	if (count == 0) {
		s->visible = (struct box){clip.x1, clip.y1, clip.x1, clip.y1};
		s->occlusion_ratio = 1;
		return;
	}
	/* A side that is not hidden is known better than to a pixel. */
	s->visible = (struct box){
		left - clip.x1 < 1.5f ? clip.x1 : (float)left,
		top - clip.y1 < 1.5f ? clip.y1 : (float)top,
		clip.x2 - right < 1.5f ? clip.x2 : (float)right,
		clip.y2 - bottom < 1.5f ? clip.y2 : (float)bottom,
	};
	s->occlusion_ratio = 1 - fmin(1, (double)count / r->inside_px[index]) * inside;
	if (count == r->inside_px[index] && inside > 0.9999)
		s->occlusion_ratio = 0;
}

static void draw_glare(struct renderer *r, const struct sight *sights, int count)
{
	for (int i = 0; i < count; i++) {
		struct placement p = placement_of(r, &sights[i]);
		if (sights[i].in_view)
			glow_glare(&r->camera, &r->lamps[sights[i].id], &p, r->owner, i, &r->work);
	}
}

static struct box enlarge(struct box b, float scale, struct vec2 by)
{
	return (struct box){b.x1 * scale + (float)by.x, b.y1 * scale + (float)by.y,
		b.x2 * scale + (float)by.x, b.y2 * scale + (float)by.y};
}

/* One after the other, from far to near. */
static void draw_sights(struct renderer *r, double t_s, struct sight *sights, int count, bool blind)
{
	bool heads_done[WORLD_STOP_LINES_MAX] = {0};
	int prop = 0, drawn = 0;
	for (int i = 0; i < count; i++) {
		struct sight *s = &sights[i];
		struct placement poses[STAGE_POSES_MAX], p = placement_of(r, s);
		int pose_count = blind ? 1 : blur(r, s, poses);
		const struct mesh *mesh = &r->meshes[s->id];
		draw_things(r, t_s, distance(r, s), drawn, &prop, heads_done);
		s->in_view = stage_box(&r->stage, mesh, &p, &s->full) &&
			     box_area(box_clip(s->full, r->work.width_px, r->work.height_px)) > 0 &&
			     stage_draw(&r->stage, mesh, blind ? &p : poses, pose_count);
		if (!s->in_view)
			continue;
		if (!blind)
			sprite_blend(&r->stage.sprite, &r->work);
		const struct sprite *drawing = &r->stage.sprite;
		r->inside_px[i] = own(r, drawing, i);
		int *d = r->drawn[drawn++];
		d[0] = drawing->x_px;
		d[1] = drawing->y_px;
		d[2] = drawing->x_px + drawing->width_px;
		d[3] = drawing->y_px + drawing->height_px;
	}
	draw_things(r, t_s, -1, drawn, &prop, heads_done);
}

int renderer_draw(struct renderer *r, double t_s, int64_t number, struct sight *sights, int count,
	struct frame *frame)
{
	size_t pixels = (size_t)r->work.width_px * (size_t)r->work.height_px;
	const struct sim_video_params *video = &r->world->params->video;
	struct vec2 by = sensor_shake(r->sensor, t_s);
	memset(r->owner, 0xff, pixels * sizeof(*r->owner));
	sort_sights(r, sights, count);
	if (frame) {
		memcpy(r->work.y, r->backdrop.picture.y, pixels * 3 / 2);
		draw_ground(r, sights, count, false);
		if (r->light->dark)
			draw_ground(r, sights, count, true);
	}
	draw_sights(r, t_s, sights, count, !frame);
	for (int i = 0; i < count; i++) {
		struct sight *s = &sights[i];
		if (!s->in_view)
			continue;
		find_visible(r, s, i);
		s->full = enlarge(s->full, (float)r->scale, by);
		s->visible = box_clip(enlarge(s->visible, (float)r->scale, by), video->width_px,
			video->height_px);
	}
	if (frame) {
		if (r->light->lamps_on)
			draw_glare(r, sights, count);
		sensor_weather(r->sensor, t_s, number, &r->work);
		sensor_expose(r->sensor, &r->work, t_s, number, frame);
	}
	return r->stage.failed ? -ENOMEM : 0;
}
