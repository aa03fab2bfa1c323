#include "measure/survey.h"

#include "measure/levenberg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RESIDUAL_SIGMAS 4
#define WHITENINGS 4
/* A cheap camera's principal point is known to about this share of the image width. */
#define PRINCIPAL_SIGMA_RATIO 0.005

/* The direction comes last, for surveys in which nothing has one. */
enum parameter {
	LOG_FOCAL, /* of px */
	TILT, /* rad, of the optical axis below the horizon */
	ROLL, /* rad */
	LOG_HEIGHT, /* of m */
	PRINCIPAL_X, /* px from where it is expected; held by a prior */
	PRINCIPAL_Y,
	DIRECTION, /* rad, of the road's y axis, from ahead towards the right */
	PARAMETER_COUNT
};

struct vec3 {
	double v[3];
};

struct camera {
	double focal_px;
	struct vec2 principal_px;
	double height_m;
	struct vec3 up, right, ahead; /* of the road, in camera coordinates (x right, y down) */
};

struct survey {
	const struct calibration_distance *distances;
	int distance_count;
	const struct calibration_line *lines;
	int line_count;
	const struct lens *lens;
	double image_sigma_px, road_sigma_m;
	double principal_sigma_px;
	bool directed;
	int parameter_count, residual_count;
	double (*sigmas)[2]; /* of each distance and of its error in direction, m */
};

static double dot(struct vec3 a, struct vec3 b)
{
	return a.v[0] * b.v[0] + a.v[1] * b.v[1] + a.v[2] * b.v[2];
}

static struct vec3 cross(struct vec3 a, struct vec3 b)
{
	return (struct vec3){{a.v[1] * b.v[2] - a.v[2] * b.v[1], a.v[2] * b.v[0] - a.v[0] * b.v[2],
		a.v[0] * b.v[1] - a.v[1] * b.v[0]}};
}

static struct camera camera_make(const struct survey *survey, const double *p)
{
	double ct = cos(p[TILT]), st = sin(p[TILT]), cr = cos(p[ROLL]), sr = sin(p[ROLL]);
	struct camera camera = {
		.focal_px = exp(p[LOG_FOCAL]),
		.principal_px = vec2_add(
			survey->lens->center_px, (struct vec2){p[PRINCIPAL_X], p[PRINCIPAL_Y]}),
		.height_m = exp(p[LOG_HEIGHT]),
		.up = {{sr * ct, -cr * ct, -st}},
	};
	/* The camera's own x axis laid down on the road, then turned by the direction. */
	struct vec3 x = {{cr, sr, 0}}, z = cross(camera.up, x);
	double phi = survey->directed ? p[DIRECTION] : 0, c = cos(phi), s = sin(phi);
	for (int i = 0; i < 3; i++) {
		camera.right.v[i] = c * x.v[i] - s * z.v[i];
		camera.ahead.v[i] = s * x.v[i] + c * z.v[i];
	}
	return camera;
}

/* The road point in the camera's road axes, from the point under it; NAN beyond the horizon. */
static struct vec2 camera_road(const struct camera *camera, struct vec2 undistorted_px)
{
	struct vec2 d =
		vec2_scale(vec2_sub(undistorted_px, camera->principal_px), 1 / camera->focal_px);
	struct vec3 ray = {{d.x, d.y, 1}};
	double down = -dot(camera->up, ray);
	if (!(down > 1e-9))
		return (struct vec2){NAN, NAN};
	double t = camera->height_m / down;
	return (struct vec2){t * dot(camera->right, ray), t * dot(camera->ahead, ray)};
}

static struct vec2 unit_of(int direction)
{
	return direction == ROAD_DIRECTION_ACROSS ? (struct vec2){1, 0} : (struct vec2){0, 1};
}

/* Distances of the line's image points from the line through their middle to its vanishing point;
 * returns how many residuals were written. */
