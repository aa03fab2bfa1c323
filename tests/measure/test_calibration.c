/*
 * Calibration against a pinhole camera written down here with its own formulas: 8 m above the road,
 * tilted, seen by 1920x1080.
 */
#include "base/random.h"
#include "camera.h"
#include "measure/calibration.h"
#include "test.h"

#include <errno.h>
#include <string.h>

#define FOCAL 1400.0
#define HEIGHT 8.0
#define TILT 0.30

static const struct camera camera = {FOCAL, HEIGHT, TILT, 1920, 1080};

static struct vec2 see(struct vec2 road, double z)
{
	return camera_see(&camera, road, z);
}

static const struct vec2 grid[] = {
	{-6, 18}, {6, 18}, {6, 45}, {-6, 45}, {0, 30}, {-6, 30}, {6, 30}, {0, 18}, {0, 45}};
#define GRID_COUNT 9

static struct calibration_params params_of(struct calibration_point *points, int count)
{
	struct calibration_params params;
	options_defaults(&calibration_options, &params);
	params.points = (struct option_list){points, count, sizeof(*points)};
	return params;
}

static void fill(struct calibration_point *points, int count)
{
	memset(points, 0, sizeof(*points) * (size_t)count);
	for (int i = 0; i < count; i++)
		points[i] = (struct calibration_point){.image = see(grid[i], 0), .road = grid[i]};
}

static struct calibration solve(const struct calibration_params *params)
{
	struct err err = {{0}};
	struct calibration cal;
	int rc = calibration_solve(params, 1920, 1080, &err, &cal);
	if (rc < 0)
		fail_msg("%s", err.text);
	return cal;
}

static void assert_refused(const struct calibration_params *params, const char *word)
{
	struct err err = {{0}};
	struct calibration cal = {.point_count = 77};
	assert_int_equal(calibration_solve(params, 1920, 1080, &err, &cal), -EDOM);
	if (!strstr(err.text, word))
		fail_msg("expected \"%s\" in \"%s\"", word, err.text);
	assert_int_equal(cal.point_count, 77);
}

static void exact_points_give_the_exact_view(void **state)
{
	(void)state;
	struct calibration_point points[GRID_COUNT];
	fill(points, GRID_COUNT);
	for (int count = 4; count <= GRID_COUNT; count++) {
		struct calibration_params params = params_of(points, count);
		struct calibration cal = solve(&params);
		assert_true(cal.rms_px < 1e-6);
		struct vec2 wanted = {3.3, 27.1}, road, image;
		assert_true(calibration_to_road(&cal, see(wanted, 0), NULL, &road, NULL));
		assert_true(vec2_length(vec2_sub(road, wanted)) < 1e-6);
		assert_true(calibration_to_image(&cal, wanted, &image));
		assert_true(vec2_length(vec2_sub(image, see(wanted, 0))) < 1e-6);
		/* The sky is not road. */
		assert_false(calibration_to_road(&cal, (struct vec2){960, 20}, NULL, &road, NULL));
	}
}

static void camera_is_found(void **state)
{
	(void)state;
	struct calibration_point points[GRID_COUNT];
	fill(points, GRID_COUNT);
	struct calibration_params params = params_of(points, GRID_COUNT);
	struct calibration cal = solve(&params);
	assert_true(cal.has_camera);
	assert_true(fabs(cal.focal_px - FOCAL) < 0.01);
	assert_true(fabs(cal.camera_height_m - HEIGHT) < 1e-4);
	assert_true(vec2_length(cal.camera_m) < 1e-4);
	struct vec2 roof;
	assert_true(calibration_to_image_above(&cal, (struct vec2){-2, 25}, 1.5, &roof));
	assert_true(vec2_length(vec2_sub(roof, see((struct vec2){-2, 25}, 1.5))) < 1e-3);
}

