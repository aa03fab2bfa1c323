#include "detect/motion_camera.h"

#include "pixel/background.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define QUARTER 4
#define STEPS 4
/* Points are the best of cells this large, so that all parts of the picture have a say. */
#define CELL 6
#define GRADIENT_MIN 16
#define POINTS_MIN 60
/* Tukey's biweight gives no weight to a point that is off by more. */
#define OUTLIER_LEVELS 40.0
/* Share of the points that must fit. */
#define FIT_RATIO 0.35
#define FIT_LEVELS 12

int motion_camera_init(struct motion_camera *camera, int width, int height)
{
	*camera = (struct motion_camera){.width = width, .height = height};
	struct motion_camera_level *full = &camera->levels[0], *small = &camera->levels[1];
	full->width = width;
	full->height = height;
	small->width = width / QUARTER;
	small->height = height / QUARTER;
	size_t n = (size_t)small->width * (size_t)small->height;
	small->picture = calloc(n, 1);
	small->reference = calloc(n, 1);
	camera->steady = calloc((size_t)width * (size_t)height * 3 / 2, 1);
	if (small->picture && small->reference && camera->steady)
		return 0;
	motion_camera_finish(camera);
	return -ENOMEM;
}

void motion_camera_finish(struct motion_camera *camera)
{
	free(camera->levels[1].picture);
	free(camera->levels[1].reference);
	free(camera->steady);
	*camera = (struct motion_camera){0};
}

static struct motion_camera_point point_at(const uint8_t *ref, int width, int x, int y)
{
	const uint8_t *p = ref + (int64_t)y * width + x;
	return (struct motion_camera_point){(int16_t)x, (int16_t)y, (int16_t)(p[1] - p[-1]),
		(int16_t)(p[width] - p[-width]), p[0]};
}

static struct motion_camera_point best_of_cell(
	const struct motion_camera_level *level, const uint8_t *ref, int x0, int y0)
{
	struct motion_camera_point best = {0};
	int most = 0;
	for (int y = y0; y < y0 + CELL && y < level->height - 2; y++)
		for (int x = x0; x < x0 + CELL && x < level->width - 2; x++) {
			struct motion_camera_point p = point_at(ref, level->width, x, y);
			int strength = abs(p.gx) + abs(p.gy);
			if (strength > most) {
				most = strength;
				best = p;
			}
		}
	return best;
}

static void choose_points(struct motion_camera_level *level, const uint8_t *ref)
{
	level->point_count = 0;
	int cells = (level->width / CELL) * (level->height / CELL);
	/* Every stride-th cell, in scan order, where there are more cells than room. */
	int stride = cells / MOTION_CAMERA_POINTS + 1, turn = 0;
	for (int y = 2; y < level->height - 2; y += CELL)
		for (int x = 2; x < level->width - 2; x += CELL) {
			if (turn++ % stride != 0 || level->point_count == MOTION_CAMERA_POINTS)
				continue;
			struct motion_camera_point p = best_of_cell(level, ref, x, y);
			if (abs(p.gx) + abs(p.gy) >= GRADIENT_MIN)
				level->points[level->point_count++] = p;
		}
}

void motion_camera_learn(struct motion_camera *camera, const uint8_t *reference, bool restart)
{
	struct motion_camera_level *small = &camera->levels[1];
	background_shrink(reference, camera->width, QUARTER, small->reference, small->width,
		small->width, small->height);
	choose_points(&camera->levels[0], reference);
	choose_points(small, small->reference);
	if (restart)
		camera->view = (struct background_view){0};
}

/* Bilinear, in sixteenths of a level; false where the point lies outside. */
static bool sample(const uint8_t *picture, int width, int height, double x, double y, double *ret)
{
	int ix = (int)floor(x), iy = (int)floor(y);
	if (ix < 0 || iy < 0 || ix >= width - 1 || iy >= height - 1)
		return false;
	double fx = x - ix, fy = y - iy;
	const uint8_t *p = picture + (int64_t)iy * width + ix;
	double top = p[0] + fx * (p[1] - p[0]);
	double bottom = p[width] + fx * (p[width + 1] - p[width]);
	*ret = top + fy * (bottom - top);
	return true;
}