static int line_residuals(const struct survey *survey, const struct camera *camera,
	const struct calibration_line *line, double *ret)
{
	int n = line->points.count;
	struct vec2 middle = {0, 0};
	for (int i = 0; i < n; i++)
		middle = vec2_add(middle,
			vec2_scale(lens_undistort(survey->lens, line->points.items[i]), 1.0 / n));
	struct vec3 toward =
		line->direction == ROAD_DIRECTION_ACROSS ? camera->right : camera->ahead;
	/* Image direction at the middle: f * direction - (middle - principal) * its depth. */
	struct vec2 m = vec2_sub(middle, camera->principal_px);
	struct vec2 d = {camera->focal_px * toward.v[0] - m.x * toward.v[2],
		camera->focal_px * toward.v[1] - m.y * toward.v[2]};
	double length = vec2_length(d);
	for (int i = 0; i < n; i++) {
		struct vec2 e =
			vec2_sub(lens_undistort(survey->lens, line->points.items[i]), middle);
		ret[i] = vec2_cross(d, e) / (length * survey->image_sigma_px);
	}
	return n;
}

static struct vec2 distance_vector(const struct survey *survey, const struct camera *camera,
	struct vec2 from_px, struct vec2 to_px)
{
	return vec2_sub(camera_road(camera, lens_undistort(survey->lens, to_px)),
		camera_road(camera, lens_undistort(survey->lens, from_px)));
}

static void survey_residuals(const double *p, double *ret, void *context)
{
	const struct survey *survey = context;
	struct camera camera = camera_make(survey, p);
	int n = 0;
	ret[n++] = p[PRINCIPAL_X] / survey->principal_sigma_px;
	ret[n++] = p[PRINCIPAL_Y] / survey->principal_sigma_px;
	for (int i = 0; i < survey->line_count; i++)
		n += line_residuals(survey, &camera, &survey->lines[i], ret + n);
	for (int i = 0; i < survey->distance_count; i++) {
		const struct calibration_distance *d = &survey->distances[i];
		struct vec2 v = distance_vector(survey, &camera, d->from, d->to);
		ret[n++] = (vec2_length(v) - d->length_m) / survey->sigmas[i][0];
		if (d->direction != ROAD_DIRECTION_ANY)
			ret[n++] = vec2_cross(unit_of(d->direction), v) / survey->sigmas[i][1];
	}
}

/* What picking the ends with image_sigma_px does to a distance's length and direction. */
static void whiten(struct survey *survey, const double *p)
{
	struct camera camera = camera_make(survey, p);
	for (int i = 0; i < survey->distance_count; i++) {
		const struct calibration_distance *d = &survey->distances[i];
		double var[2] = {0, 0}, step = 0.01;
		struct vec2 v = distance_vector(survey, &camera, d->from, d->to);
		struct vec2 unit = vec2_scale(v, 1 / vec2_length(v));
		for (int k = 0; k < 4; k++) {
			struct vec2 shift = k % 2 ? (struct vec2){step, 0} : (struct vec2){0, step};
			struct vec2 from = k < 2 ? vec2_add(d->from, shift) : d->from;
			struct vec2 to = k < 2 ? d->to : vec2_add(d->to, shift);
			struct vec2 change = vec2_scale(
				vec2_sub(distance_vector(survey, &camera, from, to), v), 1 / step);
			double along = vec2_dot(change, unit), across = vec2_cross(unit, change);
			var[0] += along * along;
			var[1] += across * across;
		}
		double i2 = survey->image_sigma_px * survey->image_sigma_px;
		double r2 = survey->road_sigma_m * survey->road_sigma_m;
		survey->sigmas[i][0] = sqrt(var[0] * i2 + r2);
		survey->sigmas[i][1] = sqrt(var[1] * i2 + r2);
	}
}

