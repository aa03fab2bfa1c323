#include "sim/mesh.h"

#include <stdlib.h>

static float linear(int srgb)
{
	double c = srgb / 255.0;
	return (float)(c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4));
}

void mesh_color(struct mesh *mesh, int r, int g, int b, enum mesh_surface surface)
{
	mesh->surface = (uint8_t)surface;
	mesh->rgb[0] = linear(r);
	mesh->rgb[1] = linear(g);
	mesh->rgb[2] = linear(b);
}

static int add_vertex(struct mesh *mesh, struct vec3 v)
{
	if (mesh->vertex_count == mesh->vertex_capacity) {
		int capacity = mesh->vertex_capacity ? 2 * mesh->vertex_capacity : 128;
		struct vec3 *grown =
			capacity > UINT16_MAX + 1
				? NULL
				: realloc(mesh->vertices, (size_t)capacity * sizeof(*grown));
		if (!grown) {
			mesh->failed = true;
			return 0;
		}
		mesh->vertices = grown;
		mesh->vertex_capacity = capacity;
	}
	mesh->vertices[mesh->vertex_count] = v;
	return mesh->vertex_count++;
}

static void add_face(struct mesh *mesh, int a, int b, int c, struct vec3 inside)
{
	if (mesh->face_count == mesh->face_capacity) {
		int capacity = mesh->face_capacity ? 2 * mesh->face_capacity : 128;
		struct mesh_face *grown = realloc(mesh->faces, (size_t)capacity * sizeof(*grown));
		if (!grown) {
			mesh->failed = true;
			return;
		}
		mesh->faces = grown;
		mesh->face_capacity = capacity;
	}
	if (mesh->failed)
		return;
	struct vec3 p = mesh->vertices[a], q = mesh->vertices[b], r = mesh->vertices[c];
	struct vec3 normal = vec3_cross(vec3_sub(q, p), vec3_sub(r, p));
	if (vec3_length(normal) < 1e-9)
		return;
	struct vec3 middle = vec3_scale(vec3_add(vec3_add(p, q), r), 1.0 / 3);
	struct mesh_face *face = &mesh->faces[mesh->face_count++];
	*face = (struct mesh_face){
		.v = {(uint16_t)a, (uint16_t)b, (uint16_t)c},
		.surface = mesh->surface,
		.rgb = {mesh->rgb[0], mesh->rgb[1], mesh->rgb[2]},
		.normal = vec3_unit(normal),
	};
	if (vec3_dot(face->normal, vec3_sub(middle, inside)) < 0) {
		face->v[1] = (uint16_t)c;
		face->v[2] = (uint16_t)b;
		face->normal = vec3_scale(face->normal, -1);
	}
}

void mesh_quad(struct mesh *mesh, const struct vec3 corners[4], struct vec3 inside)
{
	int v[4];
	for (int i = 0; i < 4; i++)
		v[i] = add_vertex(mesh, corners[i]);
	add_face(mesh, v[0], v[1], v[2], inside);
	add_face(mesh, v[0], v[2], v[3], inside);
}

void mesh_box(struct mesh *mesh, struct vec3 low, struct vec3 high)
{
	double half = 0.5 * (high.y - low.y), y = 0.5 * (high.y + low.y);
	int first_vertex = mesh->vertex_count, first_face = mesh->face_count;
	mesh_loft(mesh,
		(struct mesh_station[]){
			{low.x, low.z, high.z, half, half}, {high.x, low.z, high.z, half, half}},
		2);
	mesh_place(mesh, first_vertex, first_face, (struct vec3){0, y, 0}, 0);
}

static void section(const struct mesh_station *s, struct vec3 corners[4])
{
	corners[0] = (struct vec3){s->x, s->w0, s->z0};
	corners[1] = (struct vec3){s->x, -s->w0, s->z0};
	corners[2] = (struct vec3){s->x, -s->w1, s->z1};
	corners[3] = (struct vec3){s->x, s->w1, s->z1};
}

void mesh_loft(struct mesh *mesh, const struct mesh_station *stations, int count)
{
	struct vec3 inside = {0, 0, 0};
	for (int i = 0; i < count; i++) {
		inside.x += stations[i].x / count;
		inside.z += 0.5 * (stations[i].z0 + stations[i].z1) / count;
	}
	struct vec3 from[4], to[4];
	section(&stations[0], from);
	mesh_quad(mesh, from, inside);
	for (int i = 1; i < count; i++) {
		section(&stations[i], to);
		struct vec3 middle =
			vec3_mix(vec3_mix(from[0], from[2], 0.5), vec3_mix(to[0], to[2], 0.5), 0.5);
		for (int k = 0; k < 4; k++) {
			int n = (k + 1) % 4;
			mesh_quad(mesh, (struct vec3[]){from[k], from[n], to[n], to[k]}, middle);
		}
		for (int k = 0; k < 4; k++)
			from[k] = to[k];
	}
	mesh_quad(mesh, from, inside);
}

