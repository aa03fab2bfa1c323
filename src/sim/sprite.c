#include "sim/sprite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SUB_X 2
#define SUB_Y 4
#define TILE_PIXELS (1 << 17)
/* Under a distorting lens longer edges are split, as they are not straight on the picture. */
#define EDGE_MAX_PX 32.0
#define SPLITS_MAX 10
/* How dark it is right under a body where the sky cannot reach. */
#define CONTACT_SHADE 130

static int sprite_alloc(struct sprite *s, int width, int height)
{
	size_t luma = (size_t)width * (size_t)height, chroma = luma / 4;
	s->luma = malloc(2 * luma + 3 * chroma + 1);
	if (!s->luma)
		return -ENOMEM;
	s->cover = s->luma + luma;
	s->u = s->cover + luma;
	s->v = s->u + chroma;
	s->chroma_cover = s->v + chroma;
	s->width_px = width;
	s->height_px = height;
	return 0;
}

int sprite_target_alloc(int width_px, int height_px, struct sprite_target *ret_target)
{
	size_t luma = (size_t)width_px * (size_t)height_px;
	uint8_t *y = calloc(1, luma + luma / 2);
	if (!y)
		return -ENOMEM;
	*ret_target = (struct sprite_target){width_px, height_px, y, y + luma, y + luma + luma / 4};
	return 0;
}

void sprite_finish(struct sprite *s)
{
	free(s->luma);
	*s = (struct sprite){0};
}

int stage_init(struct stage *stage, const struct camera *camera, const struct light *light,
	int width_px, int height_px)
{
	*stage = (struct stage){
		.camera = camera,
		.light = light,
		.width_px = width_px,
		.height_px = height_px,
	};
	stage->sums = malloc(TILE_PIXELS * sizeof(*stage->sums));
	int r = stage->sums ? raster_init(&stage->raster, SUB_X, SUB_Y, TILE_PIXELS) : -ENOMEM;
	if (r == 0)
		r = sprite_alloc(&stage->sprite, width_px, height_px);
	return r;
}

void stage_finish(struct stage *stage)
{
	raster_finish(&stage->raster);
	sprite_finish(&stage->sprite);
	free(stage->triangles);
	free(stage->sums);
	stage->triangles = NULL;
	stage->sums = NULL;
}

void stage_clear(struct stage *stage)
{
	stage->count = 0;
	stage->x1 = stage->y1 = INFINITY;
	stage->x2 = stage->y2 = -INFINITY;
}

static void add_triangle(struct stage *st, const struct raster_vertex v[3], uint32_t value)
{
	if (st->count == st->capacity) {
		int capacity = st->capacity ? 2 * st->capacity : 1024;
		struct sprite_triangle *grown =
			realloc(st->triangles, (size_t)capacity * sizeof(*grown));
		if (!grown) {
			st->failed = true;
			return;
		}
		st->triangles = grown;
		st->capacity = capacity;
	}
	st->triangles[st->count++] = (struct sprite_triangle){{v[0], v[1], v[2]}, value};
	for (int i = 0; i < 3; i++) {
		st->x1 = fmin(st->x1, v[i].x_px);
		st->y1 = fmin(st->y1, v[i].y_px);
		st->x2 = fmax(st->x2, v[i].x_px);
		st->y2 = fmax(st->y2, v[i].y_px);
	}
}

static struct raster_vertex on_picture(const struct camera *c, struct vec3 view)
{
	struct vec2 px = camera_image(c, view);
	return (struct raster_vertex){px.x, px.y, 1 / view.z};
}

