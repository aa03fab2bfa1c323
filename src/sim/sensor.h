/*
 * What the camera does to the finished picture: it sways with its pole, sets its exposure, and adds
 * noise; and what is in the air before it: rain and snow.
 *
 * Threads: one sensor, one thread. Memory: at creation. Hot: sensor_expose().
 */
#pragma once

#include "base/frame.h"
#include "sim/light.h"
#include "sim/sprite.h"

struct sensor;

/* -ENOMEM. */
int sensor_create(const struct sim_params *params, struct sensor **ret_sensor);
void sensor_destroy(struct sensor **sensor);

/* How far the picture is moved at a time, pixels: boxes of the truth move along. */
struct vec2 sensor_shake(const struct sensor *sensor, double t_s);
/* Streaks of rain or flakes of snow. */
void sensor_weather(
	const struct sensor *sensor, double t_s, int64_t number, struct sprite_target *picture);
/* The picture as the frame shows it. `number` chooses the noise. */
void sensor_expose(struct sensor *sensor, const struct sprite_target *picture, double t_s,
	int64_t number, struct frame *frame);
