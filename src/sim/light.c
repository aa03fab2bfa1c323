#include "sim/light.h"

/* Clear skies at four times of day. */
static const struct daytime {
	double elevation_deg;
	float sun[3], sky[3], ground[3], haze[3], zenith[3];
} daytimes[] = {
	[SIM_LIGHT_DAY] = {50, {1.16f, 1.08f, 0.95f}, {0.38f, 0.42f, 0.49f}, {0.16f, 0.16f, 0.15f},
		{0.55f, 0.62f, 0.70f}, {0.16f, 0.34f, 0.66f}},
	[SIM_LIGHT_LOW_SUN] = {9, {1.75f, 1.22f, 0.66f}, {0.36f, 0.37f, 0.42f},
		{0.13f, 0.12f, 0.10f}, {0.80f, 0.60f, 0.40f}, {0.26f, 0.38f, 0.60f}},
	[SIM_LIGHT_DUSK] = {0, {0, 0, 0}, {0.22f, 0.23f, 0.30f}, {0.07f, 0.07f, 0.08f},
		{0.42f, 0.30f, 0.26f}, {0.10f, 0.14f, 0.26f}},
	[SIM_LIGHT_NIGHT] = {0, {0, 0, 0}, {0.060f, 0.062f, 0.072f}, {0.020f, 0.020f, 0.022f},
		{0.020f, 0.020f, 0.026f}, {0.004f, 0.005f, 0.010f}},
};

const float light_lamp_rgb[3] = {1.0f, 0.86f, 0.62f};

static double srgb(double v)
{
	return v <= 0.0031308 ? 12.92 * v : 1.055 * pow(v, 1 / 2.4) - 0.055;
}

static void mix(float to[3], const float with[3], float share)
{
	for (int c = 0; c < 3; c++)
		to[c] += share * (with[c] - to[c]);
}

/* Clouds take the sun away and spread a part of its light over the sky. */
static void cover(struct light *l, float share)
{
	float grey = 0.33f * (l->haze_rgb[0] + l->haze_rgb[1] + l->haze_rgb[2]);
	for (int c = 0; c < 3; c++) {
		l->sky_rgb[c] += 0.35f * share * l->sun_rgb[c];
		l->sun_rgb[c] *= 1 - share;
	}
	mix(l->zenith_rgb, (float[]){grey, grey, 1.03f * grey}, share);
	mix(l->haze_rgb, (float[]){grey, grey, 1.02f * grey}, share);
	l->cloud_ratio = fmaxf(l->cloud_ratio, share);
}

static void set_weather(struct light *l, const struct sim_look_params *p)
{
	float strength = (float)p->strength;
	double haze_m = 2500;
	switch ((enum sim_weather)p->weather) {
	case SIM_WEATHER_CLEAR:
		break;
	case SIM_WEATHER_OVERCAST:
		cover(l, 0.5f + 0.5f * strength);
		break;
	case SIM_WEATHER_RAIN:
		cover(l, 1);
		l->wet_ratio = 0.4f + 0.6f * strength;
		haze_m = 900 - 600 * p->strength;
		l->lamps_on = true;
		break;
	case SIM_WEATHER_FOG:
		cover(l, 1);
		haze_m = 250 * pow(0.25, p->strength);
		l->lamps_on = true;
		break;
	case SIM_WEATHER_SNOW:
		cover(l, 1);
		l->snow_ratio = 0.3f + 0.7f * strength;
		haze_m = 600 - 400 * p->strength;
		l->lamps_on = true;
		break;
	}
	l->haze_m = p->haze_m > 0 ? p->haze_m : haze_m;
}

void light_init(const struct sim_look_params *p, uint64_t seed, struct light *l)
{
	const struct daytime *day = &daytimes[p->light];
	double bearing = p->sun_bearing_deg * M_PI / 180;
	double elevation = p->sun_elevation_deg > 0 ? p->sun_elevation_deg : day->elevation_deg;
	elevation *= M_PI / 180;
	*l = (struct light){
		.sun = {sin(bearing) * cos(elevation), cos(bearing) * cos(elevation),
			sin(elevation)},
		.cloud_ratio = 0.45f,
		.lamps_on = p->light == SIM_LIGHT_DUSK || p->light == SIM_LIGHT_NIGHT,
		.dark = p->light == SIM_LIGHT_NIGHT,
	};
	for (int c = 0; c < 3; c++) {
		l->sun_rgb[c] = day->sun[c];
		l->sky_rgb[c] = day->sky[c];
		l->ground_rgb[c] = day->ground[c];
		l->haze_rgb[c] = day->haze[c];
		l->zenith_rgb[c] = day->zenith[c];
	}
	set_weather(l, p);
	struct random r = random_at(seed, 0, 0, 'N');
	for (int i = 0; i < 256 * 256; i++)
		l->noise[i] = (float)random_range(&r, -1, 1);
	for (int i = 0; i <= LIGHT_TONES; i++)
		l->tone[i] = (uint8_t)lrint(255 * srgb((double)i / LIGHT_TONES));
}

