#include "measure/calibration.h"

#include "measure/survey.h"

#include <errno.h>
#include <string.h>

static const char *const direction_names[] = {"any", "along", "across", NULL};

static const struct option point_option_list[] = {
	{"image", OPTION_POINT, offsetof(struct calibration_point, image), .required = true,
		.unit = "px", .help = "where the point is seen in the image"},
	{"road", OPTION_POINT, offsetof(struct calibration_point, road), .required = true,
		.unit = "m", .help = "where it is on the road: x to the right, y ahead"},
};
static const struct option_table point_options = {"point", sizeof(struct calibration_point),
	offsetof(struct calibration_point, where), point_option_list,
	OPTION_COUNT(point_option_list), "an image point whose place on the road is known"};

static const struct option distance_option_list[] = {
	{"from", OPTION_POINT, offsetof(struct calibration_distance, from), .required = true,
		.unit = "px", .help = "image point at one end"},
	{"to", OPTION_POINT, offsetof(struct calibration_distance, to), .required = true,
		.unit = "px", .help = "image point at the other end"},
	{"length_m", OPTION_REAL, offsetof(struct calibration_distance, length_m), .min = 0.1,
		.max = 1000, .required = true, .unit = "m", .help = "measured on the road"},
	{"direction", OPTION_ENUM, offsetof(struct calibration_distance, direction),
		.names = direction_names, .help = "any, or along or across the parallel lines"},
};
static const struct option_table distance_options = {"distance",
	sizeof(struct calibration_distance), offsetof(struct calibration_distance, where),
	distance_option_list, OPTION_COUNT(distance_option_list),
	"a length measured between two image points"};

static const char *const line_direction_names[] = {"any", "along", "across", NULL};
static const struct option line_option_list[] = {
	{"points", OPTION_POINTS, offsetof(struct calibration_line, points), .min = 2, .max = 64,
		.required = true, .unit = "px", .help = "image points on the line"},
	{"direction", OPTION_ENUM, offsetof(struct calibration_line, direction),
		.names = line_direction_names, .def = ROAD_DIRECTION_ALONG,
		.help = "along the road, or across it at a right angle"},
};
static const struct option_table line_options = {"parallel_line", sizeof(struct calibration_line),
	offsetof(struct calibration_line, where), line_option_list, OPTION_COUNT(line_option_list),
	"image points on a straight line on the road"};

static const struct option lens_option_list[] = {
	{"k1", OPTION_REAL, offsetof(struct lens_params, k1), .min = -1, .max = 1,
		.help = "radial distortion of second order; barrel is positive"},
	{"k2", OPTION_REAL, offsetof(struct lens_params, k2), .min = -1, .max = 1,
		.help = "radial distortion of fourth order"},
	{"center", OPTION_POINT, offsetof(struct lens_params, center), .unit = "px",
		.help = "centre of the distortion; default the middle of the image"},
};
static const struct option_table lens_options = {"lens", sizeof(struct lens_params), OPTION_NOWHERE,
	lens_option_list, OPTION_COUNT(lens_option_list),
	"radial lens distortion (r in half image diagonals)"};

static const struct option calibration_option_list[] = {
	{"points", OPTION_LIST, offsetof(struct calibration_params, points),
		.table = &point_options, .help = "four or more points known in image and road"},
	{"distances", OPTION_LIST, offsetof(struct calibration_params, distances),
		.table = &distance_options, .help = "measured lengths, instead of points"},
	{"parallel_lines", OPTION_LIST, offsetof(struct calibration_params, parallel_lines),
		.table = &line_options, .help = "lane lines, together with distances"},
	{"image_sigma_px", OPTION_REAL, offsetof(struct calibration_params, image_sigma_px),
		.min = 0.05, .max = 50, .def = 1.5, .unit = "px",
		.help = "how well the image points were picked (standard deviation)"},
	{"road_sigma_m", OPTION_REAL, offsetof(struct calibration_params, road_sigma_m), .min = 0,
		.max = 10, .def = 0.03, .unit = "m",
		.help = "how well road points or lengths were surveyed (standard deviation)"},
	{"lens", OPTION_TABLE, offsetof(struct calibration_params, lens), .table = &lens_options,
		.help = "lens distortion"},
	{"area", OPTION_POINTS, offsetof(struct calibration_params, area), .min = 0,
		.max = CALIBRATION_AREA_MAX, .unit = "px",
		.help = "image polygon that it covers; default around the points"},
};
const struct option_table calibration_options = {"calibration", sizeof(struct calibration_params),
	offsetof(struct calibration_params, where), calibration_option_list,
	OPTION_COUNT(calibration_option_list), "from image pixels to metres on the road"};

