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

/* One number along the heading and one across it, worked out side by side. */
typedef double pair __attribute__((vector_size(2 * sizeof(double))));
enum { ALONG, ACROSS };

/* Both coordinates against time. */
struct axes {
	pair value[PATH_MAX], inverse_var[PATH_MAX], inverse_sigma[PATH_MAX], residual[PATH_MAX];
	pair weight_sum, t_mean, mean, slope, t2; /* t2: sum w (t - t_mean)^2 */
	pair t3; /* sum w (t - t_mean)^3 */
};

static pair pair_sqrt(pair p)
{
	return (pair){sqrt(p[ALONG]), sqrt(p[ACROSS])};
}

static void axes_solve(struct axes *axes, const double *t, const double *robust, int count)
{
	pair sw = {0, 0}, st = sw, sv = sw, stt = sw, stv = sw, sttt = sw;
	for (int i = 0; i < count; i++) {
		pair w = robust[i] * axes->inverse_var[i];
		sw += w;
		st += w * t[i];
		sv += w * axes->value[i];
	}
	pair tm = st / sw, vm = sv / sw;
	for (int i = 0; i < count; i++) {
		pair d = t[i] - tm, wd = robust[i] * axes->inverse_var[i] * d, wdd = wd * d;
		stt += wdd;
		sttt += wdd * d;
		stv += wd * (axes->value[i] - vm);
	}
	axes->weight_sum = sw;
	axes->t_mean = tm;
	axes->mean = vm;
	axes->t2 = stt;
	axes->t3 = sttt;
	axes->slope = stv / stt;
	for (int i = 0; i < count; i++)
		axes->residual[i] =
			(axes->value[i] - vm - axes->slope * (t[i] - tm)) * axes->inverse_sigma[i];
}

