#include "base/jsonin.h"
#include "fixtures.h"
#include "record/csv.h"
#include "record/events.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>

static char path[] = "/tmp/gantry-events-XXXXXX";

static const struct events_run run = {
	.source = "a \"b\".mp4",
	.device_id = "north,gate",
	.detector = "motion",
	.width_px = 640,
	.height_px = 360,
	.duration_s = 2.5,
	.calibrated = true,
	.calibration_rms_px = 0.75,
	.frame_count = 63,
	.vehicle_count = 1,
	.violation_count = 1,
};
/* 2024-05-01T12:00:00Z */
static const struct wall start = {1714564800000000};

static void write_all(void)
{
	struct events *e;
	struct violation v = fixture_violation(), plain = fixture_violation();
	struct passage p = fixture_passage(), slow = fixture_passage();
	struct counts *counts = calloc(1, sizeof(*counts));
	slow.speed_status = SPEED_TOO_SHORT;
	slow.violation_kinds = 0;
	plain.kind = VIOLATION_WRONG_WAY;
	plain.unit = "deg";
	plain.uncertainty = NAN;
	counts->line_count = 2;
	counts->lines[0] = (struct line_count){.name = "solid"};
	counts->lines[1] = (struct line_count){.name = "north", .counting = true};
	counts->lines[1].count[CROSSING_FORWARD][ROAD_USER_CAR] = 3;
	counts->lines[1].count[CROSSING_FORWARD][ROAD_USER_BUS] = 1;
	counts->lane_count = 2;
	counts->lanes[0] = (struct lane_count){.name = "left", .line = 1};
	counts->lanes[1] = (struct lane_count){.name = "right", .line = 1};
	counts->lanes[1].count[CROSSING_FORWARD][ROAD_USER_CAR] = 3;
	counts->lanes[1].unsure[CROSSING_FORWARD] = 2;
	struct crossing crossing = {.line = 1,
		.lane = 1,
		.lane_unsure = true,
		.track_id = 7,
		.truth_id = -1,
		.road_user = ROAD_USER_CAR,
		.at = {1250000},
		.occupied_s = 0.5};
	struct crossing plain_crossing = {.line = 0, .lane = -1, .truth_id = 3, .occupied_s = NAN};
	assert_int_equal(events_open(path, NULL, &e), 0);
	assert_int_equal(events_begin(e, &run, start, NULL), 0);
	assert_int_equal(events_violation(e, &v, "out/x.json", NULL), 0);
	assert_int_equal(events_violation(e, &plain, NULL, NULL), 0);
	assert_int_equal(events_clip(e,
				 &(struct clip){.path = "out/x.mp4",
					 .record_path = "out/x.json",
					 .violation = &v,
					 .from = {500000},
					 .to = {6400000}},
				 NULL),
		0);
	assert_int_equal(events_gap(e, (struct media){1000000}, (struct media){2250000}, NULL), 0);
	assert_int_equal(events_crossing(e, counts, &crossing, NULL), 0);
	assert_int_equal(events_crossing(e, counts, &plain_crossing, NULL), 0);
	assert_int_equal(events_passage(e, &p, NULL), 0);
	assert_int_equal(events_passage(e, &slow, NULL), 0);
	assert_int_equal(events_counts(e, counts, NULL), 0);
	assert_int_equal(events_end(e, &run, false, "disk on fire", NULL), 0);
	assert_int_equal(events_close(&e, NULL), 0);
	free(counts);
}

static const char *text_of(const struct jsonin *o, const char *key)
{
	return jsonin_string(jsonin_get(o, key), "(none)");
}

static double real_of(const struct jsonin *o, const char *key)
{
	return jsonin_real(jsonin_get(o, key), NAN);
}

static void check_violation(const struct jsonin *o)
{
	double box[4];
	assert_string_equal(text_of(o, "violation_type"), "speed_violation");
	assert_string_equal(text_of(o, "device_id"), "north,gate");
	assert_string_equal(text_of(o, "timestamp"), "2024-05-01T12:00:01.500Z");
	assert_string_equal(text_of(o, "severity"), "high");
	assert_string_equal(text_of(o, "class_name"), "car");
	assert_string_equal(text_of(o, "evidence_path"), "out/x.json");
	assert_true(real_of(o, "measured_kmh") == 63.25 && real_of(o, "limit_kmh") == 50);
	assert_true(real_of(o, "uncertainty_kmh") == 1.5 && real_of(o, "tolerance_kmh") == 3);
	assert_true(real_of(o, "from_s") == 1 && real_of(o, "track_id") == 7);
	assert_true(jsonin_reals(jsonin_get(o, "bbox"), box, 4) && box[2] == 100);
	assert_string_equal(text_of(o, "explanation"), fixture_violation().explanation);
}