/* Lamps of vehicles shine by themselves where they are on. */
static bool shine(const struct light *l, const struct light_face *f, float rgb[3])
{
	static const float head[3] = {1.0f, 0.97f, 0.88f}, tail[3] = {0.55f, 0.015f, 0.012f};
	static const float brake[3] = {1.0f, 0.06f, 0.04f};
	const float *lamp = f->rgb;
	if (f->surface == MESH_HEADLAMP)
		lamp = l->lamps_on ? head : NULL;
	else if (f->surface == MESH_TAILLAMP)
		lamp = f->braking ? brake : l->lamps_on ? tail : NULL;
	else if (f->surface != MESH_LIGHT)
		lamp = NULL;
	for (int c = 0; lamp && c < 3; c++)
		rgb[c] = lamp[c];
	return lamp;
}

void light_face(const struct light *l, const struct light_face *f, float ret_rgb[3])
{
	if (shine(l, f, ret_rgb))
		return;
	bool glass = f->surface == MESH_GLASS, dull = f->surface == MESH_MATT;
	float sun = (float)(fmax(0, vec3_dot(f->normal, l->sun)) * f->sunlit);
	float up = (float)(0.5 + 0.5 * f->normal.z);
	/* Mirrors more at grazing angles (Schlick 1994). */
	double facing = fmin(fmax(vec3_dot(f->normal, f->view), 0), 1);
	double base = glass ? 0.10 : dull ? 0 : 0.035;
	float mirror = (float)(base > 0 ? base + (0.6 - base) * pow(1 - facing, 5) : 0);
	struct vec3 reflected = vec3_sub(vec3_scale(f->normal, 2 * facing), f->view);
	float sky = reflected.z > 0 ? 1.6f : 0.5f;
	double glint = base > 0 ? fmax(0, vec3_dot(reflected, l->sun)) : 0;
	glint = f->sunlit * pow(glint, 40) * (glass ? 0.9 : 0.35);
	for (int c = 0; c < 3; c++) {
		float ambient = up * l->sky_rgb[c] + (1 - up) * l->ground_rgb[c];
		ambient += f->lamplight * (0.25f + 0.75f * up) * light_lamp_rgb[c];
		ret_rgb[c] = (1 - mirror) * f->rgb[c] * (ambient + sun * l->sun_rgb[c]) +
			     mirror * sky * l->sky_rgb[c] + (float)glint * l->sun_rgb[c];
	}
}

float light_lamps(const struct light *l, struct vec2 at)
{
	float sum = 0;
	for (int i = 0; i < l->lamp_count; i++) {
		double h2 = l->lamps[i].height_m * l->lamps[i].height_m;
		double dx = at.x - l->lamps[i].at.x, dy = at.y - l->lamps[i].at.y;
		double spread = 1 + (dx * dx + dy * dy) / h2;
		if (spread < 12)
			sum += (float)(0.42 / (spread * spread));
	}
	return sum;
}

void light_haze(const struct light *l, double distance_m, float rgb[3])
{
	mix(rgb, l->haze_rgb, (float)(1 - exp(-distance_m / l->haze_m)));
}

bool light_has_shadows(const struct light *l)
{
	return l->sun.z > 0.02 && l->sun_rgb[1] * l->sun.z > 0.08 * l->sky_rgb[1];
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

#define HILLS_M 2400.0

void light_sky(const struct light *l, struct vec3 ray, float rgb[3])
{
	struct vec3 d = vec3_unit(ray);
	float up = (float)sqrt(fmin(fmax(d.z, 0), 1));
	/* Clouds lie on a plane far above. */
	double reach = 1 / fmax(d.z, 0.02);
	float cloud = 0.6f * light_noise(l, d.x * reach, d.y * reach, 2.2) +
		      0.4f * light_noise(l, d.x * reach + 9, d.y * reach, 0.7);
	cloud = fminf(fmaxf(1.4f * cloud + 2 * l->cloud_ratio - 0.8f, 0), 0.8f);
	cloud *= fminf(4 * (float)d.z, 1);
	/* Far hills and trees close the horizon, half lost in the haze, or all in fog. */
	double bearing = atan2(d.x, d.y);
	double ridge = 0.012 + 0.007 * (double)light_noise(l, bearing, 0.5, 0.05) +
		       0.004 * (double)light_noise(l, bearing, 7.5, 0.008);
	float bright = l->sky_rgb[1] + 0.35f * l->sun_rgb[1];
	float clear = (float)exp(-HILLS_M / l->haze_m);
	for (int c = 0; c < 3; c++) {
		rgb[c] = l->haze_rgb[c] + up * (l->zenith_rgb[c] - l->haze_rgb[c]);
		rgb[c] += cloud * (fminf(1.05f * bright, 0.9f) - rgb[c]);
	}
	if (d.z < ridge)
		for (int c = 0; c < 3; c++)
			rgb[c] += clear * (bright * (c == 1 ? 0.16f : 0.11f) - rgb[c]);
}