/* Direction and height that suit a focal length and a tilt; false where a point is in the sky. */
static bool start_from(struct survey *survey, double focal_px, double tilt, double *ret_p)
{
	memset(ret_p, 0, sizeof(double) * PARAMETER_COUNT);
	ret_p[LOG_FOCAL] = log(focal_px);
	ret_p[TILT] = tilt;
	struct camera camera = camera_make(survey, ret_p);
	double product = 0, square = 0;
	struct vec2 twice = {0, 0};
	for (int i = 0; i < survey->distance_count; i++) {
		const struct calibration_distance *d = &survey->distances[i];
		struct vec2 v = distance_vector(survey, &camera, d->from, d->to);
		double length = vec2_length(v);
		if (!isfinite(length))
			return false;
		product += length * d->length_m;
		square += length * length;
		double angle = 2 * atan2(v.x, v.y);
		double weight = d->direction == ROAD_DIRECTION_ANY     ? 0
				: d->direction == ROAD_DIRECTION_ALONG ? length
								       : -length;
		twice = vec2_add(twice, (struct vec2){weight * sin(angle), weight * cos(angle)});
	}
	for (int i = 0; i < survey->line_count; i++) {
		const struct calibration_line *line = &survey->lines[i];
		struct vec2 v = distance_vector(survey, &camera, line->points.items[0],
			line->points.items[line->points.count - 1]);
		double length = vec2_length(v), angle = 2 * atan2(v.x, v.y);
		if (!isfinite(length))
			return false;
		if (line->direction == ROAD_DIRECTION_ACROSS)
			length = -length;
		twice = vec2_add(twice, (struct vec2){length * sin(angle), length * cos(angle)});
	}
	ret_p[DIRECTION] = 0.5 * atan2(twice.x, twice.y);
	ret_p[LOG_HEIGHT] = log(product / square);
	return true;
}

static int refine(struct survey *survey, double *p, struct levenberg_result *ret_result)
{
	struct levenberg problem = {
		survey->parameter_count, survey->residual_count, survey_residuals, survey, NULL};
	int rc = 0;
	for (int round = 0; rc == 0 && round < WHITENINGS; round++) {
		whiten(survey, p);
		rc = levenberg_solve(&problem, p, ret_result);
	}
	return rc;
}

/* The least squares have several valleys; the whole range of cameras is tried. */
static int solve_from_everywhere(
	struct survey *survey, int width_px, double *ret_p, struct levenberg_result *ret_result)
{
	static const double focals[] = {0.5, 0.8, 1.3, 2, 3.5, 6};
	static const double tilts[] = {0.04, 0.09, 0.17, 0.3, 0.5, 0.8, 1.1, 1.4};
	int rc = -EDOM;
	double best = HUGE_VAL;
	for (size_t f = 0; f < sizeof(focals) / sizeof(focals[0]); f++)
		for (size_t t = 0; t < sizeof(tilts) / sizeof(tilts[0]); t++) {
			double p[PARAMETER_COUNT];
			struct levenberg_result result;
			if (!start_from(survey, focals[f] * width_px, tilts[t], p))
				continue;
			int tried = refine(survey, p, &result);
			if (tried == -ENOMEM)
				return tried;
			if (tried < 0 || result.sum_of_squares >= best || fabs(p[ROLL]) > 1 ||
				p[TILT] <= 0 || p[TILT] > 1.58)
				continue;
			best = result.sum_of_squares;
			memcpy(ret_p, p, sizeof(p));
			*ret_result = result;
			rc = 0;
		}
	return rc;
}

/* Image from road, the road's origin at the point seen at `reference_px`. */
static struct mat3 camera_matrix(const struct camera *camera, struct vec2 reference_px)
{
	struct vec2 d =
		vec2_scale(vec2_sub(reference_px, camera->principal_px), 1 / camera->focal_px);
	struct vec3 ray = {{d.x, d.y, 1}};
	double t = -camera->height_m / dot(camera->up, ray);
	struct mat3 pose, k = {{{camera->focal_px, 0, camera->principal_px.x},
				  {0, camera->focal_px, camera->principal_px.y}, {0, 0, 1}}};
	for (int i = 0; i < 3; i++) {
		pose.m[i][0] = camera->right.v[i];
		pose.m[i][1] = camera->ahead.v[i];
		pose.m[i][2] = t * ray.v[i];
	}
	return mat3_mul(k, pose);
}