static void check_vehicles(const struct jsonin *good, const struct jsonin *slow)
{
	assert_true(real_of(good, "speed_kmh") == 54);
	assert_true(fabs(real_of(good, "speed_uncertainty_kmh") - 3.53) < 0.011);
	assert_string_equal(text_of(good, "first_seen"), "2024-05-01T12:00:00.500Z");
	assert_int_equal(jsonin_count(jsonin_get(good, "violations")), 2);
	assert_string_equal(text_of(slow, "speed_status"), "too_short");
	/* A number that is not known is not there. */
	assert_null(jsonin_get(slow, "speed_kmh"));
	assert_int_equal(jsonin_count(jsonin_get(slow, "violations")), 0);
}

static void check_crossings(const struct jsonin *in_lane, const struct jsonin *plain)
{
	assert_string_equal(text_of(in_lane, "line"), "north");
	assert_string_equal(text_of(in_lane, "lane"), "right");
	assert_true(jsonin_bool(jsonin_get(in_lane, "lane_unsure"), false));
	assert_string_equal(text_of(in_lane, "direction"), "forward");
	assert_string_equal(text_of(in_lane, "class_name"), "car");
	assert_string_equal(text_of(in_lane, "timestamp"), "2024-05-01T12:00:01.250Z");
	assert_true(real_of(in_lane, "media_s") == 1.25 && real_of(in_lane, "occupied_s") == 0.5);
	assert_true(real_of(in_lane, "track_id") == 7);
	assert_null(jsonin_get(in_lane, "truth_id"));
	assert_string_equal(text_of(plain, "line"), "solid");
	assert_null(jsonin_get(plain, "lane"));
	assert_null(jsonin_get(plain, "lane_unsure"));
	assert_null(jsonin_get(plain, "occupied_s"));
	assert_true(real_of(plain, "truth_id") == 3);
}

static void check_lanes(const struct jsonin *forward, const struct jsonin *backward)
{
	const struct jsonin *lanes = jsonin_get(forward, "lanes");
	assert_int_equal(jsonin_count(lanes), 2);
	assert_string_equal(text_of(jsonin_at(lanes, 0), "lane"), "left");
	assert_true(real_of(jsonin_at(lanes, 0), "total") == 0);
	const struct jsonin *right = jsonin_at(lanes, 1);
	assert_string_equal(text_of(right, "lane"), "right");
	assert_true(real_of(right, "total") == 3 && real_of(right, "unsure") == 2);
	assert_true(real_of(jsonin_get(right, "by_class"), "car") == 3);
	right = jsonin_at(jsonin_get(backward, "lanes"), 1);
	assert_true(real_of(right, "total") == 0 && real_of(right, "unsure") == 0);
}

static void every_line_is_an_object_by_its_names(void **state)
{
	static const char *const events[] = {"run", "violation", "violation", "clip", "gap",
		"crossing", "crossing", "vehicle", "vehicle", "count", "count", "end"};
	struct jsonin *lines[16] = {NULL};
	int n = 0;
	(void)state;
	write_all();
	char *text = fixture_read(path, NULL), *save = NULL;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct err err;
		assert_true(n < 12);
		assert_int_equal(jsonin_parse(line, strlen(line), &err, &lines[n]), 0);
		assert_string_equal(text_of(lines[n], "event"), events[n]);
		n++;
	}
	assert_int_equal(n, 12);
	assert_string_equal(text_of(lines[0], "source"), "a \"b\".mp4");
	assert_string_equal(text_of(lines[0], "timestamp"), "2024-05-01T12:00:00.000Z");
	check_violation(lines[1]);
	assert_true(real_of(lines[2], "measured_deg") == 63.25);
	assert_null(jsonin_get(lines[2], "uncertainty_deg"));
	assert_string_equal(text_of(lines[3], "clip_path"), "out/x.mp4");
	assert_string_equal(text_of(lines[3], "evidence_path"), "out/x.json");
	assert_string_equal(text_of(lines[3], "rule"), "town limit");
	assert_true(real_of(lines[3], "from_s") == 0.5 && real_of(lines[3], "to_s") == 6.4);
	assert_true(real_of(lines[4], "missing_s") == 1.25);
	check_crossings(lines[5], lines[6]);
	check_vehicles(lines[7], lines[8]);
	check_lanes(lines[9], lines[10]);
	assert_true(real_of(lines[9], "total") == 4 && real_of(lines[10], "total") == 0);
	assert_true(real_of(jsonin_get(lines[9], "by_class"), "bus") == 1);
	assert_string_equal(text_of(lines[11], "reason"), "disk on fire");
	for (int i = 0; i < n; i++)
		jsonin_free(&lines[i]);
	free(text);
}