/* A point farther from a line through two others than this share of their distance is off it. */
#define OFF_LINE_RATIO 0.01
/* Whitened residuals beyond this many sigma (root mean square) are no picking noise. */
#define RESIDUAL_SIGMAS 4
/* The area ends where a metre is seen at this share of the smallest size it has at the points. */
#define AREA_FARTHEST_RATIO 0.5
#define AREA_GROWTH_RATIO 1.5

bool calibration_is_given(const struct calibration_params *params)
{
	return params->points.count || params->distances.count || params->parallel_lines.count;
}

static bool nearly_same(struct vec2 a, struct vec2 b, double extent)
{
	return vec2_length(vec2_sub(a, b)) <= 1e-6 * extent;
}

static bool on_a_line(struct vec2 a, struct vec2 b, struct vec2 c)
{
	double ab = vec2_length(vec2_sub(b, a)), bc = vec2_length(vec2_sub(c, b));
	double ca = vec2_length(vec2_sub(a, c)), longest = fmax(ab, fmax(bc, ca));
	double twice_area = fabs(vec2_cross(vec2_sub(b, a), vec2_sub(c, a)));
	return twice_area <= OFF_LINE_RATIO * longest * longest;
}

static int check_duplicates(const struct calibration_point *points, int count, struct err *err)
{
	for (int i = 0; i < count; i++)
		for (int j = 0; j < i; j++) {
			bool image = nearly_same(points[i].image, points[j].image, 1e5);
			if (image || nearly_same(points[i].road, points[j].road, 1e3))
				return err_set(err, -EDOM,
					"calibration: points %d and %d have the same %s position; "
					"give each point once",
					j + 1, i + 1, image ? "image" : "road");
		}
	return 0;
}

/* With four points no three may lie on a line; with more, not all but one. */
static int check_lines(const struct calibration_point *points, int count, struct err *err)
{
	for (int i = 0; i < count; i++)
		for (int j = 0; j < i; j++) {
			int image = 2, road = 2, last = 0;
			for (int k = 0; k < count; k++) {
				if (k == i || k == j)
					continue;
				bool a = on_a_line(
					points[i].image, points[j].image, points[k].image);
				bool b = on_a_line(points[i].road, points[j].road, points[k].road);
				image += a;
				road += b;
				if (a || b)
					last = k;
			}
			if (image < count - 1 && road < count - 1)
				continue;
			return err_set(err, -EDOM,
				"calibration: points %d, %d and %d%s lie on one line %s; "
				"spread the points over the road, for example the corners of a "
				"rectangle",
				j + 1, i + 1, last + 1, count > 4 ? " and all others but one" : "",
				image >= count - 1 ? "in the image" : "on the road");
		}
	return 0;
}

static double residual_px(const struct homography *hom, const struct homography_pair *pair)
{
	return vec2_length(vec2_sub(homography_image(hom, pair->road_m, NULL), pair->image_px));
}

static int worst_pair(const struct homography *hom, const struct homography_pair *pairs, int count)
{
	int worst = 0;
	for (int i = 1; i < count; i++)
		if (residual_px(hom, &pairs[i]) > residual_px(hom, &pairs[worst]))
			worst = i;
	return worst;
}

/* The one point without which the others agree, or -1. */
static int find_culprit(
	const struct calibration_params *params, const struct homography_pair *pairs, int count)
{
	struct homography_pair others[CALIBRATION_POINTS_MAX];
	for (int skip = 0; count > 5 && skip < count; skip++) {
		struct homography hom;
		for (int i = 0, n = 0; i < count; i++)
			if (i != skip)
				others[n++] = pairs[i];
		if (homography_fit(others, count - 1, params->image_sigma_px, params->road_sigma_m,
			    &hom) == 0 &&
			hom.chi2 <= RESIDUAL_SIGMAS * (2 * (count - 1) - 8))
			return skip;
	}
	return -1;
}

