#include "sim/sensor.h"

#include "base/random.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NOISE_COUNT 65536
/* The exposure follows the mean brightness of the picture towards this, within about a second. */
#define EXPOSURE_TARGET 105.0
#define EXPOSURE_S 0.8
#define SWAYS 3

struct sensor {
	const struct sim_params *params;
	uint64_t seed;
	double phase[2][SWAYS];
	double gain, exposed_s; /* of the picture before; exposed_s < 0: none yet */
	uint8_t *moved; /* a plane for the swayed picture; NULL: it does not sway */
	int8_t noise[NOISE_COUNT + FRAME_SIDE_MAX_PX];
};

int sensor_create(const struct sim_params *p, struct sensor **ret_sensor)
{
	struct sensor *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->params = p;
	s->seed = (uint64_t)p->seed;
	s->gain = 1;
	s->exposed_s = -1;
	/* A camera that is turned up in the dark is noisy. */
	double level = p->sensor.noise_level * (p->look.light == SIM_LIGHT_NIGHT         ? 2.2
						       : p->look.light == SIM_LIGHT_DUSK ? 1.5
											 : 1);
	struct random random = random_at(s->seed, 0, 0, 'n');
	for (int i = 0; i < (int)sizeof(s->noise); i++)
		s->noise[i] = (int8_t)lrint(fmin(fmax(random_normal(&random) * level, -100), 100));
	for (int i = 0; i < 2 * SWAYS; i++)
		s->phase[i / SWAYS][i % SWAYS] = random_range(&random, 0, 2 * M_PI);
	if (p->sensor.shake_px > 0) {
		s->moved = malloc((size_t)p->video.width_px * (size_t)p->video.height_px);
		if (!s->moved) {
			sensor_destroy(&s);
			return -ENOMEM;
		}
	}
	*ret_sensor = s;
	return 0;
}

void sensor_destroy(struct sensor **sensor)
{
	struct sensor *s = *sensor;
	*sensor = NULL;
	if (!s)
		return;
	free(s->moved);
	free(s);
}

struct vec2 sensor_shake(const struct sensor *s, double t)
{
	/* Sways of a pole: slow and wide, fast and narrow; squares of the shares add up to 1/2. */
	static const double hertz[SWAYS] = {0.45, 1.7, 5.3}, share[SWAYS] = {0.80, 0.50, 0.33};
	double move[2] = {0, 0};
	for (int axis = 0; axis < 2; axis++)
		for (int i = 0; i < SWAYS; i++)
			move[axis] += share[i] * sin(2 * M_PI * hertz[i] * t + s->phase[axis][i]);
	double scale = s->params->sensor.shake_px * M_SQRT2;
	return (struct vec2){scale * move[0], 0.7 * scale * move[1]};
}

static void brighten(uint8_t *y, int by)
{
	int v = *y + by;
	*y = (uint8_t)(v > 235 ? 235 : v);
}

static void rain(const struct sensor *s, int64_t number, struct sprite_target *p)
{
	struct random r = random_at(s->seed, (uint64_t)number, 0, 'R');
	double strength = s->params->look.strength;
	int count = (int)(p->width_px * p->height_px * (0.00012 + 0.0004 * strength));
	for (int i = 0; i < count; i++) {
		int x = random_index(&r, p->width_px), y = random_index(&r, p->height_px);
		int length = 6 + random_index(&r, 14), by = 8 + random_index(&r, 18);
		for (int k = 0; k < length; k++) {
			int px = x + k / 6, py = y + k;
			if (px < p->width_px && py < p->height_px)
				brighten(&p->y[py * p->width_px + px], by);
		}
	}
}

/* Each flake falls on its own way, the near ones larger and faster. */
static void snow(const struct sensor *s, double t, struct sprite_target *p)
{
	double strength = s->params->look.strength;
	int count = (int)(p->width_px * p->height_px * (0.0003 + 0.0012 * strength));
	for (int i = 0; i < count; i++) {
		struct random r = random_at(s->seed, (uint64_t)i, 0, 'F');
		double near = random_unit(&r);
		near *= near;
		double speed = 40 + 330 * near;
		double x = random_unit(&r) * p->width_px + 0.35 * speed * t +
			   8 * sin(2 * t + random_range(&r, 0, 6));
		double y = random_unit(&r) * p->height_px + speed * t;
		int px = (int)fmod(x, p->width_px), py = (int)fmod(y, p->height_px);
		int size = 1 + (int)(2.4 * near), by = 30 + (int)(60 * near);
		for (int k = 0; k < size * size; k++) {
			int qx = px + k % size, qy = py + k / size;
			if (qx >= 0 && qx < p->width_px && qy >= 0 && qy < p->height_px)
				brighten(&p->y[qy * p->width_px + qx], by);
		}
	}
}

