/* Points and directions in the world: x and y in metres on the road plane, z up from it. */
#pragma once

#include <math.h>

struct vec3 {
	double x, y, z;
};

static inline struct vec3 vec3_add(struct vec3 a, struct vec3 b)
{
	return (struct vec3){a.x + b.x, a.y + b.y, a.z + b.z};
}
static inline struct vec3 vec3_sub(struct vec3 a, struct vec3 b)
{
	return (struct vec3){a.x - b.x, a.y - b.y, a.z - b.z};
}
static inline struct vec3 vec3_scale(struct vec3 a, double s)
{
	return (struct vec3){a.x * s, a.y * s, a.z * s};
}
static inline double vec3_dot(struct vec3 a, struct vec3 b)
{
	return a.x * b.x + a.y * b.y + a.z * b.z;
}
static inline struct vec3 vec3_cross(struct vec3 a, struct vec3 b)
{
	return (struct vec3){a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
static inline double vec3_length(struct vec3 a)
{
	return sqrt(vec3_dot(a, a));
}
static inline struct vec3 vec3_unit(struct vec3 a)
{
	double l = vec3_length(a);
	return l > 0 ? vec3_scale(a, 1 / l) : a;
}
static inline struct vec3 vec3_mix(struct vec3 a, struct vec3 b, double t)
{
	return vec3_add(vec3_scale(a, 1 - t), vec3_scale(b, t));
}
