/* Speeds of vehicles against a truth file: matching, refusals, intervals; percentiles. */
#include "eval/truespeed.h"
#include "test.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* Two vehicles over 3 s at 10 frames/s: 1 keeps 10 m/s, 2 speeds up from 5 by 1 m/s^2 and cannot
 * be measured after 2 s. */
static struct truth *make_truth(void)
{
	char *text = NULL;
	size_t length;
	FILE *file = open_memstream(&text, &length);
	struct truth *truth;
	struct err err;
	fputs("{\"gantry_truth\": 1, \"width\": 1280, \"height\": 720}\n", file);
	for (int f = 0; f <= 30; f++) {
		double t = 0.1 * f;
		fprintf(file,
			"{\"frame\": %d, \"t\": %.1f, \"objects\": [{\"id\": 1, \"class\": "
			"\"car\", "
			"\"bbox\": [100, %.1f, 200, %.1f], \"ground\": [0, %.1f], \"heading\": "
			"1.57, "
			"\"speed_mps\": 10, \"measurable\": true}, {\"id\": 2, \"class\": \"bus\", "
			"\"bbox\": [400, %.1f, 600, %.1f], \"ground\": [5, %.1f], \"heading\": "
			"1.57, "
			"\"speed_mps\": %.3f, \"measurable\": %s}]}\n",
			f, t, 100 + 50 * t, 180 + 50 * t, 10 * t, 200 + 30 * t, 400 + 30 * t, 5 * t,
			5 + t, t <= 2 ? "true" : "false");
	}
	fclose(file);
	if (truth_parse(text, length, "truth", &err, &truth) < 0)
		fail_msg("%s", err.text);
	free(text);
	return truth;
}

static struct results *parse_results(const char *text)
{
	struct results *results;
	struct err err;
	if (results_parse(text, strlen(text), "events", &err, &results) < 0)
		fail_msg("%s", err.text);
	return results;
}

#define VEHICLE(id, from, to, more)                                                                \
	"{\"event\": \"vehicle\", \"track_id\": " #id ", \"first_s\": 0, \"last_s\": 3, "          \
	"\"from_px\": " from ", \"to_px\": " to ", " more "}\n"

static void rows_find_their_vehicles(void **state)
{
	(void)state;
	struct truth *truth = make_truth();
	/* The first two by place, the second of them less sure; the third by its truth_id. */
	struct results *results = parse_results(VEHICLE(1, "[150, 170]", "[150, 318]",
		"\"speed_status\": \"ok\", \"speed_kmh\": 37, "
		"\"speed_uncertainty_kmh\": 1.96, \"speed_at_s\": 1.5") VEHICLE(2, "[152, 171]",
		"[151, 320]",
		"\"speed_status\": \"ok\", \"speed_kmh\": 45, "
		"\"speed_uncertainty_kmh\": 5, \"speed_at_s\": 1.5") VEHICLE(3, "[900, 10]",
		"[900, 10]",
		"\"speed_status\": \"ok\", \"speed_kmh\": 20, "
		"\"speed_uncertainty_kmh\": 0.5, \"speed_at_s\": 0.25, \"truth_id\": 2"));
	struct truespeed sum = {0};
	struct speedscore score;
	assert_int_equal(truespeed_add(&sum, truth, results), 0);
	assert_int_equal(sum.measurable_count, 2);
	assert_int_equal(sum.measured_count, 2);
	assert_int_equal(sum.wrongly_told_count, 0);
	assert_int_equal(sum.pair_count, 2);
	assert_true(fabs(sum.pairs[0].measured_kmh - 37) < 1e-9);
	assert_true(fabs(sum.pairs[0].true_kmh - 36) < 1e-9);
	assert_true(fabs(sum.pairs[1].true_kmh - 3.6 * 5.25) < 1e-6);
	assert_int_equal(speedscore_count(sum.pairs, sum.pair_count, &score), 0);
	assert_int_equal(score.stated_count, 2);
	assert_int_equal(score.within_count, 1);
	assert_true(fabs(score.mean_kmh - 0.5 * (1 + 1.1)) < 1e-6);
	truespeed_finish(&sum);
	results_free(&results);
	truth_free(&truth);
}

