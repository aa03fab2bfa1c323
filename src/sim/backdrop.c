#include "sim/backdrop.h"

#include "sim/models.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SUB 4 /* samples across and down a pixel */
#define BAND_ROWS 8

/* Light that comes from one sample of the ground or the sky. */
static void sample(const struct camera *c, const struct light *l, const struct ground *g,
	struct vec2 px, uint32_t patch, float shade, float rgb[3])
{
	struct vec3 ray = camera_ray(c, px);
	if (ray.z > -1e-6) {
		light_sky(l, ray, rgb);
		return;
	}
	double t = -c->eye.z / ray.z;
	struct vec2 at = {c->eye.x + t * ray.x, c->eye.y + t * ray.y};
	ground_color(l, patch ? &g->patches[patch - 1] : NULL, at, rgb);
	float sun = (float)fmax(l->sun.z, 0) * (1 - shade);
	float lamps = l->dark ? light_lamps(l, at) : 0;
	for (int i = 0; i < 3; i++)
		rgb[i] *= l->sky_rgb[i] + sun * l->sun_rgb[i] + lamps * light_lamp_rgb[i];
	light_haze(l, t * vec3_length(ray), rgb);
}

static void put_pixels(
	struct sprite_target *p, int x, int y, float rgb[4][3], const struct light *l)
{
	int u = 0, v = 0;
	for (int k = 0; k < 4; k++) {
		int r = light_tone(l, rgb[k][0]), g = light_tone(l, rgb[k][1]);
		int b = light_tone(l, rgb[k][2]);
		size_t at = (size_t)(y + (k >> 1)) * (size_t)p->width_px + (size_t)(x + (k & 1));
		p->y[at] = (uint8_t)(16 + (66 * r + 129 * g + 25 * b + 128) / 256);
		u += -38 * r - 74 * g + 112 * b;
		v += 112 * r - 94 * g - 18 * b;
	}
	size_t at = (size_t)(y / 2) * (size_t)(p->width_px / 2) + (size_t)(x / 2);
	p->u[at] = (uint8_t)(128 + u / 1024);
	p->v[at] = (uint8_t)(128 + v / 1024);
}

struct painter {
	const struct camera *camera;
	const struct light *light;
	const struct ground *ground;
	struct raster patches;
	const struct sprite_triangle *triangles;
	int count;
	struct backdrop *out;
};

static void paint_pixel(const struct painter *p, int x, int y, int row, float rgb[3])
{
	float shade =
		p->out->shade[(size_t)y * (size_t)p->out->picture.width_px + (size_t)x] / 255.0f;
	rgb[0] = rgb[1] = rgb[2] = 0;
	for (int k = 0; k < SUB * SUB; k++) {
		int i = k % SUB, j = k / SUB;
		size_t at = (size_t)(row * SUB + j) * (size_t)p->patches.width_samples +
			    (size_t)(x * SUB + i);
		struct vec2 px = {x + (i + 0.5) / SUB, y + (j + 0.5) / SUB};
		float one[3];
		sample(p->camera, p->light, p->ground, px, p->patches.value[at], shade, one);
		for (int c = 0; c < 3; c++)
			rgb[c] += one[c] / (SUB * SUB);
	}
}

static void paint_band(struct painter *p, int y0, int rows)
{
	int width = p->out->picture.width_px;
	raster_begin(&p->patches, 0, y0, width, rows);
	for (int i = 0; i < p->count; i++)
		raster_cover(&p->patches, p->triangles[i].v, p->triangles[i].value);
	for (int y = 0; y < rows; y += 2)
		for (int x = 0; x < width; x += 2) {
			float rgb[4][3];
			for (int k = 0; k < 4; k++)
				paint_pixel(
					p, x + (k & 1), y0 + y + (k >> 1), y + (k >> 1), rgb[k]);
			put_pixels(&p->out->picture, x, y0 + y, rgb, p->light);
		}
}

