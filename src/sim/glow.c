#include "sim/glow.h"

/* Head lamps right in front of a vehicle are that much brighter than the night. */
#define HEAD_LIGHT 9.0
#define GLARE_M 0.55

struct glow_lamps glow_find(const struct mesh *mesh)
{
	/* One lamp for each end and side: the mean of its faces. */
	struct vec3 sum[2][3] = {0};
	int count[2][3] = {0};
	for (int i = 0; i < mesh->face_count; i++) {
		const struct mesh_face *f = &mesh->faces[i];
		if (f->surface != MESH_HEADLAMP && f->surface != MESH_TAILLAMP)
			continue;
		int end = f->surface == MESH_HEADLAMP;
		struct vec3 v = mesh->vertices[f->v[0]];
		int side = v.y > 0.25 ? 2 : v.y < -0.25 ? 0 : 1;
		sum[end][side] = vec3_add(sum[end][side], v);
		count[end][side]++;
	}
	struct glow_lamps lamps = {0};
	for (int i = 0; i < 6 && lamps.count < GLOW_LAMPS_MAX; i++) {
		int end = i / 3, side = i % 3;
		if (count[end][side] == 0)
			continue;
		lamps.items[lamps.count].at = vec3_scale(sum[end][side], 1.0 / count[end][side]);
		lamps.items[lamps.count++].head = end;
	}
	return lamps;
}

void glow_lay(const struct sprite *rect, uint8_t *mask, struct sprite_target *p)
{
	int width = p->width_px;
	for (int y = rect->y_px; y < rect->y_px + rect->height_px; y++)
		for (int x = rect->x_px; x < rect->x_px + rect->width_px; x++) {
			size_t at = (size_t)y * (size_t)width + (size_t)x;
			if (mask[at] == 0)
				continue;
			/* On the picture's scale; what is twice as bright looks 1.37 times so. */
			float gain = powf(1 + (float)HEAD_LIGHT * mask[at] / 255, 1 / 2.2f);
			float luma = 16 + (p->y[at] - 16) * gain;
			p->y[at] = (uint8_t)fminf(luma, 225);
			mask[at] = 0;
		}
}

static void blot(struct sprite_target *p, struct vec2 at, double radius, double strength, bool head)
{
	int x1 = (int)fmax(at.x - radius, 0), x2 = (int)fmin(at.x + radius + 1, p->width_px);
	int y1 = (int)fmax(at.y - radius, 0), y2 = (int)fmin(at.y + radius + 1, p->height_px);
	for (int y = y1; y < y2; y++)
		for (int x = x1; x < x2; x++) {
			double r2 = ((x + 0.5 - at.x) * (x + 0.5 - at.x) +
					    (y + 0.5 - at.y) * (y + 0.5 - at.y)) /
				    (radius * radius);
			if (r2 >= 1)
				continue;
			double share = strength * (1 - r2) * exp(-5 * r2);
			uint8_t *luma = &p->y[y * p->width_px + x];
			double full = head ? 235 : 120;
			if (*luma < full)
				*luma = (uint8_t)(*luma + share * (full - *luma));
			size_t half = (size_t)(y / 2) * (size_t)(p->width_px / 2) + (size_t)(x / 2);
			double v = head ? 130 : 205, u = head ? 122 : 104;
			p->v[half] = (uint8_t)(p->v[half] + 0.3 * share * (v - p->v[half]));
			p->u[half] = (uint8_t)(p->u[half] + 0.3 * share * (u - p->u[half]));
		}
}

void glow_glare(const struct camera *c, const struct glow_lamps *lamps, const struct placement *p,
	const uint16_t *owners, int owner, struct sprite_target *picture)
{
	double cs = cos(p->heading_rad), sn = sin(p->heading_rad);
	for (int i = 0; i < lamps->count; i++) {
		struct vec3 v = lamps->items[i].at;
		bool head = lamps->items[i].head;
		struct vec3 at = {
			p->at.x + cs * v.x - sn * v.y, p->at.y + sn * v.x + cs * v.y, v.z};
		struct vec3 out = {head ? cs : -cs, head ? sn : -sn, 0};
		struct vec3 eye = vec3_sub(c->eye, at);
		double facing = vec3_dot(out, vec3_unit(eye));
		struct vec2 px;
		if (facing < 0.1 || !camera_project(c, at, &px))
			continue;
		int x = (int)px.x, y = (int)px.y;
		if (x < 0 || y < 0 || x >= picture->width_px || y >= picture->height_px ||
			owners[y * picture->width_px + x] != owner)
			continue;
		double glare = head ? GLARE_M : 0.5 * GLARE_M;
		double radius = fmin(fmax(glare * c->focal_px / vec3_length(eye), 2.5), 60);
		blot(picture, px, radius, (head ? 0.95 : 0.7) * facing, head);
	}
}