static int check_residuals(const struct calibration_params *params,
	const struct homography_pair *pairs, int count, const struct homography *hom,
	struct err *err)
{
	int freedom = 2 * count - 8, worst = worst_pair(hom, pairs, count);
	if (freedom <= 0 || hom->chi2 <= RESIDUAL_SIGMAS * RESIDUAL_SIGMAS * freedom)
		return 0;
	int culprit = find_culprit(params, pairs, count);
	if (culprit >= 0)
		return err_set(err, -EDOM,
			"calibration: point %d does not fit the others, which agree without it; "
			"check its image and road position",
			culprit + 1);
	return err_set(err, -EDOM,
		"calibration: the points do not fit one flat road: point %d is %.1f px off, all "
		"are "
		"%.1f times what image_sigma_px and road_sigma_m allow; check the points",
		worst + 1, residual_px(hom, &pairs[worst]), sqrt(hom->chi2 / freedom));
}

/* All points must lie before the horizon and be seen from above. */
static int check_view(const struct homography *hom, const struct homography_pair *pairs, int count,
	struct err *err)
{
	for (int i = 0; i < count; i++) {
		double w, j[2][2];
		homography_image(hom, pairs[i].road_m, &w);
		if (!(w > 0))
			return err_set(err, -EDOM,
				"calibration: no camera sees the points so: point %d would be "
				"beyond "
				"the horizon; check the order of the points",
				i + 1);
		homography_derivatives(hom, pairs[i].road_m, j, NULL);
		if (j[0][0] * j[1][1] - j[0][1] * j[1][0] > 0)
			return err_set(err, -EDOM,
				"calibration: the view is mirrored: the road points run clockwise "
				"where the image points run counter-clockwise; let road x grow to "
				"the right where y grows ahead (negate one axis)");
	}
	return 0;
}

static bool set_matrices(struct calibration *cal)
{
	cal->image_from_road = homography_matrix(&cal->homography);
	return mat3_invert(cal->image_from_road, &cal->road_from_image) == 0;
}

static int solve_points(
	const struct calibration_params *params, struct err *err, struct calibration *cal)
{
	const struct calibration_point *points = params->points.items;
	struct homography_pair pairs[CALIBRATION_POINTS_MAX];
	int count = params->points.count;
	if (count < 4)
		return err_set(err, -EDOM,
			"calibration: %d point%s; at least four are needed (six or more also tell "
			"how "
			"good they are)",
			count, count == 1 ? "" : "s");
	if (count > CALIBRATION_POINTS_MAX)
		return err_set(err, -EDOM, "calibration: %d points; at most %d can be used", count,
			CALIBRATION_POINTS_MAX);
	int rc = check_duplicates(points, count, err);
	if (rc == 0)
		rc = check_lines(points, count, err);
	if (rc < 0)
		return rc;
	for (int i = 0; i < count; i++)
		pairs[i] = (struct homography_pair){
			lens_undistort(&cal->lens, points[i].image), points[i].road};
	rc = homography_fit(
		pairs, count, params->image_sigma_px, params->road_sigma_m, &cal->homography);
	if (rc < 0)
		return err_set(err, rc,
			"calibration: the points do not determine the view; spread them wider");
	struct homography *hom = &cal->homography;
	rc = check_view(hom, pairs, count, err);
	if (rc == 0)
		rc = check_residuals(params, pairs, count, hom, err);
	if (rc < 0)
		return rc;
	/* Sigmas that turned out too small are made larger; ones too large may be luck. */
	double factor = count > 4 ? fmax(1, hom->chi2 / (2 * count - 8)) : 1, sum = 0;
	for (int a = 0; a < 8; a++)
		for (int b = 0; b < 8; b++)
			hom->covariance[a][b] *= factor;
	for (int i = 0; i < count; i++) {
		double r = residual_px(hom, &pairs[i]);
		sum += r * r;
		cal->max_residual_px = fmax(cal->max_residual_px, r);
	}
	cal->rms_px = sqrt(sum / count);
	cal->point_count = count;
	return set_matrices(cal) ? 0 : err_set(err, -EDOM, "calibration: the view is singular");
}

/*
 * The camera behind the homography, principal point known, square pixels:
 * columns 1 and 2 of K^-1 H are a rotation's, so orthogonal and equally long (Zhang, A Flexible
 * New Technique for Camera Calibration, 2000), two linear equations for 1/f^2.
 */