/* Solves the symmetric 4x4 system in place by elimination; false where it is singular. */
static bool solve(double a[4][5])
{
	for (int i = 0; i < 4; i++) {
		if (a[i][i] < 1e-6)
			return false;
		for (int r = i + 1; r < 4; r++) {
			double f = a[r][i] / a[i][i];
			for (int c = i; c < 5; c++)
				a[r][c] -= f * a[i][c];
		}
	}
	for (int i = 3; i >= 0; i--) {
		for (int c = i + 1; c < 4; c++)
			a[i][4] -= a[i][c] * a[c][4];
		a[i][4] /= a[i][i];
	}
	return true;
}

/* One Gauss-Newton step on one level, coordinates scaled to full size; the share that fits. */
static double step(const struct motion_camera_level *level, const uint8_t *picture, double scale,
	double half_size, struct background_view *view)
{
	double a[4][5] = {{0}};
	int inside = 0, fit = 0;
	const double cx = 0.5 * level->width, cy = 0.5 * level->height;
	for (int i = 0; i < level->point_count; i++) {
		const struct motion_camera_point *p = &level->points[i];
		double rx = p->x - cx, ry = p->y - cy, value;
		double x = p->x + view->dx / scale + view->zoom * rx - view->turn * ry;
		double y = p->y + view->dy / scale + view->zoom * ry + view->turn * rx;
		if (!sample(picture, level->width, level->height, x, y, &value))
			continue;
		double off = p->level - value;
		inside++;
		fit += fabs(off) < FIT_LEVELS;
		if (fabs(off) >= OUTLIER_LEVELS)
			continue;
		double w = 1 - (off / OUTLIER_LEVELS) * (off / OUTLIER_LEVELS);
		w *= w;
		double gx = 0.5 * p->gx, gy = 0.5 * p->gy, norm = scale / half_size;
		double j[4] = {gx / scale, gy / scale, (gx * rx + gy * ry) / scale * norm,
			(gy * rx - gx * ry) / scale * norm};
		for (int r = 0; r < 4; r++) {
			for (int c = 0; c < 4; c++)
				a[r][c] += w * j[r] * j[c];
			a[r][4] += w * j[r] * off;
		}
	}
	if (inside < POINTS_MIN || !solve(a))
		return 0;
	view->dx += a[0][4];
	view->dy += a[1][4];
	view->zoom += a[2][4] / half_size;
	view->turn += a[3][4] / half_size;
	return (double)fit / inside;
}

bool motion_camera_follow(struct motion_camera *camera, const uint8_t *picture)
{
	struct motion_camera_level *full = &camera->levels[0], *small = &camera->levels[1];
	if (full->point_count < POINTS_MIN)
		return false;
	background_shrink(picture, camera->width, QUARTER, small->picture, small->width,
		small->width, small->height);
	struct background_view view = camera->view;
	const double half_size = 0.5 * camera->width;
	if (small->point_count >= POINTS_MIN)
		for (int i = 0; i < STEPS; i++)
			step(small, small->picture, QUARTER, half_size, &view);
	double fit = 0;
	for (int i = 0; i < STEPS; i++)
		fit = step(full, picture, 1, half_size, &view);
	if (fit < FIT_RATIO)
		return false;
	camera->view = view;
	return true;
}

double motion_camera_reach(const struct motion_camera *camera)
{
	const struct background_view *v = &camera->view;
	double turn = hypot(v->zoom, v->turn) * 0.5 * hypot(camera->width, camera->height);
	return hypot(v->dx, v->dy) + turn;
}

uint8_t *motion_camera_steady(struct motion_camera *camera, const uint8_t *picture)
{
	const int w = camera->width, h = camera->height;
	const int64_t n = (int64_t)w * h;
	const struct background_view full = camera->view;
	struct background_view half = full;
	half.dx *= 0.5;
	half.dy *= 0.5;
	background_warp(picture, w, h, &full, camera->steady);
	background_warp(picture + n, w / 2, h / 2, &half, camera->steady + n);
	background_warp(picture + n + n / 4, w / 2, h / 2, &half, camera->steady + n + n / 4);
	return camera->steady;
}