/* A triangle in front of the camera; splits it where the lens bends its edges. */
static void add_visible(struct stage *st, const struct vec3 view[3], uint32_t value, int splits)
{
	struct raster_vertex v[3];
	for (int i = 0; i < 3; i++)
		v[i] = on_picture(st->camera, view[i]);
	bool bent = st->camera->k1 != 0 || st->camera->k2 != 0;
	int longest = -1;
	double length = EDGE_MAX_PX;
	for (int i = 0; bent && i < 3 && splits < SPLITS_MAX; i++) {
		const struct raster_vertex *a = &v[i], *b = &v[(i + 1) % 3];
		double l = hypot(a->x_px - b->x_px, a->y_px - b->y_px);
		if (l > length) {
			length = l;
			longest = i;
		}
	}
	if (longest < 0) {
		add_triangle(st, v, value);
		return;
	}
	struct vec3 a = view[longest], b = view[(longest + 1) % 3], c = view[(longest + 2) % 3];
	struct vec3 middle = vec3_mix(a, b, 0.5);
	add_visible(st, (struct vec3[]){a, middle, c}, value, splits + 1);
	add_visible(st, (struct vec3[]){middle, b, c}, value, splits + 1);
}

/* Cuts off what is behind the camera (Sutherland and Hodgman 1974). */
static void add_world(struct stage *st, const struct vec3 world[3], uint32_t value)
{
	struct vec3 in[3], out[4];
	int count = 0;
	for (int i = 0; i < 3; i++)
		in[i] = camera_view(st->camera, world[i]);
	for (int i = 0; i < 3; i++) {
		struct vec3 a = in[i], b = in[(i + 1) % 3];
		if (a.z >= CAMERA_NEAR_M)
			out[count++] = a;
		if ((a.z >= CAMERA_NEAR_M) != (b.z >= CAMERA_NEAR_M))
			out[count++] = vec3_mix(a, b, (CAMERA_NEAR_M - a.z) / (b.z - a.z));
	}
	for (int i = 2; i < count; i++)
		add_visible(st, (struct vec3[]){out[0], out[i - 1], out[i]}, value, 0);
}

void stage_ground(struct stage *st, const struct vec2 corners[3], uint32_t value)
{
	struct vec3 world[3];
	for (int i = 0; i < 3; i++)
		world[i] = (struct vec3){corners[i].x, corners[i].y, 0};
	add_world(st, world, value);
}

/* A placement made ready for many points. */
struct stand {
	double x, y, c, s;
};

static struct stand stand_of(const struct placement *p)
{
	if (!p)
		return (struct stand){0, 0, 1, 0};
	return (struct stand){p->at.x, p->at.y, cos(p->heading_rad), sin(p->heading_rad)};
}

static struct vec3 place(const struct stand *f, struct vec3 v)
{
	return (struct vec3){f->x + f->c * v.x - f->s * v.y, f->y + f->s * v.x + f->c * v.y, v.z};
}

static struct vec3 turn(const struct stand *f, struct vec3 n)
{
	return (struct vec3){f->c * n.x - f->s * n.y, f->s * n.x + f->c * n.y, n.z};
}

static uint32_t pack(const struct light *l, const float rgb[3])
{
	return 1u << 24 | (uint32_t)light_tone(l, rgb[0]) << 16 |
	       (uint32_t)light_tone(l, rgb[1]) << 8 | (uint32_t)light_tone(l, rgb[2]);
}

static void add_mesh(struct stage *st, const struct mesh *mesh, const struct placement *p)
{
	const struct camera *c = st->camera;
	const struct stand stand = stand_of(p);
	for (int i = 0; i < mesh->face_count; i++) {
		const struct mesh_face *f = &mesh->faces[i];
		struct vec3 world[3], normal = turn(&stand, f->normal);
		for (int k = 0; k < 3; k++)
			world[k] = place(&stand, mesh->vertices[f->v[k]]);
		struct vec3 to_eye = vec3_sub(c->eye, world[0]);
		if (vec3_dot(normal, to_eye) <= 0)
			continue;
		float rgb[3];
		light_face(st->light,
			&(struct light_face){
				.rgb = f->rgb,
				.surface = (enum mesh_surface)f->surface,
				.normal = normal,
				.view = vec3_unit(to_eye),
				.sunlit = p ? p->sunlit : 1,
				.lamplight = p ? p->lamplight : 0,
				.braking = p && p->braking,
			},
			rgb);
		if (f->surface != MESH_LIGHT)
			light_haze(st->light, vec3_length(to_eye), rgb);
		add_world(st, world, pack(st->light, rgb));
	}
}