static void find_camera(struct calibration *cal)
{
	double a[3], b[3], t[3];
	struct mat3 m = cal->image_from_road;
	struct vec2 c = cal->principal_px;
	for (int i = 0; i < 3; i++) {
		double shift = i == 0 ? c.x : i == 1 ? c.y : 0;
		a[i] = m.m[i][0] - shift * m.m[2][0];
		b[i] = m.m[i][1] - shift * m.m[2][1];
		t[i] = m.m[i][2] - shift * m.m[2][2];
	}
	double p[2] = {
		a[0] * b[0] + a[1] * b[1], a[0] * a[0] + a[1] * a[1] - b[0] * b[0] - b[1] * b[1]};
	double q[2] = {a[2] * b[2], a[2] * a[2] - b[2] * b[2]};
	double inverse_f2 = -(p[0] * q[0] + p[1] * q[1]) / (p[0] * p[0] + p[1] * p[1]);
	double f = 1 / sqrt(inverse_f2);
	if (!(inverse_f2 > 0) || f < 0.2 * cal->width_px || f > 50 * cal->width_px)
		return;
	for (int i = 0; i < 2; i++) {
		a[i] /= f;
		b[i] /= f;
		t[i] /= f;
	}
	double la = sqrt(a[0] * a[0] + a[1] * a[1] + a[2] * a[2]);
	double lb = sqrt(b[0] * b[0] + b[1] * b[1] + b[2] * b[2]), length = sqrt(la * lb);
	double cosine = (a[0] * b[0] + a[1] * b[1] + a[2] * b[2]) / (la * lb);
	if (la > 1.25 * lb || lb > 1.25 * la || fabs(cosine) > 0.2)
		return;
	/* Up is right x ahead; the camera is where all three coordinates vanish. */
	double up[3] = {(a[1] * b[2] - a[2] * b[1]) / length, (a[2] * b[0] - a[0] * b[2]) / length,
		(a[0] * b[1] - a[1] * b[0]) / length};
	struct mat3 frame = {{{a[0], b[0], up[0]}, {a[1], b[1], up[1]}, {a[2], b[2], up[2]}}},
		    inverse;
	if (mat3_invert(frame, &inverse) < 0)
		return;
	double at[3];
	for (int i = 0; i < 3; i++)
		at[i] = -(inverse.m[i][0] * t[0] + inverse.m[i][1] * t[1] + inverse.m[i][2] * t[2]);
	if (!(at[2] > 0.5 && at[2] < 1000))
		return;
	cal->has_camera = true;
	cal->focal_px = f;
	cal->camera_m = (struct vec2){at[0], at[1]};
	cal->camera_height_m = at[2];
	cal->up_column[0] = up[0] * f + c.x * up[2];
	cal->up_column[1] = up[1] * f + c.y * up[2];
	cal->up_column[2] = up[2];
}

/* Gift wrapping; the last point of a hull with too many corners is cut short. */
static int hull(const struct vec2 *points, int count, struct vec2 *ret_hull, int max)
{
	int start = 0, n = 0;
	for (int i = 1; i < count; i++)
		if (points[i].x < points[start].x ||
			(points[i].x == points[start].x && points[i].y < points[start].y))
			start = i;
	int at = start;
	do {
		ret_hull[n++] = points[at];
		int next = at == 0 ? 1 : 0;
		for (int i = 0; i < count; i++) {
			struct vec2 a = vec2_sub(points[next], points[at]);
			struct vec2 b = vec2_sub(points[i], points[at]);
			double turn = vec2_cross(a, b);
			if (turn > 0 || (turn == 0 && vec2_dot(b, b) > vec2_dot(a, a)))
				next = i;
		}
		at = next;
	} while (at != start && n < max);
	return n;
}

/* How large a metre is seen, up to a factor; <= 0 beyond the horizon. */
static double nearness(const struct calibration *cal, struct vec2 image)
{
	double w;
	mat3_project(&cal->road_from_image, lens_undistort(&cal->lens, image), &w);
	return w;
}

static struct vec2 grow(
	const struct calibration *cal, struct vec2 from, struct vec2 corner, double nearness_min)
{
	double low = 1, high = AREA_GROWTH_RATIO;
	struct vec2 d = vec2_sub(corner, from);
	if (nearness(cal, vec2_add(from, vec2_scale(d, high))) >= nearness_min)
		return vec2_add(from, vec2_scale(d, high));
	for (int i = 0; i < 40; i++) {
		double middle = 0.5 * (low + high);
		bool inside = nearness(cal, vec2_add(from, vec2_scale(d, middle))) >= nearness_min;
		*(inside ? &low : &high) = middle;
	}
	return vec2_add(from, vec2_scale(d, low));
}

