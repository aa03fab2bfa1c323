#include "track/kalman.h"

static const double size_min_px = 1;
/* Further off than that, a measurement says that the prediction was too sure. */
static const double doubt_sigmas = 2;

/* One length that stands for the size of the box in all noise terms. */
static double box_scale(double width_px, double height_px)
{
	return sqrt(larger(width_px, size_min_px) * larger(height_px, size_min_px));
}

static double square(double a)
{
	return a * a;
}

static bool is_size(int axis)
{
	return axis >= KALMAN_WIDTH;
}

static void measurement(struct box box, double z[KALMAN_AXIS_COUNT])
{
	struct vec2 c = box_center(box);
	z[KALMAN_X] = c.x;
	z[KALMAN_Y] = c.y;
	z[KALMAN_WIDTH] = box_width(box);
	z[KALMAN_HEIGHT] = box_height(box);
}

static double measurement_variance(int axis, double scale_px, const struct kalman_noise *noise)
{
	return square((is_size(axis) ? noise->size_ratio : noise->centre_ratio) * scale_px);
}

void kalman_init(struct kalman *k, struct box box, const struct kalman_noise *noise)
{
	double z[KALMAN_AXIS_COUNT];
	measurement(box, z);
	double scale_px = box_scale(z[KALMAN_WIDTH], z[KALMAN_HEIGHT]);
	for (int i = 0; i < KALMAN_AXIS_COUNT; i++) {
		double growth = is_size(i) ? noise->growth_ratio / noise->motion_ratio : 1;
		k->axis[i] = (struct kalman_axis){
			.x = z[i],
			.pxx = measurement_variance(i, scale_px, noise),
			.pvv = square(noise->first_velocity_ratio * growth * scale_px),
		};
	}
}

void kalman_predict(struct kalman *k, double dt_s, const struct kalman_noise *noise)
{
	double scale_px = box_scale(k->axis[KALMAN_WIDTH].x, k->axis[KALMAN_HEIGHT].x);
	for (int i = 0; i < KALMAN_AXIS_COUNT; i++) {
		struct kalman_axis *a = &k->axis[i];
		double ratio = is_size(i) ? noise->growth_ratio : noise->motion_ratio;
		double q = square(ratio * scale_px);
		a->x += a->v * dt_s;
		a->pxx += dt_s * (2 * a->pxv + dt_s * a->pvv) + q * dt_s * dt_s * dt_s / 3;
		a->pxv += dt_s * a->pvv + q * dt_s * dt_s / 2;
		a->pvv += q * dt_s;
		if (is_size(i) && a->x < size_min_px) {
			a->x = size_min_px;
			a->v = 0;
		}
	}
}

void kalman_update(struct kalman *k, struct box box, const struct kalman_noise *noise)
{
	double z[KALMAN_AXIS_COUNT];
	measurement(box, z);
	double scale_px = box_scale(k->axis[KALMAN_WIDTH].x, k->axis[KALMAN_HEIGHT].x);
	for (int i = 0; i < KALMAN_AXIS_COUNT; i++) {
		struct kalman_axis *a = &k->axis[i];
		double s = a->pxx + measurement_variance(i, scale_px, noise);
		double gain_x = a->pxx / s, gain_v = a->pxv / s, innovation = z[i] - a->x;
		a->x += gain_x * innovation;
		a->v += gain_v * innovation;
		a->pvv -= gain_v * a->pxv;
		a->pxv -= gain_x * a->pxv;
		a->pxx -= gain_x * a->pxx;
		if (is_size(i))
			a->x = larger(a->x, size_min_px);
	}
}

void kalman_shift(struct kalman *k, struct vec2 shift_px)
{
	k->axis[KALMAN_X].x += shift_px.x;
	k->axis[KALMAN_Y].x += shift_px.y;
}

/* As if over `dt_s` it had gone faster or slower than thought, by a spread of `square_px2` by now.
 */
static void widen(struct kalman_axis *a, double square_px2, double dt_s)
{
	a->pxx += square_px2;
	a->pxv += square_px2 / dt_s;
	a->pvv += square_px2 / (dt_s * dt_s);
}

void kalman_loosen(struct kalman *k, double dt_s, double spread_ps)
{
	double scale_px = box_scale(k->axis[KALMAN_WIDTH].x, k->axis[KALMAN_HEIGHT].x);
	for (int i = KALMAN_X; i <= KALMAN_Y; i++)
		widen(&k->axis[i], square(spread_ps * scale_px * dt_s), dt_s);
}

void kalman_doubt(struct kalman *k, struct box box, double dt_s, const struct kalman_noise *noise)
{
	double scale_px = box_scale(k->axis[KALMAN_WIDTH].x, k->axis[KALMAN_HEIGHT].x);
	struct vec2 centre = box_center(box);
	double off[] = {[KALMAN_X] = centre.x - k->axis[KALMAN_X].x,
		[KALMAN_Y] = centre.y - k->axis[KALMAN_Y].x};
	for (int i = KALMAN_X; i <= KALMAN_Y; i++) {
		double expected = k->axis[i].pxx + measurement_variance(i, scale_px, noise);
		if (square(off[i]) > square(doubt_sigmas) * expected)
			widen(&k->axis[i], square(off[i]) - expected, dt_s);
	}
}

void kalman_halt(struct kalman *k)
{
	for (int i = 0; i < KALMAN_AXIS_COUNT; i++)
		k->axis[i].v = 0;
}

struct box kalman_box(const struct kalman *k)
{
	const struct kalman_axis *a = k->axis;
	double half_w = 0.5 * a[KALMAN_WIDTH].x, half_h = 0.5 * a[KALMAN_HEIGHT].x;
	return (struct box){
		.x1 = (float)(a[KALMAN_X].x - half_w),
		.y1 = (float)(a[KALMAN_Y].x - half_h),
		.x2 = (float)(a[KALMAN_X].x + half_w),
		.y2 = (float)(a[KALMAN_Y].x + half_h),
	};
}

double kalman_speed(const struct kalman *k)
{
	const struct kalman_axis *a = k->axis;
	return vec2_length((struct vec2){a[KALMAN_X].v, a[KALMAN_Y].v}) /
	       box_scale(a[KALMAN_WIDTH].x, a[KALMAN_HEIGHT].x);
}

void kalman_innovation(const struct kalman *k, struct box box, const struct kalman_noise *noise,
	struct vec2 *ret_offset_px, struct vec2 *ret_variance_px2)
{
	const struct kalman_axis *x = &k->axis[KALMAN_X], *y = &k->axis[KALMAN_Y];
	double scale_px = box_scale(k->axis[KALMAN_WIDTH].x, k->axis[KALMAN_HEIGHT].x);
	double measured = measurement_variance(KALMAN_X, scale_px, noise);
	struct vec2 centre = box_center(box);
	*ret_offset_px = (struct vec2){centre.x - x->x, centre.y - y->x};
	*ret_variance_px2 = (struct vec2){x->pxx + measured, y->pxx + measured};
}

double kalman_surprise(const struct kalman *k, struct box box)
{
	double z[KALMAN_AXIS_COUNT], sum = 0;
	measurement(box, z);
	for (int i = 0; i < KALMAN_AXIS_COUNT; i++)
		sum += square(z[i] - k->axis[i].x) * (is_size(i) ? 0.5 : 1);
	return sqrt(sum) / box_scale(k->axis[KALMAN_WIDTH].x, k->axis[KALMAN_HEIGHT].x);
}