static int paint_ground(struct backdrop *b, const struct world *w, struct stage *stage)
{
	struct ground ground;
	int r = ground_build(w, &ground);
	if (r < 0)
		return r;
	stage_clear(stage);
	for (int i = 0; i < ground.count; i++)
		stage_ground(stage, ground.patches[i].corners, (uint32_t)i + 1);
	struct painter painter = {
		.camera = stage->camera,
		.light = stage->light,
		.ground = &ground,
		.triangles = stage->triangles,
		.count = stage->count,
		.out = b,
	};
	r = raster_init(&painter.patches, SUB, SUB, b->picture.width_px * BAND_ROWS);
	for (int y = 0; r == 0 && y < b->picture.height_px; y += BAND_ROWS) {
		int left = b->picture.height_px - y;
		paint_band(&painter, y, left < BAND_ROWS ? left : BAND_ROWS);
	}
	raster_finish(&painter.patches);
	ground_finish(&ground);
	return r;
}

static double distance_of(const struct camera *c, struct vec2 at)
{
	return hypot(at.x - c->eye.x, at.y - c->eye.y);
}

static int by_distance(const void *a, const void *b)
{
	double da = ((const struct sprite *)a)->distance_m,
	       db = ((const struct sprite *)b)->distance_m;
	return (da < db) - (da > db);
}

static int stand_props(
	struct backdrop *b, const struct world *w, struct stage *stage, struct mesh *meshes)
{
	const struct sim_prop_params *props = w->params->props.items;
	for (int i = 0; i < w->params->props.count; i++) {
		if (!stage_draw(stage, &meshes[i], NULL, 1))
			continue;
		int r = sprite_keep(&stage->sprite, &b->props[b->prop_count]);
		if (r < 0)
			return r;
		b->props[b->prop_count++].distance_m =
			distance_of(stage->camera, props[i].position);
	}
	qsort(b->props, (size_t)b->prop_count, sizeof(*b->props), by_distance);
	for (int i = 0; i < b->prop_count; i++)
		sprite_blend(&b->props[i], &b->picture);
	return 0;
}

static int draw_all(struct backdrop *b, const struct world *w, struct stage *stage,
	struct mesh *meshes, bool painted)
{
	const struct sim_prop_params *props = w->params->props.items;
	for (int i = 0; i < w->params->props.count; i++) {
		int r = model_prop(&props[i], (uint64_t)(w->params->seed + i), &meshes[i]);
		if (r < 0)
			return r;
		struct sprite touched;
		if (painted && light_has_shadows(stage->light))
			stage_shadow(stage, &meshes[i], NULL, b->shade, &touched);
	}
	int r = painted ? paint_ground(b, w, stage) : 0;
	if (r == 0)
		r = stand_props(b, w, stage, meshes);
	return r == 0 && stage->failed ? -ENOMEM : r;
}

int backdrop_create(const struct world *w, const struct camera *camera, const struct light *light,
	bool painted, struct err *err, struct backdrop *ret_backdrop)
{
	int width = camera->width_px, height = camera->height_px, count = w->params->props.count;
	struct backdrop b = {0};
	struct stage stage = {0};
	struct mesh *meshes = calloc((size_t)count + 1, sizeof(*meshes));
	b.props = calloc((size_t)count + 1, sizeof(*b.props));
	b.shade = calloc((size_t)width, (size_t)height);
	int r = meshes && b.props && b.shade ? sprite_target_alloc(width, height, &b.picture)
					     : -ENOMEM;
	if (r == 0)
		r = stage_init(&stage, camera, light, width, height);
	if (r == 0)
		r = draw_all(&b, w, &stage, meshes, painted);
	for (int i = 0; meshes && i < count; i++)
		mesh_finish(&meshes[i]);
	free(meshes);
	stage_finish(&stage);
	if (r < 0) {
		backdrop_finish(&b);
		return err_set(err, r, "the backdrop of the scene: out of memory");
	}
	*ret_backdrop = b;
	return 0;
}

void backdrop_finish(struct backdrop *b)
{
	for (int i = 0; i < b->prop_count; i++)
		sprite_finish(&b->props[i]);
	free(b->props);
	free(b->shade);
	free(b->picture.y);
	*b = (struct backdrop){0};
}