static void two_runs_give_the_same_bytes(void **state)
{
	(void)state;
	write_all();
	char *one = fixture_read(path, NULL);
	write_all();
	char *two = fixture_read(path, NULL);
	assert_string_equal(one, two);
	free(one);
	free(two);
}

static void rows_are_csv(void **state)
{
	struct csv *c;
	struct passage p = fixture_passage(), slow = fixture_passage();
	(void)state;
	slow.speed_status = SPEED_UNCALIBRATED;
	slow.violation_kinds = 0;
	assert_int_equal(csv_open(path, NULL, &c), 0);
	assert_int_equal(csv_passage(c, "north,\"gate\"", start, &p, NULL), 0);
	assert_int_equal(csv_passage(c, "south", start, &slow, NULL), 0);
	assert_int_equal(csv_close(&c, NULL), 0);
	char *text = fixture_read(path, NULL);
	assert_string_equal(strchr(text, '\n') + 1,
		"\"north,\"\"gate\"\"\",7,truck,0.75,2024-05-01T12:00:00.500Z,2024-05-01T12:00:02."
		"500Z,0.5,2.5,"
		"51,10.3,20,300,40.5,ok,54,3.53,1.5,speed_violation;lane_violation,\n"
		"south,7,truck,0.75,2024-05-01T12:00:00.500Z,2024-05-01T12:00:02.500Z,0.5,2.5,51,"
		"10.3,20,300,"
		"40.5,uncalibrated,,,,,\n");
	free(text);
}

/* The file size limit stands for a full disk: write() fails in the same way. */
static void full_disk_leaves_whole_lines(void **state)
{
	struct rlimit before, small;
	struct err err = {{0}};
	struct events *e;
	struct violation v = fixture_violation();
	int r = 0, written = 0;
	(void)state;
	getrlimit(RLIMIT_FSIZE, &before);
	small = before;
	small.rlim_cur = 3000;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(events_open(path, NULL, &e), 0);
	setrlimit(RLIMIT_FSIZE, &small);
	assert_int_equal(events_begin(e, &run, start, NULL), 0);
	for (; written < 20 && r == 0; written += r == 0)
		r = events_violation(e, &v, NULL, &err);
	assert_int_equal(r, -EFBIG);
	assert_non_null(strstr(err.text, ": cannot be written: File too large"));
	/* And so it stays. */
	assert_int_equal(events_violation(e, &v, NULL, NULL), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(events_violation(e, &v, NULL, NULL), -EFBIG);
	assert_int_equal(events_close(&e, &err), -EFBIG);
	size_t count = 0;
	char *text = fixture_read(path, &count);
	int lines = 0;
	for (size_t i = 0; i < count; i++)
		lines += text[i] == '\n';
	assert_int_equal(lines, 1 + written);
	assert_true(written > 2);
	assert_int_equal(text[count - 1], '\n');
	free(text);
}

static void unwritable_is_one_sentence(void **state)
{
	struct err err = {{0}};
	struct events *e = NULL;
	struct csv *c = NULL;
	(void)state;
	assert_int_equal(events_open("/nonexistent/e.jsonl", &err, &e), -ENOENT);
	assert_string_equal(
		err.text, "/nonexistent/e.jsonl: cannot be written: No such file or directory");
	assert_int_equal(csv_open("/nonexistent/e.csv", &err, &c), -ENOENT);
	if (access("/dev/full", W_OK) == 0) {
		assert_int_equal(events_open("/dev/full", &err, &e), 0);
		assert_int_equal(events_begin(e, &run, start, &err), -ENOSPC);
		assert_string_equal(
			err.text, "/dev/full: cannot be written: No space left on device");
		assert_int_equal(events_close(&e, NULL), -ENOSPC);
	}
}

static int make_file(void **state)
{
	(void)state;
	int fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_line_is_an_object_by_its_names),
		cmocka_unit_test(two_runs_give_the_same_bytes),
		cmocka_unit_test(rows_are_csv),
		cmocka_unit_test(full_disk_leaves_whole_lines),
		cmocka_unit_test(unwritable_is_one_sentence),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_file, remove_file);
}