/* The part of the picture that the triangles touch, on even pixels. */
static bool touched(const struct stage *st, struct sprite *rect)
{
	double x1 = fmax(st->x1, 0), y1 = fmax(st->y1, 0);
	double x2 = fmin(st->x2, st->width_px), y2 = fmin(st->y2, st->height_px);
	if (!(x1 < x2 && y1 < y2))
		return false;
	rect->x_px = (int)x1 & ~1;
	rect->y_px = (int)y1 & ~1;
	rect->width_px = ((int)ceil(x2) - rect->x_px + 1) & ~1;
	rect->height_px = ((int)ceil(y2) - rect->y_px + 1) & ~1;
	return true;
}

/* Sums of the samples of one pixel: in 16-bit fields, count and green above, red and blue below. */
static void sum_samples(
	const struct raster *r, int x, int y, uint32_t *count_green, uint32_t *red_blue)
{
	const uint32_t *at =
		r->value + ((size_t)y * SUB_Y) * (size_t)r->width_samples + (size_t)x * SUB_X;
	*count_green = *red_blue = 0;
	for (int k = 0; k < SUB_Y; k++, at += r->width_samples)
		for (int i = 0; i < SUB_X; i++) {
			*red_blue += at[i] & 0xff00ffu;
			*count_green += at[i] >> 8 & 0xff00ffu;
		}
}

static void set_tile(struct raster *r, const struct sprite *rect, int y, int rows)
{
	r->x_px = rect->x_px;
	r->y_px = rect->y_px + y;
	r->width_px = rect->width_px;
	r->height_px = rows;
}

/* Triangles `from` to `to` of the list into the tile. */
static void draw_tile(struct stage *st, int from, int to, bool depth)
{
	struct raster *r = &st->raster;
	raster_begin(r, r->x_px, r->y_px, r->width_px, r->height_px);
	for (int i = from; i < to; i++) {
		if (depth)
			raster_triangle(r, st->triangles[i].v, st->triangles[i].value);
		else
			raster_cover(r, st->triangles[i].v, st->triangles[i].value);
	}
}

/* Adds the samples of the tile to the sums. */
static void add_samples(struct stage *st)
{
	const struct raster *r = &st->raster;
	struct sprite_sum *sum = st->sums;
	for (int y = 0; y < r->height_px; y++)
		for (int x = 0; x < r->width_px; x++, sum++) {
			uint32_t count_green, red_blue;
			sum_samples(r, x, y, &count_green, &red_blue);
			sum->count = (uint16_t)(sum->count + (count_green >> 16));
			sum->green = (uint16_t)(sum->green + (count_green & 0xffff));
			sum->red = (uint16_t)(sum->red + (red_blue >> 16));
			sum->blue = (uint16_t)(sum->blue + (red_blue & 0xffff));
		}
}

/* Two rows of sums, `samples` to a pixel: full-size brightness, half-size colour. */
static void resolve_rows(const struct sprite_sum *sums, int samples, struct sprite *s, int y)
{
	int half = s->width_px / 2;
	for (int bx = 0; bx < half; bx++) {
		int red = 0, green = 0, blue = 0, count = 0;
		for (int k = 0; k < 4; k++) {
			int x = 2 * bx + (k & 1), dy = k >> 1;
			size_t at = (size_t)(y + dy) * (size_t)s->width_px + (size_t)x;
			const struct sprite_sum *p = &sums[dy * s->width_px + x];
			int n = p->count;
			s->cover[at] = (uint8_t)(n * 255 / samples);
			if (n == 0)
				continue;
			int luma = 66 * p->red + 129 * p->green + 25 * p->blue + 128 * n;
			s->luma[at] = (uint8_t)(16 + luma / (256 * n));
			red += p->red;
			green += p->green;
			blue += p->blue;
			count += n;
		}
		size_t at = (size_t)(y / 2) * (size_t)half + (size_t)bx;
		s->chroma_cover[at] = (uint8_t)(count * 255 / (4 * samples));
		if (count == 0)
			continue;
		s->u[at] = (uint8_t)(128 + (-38 * red - 74 * green + 112 * blue) / (256 * count));
		s->v[at] = (uint8_t)(128 + (112 * red - 94 * green - 18 * blue) / (256 * count));
	}
}