/* The eight parameters of `frame` for a solution. */
static void to_parameters(const struct survey *survey, const double *p,
	const struct homography *frame, struct vec2 reference_px, double ret_h[8])
{
	struct camera camera = camera_make(survey, p);
	double si = frame->image_scale, sr = 1 / frame->road_scale;
	struct vec2 i = frame->image_origin_px, r = frame->road_origin_m;
	struct mat3 from_image = {{{si, 0, -si * i.x}, {0, si, -si * i.y}, {0, 0, 1}}};
	struct mat3 to_road = {{{sr, 0, r.x}, {0, sr, r.y}, {0, 0, 1}}};
	struct mat3 m =
		mat3_mul(from_image, mat3_mul(camera_matrix(&camera, reference_px), to_road));
	for (int k = 0; k < 8; k++)
		ret_h[k] = m.m[k / 3][k % 3] / m.m[2][2];
}

static void set_homography(const struct survey *survey, const double *p,
	const struct levenberg_result *result, double factor,
	const struct calibration_params *params, struct calibration *cal)
{
	struct homography_pair pairs[CALIBRATION_POINTS_MAX];
	struct vec2 points[CALIBRATION_POINTS_MAX], reference = {0, 0}, origin;
	struct camera camera = camera_make(survey, p);
	int count = survey_points(params, points, CALIBRATION_POINTS_MAX);
	for (int i = 0; i < count; i++) {
		pairs[i].image_px = lens_undistort(survey->lens, points[i]);
		reference = vec2_add(reference, vec2_scale(pairs[i].image_px, 1.0 / count));
	}
	origin = camera_road(&camera, reference);
	for (int i = 0; i < count; i++)
		pairs[i].road_m = vec2_sub(camera_road(&camera, pairs[i].image_px), origin);
	struct homography *hom = &cal->homography;
	*hom = homography_frame(pairs, count);
	to_parameters(survey, p, hom, reference, hom->h);
	hom->chi2 = result->sum_of_squares;
	double by[8][PARAMETER_COUNT] = {{0}};
	for (int k = 0; k < survey->parameter_count; k++) {
		double q[PARAMETER_COUNT], low[8], high[8], step = fmax(1e-6 * fabs(p[k]), 1e-7);
		memcpy(q, p, sizeof(q));
		q[k] = p[k] - step;
		to_parameters(survey, q, hom, reference, low);
		q[k] = p[k] + step;
		to_parameters(survey, q, hom, reference, high);
		for (int a = 0; a < 8; a++)
			by[a][k] = (high[a] - low[a]) / (2 * step);
	}
	for (int a = 0; a < 8; a++)
		for (int b = 0; b < 8; b++) {
			double sum = 0;
			for (int k = 0; k < survey->parameter_count; k++)
				for (int l = 0; l < survey->parameter_count; l++)
					sum += by[a][k] * result->covariance[k][l] * by[b][l];
			hom->covariance[a][b] = sum * factor;
		}
}

/* Counts residuals; the degrees of freedom, one less per line, decide whether it is enough. */
static int count_residuals(struct survey *survey, struct err *err)
{
	int directed = 0, freedom = 0;
	survey->residual_count = 2;
	for (int i = 0; i < survey->line_count; i++) {
		survey->residual_count += survey->lines[i].points.count;
		freedom += survey->lines[i].points.count - 1;
	}
	for (int i = 0; i < survey->distance_count; i++)
		directed += survey->distances[i].direction != ROAD_DIRECTION_ANY;
	survey->residual_count += survey->distance_count + directed;
	freedom += survey->distance_count + directed;
	survey->directed = directed || survey->line_count;
	survey->parameter_count = survey->directed ? PARAMETER_COUNT : DIRECTION;
	int needed = survey->parameter_count - 2;
	if (survey->distance_count == 0)
		return err_set(err, -EDOM,
			"calibration: parallel_lines alone give no scale; add at least one "
			"distance");
	if (freedom < needed)
		return err_set(err, -EDOM,
			"calibration: distances and parallel_lines give %d conditions, %d are "
			"needed; "
			"measure more distances, in both directions of the road",
			freedom, needed);
	return freedom - needed;
}

