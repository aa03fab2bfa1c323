/*
 * BrnoCompSpeed: the official protocol's published scores to 0.01 km/h and exact counts, Gantry's
 * own against its marks, and what a broken file says.
 */
#include "eval/brno_report.h"
#include "test.h"

#include <errno.h>
#include <math.h>
#include <string.h>

struct expected {
	const char *video;
	double mean, median, p95;
};

static const struct expected published[] = {
	{"session1_left", 1.85, 1.34, 3.04},
	{"session1_center", 3.12, 1.26, 10.54},
	{"session1_right", 3.37, 2.89, 8.77},
	{"session2_left", 1.09, 1.04, 1.81},
	{"session2_center", 0.42, 0.29, 0.83},
	{"session2_right", 0.58, 0.32, 1.21},
	{"session3_left", 0.45, 0.38, 1.10},
	{"session3_center", 0.65, 0.54, 1.46},
	{"session3_right", 0.82, 0.72, 1.85},
};

static void assert_close(double is, double should, const char *what)
{
	if (!(fabs(is - should) <= 0.00501))
		fail_msg("%s: %.4f, published %.2f", what, is, should);
}

static struct brno_report *make_report(void)
{
	struct brno_report *report;
	struct err err;
	const char *directory = test_data("speed/brnocompspeed");
	if (brno_report_make(directory, &brno_measure_defaults, &err, &report) < 0)
		fail_msg("%s", err.text);
	return report;
}

static void published_scores_are_reproduced(void **state)
{
	(void)state;
	static const double totals[3][5] = {{9.37, 10.07, 17.81, 21.03, 77.84},
		{1.59, 0.88, 4.41, 11.04, 78.58}, {1.30, 0.69, 3.50, 11.15, 77.91}};
	struct brno_report *r = make_report();
	assert_int_equal(r->video_count, 9);
	for (int way = 0; way < 3; way++) {
		const struct brno_row *row = &r->totals[way];
		const struct speedscore *s = &row->speed;
		assert_int_equal(row->matched_count, 5908);
		assert_int_equal(row->valid_count, 7161);
		assert_int_equal(row->false_count, 3302);
		assert_close(s->mean_kmh, totals[way][0], "mean");
		assert_close(s->median_kmh, totals[way][1], "median");
		assert_close(s->p95_kmh, totals[way][2], "p95");
		assert_close(s->p99_kmh, totals[way][3], "p99");
		assert_close(s->worst_kmh, totals[way][4], "worst");
	}
	for (int i = 0; i < r->video_count; i++)
		for (size_t k = 0; k < sizeof(published) / sizeof(published[0]); k++) {
			const struct speedscore *s = &r->rows[BRNO_OPTIMAL_CALIB][i].speed;
			if (strcmp(published[k].video, r->names[i]) != 0)
				continue;
			assert_close(s->mean_kmh, published[k].mean, r->names[i]);
			assert_close(s->median_kmh, published[k].median, r->names[i]);
			assert_close(s->p95_kmh, published[k].p95, r->names[i]);
		}
	brno_report_finish(&r);
}

static void our_own_speeds_meet_the_marks(void **state)
{
	(void)state;
	struct brno_report *r = make_report();
	const struct brno_row *own = &r->totals[BRNO_GANTRY];
	const struct speedscore *s = &own->speed;
	double recall = (double)own->matched_count / own->valid_count;
	double held = (double)s->within_count / s->stated_count;
	print_message("# mean %.3f median %.3f p95 %.3f km/h, recall %.4f, %.3f false a minute, "
		      "%d refused, 95 %% intervals hold in %.1f %%\n",
		s->mean_kmh, s->median_kmh, s->p95_kmh, recall, own->false_count / own->minutes,
		own->refused_count, 100 * held);
	assert_true(s->mean_kmh <= 1.0 && s->median_kmh <= 0.75 && s->p95_kmh <= 2.0);
	assert_true(recall >= 0.88);
	assert_true(own->false_count <= own->minutes);
	assert_true(held >= 0.93 && held <= 0.97);
	brno_report_finish(&r);
}

static const char truth[] =
	"{\"fps\": 50, \"invalidLanes\": [], \"measurementLines\": [[0, 1, -900], [0, 1, -100]],"
	" \"laneDivLines\": [[1, 0.1, -900], [1, 0.2, -1300]],"
	" \"distanceMeasurement\": [{\"p1\": [1, 2, 1], \"p2\": [3, 4, 1], \"distance\": 5}],"
	" \"cars\": [{\"carId\": 1, \"valid\": true, \"laneIndex\": [0], \"speed\": 50,"
	" \"intersections\": [{\"videoTime\": 1}, {\"videoTime\": 2}]}]}";
static const char tracks[] =
	"{\"cars\": [{\"id\": 7, \"frames\": [1, 2], \"posX\": [3, 4], \"posY\": [5, 6]},"
	" {\"id\": 8, \"frames\": 1, \"posX\": 2, \"posY\": 3}]}";
static const char calibrations[] = "{\"optimal_calib\": {\"pp\": [960, 540], \"scale\": 0.02,"
				   " \"vp1\": [100, -300], \"vp2\": [9000, 20]}}";

static int parse(const char *a, const char *b, const char *c, struct err *err)
{
	struct brno_video *video;
	int rc = brno_parse("x", a, strlen(a), b, strlen(b), c, strlen(c), err, &video);
	if (rc == 0) {
		assert_int_equal(video->car_count, 1);
		assert_int_equal(video->track_count, 2);
		assert_false(video->tracks[1].listed);
		brno_free(&video);
	}
	return rc;
}

static void broken_files_say_what_is_wrong(void **state)
{
	(void)state;
	static const char *const bad_truth[][2] = {
		{"{}", "fps"}, {"{\"fps\": 25}", "measurementLines"}, {"[1", "truth"}};
	static const char *const bad_tracks[][2] = {{"{}", "no tracks"},
		{"{\"cars\": [{\"frames\": [1], \"posX\": [1, 2], \"posY\": [1]}]}", "differ"}};
	struct err err;
	assert_int_equal(parse(truth, tracks, calibrations, &err), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(parse(bad_truth[i][0], tracks, calibrations, &err), -EINVAL);
		assert_non_null(strstr(err.text, bad_truth[i][1]));
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(parse(truth, bad_tracks[i][0], calibrations, &err), -EINVAL);
		assert_non_null(strstr(err.text, bad_tracks[i][1]));
	}
	assert_int_equal(parse(truth, tracks, "{\"bmvc14\": {\"scale\": 1}}", &err), -EINVAL);
	assert_non_null(strstr(err.text, "bmvc14"));
}

static void a_missing_folder_is_named(void **state)
{
	(void)state;
	struct brno_report *report = NULL;
	struct err err;
	assert_int_equal(
		brno_report_make("/nowhere", &brno_measure_defaults, &err, &report), -ENOENT);
	assert_non_null(strstr(err.text, "/nowhere"));
	assert_null(report);
}

TEST_MAIN(cmocka_unit_test(published_scores_are_reproduced),
	cmocka_unit_test(our_own_speeds_meet_the_marks),
	cmocka_unit_test(broken_files_say_what_is_wrong),
	cmocka_unit_test(a_missing_folder_is_named))
