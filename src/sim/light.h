/*
 * What light falls on things, how they throw it back, and how the sensor turns it into numbers.
 *
 * Light is linear, 1 being what the sensor shows as white; colours are red, green, blue.
 *
 * Threads: read-only once made. Memory: plain value.
 */
#pragma once

#include "sim/mesh.h"

#define LIGHT_TONES 4096

struct light {
	struct vec3 sun; /* direction towards it, unit length */
	float sun_rgb[3], sky_rgb[3], ground_rgb[3], haze_rgb[3];
	double haze_m;
	float noise[256 * 256]; /* smooth when interpolated; periodic */
	uint8_t tone[LIGHT_TONES + 1]; /* light in units of 1 / LIGHT_TONES to sRGB */
};

void light_init(const struct sim_look_params *params, uint64_t seed, struct light *ret_light);

/* Light from a face towards the camera, before haze. `sunlit` 0 to 1; `view`: from it to the eye.
 */
void light_face(const struct light *light, const float rgb[3], enum mesh_surface surface,
	struct vec3 normal, struct vec3 view, double sunlit, float ret_rgb[3]);
/* Haze over a distance. */
void light_haze(const struct light *light, double distance_m, float rgb[3]);
/* Light to sRGB, 0 to 255. */
static inline uint8_t light_tone(const struct light *light, float v)
{
	float i = v * LIGHT_TONES;
	return light->tone[i <= 0 ? 0 : i >= LIGHT_TONES ? LIGHT_TONES : (int)(i + 0.5f)];
}
/* How much of the brightness of level ground is left in shadow, on the picture's scale. */
double light_shadow_ratio(const struct light *light);
/* Noise between -1 and 1 that changes over `scale_m`. */
float light_noise(const struct light *light, double x, double y, double scale_m);
/* What is seen in a direction above the horizon. */
void light_sky(const struct light *light, struct vec3 ray, float ret_rgb[3]);