static void area_is_the_grown_hull(void **state)
{
	(void)state;
	struct calibration_point points[GRID_COUNT];
	fill(points, GRID_COUNT);
	struct calibration_params params = params_of(points, GRID_COUNT);
	struct calibration cal = solve(&params);
	for (int i = 0; i < GRID_COUNT; i++)
		assert_true(calibration_covers(&cal, see(vec2_scale(grid[i], 0.999), 0)));
	assert_true(calibration_covers(&cal, see((struct vec2){7, 30}, 0)));
	assert_false(calibration_covers(&cal, see((struct vec2){20, 30}, 0)));
	assert_false(calibration_covers(&cal, see((struct vec2){0, 200}, 0)));
	struct vec2 area[] = {{900, 500}, {1000, 500}, {1000, 700}, {900, 700}};
	params.area = (struct option_points){area, 4};
	cal = solve(&params);
	assert_true(calibration_covers(&cal, (struct vec2){950, 600}));
	assert_false(calibration_covers(&cal, (struct vec2){850, 600}));
}

static void degenerate_points_are_refused(void **state)
{
	(void)state;
	struct calibration_point points[GRID_COUNT];
	fill(points, GRID_COUNT);
	struct calibration_params params = params_of(points, 3);
	assert_refused(&params, "at least four");
	params.points.count = 4;
	points[3] = points[1];
	assert_refused(&params, "points 2 and 4 have the same image");
	fill(points, GRID_COUNT);
	points[2].road = points[0].road;
	assert_refused(&params, "same road");
	fill(points, GRID_COUNT);
	points[2].road = (struct vec2){0, 18};
	points[2].image = see(points[2].road, 0);
	assert_refused(&params, "lie on one line");
	/* Five on a line and one beside it. */
	params.points.count = 6;
	for (int i = 0; i < 5; i++) {
		points[i].road = (struct vec2){1, 20 + 5 * i};
		points[i].image = see(points[i].road, 0);
	}
	points[5].road = (struct vec2){-4, 30};
	points[5].image = see(points[5].road, 0);
	assert_refused(&params, "lie on one line");
}

static void impossible_views_are_refused(void **state)
{
	(void)state;
	struct calibration_point points[GRID_COUNT];
	fill(points, GRID_COUNT);
	struct calibration_params params = params_of(points, 4);
	for (int i = 0; i < 4; i++)
		points[i].road.x = -points[i].road.x;
	assert_refused(&params, "mirrored");
	fill(points, GRID_COUNT);
	struct vec2 swapped = points[0].road;
	points[0].road = points[1].road;
	points[1].road = swapped;
	assert_refused(&params, "horizon");
	fill(points, GRID_COUNT);
	params.points.count = GRID_COUNT;
	points[4].image.y += 60;
	assert_refused(&params, "point 5 does not fit the others");
	for (int i = 0; i < GRID_COUNT; i++)
		points[i].image.y += i % 2 ? 40 : -40;
	assert_refused(&params, "do not fit one flat road");
	fill(points, GRID_COUNT);
	params.lens.k1 = -0.6;
	assert_refused(&params, "folds the image");
}

static void lens_goes_and_comes_back(void **state)
{
	(void)state;
	static const double k[][2] = {{0.12, 0}, {-0.08, 0.01}, {0.3, -0.05}, {0, 0}};
	for (int i = 0; i < 4; i++) {
		struct lens lens = lens_make(k[i][0], k[i][1], (struct vec2){970, 530}, 1920, 1080);
		assert_true(lens_is_usable(&lens));
		for (int y = 0; y <= 1080; y += 90)
			for (int x = 0; x <= 1920; x += 120) {
				struct vec2 p = {x, y};
				struct vec2 q = lens_distort(&lens, lens_undistort(&lens, p));
				assert_true(vec2_length(vec2_sub(p, q)) < 1e-9 * 1920);
			}
		/* Brown's formula at a corner, written out. */
		double r2 = (970. * 970 + 530. * 530) / (960. * 960 + 540. * 540);
		double gain = 1 + k[i][0] * r2 + k[i][1] * r2 * r2;
		struct vec2 corner = lens_undistort(&lens, (struct vec2){0, 0});
		assert_true(fabs(corner.x - (970 - 970 * gain)) < 1e-9);
		assert_true(fabs(corner.y - (530 - 530 * gain)) < 1e-9);
	}
}

