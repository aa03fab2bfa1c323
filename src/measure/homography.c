#include "measure/homography.h"

#include "measure/levenberg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The whitening depends on the solution: so often is it renewed. */
#define WHITENINGS 3

struct homography homography_frame(const struct homography_pair *pairs, int count)
{
	struct homography hom = {0};
	for (int i = 0; i < count; i++) {
		hom.image_origin_px = vec2_add(hom.image_origin_px, pairs[i].image_px);
		hom.road_origin_m = vec2_add(hom.road_origin_m, pairs[i].road_m);
	}
	hom.image_origin_px = vec2_scale(hom.image_origin_px, 1.0 / count);
	hom.road_origin_m = vec2_scale(hom.road_origin_m, 1.0 / count);
	double image = 0, road = 0;
	for (int i = 0; i < count; i++) {
		image += vec2_length(vec2_sub(pairs[i].image_px, hom.image_origin_px));
		road += vec2_length(vec2_sub(pairs[i].road_m, hom.road_origin_m));
	}
	hom.image_scale = image > 0 ? M_SQRT2 * count / image : 1;
	hom.road_scale = road > 0 ? M_SQRT2 * count / road : 1;
	return hom;
}

struct mat3 homography_matrix(const struct homography *homography)
{
	const double *h = homography->h;
	double si = 1 / homography->image_scale, sr = homography->road_scale;
	struct vec2 i = homography->image_origin_px, r = homography->road_origin_m;
	struct mat3 normal = {{{h[0], h[1], h[2]}, {h[3], h[4], h[5]}, {h[6], h[7], 1}}};
	struct mat3 to_image = {{{si, 0, i.x}, {0, si, i.y}, {0, 0, 1}}};
	struct mat3 from_road = {{{sr, 0, -sr * r.x}, {0, sr, -sr * r.y}, {0, 0, 1}}};
	return mat3_mul(to_image, mat3_mul(normal, from_road));
}

struct vec2 homography_image(const struct homography *homography, struct vec2 road_m, double *ret_w)
{
	const double *h = homography->h;
	struct vec2 r =
		vec2_scale(vec2_sub(road_m, homography->road_origin_m), homography->road_scale);
	double w = h[6] * r.x + h[7] * r.y + 1;
	struct vec2 n = {
		(h[0] * r.x + h[1] * r.y + h[2]) / w, (h[3] * r.x + h[4] * r.y + h[5]) / w};
	if (ret_w)
		*ret_w = w;
	return vec2_add(homography->image_origin_px, vec2_scale(n, 1 / homography->image_scale));
}

void homography_derivatives(const struct homography *homography, struct vec2 road_m,
	double ret_by_road[2][2], double ret_by_h[2][8])
{
	const double *h = homography->h;
	struct vec2 r =
		vec2_scale(vec2_sub(road_m, homography->road_origin_m), homography->road_scale);
	double w = h[6] * r.x + h[7] * r.y + 1, s = 1 / (homography->image_scale * w);
	double n[2] = {(h[0] * r.x + h[1] * r.y + h[2]) / w, (h[3] * r.x + h[4] * r.y + h[5]) / w};
	for (int i = 0; i < 2; i++) {
		if (ret_by_road)
			for (int j = 0; j < 2; j++)
				ret_by_road[i][j] = (h[3 * i + j] - n[i] * h[6 + j]) * s *
						    homography->road_scale;
		if (!ret_by_h)
			continue;
		memset(ret_by_h[i], 0, sizeof(ret_by_h[i]));
		ret_by_h[i][3 * i] = r.x * s;
		ret_by_h[i][3 * i + 1] = r.y * s;
		ret_by_h[i][3 * i + 2] = s;
		ret_by_h[i][6] = -n[i] * r.x * s;
		ret_by_h[i][7] = -n[i] * r.y * s;
	}
}

