/*
 * Solid bodies of flat faces: road users and the things that stand beside a road.
 *
 * A mesh stands on its own ground: x ahead, y to the left, z up, metres, the origin in the middle
 * of the footprint. Faces look outwards.
 *
 * Threads: read-only once built. Memory: mesh_finish() frees it.
 */
#pragma once

#include "base/random.h"
#include "sim/params.h"
#include "sim/vec3.h"

#include <stdint.h>

/* What a face is made of beyond its colour. */
enum mesh_surface {
	MESH_MATT,
	MESH_PAINT, /* reflects a little of the sky */
	MESH_GLASS, /* reflects much of it */
	MESH_LIGHT, /* shines by itself: the lamps of signals */
	MESH_HEADLAMP, /* shine where it is dark */
	MESH_TAILLAMP, /* the same; and when braking */
};

struct mesh_face {
	uint16_t v[3];
	uint8_t surface; /* enum mesh_surface */
	float rgb[3]; /* share of light thrown back, linear, 0 to 1 */
	struct vec3 normal;
};

struct mesh {
	struct vec3 *vertices;
	struct mesh_face *faces;
	int vertex_count, vertex_capacity;
	int face_count, face_capacity;
	bool failed; /* out of memory: what was added since is missing */
	/* What the next faces are made of. */
	uint8_t surface; /* enum mesh_surface */
	float rgb[3];
};

/* sRGB 0 to 255 as for the web; becomes linear. */
void mesh_color(struct mesh *mesh, int r, int g, int b, enum mesh_surface surface);
/* A flat quadrilateral whose outside is away from `inside`. */
void mesh_quad(struct mesh *mesh, const struct vec3 corners[4], struct vec3 inside);
void mesh_box(struct mesh *mesh, struct vec3 low, struct vec3 high);

/* A cross section of a body at x: from z0 to z1, half as wide as w0 there and as w1 at the top. */
struct mesh_station {
	double x, z0, z1, w0, w1;
};
/* The hull of sections one after another, with both ends closed. */
void mesh_loft(struct mesh *mesh, const struct mesh_station *stations, int count);
/* A wheel or a rod: around the axis from a to b. */
void mesh_cylinder(struct mesh *mesh, struct vec3 a, struct vec3 b, double radius_m, int sides);
/* An uneven ball; every face a little lighter or darker by `mottle` (share). */
void mesh_ball(struct mesh *mesh, struct vec3 center, struct vec3 radii, double mottle,
	struct random *random);

/* Places everything added since `first_vertex` elsewhere and turns it about the vertical. */
void mesh_place(
	struct mesh *mesh, int first_vertex, int first_face, struct vec3 at, double turn_rad);
/* Footprint and height, of all vertices. */
void mesh_bounds(const struct mesh *mesh, struct vec3 *ret_low, struct vec3 *ret_high);
void mesh_finish(struct mesh *mesh);