void mesh_cylinder(struct mesh *mesh, struct vec3 a, struct vec3 b, double radius, int sides)
{
	struct vec3 axis = vec3_unit(vec3_sub(b, a)), middle = vec3_mix(a, b, 0.5);
	struct vec3 aside = fabs(axis.z) < 0.9 ? (struct vec3){0, 0, 1} : (struct vec3){1, 0, 0};
	struct vec3 u = vec3_unit(vec3_cross(axis, aside)), v = vec3_cross(axis, u);
	for (int i = 0; i < sides; i++) {
		struct vec3 rim[2];
		for (int k = 0; k < 2; k++) {
			double angle = 2 * M_PI * (i + k) / sides;
			rim[k] = vec3_add(vec3_scale(u, radius * cos(angle)),
				vec3_scale(v, radius * sin(angle)));
		}
		struct vec3 a0 = vec3_add(a, rim[0]), a1 = vec3_add(a, rim[1]);
		struct vec3 b0 = vec3_add(b, rim[0]), b1 = vec3_add(b, rim[1]);
		mesh_quad(mesh, (struct vec3[]){a0, a1, b1, b0}, middle);
		mesh_quad(mesh, (struct vec3[]){a, a0, a1, a}, middle);
		mesh_quad(mesh, (struct vec3[]){b, b0, b1, b}, middle);
	}
}

void mesh_ball(struct mesh *mesh, struct vec3 center, struct vec3 radii, double mottle,
	struct random *random)
{
	enum { RINGS = 6, SIDES = 9 };
	struct vec3 grid[RINGS + 1][SIDES];
	for (int i = 0; i <= RINGS; i++)
		for (int k = 0; k < SIDES; k++) {
			double up = M_PI * ((double)i / RINGS - 0.5), round = 2 * M_PI * k / SIDES;
			double r = i == 0 || i == RINGS ? 1 : random_range(random, 0.82, 1.12);
			grid[i][k] = vec3_add(center,
				(struct vec3){r * radii.x * cos(up) * cos(round),
					r * radii.y * cos(up) * sin(round), r * radii.z * sin(up)});
		}
	float rgb[3] = {mesh->rgb[0], mesh->rgb[1], mesh->rgb[2]};
	for (int i = 0; i < RINGS; i++)
		for (int k = 0; k < SIDES; k++) {
			int n = (k + 1) % SIDES;
			float tone = (float)random_range(random, 1 - mottle, 1 + mottle);
			for (int c = 0; c < 3; c++)
				mesh->rgb[c] = rgb[c] * tone;
			mesh_quad(mesh,
				(struct vec3[]){
					grid[i][k], grid[i][n], grid[i + 1][n], grid[i + 1][k]},
				center);
		}
	for (int c = 0; c < 3; c++)
		mesh->rgb[c] = rgb[c];
}

void mesh_place(
	struct mesh *mesh, int first_vertex, int first_face, struct vec3 at, double turn_rad)
{
	double c = cos(turn_rad), s = sin(turn_rad);
	for (int i = first_vertex; i < mesh->vertex_count; i++) {
		struct vec3 v = mesh->vertices[i];
		mesh->vertices[i] =
			vec3_add(at, (struct vec3){c * v.x - s * v.y, s * v.x + c * v.y, v.z});
	}
	for (int i = first_face; i < mesh->face_count; i++) {
		struct vec3 n = mesh->faces[i].normal;
		mesh->faces[i].normal = (struct vec3){c * n.x - s * n.y, s * n.x + c * n.y, n.z};
	}
}

void mesh_bounds(const struct mesh *mesh, struct vec3 *ret_low, struct vec3 *ret_high)
{
	*ret_low = (struct vec3){INFINITY, INFINITY, INFINITY};
	*ret_high = (struct vec3){-INFINITY, -INFINITY, -INFINITY};
	for (int i = 0; i < mesh->vertex_count; i++) {
		struct vec3 v = mesh->vertices[i];
		*ret_low = (struct vec3){
			fmin(ret_low->x, v.x), fmin(ret_low->y, v.y), fmin(ret_low->z, v.z)};
		*ret_high = (struct vec3){
			fmax(ret_high->x, v.x), fmax(ret_high->y, v.y), fmax(ret_high->z, v.z)};
	}
}

void mesh_finish(struct mesh *mesh)
{
	free(mesh->vertices);
	free(mesh->faces);
	*mesh = (struct mesh){0};
}