static void set_default_area(struct calibration *cal, const struct vec2 *points, int count)
{
	double nearness_min = HUGE_VAL;
	struct vec2 middle = {0, 0};
	for (int i = 0; i < count; i++) {
		nearness_min = fmin(nearness_min, nearness(cal, points[i]));
		middle = vec2_add(middle, vec2_scale(points[i], 1.0 / count));
	}
	cal->area_count = hull(points, count, cal->area, CALIBRATION_AREA_MAX);
	for (int i = 0; i < cal->area_count; i++)
		cal->area[i] = grow(cal, middle, cal->area[i], AREA_FARTHEST_RATIO * nearness_min);
}

static int set_area(
	const struct calibration_params *params, struct err *err, struct calibration *cal)
{
	struct vec2 points[CALIBRATION_POINTS_MAX];
	int a, b, count = 0;
	if (params->area.count == 0) {
		if (params->points.count)
			for (int i = 0; i < params->points.count; i++)
				points[count++] =
					((const struct calibration_point *)params->points.items)[i]
						.image;
		else
			count = survey_points(params, points, CALIBRATION_POINTS_MAX);
		set_default_area(cal, points, count);
		return 0;
	}
	if (params->area.count < 3 || params->area.count > CALIBRATION_AREA_MAX)
		return err_set(err, -EDOM,
			"calibration: area has %d corners; 3 to %d make a polygon",
			params->area.count, CALIBRATION_AREA_MAX);
	if (polygon_crosses_itself(params->area.items, params->area.count, &a, &b))
		return err_set(err, -EDOM,
			"calibration: the area crosses itself (edges %d and %d); list its corners "
			"in "
			"order",
			a + 1, b + 1);
	for (int i = 0; i < params->area.count; i++)
		if (!(nearness(cal, params->area.items[i]) > 0))
			return err_set(err, -EDOM,
				"calibration: corner %d of the area is beyond the horizon", i + 1);
	cal->area_count = params->area.count;
	memcpy(cal->area, params->area.items, sizeof(cal->area[0]) * (size_t)cal->area_count);
	return 0;
}

int calibration_solve(const struct calibration_params *params, int width_px, int height_px,
	struct err *err, struct calibration *ret_calibration)
{
	struct calibration cal = {.width_px = width_px, .height_px = height_px};
	const struct lens_params *lens = &params->lens;
	cal.lens = lens_make(lens->k1, lens->k2, lens->center, width_px, height_px);
	cal.principal_px = cal.lens.center_px;
	if (!lens_is_usable(&cal.lens))
		return err_set(err, -EDOM,
			"calibration: a lens with k1 %g, k2 %g folds the image over; check their "
			"signs "
			"(r is in half image diagonals)",
			lens->k1, lens->k2);
	bool surveyed = params->distances.count || params->parallel_lines.count;
	if (params->points.count && surveyed)
		return err_set(err, -EDOM,
			"calibration: give either points, or distances and parallel_lines, not "
			"both");
	int rc = surveyed ? survey_solve(params, err, &cal) : solve_points(params, err, &cal);
	if (rc == 0)
		rc = set_area(params, err, &cal);
	if (rc < 0)
		return rc;
	find_camera(&cal);
	*ret_calibration = cal;
	return 0;
}

/* The inverse of d(image)/d(road) at a road point. */
static void road_by_image(const struct calibration *cal, struct vec2 road_m, double by_h[2][8],
	double ret_inverse[2][2])
{
	double j[2][2];
	homography_derivatives(&cal->homography, road_m, j, by_h);
	double det = j[0][0] * j[1][1] - j[0][1] * j[1][0];
	ret_inverse[0][0] = j[1][1] / det;
	ret_inverse[0][1] = -j[0][1] / det;
	ret_inverse[1][0] = -j[1][0] / det;
	ret_inverse[1][1] = j[0][0] / det;
}