bool stage_draw(
	struct stage *st, const struct mesh *mesh, const struct placement *placements, int count)
{
	int first[STAGE_POSES_MAX + 1] = {0};
	stage_clear(st);
	for (int i = 0; i < count; i++) {
		add_mesh(st, mesh, placements ? &placements[i] : NULL);
		first[i + 1] = st->count;
	}
	struct sprite *s = &st->sprite;
	if (!touched(st, s))
		return false;
	int band = raster_rows(&st->raster, s->width_px) & ~1;
	for (int y = 0; y < s->height_px; y += band) {
		int rows = s->height_px - y < band ? s->height_px - y : band;
		memset(st->sums, 0, (size_t)(rows * s->width_px) * sizeof(*st->sums));
		set_tile(&st->raster, s, y, rows);
		for (int i = 0; i < count; i++) {
			draw_tile(st, first[i], first[i + 1], true);
			add_samples(st);
		}
		for (int k = 0; k < rows; k += 2)
			resolve_rows(st->sums + k * s->width_px, count * SUB_X * SUB_Y, s, y + k);
	}
	return true;
}

bool stage_box(const struct stage *st, const struct mesh *mesh, const struct placement *p,
	struct box *ret_box)
{
	double x1 = INFINITY, y1 = INFINITY, x2 = -INFINITY, y2 = -INFINITY;
	const struct stand stand = stand_of(p);
	for (int i = 0; i < mesh->vertex_count; i++) {
		struct vec2 px;
		if (!camera_project(st->camera, place(&stand, mesh->vertices[i]), &px))
			return false;
		x1 = fmin(x1, px.x);
		y1 = fmin(y1, px.y);
		x2 = fmax(x2, px.x);
		y2 = fmax(y2, px.y);
	}
	*ret_box = (struct box){(float)x1, (float)y1, (float)x2, (float)y2};
	return true;
}

/* The values of the triangles, averaged over each pixel, into the mask where they are higher. */
static bool raise_mask(struct stage *st, uint8_t *mask, struct sprite *s)
{
	if (!touched(st, s))
		return false;
	int band = raster_rows(&st->raster, s->width_px);
	for (int y = 0; y < s->height_px; y += band) {
		int rows = s->height_px - y < band ? s->height_px - y : band;
		set_tile(&st->raster, s, y, rows);
		draw_tile(st, 0, st->count, false);
		for (int k = 0; k < rows; k++) {
			uint8_t *out =
				mask + (size_t)(s->y_px + y + k) * (size_t)st->width_px + s->x_px;
			for (int x = 0; x < s->width_px; x++) {
				uint32_t cg, rb;
				sum_samples(&st->raster, x, k, &cg, &rb);
				uint8_t shade = (uint8_t)((rb & 0xffff) / (SUB_X * SUB_Y));
				if (shade > out[x])
					out[x] = shade;
			}
		}
	}
	return true;
}

static void add_contact(struct stage *st, const struct mesh *mesh, const struct placement *p)
{
	struct vec3 low, high;
	const struct stand stand = stand_of(p);
	mesh_bounds(mesh, &low, &high);
	double rear = low.x + fmin(0.3, 0.2 * (high.x - low.x)), front = low.x + high.x - rear;
	struct vec3 corners[4] = {
		{rear, low.y, 0}, {front, low.y, 0}, {front, high.y, 0}, {rear, high.y, 0}};
	for (int i = 0; i < 4; i++)
		corners[i] = place(&stand, corners[i]);
	add_world(st, (struct vec3[]){corners[0], corners[1], corners[2]}, CONTACT_SHADE);
	add_world(st, (struct vec3[]){corners[0], corners[2], corners[3]}, CONTACT_SHADE);
}

