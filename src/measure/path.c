#include "measure/path.h"

#include <string.h>

#define TUKEY 4.685
#define REWEIGHTINGS 2
/* The residuals' autocorrelation counts with this prior: white noise is rare in boxes. */
#define RHO_PRIOR 0.1
#define RHO_PRIOR_COUNT 10
#define RHO_MAX 0.9
/* A turn to one side and back is believed beyond that much noise. */
#define SWING_SIGMAS 3

/* One coordinate against time. */
struct axis {
	double value[PATH_MAX], inverse_var[PATH_MAX], inverse_sigma[PATH_MAX], residual[PATH_MAX];
	double weight_sum, t_mean, mean, slope, t2; /* t2: sum w (t - t_mean)^2 */
	double t3; /* sum w (t - t_mean)^3 */
};

static void axis_solve(struct axis *axis, const double *t, const double *robust, int count)
{
	double sw = 0, st = 0, sv = 0, stt = 0, stv = 0, sttt = 0;
	for (int i = 0; i < count; i++) {
		double w = robust[i] * axis->inverse_var[i];
		sw += w;
		st += w * t[i];
		sv += w * axis->value[i];
	}
	double tm = st / sw, vm = sv / sw;
	for (int i = 0; i < count; i++) {
		double w = robust[i] * axis->inverse_var[i], d = t[i] - tm;
		stt += w * d * d;
		sttt += w * d * d * d;
		stv += w * d * (axis->value[i] - vm);
	}
	axis->weight_sum = sw;
	axis->t_mean = tm;
	axis->mean = vm;
	axis->t2 = stt;
	axis->t3 = sttt;
	axis->slope = stv / stt;
	for (int i = 0; i < count; i++)
		axis->residual[i] =
			(axis->value[i] - vm - axis->slope * (t[i] - tm)) * axis->inverse_sigma[i];
}

static double axis_at(const struct axis *axis, double t)
{
	return axis->mean + axis->slope * (t - axis->t_mean);
}

/* The k-th smallest; reorders (Hoare 1961). */
static double select_kth(double *v, int count, int k)
{
	int low = 0, high = count - 1;
	while (low < high) {
		double pivot = v[(low + high) / 2];
		int i = low, j = high;
		while (i <= j) {
			while (v[i] < pivot)
				i++;
			while (v[j] > pivot)
				j--;
			if (i <= j) {
				double swap = v[i];
				v[i++] = v[j];
				v[j--] = swap;
			}
		}
		if (k <= j)
			high = j;
		else if (k >= i)
			low = i;
		else
			break;
	}
	return v[k];
}

/* Robust level of the normalised residuals, and Tukey's weights from it. */
static void reweight(const struct axis *along, const struct axis *across, int count, double *robust)
{
	double size[PATH_MAX];
	for (int i = 0; i < count; i++)
		size[i] = larger(fabs(along->residual[i]), fabs(across->residual[i]));
	/* The larger of two normal deviates has its median at 1.05. */
	double scale = larger(select_kth(size, count, count / 2) / 1.05, 0.3);
	for (int i = 0; i < count; i++) {
		double r = larger(fabs(along->residual[i]), fabs(across->residual[i]));
		double u = r / (TUKEY * scale), k = 1 - u * u;
		robust[i] = u < 1 ? k * k : 0;
	}
}

static double autocorrelation(const struct axis *axis, const double *robust, int count)
{
	double square = 0, product = 0, previous = 0;
	int n = 0;
	for (int i = 0; i < count; i++) {
		if (robust[i] <= 0)
			continue;
		double e = axis->residual[i] * sqrt(robust[i]);
		square += e * e;
		product += n ? e * previous : 0;
		previous = e;
		n++;
	}
	if (!(square > 0))
		return RHO_PRIOR;
	/* A fitted line leaves residuals that alternate a little more than the noise does. */
	double r = product / square + 2.0 / n;
	double rho = (RHO_PRIOR * RHO_PRIOR_COUNT + r * n) / (RHO_PRIOR_COUNT + n);
	return smaller(larger(rho, 0), RHO_MAX);
}

/* Variance of the residuals over the stated one, with the prior; `fitted`: numbers fitted. */
static double noise_level(const struct axis *axis, const double *robust, int count, int fitted)
{
	double chi2 = 0, weight = 0;
	for (int i = 0; i < count; i++) {
		chi2 += robust[i] * axis->residual[i] * axis->residual[i];
		weight += robust[i];
	}
	return (PATH_PRIOR_COUNT + chi2) / (PATH_PRIOR_COUNT + larger(weight - fitted, 0));
}

