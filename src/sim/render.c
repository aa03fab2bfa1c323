#include "sim/render.h"

#include "sim/backdrop.h"
#include "sim/models.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NOISE_COUNT 65536
#define NOBODY 0xffff

struct renderer {
	const struct world *world;
	struct camera camera;
	struct light *light;
	struct backdrop backdrop;
	struct stage stage;
	struct sprite_target work;
	uint8_t *shade; /* of the road users; all 0 between pictures */
	uint16_t *owner; /* index of the sight on top of each pixel */
	struct mesh *meshes; /* by mover */
	struct sprite (*heads)[SIM_LAMP_COUNT]; /* by signal and lamp; luma NULL: not in view */
	int8_t noise[NOISE_COUNT + FRAME_SIDE_MAX_PX];
	int *inside_px; /* of each sight: pixels of its whole outline within the picture */
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
			if (stage_draw(&r->stage, &mesh, NULL)) {
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

static int fill(struct renderer *r, struct err *err)
{
	const struct sim_params *p = r->world->params;
	size_t pixels = (size_t)r->camera.width_px * (size_t)r->camera.height_px;
	int movers = r->world->mover_count;
	r->light = malloc(sizeof(*r->light));
	r->shade = calloc(1, pixels);
	r->owner = malloc(pixels * sizeof(*r->owner));
	r->meshes = calloc((size_t)movers + 1, sizeof(*r->meshes));
	r->heads = calloc((size_t)p->signals.count + 1, sizeof(*r->heads));
	r->inside_px = calloc((size_t)movers + 1, sizeof(*r->inside_px));
	if (!r->light || !r->shade || !r->owner || !r->meshes || !r->heads || !r->inside_px)
		return -ENOMEM;
	memset(r->owner, 0xff, pixels * sizeof(*r->owner));
	light_init(&p->look, (uint64_t)p->seed, r->light);
	int ret = sprite_target_alloc(r->camera.width_px, r->camera.height_px, &r->work);
	if (ret == 0)
		ret = stage_init(
			&r->stage, &r->camera, r->light, r->camera.width_px, r->camera.height_px);
	if (ret == 0)
		ret = backdrop_create(r->world, &r->camera, r->light, err, &r->backdrop);
	for (int i = 0; ret == 0 && i < movers; i++) {
		const struct mover *m = &r->world->movers[i];
		uint64_t look = m->params->look >= 0 ? (uint64_t)m->params->look
						     : (uint64_t)(p->seed * 1000 + i);
		ret = model_mover(m, look, &r->meshes[i]);
	}
	if (ret == 0)
		ret = draw_heads(r);
	struct random random = random_at((uint64_t)p->seed, 0, 0, 'n');
	for (int i = 0; i < (int)sizeof(r->noise); i++)
		r->noise[i] = (int8_t)lrint(
			fmin(fmax(random_normal(&random) * p->sensor.noise_level, -100), 100));
	return ret;
}

int renderer_create(const struct world *world, const struct camera *camera, struct err *err,
	struct renderer **ret_renderer)
{
	struct renderer *r = calloc(1, sizeof(*r));
	if (!r)
		return err_set(err, -ENOMEM, "out of memory");
	r->world = world;
	r->camera = *camera;
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
	free(r->light);
	free(r->shade);
	free(r->owner);
	free(r->meshes);
	free(r->heads);
	free(r->inside_px);
	free(r);
}

static double distance(const struct renderer *r, const struct sight *s)
{
	return hypot(s->pose.center.x - r->camera.eye.x, s->pose.center.y - r->camera.eye.y);
}

/* From far to near; few and nearly sorted, so by insertion. */
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
	int width = r->work.width_px, strength = (int)(256 * (1 - light_shadow_ratio(r->light)));
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
	return (struct placement){s->pose.center, s->pose.heading_rad, sunlit(r, s->pose.center)};
}

static void draw_shadows(struct renderer *r, const struct sight *sights, int count)
{
	struct sprite touched[64];
	for (int from = 0; from < count; from += 64) {
		int n = count - from < 64 ? count - from : 64;
		for (int i = 0; i < n; i++) {
			const struct sight *s = &sights[from + i];
			struct placement p = placement_of(r, s);
			if (!stage_shadow(&r->stage, &r->meshes[s->id], &p, r->shade, &touched[i]))
				touched[i].width_px = 0;
		}
		for (int i = 0; i < n; i++)
			if (touched[i].width_px > 0)
				lay_shadows(r, &touched[i]);
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

/* A thing that stands still covers only what has passed behind it: the rest is in the backdrop. */
static void blend_in_front(struct renderer *r, const struct sprite *s)
{
	int w = r->work.width_px;
	for (int y = 0; y < s->height_px; y++)
		for (int x = 0; x < s->width_px; x++) {
			size_t from = (size_t)y * (size_t)s->width_px + (size_t)x;
			size_t to = (size_t)(s->y_px + y) * (size_t)w + (size_t)(s->x_px + x);
			if (s->cover[from] == 0 || r->owner[to] == NOBODY)
				continue;
			int cover = s->cover[from];
			r->work.y[to] =
				(uint8_t)((r->work.y[to] * (255 - cover) + s->luma[from] * cover) /
					  255);
			size_t half = (size_t)(y / 2) * (size_t)(s->width_px / 2) + (size_t)(x / 2);
			size_t chroma = (size_t)((s->y_px + y) / 2) * (size_t)(w / 2) +
					(size_t)((s->x_px + x) / 2);
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
	struct renderer *r, double t_s, double beyond_m, int *prop, bool *heads_done)
{
	const struct backdrop *b = &r->backdrop;
	const struct sim_signal_params *signals = r->world->params->signals.items;
	while (*prop < b->prop_count && b->props[*prop].distance_m > beyond_m)
		blend_in_front(r, &b->props[(*prop)++]);
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
	s->visible = (struct box){clip.x1, clip.y1, clip.x1, clip.y1};
	s->occlusion_ratio = 1;
	if (count == 0 || r->inside_px[index] == 0)
		return;
	/* A side that is not hidden is known better than to a pixel. */
	s->visible = (struct box){
		left - clip.x1 < 1.5f ? clip.x1 : (float)left,
		top - clip.y1 < 1.5f ? clip.y1 : (float)top,
		clip.x2 - right < 1.5f ? clip.x2 : (float)right,
		clip.y2 - bottom < 1.5f ? clip.y2 : (float)bottom,
	};
	double inside = box_area(clip) / box_area(s->full);
	s->occlusion_ratio = 1 - fmin(1, (double)count / r->inside_px[index]) * inside;
	if (count == r->inside_px[index] && inside > 0.9999)
		s->occlusion_ratio = 0;
}

static void wipe_owners(struct renderer *r, const struct sight *sights, int count)
{
	int w = r->work.width_px;
	for (int i = 0; i < count; i++) {
		if (!sights[i].in_view)
			continue;
		struct box c = box_clip(sights[i].full, w, r->work.height_px);
		for (int y = (int)c.y1; y < (int)ceilf(c.y2); y++)
			memset(r->owner + (size_t)y * (size_t)w + (int)c.x1, 0xff,
				(size_t)((int)ceilf(c.x2) - (int)c.x1) * sizeof(*r->owner));
	}
	for (int i = 0; i < r->world->params->signals.count; i++)
		for (int y = 0; y < r->heads[i][0].height_px; y++)
			memset(r->owner + (size_t)(r->heads[i][0].y_px + y) * (size_t)w +
					r->heads[i][0].x_px,
				0xff, (size_t)r->heads[i][0].width_px * sizeof(*r->owner));
}

/* Adds the sensor's noise on the way out; the shift keeps chroma quieter. */
static void copy_plane(const struct renderer *r, const uint8_t *from, int width, int height,
	struct frame *frame, int plane, int64_t number)
{
	uint8_t *to = frame_writable(frame, plane);
	int shift = plane > 0;
	for (int y = 0; y < height; y++, from += width, to += frame->stride_bytes[plane]) {
		struct random random = random_at((uint64_t)r->world->params->seed, (uint64_t)number,
			(uint64_t)(plane * 65536 + y), 'r');
		const int8_t *noise = r->noise + (random_u64(&random) & (NOISE_COUNT - 1));
		for (int x = 0; x < width; x++) {
			int v = from[x] + (noise[x] >> shift);
			to[x] = (uint8_t)(v < 1 ? 1 : v > 254 ? 254 : v);
		}
	}
}

int renderer_draw(struct renderer *r, double t_s, int64_t number, struct sight *sights, int count,
	struct frame *frame)
{
	int w = r->work.width_px, h = r->work.height_px;
	bool heads_done[WORLD_STOP_LINES_MAX] = {0};
	int prop = 0;
	memcpy(r->work.y, r->backdrop.picture.y, (size_t)w * (size_t)h * 3 / 2);
	sort_sights(r, sights, count);
	draw_shadows(r, sights, count);
	for (int i = 0; i < count; i++) {
		struct sight *s = &sights[i];
		struct placement p = placement_of(r, s);
		const struct mesh *mesh = &r->meshes[s->id];
		draw_things(r, t_s, distance(r, s), &prop, heads_done);
		s->in_view = stage_box(&r->stage, mesh, &p, &s->full) &&
			     box_area(box_clip(s->full, w, h)) > 0 &&
			     stage_draw(&r->stage, mesh, &p);
		if (!s->in_view)
			continue;
		sprite_blend(&r->stage.sprite, &r->work);
		r->inside_px[i] = own(r, &r->stage.sprite, i);
	}
	draw_things(r, t_s, -1, &prop, heads_done);
	for (int i = 0; i < count; i++)
		if (sights[i].in_view)
			find_visible(r, &sights[i], i);
	wipe_owners(r, sights, count);
	copy_plane(r, r->work.y, w, h, frame, 0, number);
	copy_plane(r, r->work.u, w / 2, h / 2, frame, 1, number);
	copy_plane(r, r->work.v, w / 2, h / 2, frame, 2, number);
	return r->stage.failed ? -ENOMEM : 0;
}