static pair axes_at(const struct axes *axes, double t)
{
	return axes->mean + axes->slope * (t - axes->t_mean);
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
static void reweight(const struct axes *axes, int count, double *robust)
{
	double size[PATH_MAX], sorted[PATH_MAX];
	for (int i = 0; i < count; i++) {
		pair r = axes->residual[i];
		size[i] = sorted[i] = larger(fabs(r[ALONG]), fabs(r[ACROSS]));
	}
	/* The larger of two normal deviates has its median at 1.05. */
	double scale = larger(select_kth(sorted, count, count / 2) / 1.05, 0.3);
	for (int i = 0; i < count; i++) {
		double u = size[i] / (TUKEY * scale), k = 1 - u * u;
		robust[i] = u < 1 ? k * k : 0;
	}
}

static double rho_of(double square, double product, int n)
{
	if (!(square > 0))
		return RHO_PRIOR;
	/* A fitted line leaves residuals that alternate a little more than the noise does. */
	double r = product / square + 2.0 / n;
	double rho = (RHO_PRIOR * RHO_PRIOR_COUNT + r * n) / (RHO_PRIOR_COUNT + n);
	return smaller(larger(rho, 0), RHO_MAX);
}

static pair autocorrelation(const struct axes *axes, const double *robust, int count)
{
	pair square = {0, 0}, product = square, previous = square;
	int n = 0;
	for (int i = 0; i < count; i++) {
		if (robust[i] <= 0)
			continue;
		pair e = axes->residual[i] * sqrt(robust[i]);
		square += e * e;
		product += e * previous;
		previous = e;
		n++;
	}
	return (pair){rho_of(square[ALONG], product[ALONG], n),
		rho_of(square[ACROSS], product[ACROSS], n)};
}

/* Variance of the residuals over the stated one, with the prior; `fitted`: numbers fitted. */
static pair noise_level(const struct axes *axes, const double *robust, int count, pair fitted)
{
	pair chi2 = {0, 0};
	double weight = 0;
	for (int i = 0; i < count; i++) {
		chi2 += robust[i] * axes->residual[i] * axes->residual[i];
		weight += robust[i];
	}
	pair freedom = {larger(weight - fitted[ALONG], 0), larger(weight - fitted[ACROSS], 0)};
	return (PATH_PRIOR_COUNT + chi2) / (PATH_PRIOR_COUNT + freedom);
}

/* Second-order terms c of c (t - t_mean)^2 beside the lines, and 1 / their normal equations. */
static pair curvature(const struct axes *axes, const double *t, const double *robust, int count,
	pair *ret_inverse)
{
	pair qq = {0, 0}, qe = qq, mean = axes->t2 / axes->weight_sum, skew = axes->t3 / axes->t2;
	for (int i = 0; i < count; i++) {
		pair w = robust[i] * axes->inverse_var[i], d = t[i] - axes->t_mean;
		pair q = d * d - mean - skew * d;
		qq += w * q * q;
		qe += robust[i] * q * axes->residual[i] * axes->inverse_sigma[i];
	}
	pair c = qe / qq, inverse = 1 / qq;
	for (int k = ALONG; k <= ACROSS; k++) {
		(*ret_inverse)[k] = qq[k] > 0 ? inverse[k] : HUGE_VAL;
		c[k] = qq[k] > 0 ? c[k] : 0;
	}
	return c;
}

/*
 * Across the heading, what the second-order term `c` explains is no noise, nor what a third-order
 * term c3 of (t - t_mean)^3 beside line and second-order term does: both are taken out of the
 * residuals. Returns c3, 1 / its normal equation, and in `ret_share` how much of (t - t_mean)^2 is
 * in it.
 */
static double take_out_curve(struct axes *axes, const double *t, const double *robust, int count,
	double c, double *ret_inverse, double *ret_share)
{
	double t2 = axes->t2[ACROSS], t3 = axes->t3[ACROSS], total = axes->weight_sum[ACROSS];
	double mean = t2 / total, skew = t3 / t2;
	double t4 = 0, shared = 0, qq = 0, cc = 0, ce = 0;
	double square[PATH_MAX], cube[PATH_MAX];
	for (int i = 0; i < count; i++) {
		double w = robust[i] * axes->inverse_var[i][ACROSS];
		double d = t[i] - axes->t_mean[ACROSS], q = d * d - mean - skew * d, d3 = d * d * d;
		square[i] = q;
		cube[i] = d3;
		t4 += w * d3 * d;
		shared += w * d3 * q;
		qq += w * q * q;
	}
	double share = qq > 0 ? shared / qq : 0, level = t3 / total, slope = t4 / t2;
	for (int i = 0; i < count; i++) {
		double w = robust[i] * axes->inverse_var[i][ACROSS];
		double sigma = axes->inverse_sigma[i][ACROSS], d = t[i] - axes->t_mean[ACROSS];
		double residual = axes->residual[i][ACROSS] - c * square[i] * sigma;
		cube[i] -= level + slope * d + share * square[i];
		axes->residual[i][ACROSS] = residual;
		cc += w * cube[i] * cube[i];
		ce += robust[i] * cube[i] * residual * sigma;
	}
	double c3 = cc > 0 ? ce / cc : 0;
	for (int i = 0; i < count; i++)
		axes->residual[i][ACROSS] -= c3 * cube[i] * axes->inverse_sigma[i][ACROSS];
	*ret_share = share;
	*ret_inverse = cc > 0 ? 1 / cc : HUGE_VAL;
	return c3;
}

/* What a rate that goes evenly from `a` to `b` adds up to, both ways counted. */
static double total_change(double a, double b, double span)
{
	if (a * b >= 0)
		return 0.5 * fabs(a + b) * span;
	return 0.5 * (a * a + b * b) / (fabs(a) + fabs(b)) * span;
}

/* A term of third order, and how it stands to the one of second order. */
struct swing {
	double c, inverse, share;
};

/*
 * How far the heading changes. The noise is that beside the curve: a bend leaves residuals beside a
 * straight line that would make every bend look uncertain. To one side and back, as in a change of
 * lanes, counts where it is no noise.
 */
static void tell_turn(double c, double inverse, struct swing swing, double variance, double t_mean,
	double span, struct path_fit *fit)
{
	double per_mps = 1 / larger(fit->speed_mps, 0.1);
	double c3 = fabs(swing.c) < SWING_SIGMAS * sqrt(variance * swing.inverse) ? 0 : swing.c;
	double rate = 2 * (c - swing.share * c3), change = 6 * c3;
	fit->turn_rad = 2 * c * span * per_mps;
	fit->turn_sigma_rad = 2 * sqrt(variance * inverse) * span * per_mps;
	fit->turn_total_rad = per_mps * total_change(rate - change * t_mean,
						rate + change * (span - t_mean), span);
}

/* Turns the path so that `heading` points along. */
static void split(const struct path *path, struct vec2 heading, struct axes *axes)
{
	struct vec2 origin = path->road_m[0];
	double hx = heading.x, hy = heading.y;
	for (int i = 0; i < path->count; i++) {
		struct vec2 d = vec2_sub(path->road_m[i], origin);
		const double *v = path->var_m2[i];
		axes->value[i] = (pair){d.x * hx + d.y * hy, d.y * hx - d.x * hy};
		double xx = v[0] * hx * hx + 2 * v[1] * hx * hy + v[2] * hy * hy;
		double yy = v[0] * hy * hy - 2 * v[1] * hx * hy + v[2] * hx * hx;
		axes->inverse_var[i] = 1 / (pair){larger(xx, 1e-8), larger(yy, 1e-8)};
		axes->inverse_sigma[i] = pair_sqrt(axes->inverse_var[i]);
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

static struct vec2 turned(struct vec2 heading, pair p)
{
	return (struct vec2){heading.x * p[ALONG] - heading.y * p[ACROSS],
		heading.y * p[ALONG] + heading.x * p[ACROSS]};
}

static void describe(const struct path *path, struct vec2 heading, struct axes *axes,
	const double *t, const double *robust, struct path_fit *fit)
{
	int n = path->count;
	struct swing swing;
	pair inverse, c = curvature(axes, t, robust, n, &inverse);
	swing.c = take_out_curve(axes, t, robust, n, c[ACROSS], &swing.inverse, &swing.share);
	pair noise2 = noise_level(axes, robust, n, (pair){2, 4});
	pair rho = autocorrelation(axes, robust, n), variance = noise2 * (1 + rho) / (1 - rho);
	for (int i = 0; i < n; i++)
		fit->used_count += robust[i] > 0;
	double t2 = axes->t2[ALONG];
	fit->noise_ratio = sqrt(noise2[ALONG]);
	fit->rho = rho[ALONG];
	fit->prior_sigma_mps = sqrt(1 / t2);
	fit->sigma_mps = sqrt(variance[ALONG] / t2);
	fit->at_s = path->t_s[0] + axes->t_mean[ALONG] + 0.5 * axes->t3[ALONG] / t2;
	fit->from_s = path->t_s[0];
	fit->to_s = path->t_s[n - 1];
	fit->from_m = vec2_add(path->road_m[0], turned(heading, axes_at(axes, 0)));
	fit->to_m = vec2_add(path->road_m[0], turned(heading, axes_at(axes, t[n - 1])));
	fit->velocity_mps = turned(heading, axes->slope);
	fit->speed_mps = vec2_length(fit->velocity_mps);
	fit->heading_sigma_rad = sqrt(1 / axes->t2[ACROSS]) / larger(fit->speed_mps, 0.1);
	fit->heading_rad = atan2(fit->velocity_mps.y, fit->velocity_mps.x);
	fit->acceleration_mps2 = 2 * c[ALONG];
	fit->acceleration_sigma_mps2 = 2 * sqrt(variance[ALONG] * inverse[ALONG]);
	tell_turn(c[ACROSS], inverse[ACROSS], swing, variance[ACROSS], axes->t_mean[ACROSS],
		t[n - 1], fit);
}

bool path_fit(const struct path *path, struct path_fit *ret_fit)
{
	struct axes axes;
	double t[PATH_MAX], robust[PATH_MAX];
	int n = path->count, used = 0;
	if (n < 4 || !(path->t_s[n - 1] > path->t_s[0]))
		return false;
	struct vec2 heading = rough_heading(path);
	for (int i = 0; i < n; i++) {
		t[i] = path->t_s[i] - path->t_s[0];
		robust[i] = 1;
	}
	split(path, heading, &axes);
	for (int round = 0; round <= REWEIGHTINGS; round++) {
		if (round)
			reweight(&axes, n, robust);
		axes_solve(&axes, t, robust, n);
	}
	for (int i = 0; i < n; i++)
		used += robust[i] > 0;
	if (used < 4 || !(axes.t2[ALONG] > 0) || !isfinite(axes.slope[ALONG]) ||
		!isfinite(axes.slope[ACROSS]))
		return false;
	struct path_fit fit = {0};
	describe(path, heading, &axes, t, robust, &fit);
	*ret_fit = fit;
	return true;
}