/* Second-order term c of c (t - t_mean)^2 beside the line, and 1 / its normal equation. */
static double curvature(const struct axis *axis, const double *t, const double *robust, int count,
	double *ret_inverse)
{
	double qq = 0, qe = 0, mean = axis->t2 / axis->weight_sum, skew = axis->t3 / axis->t2;
	for (int i = 0; i < count; i++) {
		double w = robust[i] * axis->inverse_var[i], d = t[i] - axis->t_mean;
		double q = d * d - mean - skew * d;
		qq += w * q * q;
		qe += robust[i] * q * axis->residual[i] * axis->inverse_sigma[i];
	}
	*ret_inverse = qq > 0 ? 1 / qq : HUGE_VAL;
	return qq > 0 ? qe / qq : 0;
}

/* What the second-order term explains is no noise. */
static void take_out_curve(struct axis *axis, const double *t, int count, double c)
{
	double mean = axis->t2 / axis->weight_sum, skew = axis->t3 / axis->t2;
	for (int i = 0; i < count; i++) {
		double d = t[i] - axis->t_mean;
		axis->residual[i] -= c * (d * d - mean - skew * d) * sqrt(axis->inverse_var[i]);
	}
}

/*
 * Third-order term c of c (t - t_mean)^3 beside line and second-order term, which the residuals are
 * free of, and 1 / its normal equation. It is taken out of the residuals, too. `ret_share`: how
 * much of (t - t_mean)^2 is in it.
 */
static double swing(struct axis *axis, const double *t, const double *robust, int count,
	double *ret_inverse, double *ret_share)
{
	double mean = axis->t2 / axis->weight_sum, skew = axis->t3 / axis->t2;
	double t4 = 0, shared = 0, qq = 0, cc = 0, ce = 0, cube[PATH_MAX];
	for (int i = 0; i < count; i++) {
		double w = robust[i] * axis->inverse_var[i], d = t[i] - axis->t_mean;
		double q = d * d - mean - skew * d;
		t4 += w * d * d * d * d;
		shared += w * d * d * d * q;
		qq += w * q * q;
	}
	double share = qq > 0 ? shared / qq : 0;
	for (int i = 0; i < count; i++) {
		double w = robust[i] * axis->inverse_var[i], d = t[i] - axis->t_mean;
		double line = axis->t3 / axis->weight_sum + t4 / axis->t2 * d;
		cube[i] = d * d * d - line - share * (d * d - mean - skew * d);
		cc += w * cube[i] * cube[i];
		ce += robust[i] * cube[i] * axis->residual[i] * axis->inverse_sigma[i];
	}
	double c = cc > 0 ? ce / cc : 0;
	for (int i = 0; i < count; i++)
		axis->residual[i] -= c * cube[i] * axis->inverse_sigma[i];
	*ret_share = share;
	*ret_inverse = cc > 0 ? 1 / cc : HUGE_VAL;
	return c;
}

/* What a rate that goes evenly from `a` to `b` adds up to, both ways counted. */
static double total_change(double a, double b, double span)
{
	if (a * b >= 0)
		return 0.5 * fabs(a + b) * span;
	return 0.5 * (a * a + b * b) / (fabs(a) + fabs(b)) * span;
}

/*
 * How far the heading changes. The noise is that beside the curve: a bend leaves residuals beside a
 * straight line that would make every bend look uncertain. To one side and back, as in a change of
 * lanes, counts where it is no noise.
 */
static void find_turn(
	struct axis *across, const double *t, const double *robust, int count, struct path_fit *fit)
{
	double inverse, inverse3, share, c = curvature(across, t, robust, count, &inverse);
	double span = t[count - 1], per_mps = 1 / larger(fit->speed_mps, 0.1);
	take_out_curve(across, t, count, c);
	double c3 = swing(across, t, robust, count, &inverse3, &share);
	double rho = autocorrelation(across, robust, count);
	double variance = noise_level(across, robust, count, 4) * (1 + rho) / (1 - rho);
	if (fabs(c3) < SWING_SIGMAS * sqrt(variance * inverse3))
		c3 = 0;
	double rate = 2 * (c - share * c3), change = 6 * c3;
	fit->turn_rad = 2 * c * span * per_mps;
	fit->turn_sigma_rad = 2 * sqrt(variance * inverse) * span * per_mps;
	fit->turn_total_rad = per_mps * total_change(rate - change * across->t_mean,
						rate + change * (span - across->t_mean), span);
}