/* m v m' of symmetric v = (xx, xy, yy). */
static void sandwich(double m[2][2], const double v[3], double ret[3])
{
	double a = m[0][0] * v[0] + m[0][1] * v[1], b = m[0][0] * v[1] + m[0][1] * v[2];
	double c = m[1][0] * v[0] + m[1][1] * v[1], d = m[1][0] * v[1] + m[1][1] * v[2];
	ret[0] = a * m[0][0] + b * m[0][1];
	ret[1] = a * m[1][0] + b * m[1][1];
	ret[2] = c * m[1][0] + d * m[1][1];
}

static bool to_road(const struct calibration *cal, struct vec2 image, const double var_px[3],
	bool own_share, struct vec2 *ret_road_m, double ret_var[3])
{
	double w, lens[2][2], inverse[2][2], by_h[2][8], var[3] = {0, 0, 0};
	struct vec2 road =
		mat3_project(&cal->road_from_image, lens_undistort(&cal->lens, image), &w);
	if (!(w > 0) || !isfinite(road.x) || !isfinite(road.y))
		return false;
	*ret_road_m = road;
	if (!ret_var)
		return true;
	if (var_px) {
		lens_jacobian(&cal->lens, image, lens);
		sandwich(lens, var_px, var);
	}
	road_by_image(cal, road, own_share ? by_h : NULL, inverse);
	for (int a = 0; own_share && a < 8; a++)
		for (int b = 0; b < 8; b++) {
			double c = cal->homography.covariance[a][b];
			var[0] += by_h[0][a] * c * by_h[0][b];
			var[1] += by_h[0][a] * c * by_h[1][b];
			var[2] += by_h[1][a] * c * by_h[1][b];
		}
	sandwich(inverse, var, ret_var);
	return true;
}

bool calibration_to_road(const struct calibration *calibration, struct vec2 image,
	const double var_px[3], struct vec2 *ret_road_m, double ret_var[3])
{
	return to_road(calibration, image, var_px, true, ret_road_m, ret_var);
}

bool calibration_to_road_noise(const struct calibration *calibration, struct vec2 image,
	const double var_px[3], struct vec2 *ret_road_m, double ret_var[3])
{
	return to_road(calibration, image, var_px, false, ret_road_m, ret_var);
}

bool calibration_to_image(
	const struct calibration *calibration, struct vec2 road_m, struct vec2 *ret_image)
{
	double w;
	struct vec2 p = mat3_project(&calibration->image_from_road, road_m, &w);
	if (!(w > 0))
		return false;
	*ret_image = lens_distort(&calibration->lens, p);
	return true;
}

bool calibration_to_image_above(const struct calibration *calibration, struct vec2 road_m,
	double above_m, struct vec2 *ret_image)
{
	if (!calibration->has_camera)
		return false;
	double h[3];
	for (int i = 0; i < 3; i++) {
		const double *m = calibration->image_from_road.m[i];
		h[i] = m[0] * road_m.x + m[1] * road_m.y + m[2] +
		       calibration->up_column[i] * above_m;
	}
	if (!(h[2] > 0))
		return false;
	*ret_image = lens_distort(&calibration->lens, (struct vec2){h[0] / h[2], h[1] / h[2]});
	return true;
}

bool calibration_covers(const struct calibration *calibration, struct vec2 image)
{
	return polygon_contains(calibration->area, calibration->area_count, image) &&
	       nearness(calibration, image) > 0;
}

double calibration_distance_var(
	const struct calibration *calibration, struct vec2 a_m, struct vec2 b_m, struct vec2 along)
{
	double by_a[2][8], by_b[2][8], inverse_a[2][2], inverse_b[2][2], d[8], var = 0;
	road_by_image(calibration, a_m, by_a, inverse_a);
	road_by_image(calibration, b_m, by_b, inverse_b);
	double pa[2], pb[2];
	for (int i = 0; i < 2; i++) {
		pa[i] = along.x * inverse_a[0][i] + along.y * inverse_a[1][i];
		pb[i] = along.x * inverse_b[0][i] + along.y * inverse_b[1][i];
	}
	for (int k = 0; k < 8; k++)
		d[k] = pa[0] * by_a[0][k] + pa[1] * by_a[1][k] - pb[0] * by_b[0][k] -
		       pb[1] * by_b[1][k];
	for (int a = 0; a < 8; a++)
		for (int b = 0; b < 8; b++)
			var += d[a] * calibration->homography.covariance[a][b] * d[b];
	return larger(var, 0);
}
