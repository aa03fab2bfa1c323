/*
 * Nonlinear least squares for the handful of parameters of a calibration: Levenberg's damped
 * Gauss-Newton with Marquardt's scaling and a central-difference Jacobian (Press et al., Numerical
 * Recipes, 3rd ed., 15.5). Residuals are whitened by the caller (divided by their sigma), so the
 * inverse of the normal matrix is the covariance of the parameters.
 *
 * Threads: none of its own. Memory: a workspace per call, freed before it returns.
 */
#pragma once

#define LEVENBERG_PARAMETERS_MAX 16

struct levenberg {
	int parameter_count; /* 1 to LEVENBERG_PARAMETERS_MAX */
	int residual_count;
	/* Fills residual_count numbers; one that is not finite marks a point out of the domain. */
	void (*residuals)(const double *parameters, double *ret_residuals, void *context);
	void *context;
	/* Step of the numeric derivative, per parameter; NULL: 1e-6 of its size, at least 1e-7. */
	const double *steps;
};

struct levenberg_result {
	double sum_of_squares;
	double covariance[LEVENBERG_PARAMETERS_MAX][LEVENBERG_PARAMETERS_MAX];
	int iterations;
};

/*
 * Improves `parameters` in place. 0; -EDOM where the residuals are not finite at the start or the
 * normal matrix is singular at the end (the data do not determine the parameters); -ENOMEM.
 */
int levenberg_solve(
	const struct levenberg *problem, double *parameters, struct levenberg_result *ret_result);

/* Inverts a symmetric positive definite n x n matrix (rows of LEVENBERG_PARAMETERS_MAX) in place;
 * -EDOM where it is not one, or is so to less than one part in 1e13. */
int levenberg_invert(double matrix[][LEVENBERG_PARAMETERS_MAX], int n);