bool stage_shadow(struct stage *st, const struct mesh *mesh, const struct placement *p,
	uint8_t *mask, struct sprite *ret_touched)
{
	struct vec3 sun = st->light->sun;
	const struct stand stand = stand_of(p);
	stage_clear(st);
	if (p)
		add_contact(st, mesh, p);
	for (int i = 0; i < mesh->face_count && light_has_shadows(st->light); i++) {
		const struct mesh_face *f = &mesh->faces[i];
		if (vec3_dot(turn(&stand, f->normal), sun) <= 0)
			continue;
		struct vec3 world[3];
		for (int k = 0; k < 3; k++) {
			struct vec3 v = place(&stand, mesh->vertices[f->v[k]]);
			world[k] = vec3_sub(v, vec3_scale(sun, v.z / sun.z));
			world[k].z = 0;
		}
		add_world(st, world, 255);
	}
	return raise_mask(st, mask, ret_touched);
}

/* Brightest right ahead, fading within some 25 m; a little to the sides. */
bool stage_head_light(struct stage *st, double length_m, const struct placement *p, uint8_t *mask,
	struct sprite *ret_touched)
{
	enum { ALONG = 14, ASIDE = 8 };
	const struct stand stand = stand_of(p);
	stage_clear(st);
	for (int i = 0; i < ALONG * ASIDE; i++) {
		int a = i / ASIDE, b = i % ASIDE;
		struct vec3 corners[4];
		for (int k = 0; k < 4; k++) {
			double ahead = 0.6 + 1.9 * (a + (k == 1 || k == 2));
			double left = 2.0 * (b + (k >= 2)) / ASIDE - 1;
			corners[k] = place(&stand, (struct vec3){0.5 * length_m + ahead,
							   left * (1.1 + 0.14 * ahead), 0});
		}
		double ahead = 0.6 + 1.9 * (a + 0.5), left = 2.0 * (b + 0.5) / ASIDE - 1;
		double rise = fmin(1, ahead / 4);
		double fall = exp(-ahead / 9) * fmax(0, 1 - ahead / 27.5);
		uint32_t value = (uint32_t)(255 * rise * fall * (1 - left * left));
		add_world(st, (struct vec3[]){corners[0], corners[1], corners[2]}, value);
		add_world(st, (struct vec3[]){corners[0], corners[2], corners[3]}, value);
	}
	return raise_mask(st, mask, ret_touched);
}

static uint8_t mix(uint8_t under, uint8_t over, int cover)
{
	return (uint8_t)(under + ((over - under) * cover + (over > under ? 127 : -127)) / 255);
}

static void blend_plane(
	uint8_t *to, int stride, const uint8_t *from, const uint8_t *cover, int width, int height)
{
	for (int y = 0; y < height; y++, to += stride, from += width, cover += width)
		for (int x = 0; x < width; x++)
			if (cover[x])
				to[x] = mix(to[x], from[x], cover[x]);
}

void sprite_blend(const struct sprite *s, struct sprite_target *p)
{
	int w = p->width_px, hw = w / 2;
	size_t chroma = (size_t)(s->y_px / 2) * (size_t)hw + (size_t)(s->x_px / 2);
	blend_plane(p->y + (size_t)s->y_px * (size_t)w + s->x_px, w, s->luma, s->cover, s->width_px,
		s->height_px);
	blend_plane(p->u + chroma, hw, s->u, s->chroma_cover, s->width_px / 2, s->height_px / 2);
	blend_plane(p->v + chroma, hw, s->v, s->chroma_cover, s->width_px / 2, s->height_px / 2);
}

int sprite_keep(const struct sprite *s, struct sprite *ret_copy)
{
	struct sprite copy = {0};
	int r = sprite_alloc(&copy, s->width_px, s->height_px);
	if (r < 0)
		return r;
	copy.x_px = s->x_px;
	copy.y_px = s->y_px;
	copy.distance_m = s->distance_m;
	size_t luma = (size_t)s->width_px * (size_t)s->height_px;
	memcpy(copy.luma, s->luma, luma);
	memcpy(copy.cover, s->cover, luma);
	memcpy(copy.u, s->u, luma / 4);
	memcpy(copy.v, s->v, luma / 4);
	memcpy(copy.chroma_cover, s->chroma_cover, luma / 4);
	*ret_copy = copy;
	return 0;
}