static void refusals_and_wrong_tellings_are_counted(void **state)
{
	(void)state;
	struct truth *truth = make_truth();
	struct results *results = parse_results(VEHICLE(4, "[150, 170]", "[150, 318]",
		"\"speed_status\": \"occluded\"") VEHICLE(5, "[500, 380]", "[500, 470]",
		"\"speed_status\": \"ok\", \"speed_kmh\": 28, "
		"\"speed_uncertainty_kmh\": 1, \"speed_at_s\": 2.8"));
	struct truespeed sum = {0};
	assert_int_equal(truespeed_add(&sum, truth, results), 0);
	assert_int_equal(sum.refused_count[SPEED_OCCLUDED], 1);
	assert_int_equal(sum.wrongly_told_count, 1);
	results_free(&results);
	/* Measured over 1 to 2.4 s, of which 2 can be measured only until 2 s: most of it. */
	results = parse_results(VEHICLE(5, "[500, 380]", "[500, 470]",
		"\"speed_status\": \"ok\", \"speed_kmh\": 28, \"speed_from_s\": 1, "
		"\"speed_to_s\": 2.4, \"speed_uncertainty_kmh\": 1, \"speed_at_s\": 2.1"));
	assert_int_equal(truespeed_add(&sum, truth, results), 0);
	assert_int_equal(sum.wrongly_told_count, 1);
	results_free(&results);
	results = parse_results(VEHICLE(5, "[500, 380]", "[500, 470]",
		"\"speed_status\": \"ok\", \"speed_kmh\": 28, \"speed_from_s\": 1.9, "
		"\"speed_to_s\": 2.9, \"speed_uncertainty_kmh\": 1, \"speed_at_s\": 2.0"));
	assert_int_equal(truespeed_add(&sum, truth, results), 0);
	assert_int_equal(sum.wrongly_told_count, 2);
	results_free(&results);
	results = parse_results("{\"event\": \"run\"}\n");
	assert_int_equal(truespeed_add(&sum, truth, results), 0);
	assert_int_equal(sum.unseen_count, 4);
	assert_int_equal(sum.scene_count, 4);
	truespeed_finish(&sum);
	results_free(&results);
	truth_free(&truth);
}

static const char csv_head[] =
	"device_id,track_id,first_s,last_s,from_x_px,from_y_px,to_x_px,to_y_px,speed_status,"
	"speed_kmh,speed_uncertainty_kmh,speed_at_s,violations,truth_id\n";

static void csv_rows_are_read(void **state)
{
	(void)state;
	char text[1024];
	snprintf(text, sizeof(text), "%s%s", csv_head,
		"\"north, \"\"gate\"\"\",7,0.5,2.5,1,2,3,4,ok,54,3.92,1.25,speed_violation,3\r\n"
		"x,8,0,1,1,2,3,4,turning,,,,,\n");
	struct results *r = parse_results(text);
	assert_int_equal(r->vehicle_count, 2);
	assert_int_equal(r->vehicles[0].track_id, 7);
	assert_int_equal(r->vehicles[0].truth_id, 3);
	assert_true(fabs(r->vehicles[0].speed_mps - 15) < 1e-9);
	assert_true(fabs(r->vehicles[0].sigma_mps - 3.92 / 3.6 / 1.959964) < 1e-9);
	assert_int_equal(r->vehicles[0].speed_at.us, 1250000);
	assert_int_equal(r->vehicles[1].speed_status, SPEED_TURNING);
	assert_int_equal(r->vehicles[1].truth_id, -1);
	results_free(&r);
}

static void broken_rows_name_line_and_reason(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"x,8,0,1,1,2,3,4,dancing,,,,,\n", "events:2: column \"speed_status\""},
		{"x,8,zero,1,1,2,3,4,turning,,,,,\n", "events:2: column \"first_s\""},
		{"x,8,0,1,1,2,3,4,ok,50,,1,,\n", "events:2: column \"speed_uncertainty_kmh\""}};
	char text[1024];
	struct results *r;
	struct err err;
	for (int i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "%s%s", csv_head, rows[i][0]);
		assert_int_equal(results_parse(text, strlen(text), "events", &err, &r), -EINVAL);
		assert_non_null(strstr(err.text, rows[i][1]));
	}
	assert_int_equal(results_parse("a,b\n", 4, "events", &err, &r), -EINVAL);
	assert_non_null(strstr(err.text, "no column \"track_id\""));
	const char *event = "{\"event\": \"vehicle\", \"speed_status\": \"ok\", \"first_s\": 0, "
			    "\"last_s\": 1, \"from_px\": [0, 0], \"to_px\": [0, 0]}\n";
	assert_int_equal(results_parse(event, strlen(event), "events", &err, &r), -EINVAL);
	assert_non_null(strstr(err.text, "a speed needs"));
}

static void percentiles_are_between_order_statistics(void **state)
{
	(void)state;
	const double v[] = {1, 2, 3, 4};
	assert_true(fabs(speedscore_percentile(v, 4, 0.95) - 3.85) < 1e-12);
	assert_true(fabs(speedscore_percentile(v, 4, 0.5) - 2.5) < 1e-12);
	assert_true(speedscore_percentile(v, 1, 0.99) == 1);
	assert_true(isnan(speedscore_percentile(v, 0, 0.5)));
}

TEST_MAIN(cmocka_unit_test(rows_find_their_vehicles),
	cmocka_unit_test(refusals_and_wrong_tellings_are_counted),
	cmocka_unit_test(csv_rows_are_read), cmocka_unit_test(broken_rows_name_line_and_reason),
	cmocka_unit_test(percentiles_are_between_order_statistics))