static void distorted_points_are_straightened(void **state)
{
	(void)state;
	struct calibration_point points[GRID_COUNT];
	struct lens lens = lens_make(0.1, 0.02, (struct vec2){0, 0}, 1920, 1080);
	fill(points, GRID_COUNT);
	struct calibration_params params = params_of(points, GRID_COUNT);
	params.lens = (struct lens_params){.k1 = 0.1, .k2 = 0.02};
	for (int i = 0; i < GRID_COUNT; i++)
		points[i].image = lens_distort(&lens, points[i].image);
	struct calibration cal = solve(&params);
	struct vec2 wanted = {-4.5, 21}, road, image;
	assert_true(calibration_to_image(&cal, wanted, &image));
	assert_true(vec2_length(vec2_sub(image, lens_distort(&lens, see(wanted, 0)))) < 1e-6);
	assert_true(calibration_to_road(&cal, image, NULL, &road, NULL));
	assert_true(vec2_length(vec2_sub(road, wanted)) < 1e-6);
}

/* Share of draws in which an error lies within 1.96 of its stated sigma. */
static void covariance_is_what_happens(void **state)
{
	(void)state;
	enum { DRAWS = 4000 };
	static const struct vec2 wanted[] = {{3, 25}, {-8, 40}, {0, 55}};
	int inside[4] = {0}, draws = 0;
	for (int draw = 0; draw < DRAWS; draw++) {
		struct calibration_point points[GRID_COUNT];
		struct calibration cal;
		fill(points, GRID_COUNT);
		struct calibration_params params = params_of(points, GRID_COUNT);
		params.image_sigma_px = 1.2;
		params.road_sigma_m = 0.05;
		struct random r = random_at(5, (uint64_t)draw, 0, 0);
		for (int i = 0; i < GRID_COUNT; i++) {
			points[i].image.x += 1.2 * random_normal(&r);
			points[i].image.y += 1.2 * random_normal(&r);
			points[i].road.x += 0.05 * random_normal(&r);
			points[i].road.y += 0.05 * random_normal(&r);
		}
		cal = solve(&params);
		draws++;
		for (int k = 0; k < 3; k++) {
			struct vec2 road, image = see(wanted[k], 0);
			double var[3], px[3] = {1.44, 0, 1.44};
			image.x += 1.2 * random_normal(&r);
			image.y += 1.2 * random_normal(&r);
			assert_true(calibration_to_road(&cal, image, px, &road, var));
			inside[k] += fabs(road.y - wanted[k].y) < 1.96 * sqrt(var[2]);
		}
		struct vec2 a, b;
		calibration_to_road(&cal, see((struct vec2){2, 20}, 0), NULL, &a, NULL);
		calibration_to_road(&cal, see((struct vec2){2, 40}, 0), NULL, &b, NULL);
		double sigma = sqrt(calibration_distance_var(&cal, a, b, (struct vec2){0, 1}));
		inside[3] += fabs(b.y - a.y - 20) < 1.96 * sigma;
	}
	for (int k = 0; k < 4; k++) {
		double share = (double)inside[k] / draws;
		print_message("# case %d: 95 %% interval holds in %.1f %%\n", k, 100 * share);
		assert_true(share > 0.935 && share < 0.975);
	}
}

static struct calibration_params survey_params(struct calibration_distance *distances,
	struct calibration_line *lines, struct vec2 ends[][2])
{
	struct calibration_params params;
	static const struct vec2 pairs[][2] = {{{-3.5, 18}, {-3.5, 46}}, {{3.5, 18}, {3.5, 46}},
		{{-3.5, 18}, {3.5, 18}}, {{-3.5, 46}, {3.5, 46}}};
	for (int i = 0; i < 4; i++)
		distances[i] = (struct calibration_distance){.from = see(pairs[i][0], 0),
			.to = see(pairs[i][1], 0),
			.length_m = vec2_length(vec2_sub(pairs[i][1], pairs[i][0])),
			.direction = i < 2 ? ROAD_DIRECTION_ALONG : ROAD_DIRECTION_ACROSS};
	for (int i = 0; i < 3; i++) {
		ends[i][0] = see((struct vec2){3.5 * i - 3.5, 15}, 0);
		ends[i][1] = see((struct vec2){3.5 * i - 3.5, 70}, 0);
		lines[i] = (struct calibration_line){
			.points = {ends[i], 2}, .direction = ROAD_DIRECTION_ALONG};
	}
	options_defaults(&calibration_options, &params);
	params.distances = (struct option_list){distances, 4, sizeof(*distances)};
	params.parallel_lines = (struct option_list){lines, 3, sizeof(*lines)};
	return params;
}