void sensor_weather(const struct sensor *s, double t, int64_t number, struct sprite_target *picture)
{
	if (s->params->look.weather == SIM_WEATHER_RAIN)
		rain(s, number, picture);
	else if (s->params->look.weather == SIM_WEATHER_SNOW)
		snow(s, t, picture);
}

/* Moves a plane by a fraction of pixels; what comes in at an edge repeats it. */
static void move_plane(
	const uint8_t *from, int width, int height, struct vec2 by, uint8_t *restrict to)
{
	double fx = floor(by.x), fy = floor(by.y);
	int ix = (int)fx, iy = (int)fy;
	int wx = (int)(256 * (by.x - fx)), wy = (int)(256 * (by.y - fy));
	for (int y = 0; y < height; y++) {
		int y1 = y - iy, y0 = y1 - 1;
		y1 = y1 < 0 ? 0 : y1 >= height ? height - 1 : y1;
		y0 = y0 < 0 ? 0 : y0 >= height ? height - 1 : y0;
		const uint8_t *a = from + (size_t)y1 * (size_t)width;
		const uint8_t *b = from + (size_t)y0 * (size_t)width;
		for (int x = 0; x < width; x++) {
			int x1 = x - ix, x0 = x1 - 1;
			x1 = x1 < 0 ? 0 : x1 >= width ? width - 1 : x1;
			x0 = x0 < 0 ? 0 : x0 >= width ? width - 1 : x0;
			int top = a[x1] * (256 - wx) + a[x0] * wx;
			int low = b[x1] * (256 - wx) + b[x0] * wx;
			to[(size_t)y * (size_t)width + (size_t)x] =
				(uint8_t)((top * (256 - wy) + low * wy + 32768) >> 16);
		}
	}
}

/* One byte for each: brightness or colour times the gain. */
static void make_curve(double gain, int zero, uint8_t curve[256])
{
	for (int i = 0; i < 256; i++)
		curve[i] = (uint8_t)fmin(fmax(lrint(zero + (i - zero) * gain), 1), 254);
}

static void set_gain(struct sensor *s, const struct sprite_target *p, double t)
{
	int64_t sum = 0, count = 0;
	for (int y = 4; y < p->height_px; y += 8)
		for (int x = 4; x < p->width_px; x += 8, count++)
			sum += p->y[y * p->width_px + x];
	double mean = count > 0 ? (double)sum / (double)count : EXPOSURE_TARGET;
	double wish = fmin(fmax((EXPOSURE_TARGET - 16) / fmax(mean - 16, 1), 0.5), 2.5);
	double share = s->exposed_s < 0 ? 1 : 1 - exp(-(t - s->exposed_s) / EXPOSURE_S);
	s->gain += share * (wish - s->gain);
	s->exposed_s = t;
}

static void expose_plane(const struct sensor *s, const uint8_t *from, const uint8_t *curve,
	struct frame *frame, int plane, int64_t number)
{
	int width = plane ? frame_chroma_width_px(frame) : frame->width_px;
	int height = plane ? frame_chroma_height_px(frame) : frame->height_px;
	uint8_t *to = frame_writable(frame, plane);
	int shift = plane > 0;
	for (int y = 0; y < height; y++, from += width, to += frame->stride_bytes[plane]) {
		struct random random =
			random_at(s->seed, (uint64_t)number, (uint64_t)(plane * 65536 + y), 'r');
		const int8_t *noise = s->noise + (random_u64(&random) & (NOISE_COUNT - 1));
		for (int x = 0; x < width; x++) {
			int v = (curve ? curve[from[x]] : from[x]) + (noise[x] >> shift);
			to[x] = (uint8_t)(v < 1 ? 1 : v > 254 ? 254 : v);
		}
	}
}

void sensor_expose(struct sensor *s, const struct sprite_target *p, double t, int64_t number,
	struct frame *frame)
{
	uint8_t luma[256], chroma[256];
	bool automatic = s->params->sensor.auto_exposure;
	struct vec2 by = sensor_shake(s, t);
	if (automatic) {
		set_gain(s, p, t);
		make_curve(s->gain, 16, luma);
		make_curve(s->gain, 128, chroma);
	}
	const uint8_t *planes[3] = {p->y, p->u, p->v};
	for (int i = 0; i < 3; i++) {
		const uint8_t *from = planes[i];
		int half = i > 0;
		if (s->moved) {
			move_plane(from, p->width_px >> half, p->height_px >> half,
				half ? vec2_scale(by, 0.5) : by, s->moved);
			from = s->moved;
		}
		expose_plane(s, from, !automatic ? NULL : half ? chroma : luma, frame, i, number);
	}
}