/* Turns the path so that `heading` points along. */
static void split(
	const struct path *path, struct vec2 heading, struct axis *along, struct axis *across)
{
	struct vec2 origin = path->road_m[0];
	double hx = heading.x, hy = heading.y;
	for (int i = 0; i < path->count; i++) {
		struct vec2 d = vec2_sub(path->road_m[i], origin);
		const double *v = path->var_m2[i];
		along->value[i] = d.x * hx + d.y * hy;
		across->value[i] = d.y * hx - d.x * hy;
		double xx = v[0] * hx * hx + 2 * v[1] * hx * hy + v[2] * hy * hy;
		double yy = v[0] * hy * hy - 2 * v[1] * hx * hy + v[2] * hx * hx;
		along->inverse_var[i] = 1 / larger(xx, 1e-8);
		across->inverse_var[i] = 1 / larger(yy, 1e-8);
		along->inverse_sigma[i] = sqrt(along->inverse_var[i]);
		across->inverse_sigma[i] = sqrt(across->inverse_var[i]);
	}
}

static struct vec2 rough_heading(const struct path *path)
{
	int n = path->count, third = n / 3;
	struct vec2 d = {0, 0};
	for (int i = 0; i < third; i++)
		d = vec2_add(d, vec2_sub(path->road_m[n - 1 - i], path->road_m[i]));
	double length = vec2_length(d);
	return length > 0 ? vec2_scale(d, 1 / length) : (struct vec2){0, 1};
}

static struct vec2 turned(struct vec2 heading, double along, double across)
{
	return (struct vec2){
		heading.x * along - heading.y * across, heading.y * along + heading.x * across};
}

static void describe(const struct path *path, struct vec2 heading, const struct axis *along,
	struct axis *across, const double *t, const double *robust, struct path_fit *fit)
{
	int n = path->count;
	double inverse, rho = autocorrelation(along, robust, n);
	double noise2 = noise_level(along, robust, n, 2);
	for (int i = 0; i < n; i++)
		fit->used_count += robust[i] > 0;
	double widening = (1 + rho) / (1 - rho);
	fit->noise_ratio = sqrt(noise2);
	fit->rho = rho;
	fit->prior_sigma_mps = sqrt(1 / along->t2);
	fit->sigma_mps = sqrt(noise2 * widening / along->t2);
	fit->at_s = path->t_s[0] + along->t_mean + 0.5 * along->t3 / along->t2;
	fit->from_s = path->t_s[0];
	fit->to_s = path->t_s[n - 1];
	fit->from_m =
		vec2_add(path->road_m[0], turned(heading, axis_at(along, 0), axis_at(across, 0)));
	fit->to_m = vec2_add(path->road_m[0],
		turned(heading, axis_at(along, t[n - 1]), axis_at(across, t[n - 1])));
	fit->velocity_mps = turned(heading, along->slope, across->slope);
	fit->speed_mps = vec2_length(fit->velocity_mps);
	fit->heading_rad = atan2(fit->velocity_mps.y, fit->velocity_mps.x);
	fit->acceleration_mps2 = 2 * curvature(along, t, robust, n, &inverse);
	fit->acceleration_sigma_mps2 = 2 * sqrt(noise2 * widening * inverse);
	find_turn(across, t, robust, n, fit);
}

bool path_fit(const struct path *path, struct path_fit *ret_fit)
{
	struct axis along, across;
	double t[PATH_MAX], robust[PATH_MAX];
	int n = path->count, used = 0;
	if (n < 4 || !(path->t_s[n - 1] > path->t_s[0]))
		return false;
	struct vec2 heading = rough_heading(path);
	for (int i = 0; i < n; i++) {
		t[i] = path->t_s[i] - path->t_s[0];
		robust[i] = 1;
	}
	split(path, heading, &along, &across);
	for (int round = 0; round <= REWEIGHTINGS; round++) {
		if (round)
			reweight(&along, &across, n, robust);
		axis_solve(&along, t, robust, n);
		axis_solve(&across, t, robust, n);
	}
	for (int i = 0; i < n; i++)
		used += robust[i] > 0;
	if (used < 4 || !(along.t2 > 0) || !isfinite(along.slope) || !isfinite(across.slope))
		return false;
	struct path_fit fit = {0};
	describe(path, heading, &along, &across, t, robust, &fit);
	*ret_fit = fit;
	return true;
}