static int check_input(const struct calibration_params *params, struct err *err)
{
	const struct calibration_distance *d = params->distances.items;
	for (int i = 0; i < params->distances.count; i++)
		if (vec2_length(vec2_sub(d[i].to, d[i].from)) < 2)
			return err_set(err, -EDOM,
				"calibration: distance %d begins and ends at the same image point",
				i + 1);
	const struct calibration_line *l = params->parallel_lines.items;
	for (int i = 0; i < params->parallel_lines.count; i++)
		if (l[i].points.count < 2 || vec2_length(vec2_sub(l[i].points.items[0],
						     l[i].points.items[l[i].points.count - 1])) < 2)
			return err_set(err, -EDOM,
				"calibration: parallel line %d needs two points that are not the "
				"same",
				i + 1);
	struct vec2 points[CALIBRATION_POINTS_MAX];
	if (survey_points(params, points, CALIBRATION_POINTS_MAX) == CALIBRATION_POINTS_MAX)
		return err_set(err, -EDOM,
			"calibration: distances and parallel_lines have more than %d image points",
			CALIBRATION_POINTS_MAX - 1);
	return 0;
}

int survey_points(const struct calibration_params *params, struct vec2 *ret_points, int max)
{
	const struct calibration_distance *d = params->distances.items;
	const struct calibration_line *l = params->parallel_lines.items;
	int n = 0;
	for (int i = 0; i < params->distances.count && n + 2 <= max; i++) {
		ret_points[n++] = d[i].from;
		ret_points[n++] = d[i].to;
	}
	for (int i = 0; i < params->parallel_lines.count; i++)
		for (int k = 0; k < l[i].points.count && n < max; k++)
			ret_points[n++] = l[i].points.items[k];
	return n;
}

static int finish(struct survey *survey, const double *p, const struct levenberg_result *result,
	int freedom, const struct calibration_params *params, struct err *err,
	struct calibration *cal)
{
	double per_freedom = freedom > 0 ? result->sum_of_squares / freedom : 0;
	if (per_freedom > RESIDUAL_SIGMAS * RESIDUAL_SIGMAS)
		return err_set(err, -EDOM,
			"calibration: distances and lines contradict each other: %.1f times what "
			"image_sigma_px and road_sigma_m allow; check the lengths and directions",
			sqrt(per_freedom));
	set_homography(survey, p, result, fmax(1, per_freedom), params, cal);
	cal->image_from_road = homography_matrix(&cal->homography);
	if (mat3_invert(cal->image_from_road, &cal->road_from_image) < 0)
		return err_set(err, -EDOM, "calibration: the view is singular");
	cal->principal_px = camera_make(survey, p).principal_px;
	cal->rms_px = sqrt(per_freedom) * params->image_sigma_px;
	cal->max_residual_px = 0;
	double residuals[3 * CALIBRATION_POINTS_MAX + 2];
	survey_residuals(p, residuals, survey);
	for (int i = 2; i < survey->residual_count; i++)
		cal->max_residual_px =
			fmax(cal->max_residual_px, fabs(residuals[i]) * params->image_sigma_px);
	cal->point_count = survey->distance_count + survey->line_count;
	return 0;
}

int survey_solve(const struct calibration_params *params, struct err *err, struct calibration *cal)
{
	struct survey survey = {
		.distances = params->distances.items,
		.distance_count = params->distances.count,
		.lines = params->parallel_lines.items,
		.line_count = params->parallel_lines.count,
		.lens = &cal->lens,
		.image_sigma_px = params->image_sigma_px,
		.road_sigma_m = params->road_sigma_m,
		.principal_sigma_px = PRINCIPAL_SIGMA_RATIO * cal->width_px,
	};
	double p[PARAMETER_COUNT];
	struct levenberg_result result;
	int rc = check_input(params, err);
	if (rc < 0)
		return rc;
	int freedom = count_residuals(&survey, err);
	if (freedom < 0)
		return freedom;
	survey.sigmas = calloc((size_t)survey.distance_count, sizeof(*survey.sigmas));
	rc = survey.sigmas ? solve_from_everywhere(&survey, cal->width_px, p, &result) : -ENOMEM;
	if (rc == 0)
		rc = finish(&survey, p, &result, freedom, params, err, cal);
	else
		err_set(err, rc,
			"calibration: no camera fits the distances and parallel lines, or they do "
			"not "
			"determine one; measure along and across the road, near and far");
	free(survey.sigmas);
	return rc;
}