static void distances_and_lines_give_the_view(void **state)
{
	(void)state;
	struct calibration_distance distances[4];
	struct calibration_line lines[3];
	struct vec2 ends[3][2];
	struct calibration_params params = survey_params(distances, lines, ends);
	struct calibration cal = solve(&params);
	assert_true(cal.has_camera);
	assert_true(fabs(cal.focal_px - FOCAL) < 0.5);
	assert_true(fabs(cal.camera_height_m - HEIGHT) < 0.005);
	struct vec2 a, b;
	calibration_to_road(&cal, see((struct vec2){-2, 22}, 0), NULL, &a, NULL);
	calibration_to_road(&cal, see((struct vec2){1, 41}, 0), NULL, &b, NULL);
	struct vec2 d = vec2_sub(b, a);
	assert_true(fabs(d.x - 3) < 0.005 && fabs(d.y - 19) < 0.01);
}

static void survey_covariance_is_what_happens(void **state)
{
	(void)state;
	enum { DRAWS = 300 };
	int inside = 0;
	double sigmas = 0;
	for (int draw = 0; draw < DRAWS; draw++) {
		struct calibration_distance distances[4];
		struct calibration_line lines[3];
		struct vec2 ends[3][2];
		struct calibration_params params = survey_params(distances, lines, ends);
		struct random r = random_at(6, (uint64_t)draw, 0, 0);
		params.image_sigma_px = 1;
		params.road_sigma_m = 0.03;
		for (int i = 0; i < 4; i++) {
			struct vec2 *from = &distances[i].from, *to = &distances[i].to;
			*from = vec2_add(
				*from, (struct vec2){random_normal(&r), random_normal(&r)});
			*to = vec2_add(*to, (struct vec2){random_normal(&r), random_normal(&r)});
			distances[i].length_m += 0.03 * random_normal(&r);
		}
		for (int i = 0; i < 6; i++)
			ends[i / 2][i % 2] = vec2_add(ends[i / 2][i % 2],
				(struct vec2){random_normal(&r), random_normal(&r)});
		struct calibration cal = solve(&params);
		struct vec2 a, b;
		calibration_to_road(&cal, see((struct vec2){2, 20}, 0), NULL, &a, NULL);
		calibration_to_road(&cal, see((struct vec2){2, 40}, 0), NULL, &b, NULL);
		double sigma = sqrt(calibration_distance_var(&cal, a, b, (struct vec2){0, 1}));
		inside += fabs(b.y - a.y - 20) < 1.96 * sigma;
		sigmas += sigma / DRAWS;
	}
	double share = (double)inside / DRAWS;
	print_message(
		"# 20 m to within %.3f m; 95 %% interval holds in %.1f %%\n", sigmas, 100 * share);
	assert_true(share > 0.91 && share < 0.99);
}

static void poor_surveys_are_refused(void **state)
{
	(void)state;
	struct calibration_distance distances[4];
	struct calibration_line lines[3];
	struct vec2 ends[3][2];
	struct calibration_params params = survey_params(distances, lines, ends);
	params.distances.count = 0;
	assert_refused(&params, "no scale");
	params = survey_params(distances, lines, ends);
	params.distances.count = 1;
	params.parallel_lines.count = 1;
	assert_refused(&params, "conditions");
	params = survey_params(distances, lines, ends);
	distances[0].length_m = 14;
	assert_refused(&params, "contradict");
	params = survey_params(distances, lines, ends);
	distances[2].to = distances[2].from;
	assert_refused(&params, "same image point");
	struct calibration_point points[4];
	fill(points, 4);
	params = survey_params(distances, lines, ends);
	params.points = (struct option_list){points, 4, sizeof(points[0])};
	assert_refused(&params, "not both");
}

TEST_MAIN(cmocka_unit_test(exact_points_give_the_exact_view), cmocka_unit_test(camera_is_found),
	cmocka_unit_test(area_is_the_grown_hull), cmocka_unit_test(degenerate_points_are_refused),
	cmocka_unit_test(impossible_views_are_refused), cmocka_unit_test(lens_goes_and_comes_back),
	cmocka_unit_test(distorted_points_are_straightened),
	cmocka_unit_test(covariance_is_what_happens),
	cmocka_unit_test(distances_and_lines_give_the_view),
	cmocka_unit_test(survey_covariance_is_what_happens),
	cmocka_unit_test(poor_surveys_are_refused))