/* Two rows of the linear system in normalised coordinates; h33 = 1 moves to the right side. */
static void add_linear_pair(const struct homography *hom, const struct homography_pair *pair,
	double normal[][LEVENBERG_PARAMETERS_MAX], double *right)
{
	struct vec2 r = vec2_scale(vec2_sub(pair->road_m, hom->road_origin_m), hom->road_scale);
	struct vec2 i =
		vec2_scale(vec2_sub(pair->image_px, hom->image_origin_px), hom->image_scale);
	double rows[2][8] = {{r.x, r.y, 1, 0, 0, 0, -i.x * r.x, -i.x * r.y},
		{0, 0, 0, r.x, r.y, 1, -i.y * r.x, -i.y * r.y}};
	double wanted[2] = {i.x, i.y};
	for (int k = 0; k < 2; k++)
		for (int a = 0; a < 8; a++) {
			right[a] += rows[k][a] * wanted[k];
			for (int b = 0; b < 8; b++)
				normal[a][b] += rows[k][a] * rows[k][b];
		}
}

static int solve_linear(struct homography *hom, const struct homography_pair *pairs, int count)
{
	double normal[8][LEVENBERG_PARAMETERS_MAX] = {{0}}, right[8] = {0};
	for (int i = 0; i < count; i++)
		add_linear_pair(hom, &pairs[i], normal, right);
	int rc = levenberg_invert(normal, 8);
	if (rc < 0)
		return rc;
	for (int a = 0; a < 8; a++) {
		hom->h[a] = 0;
		for (int b = 0; b < 8; b++)
			hom->h[a] += normal[a][b] * right[b];
	}
	return 0;
}

struct fit {
	struct homography *hom;
	const struct homography_pair *pairs;
	int count;
	double (*whiten)[3]; /* per pair, lower triangle: r0 = a e0, r1 = b e0 + c e1 */
};

static void fit_residuals(const double *parameters, double *ret_residuals, void *context)
{
	struct fit *fit = context;
	struct homography hom = *fit->hom;
	memcpy(hom.h, parameters, sizeof(hom.h));
	for (int i = 0; i < fit->count; i++) {
		double w;
		struct vec2 seen = homography_image(&hom, fit->pairs[i].road_m, &w);
		struct vec2 e = vec2_sub(seen, fit->pairs[i].image_px);
		ret_residuals[2 * i] = fit->whiten[i][0] * e.x;
		ret_residuals[2 * i + 1] = fit->whiten[i][1] * e.x + fit->whiten[i][2] * e.y;
	}
}

/* Inverse Cholesky factor of image_sigma^2 I + road_sigma^2 J J'. */
static void whiten_pair(const struct homography *hom, struct vec2 road_m, double image_sigma_px,
	double road_sigma_m, double ret_whiten[3])
{
	double j[2][2], i2 = image_sigma_px * image_sigma_px, r2 = road_sigma_m * road_sigma_m;
	homography_derivatives(hom, road_m, j, NULL);
	double xx = i2 + r2 * (j[0][0] * j[0][0] + j[0][1] * j[0][1]);
	double xy = r2 * (j[0][0] * j[1][0] + j[0][1] * j[1][1]);
	double yy = i2 + r2 * (j[1][0] * j[1][0] + j[1][1] * j[1][1]);
	double a = sqrt(xx), b = xy / a, c = sqrt(fmax(yy - b * b, 1e-12 * yy));
	ret_whiten[0] = 1 / a;
	ret_whiten[1] = -b / (a * c);
	ret_whiten[2] = 1 / c;
}

int homography_fit(const struct homography_pair *pairs, int count, double image_sigma_px,
	double road_sigma_m, struct homography *ret_homography)
{
	struct homography hom = homography_frame(pairs, count);
	struct fit fit = {&hom, pairs, count, calloc((size_t)count, sizeof(*fit.whiten))};
	struct levenberg problem = {8, 2 * count, fit_residuals, &fit, NULL};
	struct levenberg_result result;
	int rc = fit.whiten ? solve_linear(&hom, pairs, count) : -ENOMEM;
	for (int round = 0; rc == 0 && round < WHITENINGS; round++) {
		for (int i = 0; i < count; i++)
			whiten_pair(
				&hom, pairs[i].road_m, image_sigma_px, road_sigma_m, fit.whiten[i]);
		double h[8];
		memcpy(h, hom.h, sizeof(h));
		rc = levenberg_solve(&problem, h, &result);
		memcpy(hom.h, h, sizeof(h));
	}
	free(fit.whiten);
	if (rc < 0)
		return rc;
	hom.chi2 = result.sum_of_squares;
	for (int a = 0; a < 8; a++)
		memcpy(hom.covariance[a], result.covariance[a], sizeof(hom.covariance[a]));
	*ret_homography = hom;
	return 0;
}
