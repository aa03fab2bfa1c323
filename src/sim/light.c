#include "sim/light.h"

static double srgb(double v)
{
	return v <= 0.0031308 ? 12.92 * v : 1.055 * pow(v, 1 / 2.4) - 0.055;
}

void light_init(const struct sim_look_params *p, uint64_t seed, struct light *l)
{
	double bearing = p->sun_bearing_deg * M_PI / 180;
	double elevation = (p->sun_elevation_deg > 0 ? p->sun_elevation_deg : 50) * M_PI / 180;
	*l = (struct light){
		.sun = {sin(bearing) * cos(elevation), cos(bearing) * cos(elevation),
			sin(elevation)},
		.sun_rgb = {1.16f, 1.08f, 0.95f},
		.sky_rgb = {0.38f, 0.42f, 0.49f},
		.ground_rgb = {0.16f, 0.16f, 0.15f},
		.haze_rgb = {0.62f, 0.68f, 0.74f},
		.haze_m = p->haze_m > 0 ? p->haze_m : 900,
	};
	struct random r = random_at(seed, 0, 0, 'N');
	for (int i = 0; i < 256 * 256; i++)
		l->noise[i] = (float)random_range(&r, -1, 1);
	for (int i = 0; i <= LIGHT_TONES; i++)
		l->tone[i] = (uint8_t)lrint(255 * srgb((double)i / LIGHT_TONES));
}

void light_face(const struct light *l, const float rgb[3], enum mesh_surface surface, struct vec3 n,
	struct vec3 view, double sunlit, float ret_rgb[3])
{
	if (surface == MESH_LIGHT) {
		for (int c = 0; c < 3; c++)
			ret_rgb[c] = rgb[c];
		return;
	}
	float sun = (float)(fmax(0, vec3_dot(n, l->sun)) * sunlit);
	float up = (float)(0.5 + 0.5 * n.z);
	/* Mirrors more at grazing angles (Schlick 1994). */
	double facing = fmin(fmax(vec3_dot(n, view), 0), 1);
	double base = surface == MESH_GLASS ? 0.10 : surface == MESH_PAINT ? 0.035 : 0;
	float mirror = (float)(base > 0 ? base + (0.6 - base) * pow(1 - facing, 5) : 0);
	struct vec3 reflected = vec3_sub(vec3_scale(n, 2 * facing), view);
	float sky = reflected.z > 0 ? 1.6f : 0.5f;
	double glint = base > 0 ? fmax(0, vec3_dot(reflected, l->sun)) : 0;
	glint = sunlit * pow(glint, 40) * (surface == MESH_GLASS ? 0.9 : 0.35);
	for (int c = 0; c < 3; c++) {
		float ambient = up * l->sky_rgb[c] + (1 - up) * l->ground_rgb[c];
		ret_rgb[c] = (1 - mirror) * rgb[c] * (ambient + sun * l->sun_rgb[c]) +
			     mirror * sky * l->sky_rgb[c] + (float)glint * l->sun_rgb[c];
	}
}

void light_haze(const struct light *l, double distance_m, float rgb[3])
{
	float share = (float)(1 - exp(-distance_m / l->haze_m));
	for (int c = 0; c < 3; c++)
		rgb[c] += share * (l->haze_rgb[c] - rgb[c]);
}

double light_shadow_ratio(const struct light *l)
{
	double sky = l->sky_rgb[1], sun = l->sun_rgb[1] * fmax(l->sun.z, 0);
	return pow(sky / (sky + sun), 1 / 2.2);
}

float light_noise(const struct light *l, double x, double y, double scale_m)
{
	x /= scale_m;
	y /= scale_m;
	double fx = floor(x), fy = floor(y);
	float tx = (float)(x - fx), ty = (float)(y - fy);
	tx = tx * tx * (3 - 2 * tx);
	ty = ty * ty * (3 - 2 * ty);
	unsigned ix = (unsigned)(int64_t)fx & 255, iy = (unsigned)(int64_t)fy & 255;
	unsigned jx = (ix + 1) & 255, jy = (iy + 1) & 255;
	float a = l->noise[iy * 256 + ix], b = l->noise[iy * 256 + jx];
	float c = l->noise[jy * 256 + ix], d = l->noise[jy * 256 + jx];
	float top = a + tx * (b - a), low = c + tx * (d - c);
	return top + ty * (low - top);
}

void light_sky(const struct light *l, struct vec3 ray, float ret_rgb[3])
{
	struct vec3 d = vec3_unit(ray);
	float up = (float)sqrt(fmin(fmax(d.z, 0), 1));
	static const float zenith[3] = {0.16f, 0.34f, 0.66f};
	/* Clouds lie on a plane far above. */
	double reach = 1 / fmax(d.z, 0.02);
	float cloud = 0.6f * light_noise(l, d.x * reach, d.y * reach, 2.2) +
		      0.4f * light_noise(l, d.x * reach + 9, d.y * reach, 0.7);
	cloud = fminf(fmaxf(1.4f * cloud + 0.1f, 0), 0.8f) * fminf(4 * (float)d.z, 1);
	/* Far hills and trees close the horizon. */
	double bearing = atan2(d.x, d.y);
	double ridge = 0.012 + 0.007 * (double)light_noise(l, bearing, 0.5, 0.05) +
		       0.004 * (double)light_noise(l, bearing, 7.5, 0.008);
	for (int c = 0; c < 3; c++) {
		float blue = l->haze_rgb[c] + up * (zenith[c] - l->haze_rgb[c]);
		ret_rgb[c] = blue + cloud * (0.88f - blue);
		if (d.z < ridge)
			ret_rgb[c] = (c == 1 ? 0.16f : 0.10f) + 0.45f * l->haze_rgb[c];
	}
}
