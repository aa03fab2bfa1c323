/*
 * What light falls on things, how they throw it back, and how the sensor turns it into numbers.
 *
 * Light is linear, 1 being what the sensor shows as white; colours are red, green, blue. The
 * camera's exposure is part of it: a night is as bright here as the camera makes it.
 *
 * Threads: read-only once made. Memory: plain value.
 */
#pragma once

#include "sim/mesh.h"

#define LIGHT_TONES 4096
#define LIGHT_LAMPS_MAX 64

struct light_lamp {
	struct vec2 at; /* above the ground */
	double height_m;
};

struct light {
	struct vec3 sun; /* direction towards it, unit length */
	float sun_rgb[3], sky_rgb[3], ground_rgb[3], haze_rgb[3], zenith_rgb[3];
	double haze_m;
	float cloud_ratio; /* how much of the sky is clouded */
	float wet_ratio, snow_ratio; /* the ground */
	bool lamps_on; /* those of vehicles */
	bool dark; /* street lamps and head lamps light the ground */
	int lamp_count;
	struct light_lamp lamps[LIGHT_LAMPS_MAX]; /* of the street */
	float noise[256 * 256]; /* smooth when interpolated; periodic */
	uint8_t tone[LIGHT_TONES + 1]; /* light in units of 1 / LIGHT_TONES to sRGB */
};

extern const float light_lamp_rgb[3]; /* the colour of street lamps */

void light_init(const struct sim_look_params *params, uint64_t seed, struct light *ret_light);

/* A face of a body as it is looked at. */
struct light_face {
	const float *rgb;
	enum mesh_surface surface;
	struct vec3 normal;
	struct vec3 view; /* from it to the eye, unit length */
	double sunlit; /* 0 to 1 */
	float lamplight; /* from above, of street lamps */
	bool braking; /* for tail lamps */
};
/* Light from it towards the camera, before haze. */
void light_face(const struct light *light, const struct light_face *face, float ret_rgb[3]);
/* What street lamps give at a place on the ground. */
float light_lamps(const struct light *light, struct vec2 at);
/* Haze over a distance. */
void light_haze(const struct light *light, double distance_m, float rgb[3]);
/* Light to sRGB, 0 to 255. */
static inline uint8_t light_tone(const struct light *light, float v)
{
	float i = v * LIGHT_TONES;
	return light->tone[i <= 0 ? 0 : i >= LIGHT_TONES ? LIGHT_TONES : (int)(i + 0.5f)];
}
/* Whether the sun throws shadows that can be seen. */
bool light_has_shadows(const struct light *light);
/* How much of the brightness of level ground is left in shadow, on the picture's scale. */
double light_shadow_ratio(const struct light *light);
/* Noise between -1 and 1 that changes over `scale_m`. */
float light_noise(const struct light *light, double x, double y, double scale_m);
/* What is seen in a direction above the horizon. */
void light_sky(const struct light *light, struct vec3 ray, float ret_rgb[3]);
