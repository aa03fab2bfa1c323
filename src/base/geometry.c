#include "base/geometry.h"

#include <errno.h>
#include <stddef.h>

struct box box_clip(struct box b, double width_px, double height_px)
{
	return (struct box){
		.x1 = (float)fmin(fmax(b.x1, 0), width_px),
		.y1 = (float)fmin(fmax(b.y1, 0), height_px),
		.x2 = (float)fmin(fmax(b.x2, 0), width_px),
		.y2 = (float)fmin(fmax(b.y2, 0), height_px),
	};
}

bool segments_meet(struct vec2 p0, struct vec2 p1, struct vec2 q0, struct vec2 q1, double *ret_t,
	double *ret_u)
{
	struct vec2 r = vec2_sub(p1, p0), s = vec2_sub(q1, q0), d = vec2_sub(q0, p0);
	double cross = vec2_cross(r, s);
	if (cross == 0)
		return false;
	double t = vec2_cross(d, s) / cross;
	double u = vec2_cross(d, r) / cross;
	if (t < 0 || t > 1 || u < 0 || u > 1)
		return false;
	if (ret_t)
		*ret_t = t;
	if (ret_u)
		*ret_u = u;
	return true;
}

double segment_distance(struct vec2 p, struct vec2 a, struct vec2 b)
{
	struct vec2 ab = vec2_sub(b, a);
	double length2 = vec2_dot(ab, ab);
	double t = length2 > 0 ? vec2_dot(vec2_sub(p, a), ab) / length2 : 0;
	t = smaller(larger(t, 0), 1);
	return vec2_length(vec2_sub(p, vec2_add(a, vec2_scale(ab, t))));
}

bool polygon_contains(const struct vec2 *polygon, int count, struct vec2 p)
{
	bool inside = false;
	for (int i = 0, j = count - 1; i < count; j = i++) {
		struct vec2 a = polygon[i], b = polygon[j];
		if ((a.y > p.y) != (b.y > p.y) &&
			p.x < (b.x - a.x) * (p.y - a.y) / (b.y - a.y) + a.x)
			inside = !inside;
	}
	return inside;
}

double polygon_area(const struct vec2 *polygon, int count)
{
	double twice = 0;
	for (int i = 0, j = count - 1; i < count; j = i++)
		twice += vec2_cross(polygon[j], polygon[i]);
	return 0.5 * twice;
}

bool polygon_crosses_itself(const struct vec2 *polygon, int count, int *ret_a, int *ret_b)
{
	for (int i = 0; i < count; i++)
		for (int j = i + 2; j < count; j++) {
			if (i == 0 && j == count - 1)
				continue;
			if (!segments_meet(polygon[i], polygon[(i + 1) % count], polygon[j],
				    polygon[(j + 1) % count], NULL, NULL))
				continue;
			*ret_a = i;
			*ret_b = j;
			return true;
		}
	return false;
}

struct mat3 mat3_identity(void)
{
	return (struct mat3){{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
}

struct mat3 mat3_mul(struct mat3 a, struct mat3 b)
{
	struct mat3 r;
	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++)
			r.m[i][j] = a.m[i][0] * b.m[0][j] + a.m[i][1] * b.m[1][j] +
				    a.m[i][2] * b.m[2][j];
	return r;
}

int mat3_invert(struct mat3 a, struct mat3 *ret_inverse)
{
	struct mat3 adj;
	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++) {
			int r0 = (j + 1) % 3, r1 = (j + 2) % 3, c0 = (i + 1) % 3, c1 = (i + 2) % 3;
			adj.m[i][j] = a.m[r0][c0] * a.m[r1][c1] - a.m[r0][c1] * a.m[r1][c0];
		}
	double det = a.m[0][0] * adj.m[0][0] + a.m[0][1] * adj.m[1][0] + a.m[0][2] * adj.m[2][0];
	if (!(fabs(det) > 0) || !isfinite(1 / det))
		return -EDOM;
	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++)
			adj.m[i][j] /= det;
	*ret_inverse = adj;
	return 0;
}
