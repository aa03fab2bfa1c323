#include "sim/camera.h"

#include <errno.h>

static double radians(double deg)
{
	return deg * M_PI / 180;
}

/* Distorted radius to the radius that a perfect lens gives, in half diagonals. */
static double straighten(const struct camera *c, double r)
{
	double r2 = r * r;
	return r * (1 + c->k1 * r2 + c->k2 * r2 * r2);
}

static double straighten_slope(const struct camera *c, double r)
{
	double r2 = r * r;
	return 1 + 3 * c->k1 * r2 + 5 * c->k2 * r2 * r2;
}

/* The reverse by Newton's method; beyond r_max the curve goes on as a straight line. */
static double distort(const struct camera *c, double ru)
{
	double end = straighten(c, c->r_max);
	if (ru >= end)
		return c->r_max + (ru - end) / straighten_slope(c, c->r_max);
	double r = fmin(ru, c->r_max);
	for (int i = 0; i < 12; i++) {
		double step = (straighten(c, r) - ru) / straighten_slope(c, r);
		r = fmin(fmax(r - step, 0), c->r_max);
		if (fabs(step) < 1e-12)
			break;
	}
	return r;
}

static void set_axes(struct camera *c, const struct camera_params *p)
{
	double yaw = radians(p->yaw_deg), pitch = radians(p->pitch_deg),
	       roll = radians(p->roll_deg);
	struct vec3 level_right = {cos(yaw), -sin(yaw), 0};
	c->forward = (struct vec3){sin(yaw) * cos(pitch), cos(yaw) * cos(pitch), -sin(pitch)};
	struct vec3 level_down = vec3_cross(c->forward, level_right);
	c->right = vec3_add(vec3_scale(level_right, cos(roll)), vec3_scale(level_down, sin(roll)));
	c->down = vec3_cross(c->forward, c->right);
}

int camera_init(const struct camera_params *p, int width_px, int height_px, struct err *err,
	struct camera *ret_camera)
{
	if (!(p->focal_px > 0))
		return err_set(err, -EINVAL,
			"camera.focal_px is %g: a camera needs a focal length above 0",
			p->focal_px);
	if (!(p->height_m > 0))
		return err_set(err, -EINVAL,
			"camera.height_m is %g: the camera must stand above the road", p->height_m);
	struct camera c = {
		.width_px = width_px,
		.height_px = height_px,
		.focal_px = p->focal_px,
		.k1 = p->k1,
		.k2 = p->k2,
		.half_diagonal_px = 0.5 * hypot(width_px, height_px),
		.center = {0.5 * width_px, 0.5 * height_px},
		.eye = {p->position.x, p->position.y, p->height_m},
	};
	set_axes(&c, p);
	for (c.r_max = 0; c.r_max < 2 && straighten_slope(&c, c.r_max + 0.01) > 0.2;)
		c.r_max += 0.01;
	if (c.r_max < 1)
		return err_set(err, -EINVAL,
			"camera.k1 %g and k2 %g fold the image at %.0f %% of its half diagonal",
			p->k1, p->k2, 100 * c.r_max);
	*ret_camera = c;
	return 0;
}

struct vec3 camera_view(const struct camera *c, struct vec3 world)
{
	struct vec3 d = vec3_sub(world, c->eye);
	return (struct vec3){vec3_dot(d, c->right), vec3_dot(d, c->down), vec3_dot(d, c->forward)};
}

struct vec2 camera_image(const struct camera *c, struct vec3 view)
{
	double x = c->focal_px * view.x / view.z, y = c->focal_px * view.y / view.z;
	if (c->k1 != 0 || c->k2 != 0) {
		double ru = hypot(x, y) / c->half_diagonal_px;
		double scale = ru > 1e-9 ? distort(c, ru) / ru : 1;
		x *= scale;
		y *= scale;
	}
	return (struct vec2){c->center.x + x, c->center.y + y};
}

bool camera_project(const struct camera *c, struct vec3 world, struct vec2 *ret_px)
{
	struct vec3 view = camera_view(c, world);
	if (view.z < CAMERA_NEAR_M)
		return false;
	*ret_px = camera_image(c, view);
	return true;
}

struct vec3 camera_ray(const struct camera *c, struct vec2 px)
{
	double x = px.x - c->center.x, y = px.y - c->center.y;
	if (c->k1 != 0 || c->k2 != 0) {
		double r2 = (x * x + y * y) / (c->half_diagonal_px * c->half_diagonal_px);
		double scale = 1 + c->k1 * r2 + c->k2 * r2 * r2;
		x *= scale;
		y *= scale;
	}
	return vec3_add(
		c->forward, vec3_scale(vec3_add(vec3_scale(c->right, x), vec3_scale(c->down, y)),
				    1 / c->focal_px));
}

bool camera_ground(const struct camera *c, struct vec2 px, struct vec2 *ret_m)
{
	struct vec3 ray = camera_ray(c, px);
	if (ray.z > -1e-9)
		return false;
	double t = -c->eye.z / ray.z;
	*ret_m = (struct vec2){c->eye.x + t * ray.x, c->eye.y + t * ray.y};
	return true;
}
