/*
 * Writes violations into a store, for the tests of the server: fill STORE COUNT [EVIDENCE.jpg].
 * Every third has another type, every second another device; with a file, the first has it as its
 * picture and as its clip. With FILL_OUTBOX in the environment a backend is to be told of them.
 * With FILL_TRAFFIC there is traffic too: a morning of 2024-06-03 at "east", whose sums the test
 * knows, and at "west" the last 15 days and the next two hours, with 1, 2 or 3 cars in an hour, in
 * turn.
 */
#include "base/units.h"
#include "store/congestion_rows.h"
#include "store/evidence_files.h"
#include "store/passage_rows.h"
#include "store/violation_rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define SECOND_US INT64_C(1000000)
#define HOUR_US (3600 * SECOND_US)
#define MORNING_US (1717401600 * SECOND_US) /* 2024-06-03T08:00:00Z */

static int add(struct store *store, int number, const struct evidence_seal *seal, struct err *err)
{
	static const char *const types[] = {"speed_violation", "red_light", "wrong_way"};
	static const char *const devices[] = {"north", "south"};
	struct evidence_file files[2];
	struct violation_row row = violation_row_init();
	row.at.us = 1717200000000000 + number * 1000000LL;
	row.type = types[number % 3];
	row.device = devices[number % 2];
	row.severity = number % 4;
	row.class_name = "car";
	row.track_id = number;
	row.measured = 71.5;
	row.uncertainty = 2.25;
	row.limit = 50;
	row.tolerance = 3;
	row.unit = "km/h";
	row.plate = number % 5 == 0 ? "B-GA 123" : NULL;
	row.box = (struct box){10, 20, 110, 80};
	row.explanation = "71.5 km/h where 50 are allowed";
	if (seal) {
		files[0] = (struct evidence_file){
			.role = "scene", seal->path, seal->bytes, seal->sha256};
		files[1] = files[0];
		files[1].role = "clip";
		row.files = files;
		row.file_count = 2;
	}
	return violation_rows_add_wait(store, &row, err, NULL);
}

static int pass(struct store *store, const char *device, int64_t at_us, const char *direction,
	const char *class_name, double speed_kmh, struct err *err)
{
	struct passage_row row = {
		.at = {at_us},
		.device = device,
		.line = "stop",
		.class_name = class_name,
		.direction = direction,
		.speed_mps = speed_kmh / KMH_PER_MPS,
		.speed_sigma_mps = NAN,
		.occupied_s = isfinite(speed_kmh) ? 0.75 : NAN,
	};
	return passage_rows_add(store, &row, err);
}

/* 08:00: six go forward, two of them trucks; 08:15: one comes back, nobody knows how fast. */
static int add_morning(struct store *store, struct err *err)
{
	static const int at_s[] = {0, 10, 30, 40, 60, 70};
	int r = 0;
	for (int i = 0; r == 0 && i < 6; i++)
		r = pass(store, "east", MORNING_US + at_s[i] * SECOND_US, "forward",
			i < 4 ? "car" : "truck", i < 4 ? 36.5 : 72.5, err);
	return r < 0 ? r
		     : pass(store, "east", MORNING_US + 1000 * SECOND_US, "backward", "car", NAN,
			       err);
}

/* Over two lanes: three cars on the left, a truck and a car on the right, that one on the marking.
 */
static int add_lanes(struct store *store, struct err *err)
{
	static const int at_s[] = {0, 5, 10, 20, 25};
	static const bool left[] = {true, false, true, true, false};
	int r = 0;
	for (int i = 0; r == 0 && i < 5; i++) {
		struct passage_row row = {
			.at = {MORNING_US + at_s[i] * SECOND_US},
			.device = "bridge",
			.line = "deck",
			.lane = left[i] ? "left" : "right",
			.lane_unsure = i == 4,
			.class_name = i == 1 ? "truck" : "car",
			.direction = "forward",
			.speed_mps = (left[i] ? 72.5 : 36.5) / KMH_PER_MPS,
			.speed_sigma_mps = NAN,
			.occupied_s = 0.5,
		};
		r = passage_rows_add(store, &row, err);
	}
	return r;
}

/* Ten minutes at 36 km/h, one at 14.4, one with a queue, an empty one. */
static int add_minutes(struct store *store, struct err *err)
{
	int r = 0;
	for (int i = 0; r == 0 && i < 13; i++) {
		struct congestion_row row = {
			.from = {MORNING_US + i * 60 * SECOND_US},
			.seen_s = 60,
			.vehicle_count = i < 12 ? 3.5 : 0,
			.speed_mps = i < 10   ? 10
				     : i < 12 ? 4
					      : NAN,
			.calibrated = true,
			.queue_ratio = i == 11 ? 0.9 : 0,
			.queue_m = i == 11 ? 35.5 : 0,
			.queue_count = i == 11 ? 6 : 0,
		};
		r = congestion_rows_add(store, "east", &row, err);
	}
	return r;
}

static int add_weeks(struct store *store, struct err *err)
{
	int64_t now = wall_now().us / HOUR_US;
	int r = 0;
	for (int64_t hour = now - 15 * 24; r == 0 && hour <= now + 2; hour++)
		for (int i = 0; r == 0 && i < 1 + hour % 3; i++)
			r = pass(store, "west", hour * HOUR_US + i * SECOND_US, "forward", "car",
				50.5, err);
	return r;
}

static int add_traffic(struct store *store, struct err *err)
{
	int r = add_morning(store, err);
	if (r == 0)
		r = add_lanes(store, err);
	if (r == 0)
		r = add_minutes(store, err);
	return r < 0 ? r : add_weeks(store, err);
}

int main(int argc, char **argv)
{
	struct err err = {0};
	struct store *store = NULL;
	struct evidence_seal seal;
	int count = argc > 2 ? atoi(argv[2]) : 0;
	struct store_params params = {
		.path = argv[1], .group_us = 1, .outbox = getenv("FILL_OUTBOX") != NULL};
	int r = argc > 2 ? store_open(&params, &err, &store) : -1;
	if (r == 0 && argc > 3)
		r = evidence_files_seal(argv[3], &err, &seal);
	for (int i = 0; r == 0 && i < count; i++)
		r = add(store, i, argc > 3 && i == 0 ? &seal : NULL, &err);
	if (r == 0 && getenv("FILL_TRAFFIC"))
		r = add_traffic(store, &err);
	if (r == 0)
		r = store_flush(store, &err);
	store_close(&store);
	if (r < 0)
		fprintf(stderr, "fill: %s\n", err.text);
	return r < 0;
}
