#include "measure/levenberg.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEVENBERG_STEPS_MAX 200

typedef double levenberg_matrix[LEVENBERG_PARAMETERS_MAX][LEVENBERG_PARAMETERS_MAX];

/* Lower Cholesky factor in place of a matrix whose diagonal was scaled to one. */
static int factor(levenberg_matrix a, int n)
{
	for (int i = 0; i < n; i++)
		for (int j = 0; j <= i; j++) {
			double sum = a[i][j];
			for (int k = 0; k < j; k++)
				sum -= a[i][k] * a[j][k];
			if (i != j)
				a[i][j] = sum / a[j][j];
			else if (sum > 1e-13)
				a[i][i] = sqrt(sum);
			else
				return -EDOM;
		}
	return 0;
}

static void solve_factored(levenberg_matrix l, int n, double *x)
{
	for (int i = 0; i < n; i++) {
		for (int k = 0; k < i; k++)
			x[i] -= l[i][k] * x[k];
		x[i] /= l[i][i];
	}
	for (int i = n - 1; i >= 0; i--) {
		for (int k = i + 1; k < n; k++)
			x[i] -= l[k][i] * x[k];
		x[i] /= l[i][i];
	}
}

/* Scales to a unit diagonal, so that metres and radians can stand in one matrix. */
static int factor_scaled(
	levenberg_matrix a, int n, double damping, double *ret_scale, levenberg_matrix ret_factor)
{
	for (int i = 0; i < n; i++) {
		if (!(a[i][i] > 0) || !isfinite(a[i][i]))
			return -EDOM;
		ret_scale[i] = 1 / sqrt(a[i][i]);
	}
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			ret_factor[i][j] =
				a[i][j] * ret_scale[i] * ret_scale[j] + (i == j ? damping : 0);
	return factor(ret_factor, n);
}

int levenberg_invert(double matrix[][LEVENBERG_PARAMETERS_MAX], int n)
{
	levenberg_matrix l;
	double scale[LEVENBERG_PARAMETERS_MAX];
	if (factor_scaled(matrix, n, 0, scale, l) < 0)
		return -EDOM;
	for (int j = 0; j < n; j++) {
		double column[LEVENBERG_PARAMETERS_MAX] = {0};
		column[j] = 1;
		solve_factored(l, n, column);
		for (int i = 0; i < n; i++)
			matrix[i][j] = column[i] * scale[i] * scale[j];
	}
	return 0;
}

static double sum_of_squares(const double *r, int count)
{
	double sum = 0;
	for (int i = 0; i < count; i++)
		sum += r[i] * r[i];
	return isfinite(sum) ? sum : HUGE_VAL;
}

/* Normal matrix and gradient; `work` holds two residual vectors and the Jacobian's columns. */
static void linearise(const struct levenberg *problem, const double *parameters,
	const double *residuals, double *work, levenberg_matrix ret_normal, double *ret_gradient)
{
	int n = problem->parameter_count, m = problem->residual_count;
	double *low = work, *high = work + m, *columns = work + 2 * m;
	double p[LEVENBERG_PARAMETERS_MAX];
	memcpy(p, parameters, sizeof(p[0]) * (size_t)n);
	for (int j = 0; j < n; j++) {
		double step = problem->steps ? problem->steps[j] : fmax(1e-6 * fabs(p[j]), 1e-7);
		p[j] = parameters[j] - step;
		problem->residuals(p, low, problem->context);
		p[j] = parameters[j] + step;
		problem->residuals(p, high, problem->context);
		p[j] = parameters[j];
		for (int i = 0; i < m; i++)
			columns[j * m + i] = (high[i] - low[i]) / (2 * step);
	}
	for (int j = 0; j < n; j++) {
		ret_gradient[j] = 0;
		for (int i = 0; i < m; i++)
			ret_gradient[j] += columns[j * m + i] * residuals[i];
		for (int k = 0; k <= j; k++) {
			double sum = 0;
			for (int i = 0; i < m; i++)
				sum += columns[j * m + i] * columns[k * m + i];
			ret_normal[j][k] = ret_normal[k][j] = sum;
		}
	}
}

/* One accepted step, or none that helps: 1 improved, 0 converged, -EDOM. */
static int improve(const struct levenberg *problem, double *parameters, double *residuals,
	double *work, double *damping, double *sum)
{
	int n = problem->parameter_count, m = problem->residual_count;
	levenberg_matrix normal, l;
	double gradient[LEVENBERG_PARAMETERS_MAX], scale[LEVENBERG_PARAMETERS_MAX];
	linearise(problem, parameters, residuals, work, normal, gradient);
	for (int attempt = 0; attempt < 30; attempt++) {
		double delta[LEVENBERG_PARAMETERS_MAX], trial[LEVENBERG_PARAMETERS_MAX];
		if (factor_scaled(normal, n, *damping, scale, l) == 0) {
			for (int j = 0; j < n; j++)
				delta[j] = gradient[j] * scale[j];
			solve_factored(l, n, delta);
			for (int j = 0; j < n; j++)
				trial[j] = parameters[j] - delta[j] * scale[j];
			problem->residuals(trial, work, problem->context);
			double trial_sum = sum_of_squares(work, m);
			if (trial_sum <= *sum) {
				double gain = *sum - trial_sum;
				memcpy(parameters, trial, sizeof(trial[0]) * (size_t)n);
				memcpy(residuals, work, sizeof(work[0]) * (size_t)m);
				*sum = trial_sum;
				*damping = fmax(*damping * 0.1, 1e-12);
				return gain > 1e-12 * trial_sum + 1e-18;
			}
		}
		*damping = fmax(*damping, 1e-9) * 10;
	}
	return 0;
}

int levenberg_solve(
	const struct levenberg *problem, double *parameters, struct levenberg_result *ret_result)
{
	int n = problem->parameter_count, m = problem->residual_count;
	double *residuals = calloc((size_t)m * (size_t)(n + 3), sizeof(double));
	if (!residuals)
		return -ENOMEM;
	double *work = residuals + m, damping = 1e-3, gradient[LEVENBERG_PARAMETERS_MAX];
	struct levenberg_result result = {0};
	problem->residuals(parameters, residuals, problem->context);
	result.sum_of_squares = sum_of_squares(residuals, m);
	int rc = isfinite(result.sum_of_squares) ? 1 : -EDOM;
	while (rc > 0 && result.iterations++ < LEVENBERG_STEPS_MAX)
		rc = improve(
			problem, parameters, residuals, work, &damping, &result.sum_of_squares);
	if (rc >= 0) {
		linearise(problem, parameters, residuals, work, result.covariance, gradient);
		rc = levenberg_invert(result.covariance, n);
	}
	free(residuals);
	if (rc == 0)
		*ret_result = result;
	return rc;
}
