/*
 * A homography between image and road from point pairs: direct linear transform in normalised
 * coordinates (Hartley, In Defense of the Eight-Point Algorithm, 1997), then maximum likelihood
 * with errors in both the image and the road points (Hartley & Zisserman, 2nd ed., 4.2 and 4.5):
 * each pair's reprojection error is whitened by its own covariance.
 *
 * Threads: none of its own. Memory: none kept.
 */
#pragma once

#include "base/geometry.h"

struct homography_pair {
	struct vec2 image_px; /* undistorted */
	struct vec2 road_m;
};

/*
 * The eight free parameters are those of the matrix [h0 h1 h2; h3 h4 h5; h6 h7 1] from normalised
 * road to normalised image coordinates, (p - origin) * scale. The origins are the centroids of
 * the pairs, which no camera can see beyond the horizon, so the last entry is never 0.
 */
struct homography {
	struct vec2 image_origin_px, road_origin_m;
	double image_scale, road_scale;
	double h[8];
	double covariance[8][8];
	double chi2; /* whitened sum of squares; 2 * pairs - 8 degrees of freedom */
};

/* Origins and scales for these pairs; h and the rest are zero. */
struct homography homography_frame(const struct homography_pair *pairs, int count);

/* -EDOM where the pairs do not determine it; -ENOMEM. `count` >= 4. The covariance is that of the
 * stated sigmas, not yet scaled by the residuals. */
int homography_fit(const struct homography_pair *pairs, int count, double image_sigma_px,
	double road_sigma_m, struct homography *ret_homography);

struct mat3 homography_matrix(const struct homography *homography); /* image from road */

/* Where a road point is seen; `ret_w` > 0 on the near side of the horizon. */
struct vec2 homography_image(
	const struct homography *homography, struct vec2 road_m, double *ret_w);
/* d(image px) / d(road m), and d(image px) / dh; either may be NULL. */
void homography_derivatives(const struct homography *homography, struct vec2 road_m,
	double ret_by_road[2][2], double ret_by_h[2][8]);
