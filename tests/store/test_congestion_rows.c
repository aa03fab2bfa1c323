#include "store/congestion_rows.h"

#include "fixture.h"
#include "gantry/traffic.h"
#include "store/retention.h"

#include <math.h>

#define MINUTE_US INT64_C(60000000)
static const struct wall epoch = {1717200000000000};

static void add(struct store *store, int minute, double speed_mps, double queue_ratio)
{
	struct congestion_row row = {.from = {epoch.us + minute * MINUTE_US},
		.seen_s = 60,
		.vehicle_count = isnan(speed_mps) && queue_ratio == 0 ? 0 : 3,
		.speed_mps = speed_mps,
		.calibrated = true,
		.queue_ratio = queue_ratio,
		.queue_m = queue_ratio > 0 ? 42.5 : 0,
		.queue_count = queue_ratio > 0 ? 6 : 0};
	struct err err = {0};
	assert_int_equal(congestion_rows_add(store, "north", &row, &err), 0);
}

struct found {
	enum congestion_state states[64];
	struct congestion_row last;
	int count;
};

static int note(void *opaque, const struct congestion_row *row)
{
	struct found *found = opaque;
	found->states[found->count++] = row->state;
	found->last = *row;
	return 0;
}

static struct found find(struct store *store, int from_minute, int to_minute)
{
	struct found found = {.count = 0};
	struct err err = {0};
	assert_int_equal(store_flush(store, &err), 0);
	assert_int_equal(
		congestion_rows_find(store, "north",
			(struct wall){epoch.us + from_minute * MINUTE_US},
			(struct wall){epoch.us + to_minute * MINUTE_US}, note, &found, &err),
		0);
	return found;
}

static void minutes_have_states(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	for (int i = 0; i < 9; i++)
		add(store, i, 14, 0);
	/* Nine minutes do not say what the free speed is. */
	assert_int_equal(find(store, 0, 9).states[8], CONGESTION_UNKNOWN);
	for (int i = 9; i < 30; i++)
		add(store, i, 14, 0);
	add(store, 30, NAN, 0);
	add(store, 31, 6.5, 0.4);
	add(store, 32, 7.5, 0.4);
	add(store, 33, 1, 0.9);
	/* The same minute again takes the place of the first. */
	add(store, 33, 2, 0.95);
	struct found found = find(store, 29, 34);
	assert_int_equal(found.count, 5);
	assert_string_equal(congestion_state_name(found.states[0]), "free");
	assert_string_equal(congestion_state_name(found.states[1]), "free");
	assert_string_equal(congestion_state_name(found.states[2]), "dense");
	assert_string_equal(congestion_state_name(found.states[3]), "free");
	assert_string_equal(congestion_state_name(found.states[4]), "queue");
	assert_true(found.last.from.us == epoch.us + 33 * MINUTE_US && found.last.speed_mps == 2);
	assert_true(found.last.queue_m == 42.5 && found.last.queue_count == 6);
	struct err err = {0};
	assert_int_equal(congestion_rows_add(store, "", &found.last, &err), -EINVAL);

	struct retention_report report;
	struct retention_params params = {.traffic_sums_days = 1};
	struct wall now = {epoch.us + 30 * MINUTE_US + INT64_C(86400000000)};
	assert_int_equal(retention_apply(store, &params, now, &err, &report), 0);
	assert_int_equal(report.minutes, 30);
	assert_int_equal(find(store, 0, 34).count, 4);
	store_close(&store);
	fixture_remove(dir);
}

/* What a run wrote, as a program asks for it. */
static void the_library_tells_it(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	struct congestion_row row = {.from = {wall_now().us / MINUTE_US * MINUTE_US - MINUTE_US},
		.seen_s = 60,
		.vehicle_count = 7,
		.speed_mps = 0.5,
		.calibrated = true,
		.queue_ratio = 1,
		.queue_m = 61,
		.queue_count = 7};
	struct gantry_analytics_config config;
	struct gantry_analytics *analytics = NULL;
	struct gantry_congestion congestion;
	struct gantry_error error;
	struct err err = {0};
	char path[4200];
	assert_int_equal(congestion_rows_add(store, "north", &row, &err), 0);
	store_close(&store);
	snprintf(path, sizeof(path), "%s/store.db", dir);
	gantry_analytics_config_init(&config);
	config.store_path = path;
	assert_int_equal(gantry_analytics_create(&config, &analytics, &error), 0);
	assert_int_equal(
		gantry_analytics_get_congestion(analytics, "north", 10, &congestion, &error), 0);
	assert_int_equal(congestion.minute_count, 1);
	assert_int_equal(congestion.minutes[0].from_us, row.from.us);
	assert_string_equal(congestion.minutes[0].state, "queue");
	assert_true(congestion.minutes[0].queue_meters == 61);
	assert_true(fabs(congestion.minutes[0].speed_kmh - 1.8) < 1e-9);
	gantry_congestion_free(&congestion);
	gantry_analytics_destroy(&analytics);
	fixture_remove(dir);
}

TEST_MAIN(cmocka_unit_test(minutes_have_states), cmocka_unit_test(the_library_tells_it))
