#include "store/retention_keeper.h"

#include "fixture.h"
#include "store/evidence_files.h"
#include "store/outbox_rows.h"
#include "store/passage_rows.h"
#include "store/traffic_stats.h"
#include "store/upkeep.h"
#include "store/violation_stats.h"

#include <math.h>

#define DAY_US 86400000000
static const struct wall now = {1717200000000000 + 100 * DAY_US};

/* A violation `days` old with a sealed file of 1000 bytes. */
static int64_t add_aged(struct store *store, const char *dir, int days, const char *name)
{
	struct violation_row row = fixture_violation(0);
	struct evidence_seal seal;
	struct err err = {0};
	char path[4200], bytes[1000];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *f = fopen(path, "w");
	memset(bytes, name[0], sizeof(bytes));
	assert_int_equal(fwrite(bytes, 1, sizeof(bytes), f), sizeof(bytes));
	fclose(f);
	assert_int_equal(evidence_files_seal(path, &err, &seal), 0);
	assert_int_equal(seal.bytes, 1000);
	struct evidence_file file = {
		.role = "scene", .path = seal.path, .bytes = seal.bytes, .sha256 = seal.sha256};
	row.at.us = now.us - days * DAY_US - 1;
	row.files = &file;
	row.file_count = 1;
	return fixture_add(store, &row);
}

static bool is_there(const char *dir, const char *name)
{
	char path[4200];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

static void hold(struct store *store, int64_t id)
{
	struct violation_review review = {
		.id = id, .review = -1, .held = 1, .by = "ann", .now = now};
	struct err err;
	assert_int_equal(violation_rows_review(store, &review, &err), 0);
}

static struct retention_report apply(struct store *store, struct retention_params params)
{
	struct retention_report report;
	struct err err = {0};
	if (retention_apply(store, &params, now, &err, &report) < 0)
		fail_msg("%s", err.text);
	return report;
}

static int count_files(void *opaque, const struct violation_row *row)
{
	*(int *)opaque = row->file_count;
	return 0;
}

static int files_of(struct store *store, int64_t id)
{
	struct err err;
	int count = -1;
	int r = violation_rows_get(store, id, count_files, &count, &err);
	return r < 0 ? r : count;
}

static void fail_on_problem(void *opaque, const char *problem)
{
	(void)opaque;
	fail_msg("%s", problem);
}

static int fail_on_file(void *opaque, int64_t id, const char *path, const char *reason)
{
	(void)opaque;
	(void)id;
	fail_msg("%s %s", path, reason);
	return 1;
}

static void check_whole(struct store *store)
{
	struct err err;
	int64_t count;
	assert_int_equal(upkeep_check(store, fail_on_problem, NULL, &err), 0);
	assert_int_equal(evidence_files_verify(store, fail_on_file, NULL, &err, &count), 0);
}

static void age_takes_what_no_case_needs(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	int64_t old = add_aged(store, dir, 40, "old"), held = add_aged(store, dir, 50, "held");
	int64_t young = add_aged(store, dir, 20, "young");
	hold(store, held);
	struct retention_report report =
		apply(store, (struct retention_params){.violations_days = 30});
	assert_int_equal(report.violations, 1);
	assert_int_equal(report.files, 1);
	assert_int_equal(report.bytes, 1000);
	assert_int_equal(report.kept, 1);
	assert_int_equal(files_of(store, old), -ENOENT);
	assert_int_equal(files_of(store, held), 1);
	assert_int_equal(files_of(store, young), 1);
	assert_false(is_there(dir, "old"));
	assert_true(is_there(dir, "held") && is_there(dir, "young"));
	/* Evidence alone: the violation stays. */
	report = apply(store, (struct retention_params){.evidence_days = 10});
	assert_int_equal(report.files, 1);
	assert_int_equal(files_of(store, young), 0);
	assert_int_equal(files_of(store, held), 1);
	check_whole(store);
	/* Ids are not given again. */
	assert_int_equal(add_aged(store, dir, 1, "new"), young + 1);
	store_close(&store);
	fixture_remove(dir);
}

static void size_takes_the_oldest(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	int64_t ids[10];
	for (int i = 0; i < 10; i++) {
		char name[8];
		snprintf(name, sizeof(name), "f%d", i);
		ids[i] = add_aged(store, dir, 50 - i, name);
	}
	hold(store, ids[1]);
	struct retention_report report =
		apply(store, (struct retention_params){.evidence_bytes = 6500});
	assert_int_equal(report.files, 4);
	for (int i = 0; i < 10; i++)
		assert_int_equal(files_of(store, ids[i]), i >= 5 || i == 1);
	/* What is held counts, and stays even where nothing else is left. */
	report = apply(store, (struct retention_params){.evidence_bytes = 1});
	assert_int_equal(report.files, 5);
	assert_int_equal(files_of(store, ids[1]), 1);
	report = apply(store, (struct retention_params){.violations_max = 4});
	assert_int_equal(report.violations, 6);
	assert_int_equal(files_of(store, ids[6]), -ENOENT);
	assert_int_equal(files_of(store, ids[7]), 0);
	assert_int_equal(files_of(store, ids[1]), 1);
	check_whole(store);
	store_close(&store);
	fixture_remove(dir);
}

static void what_was_not_told_stays(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open_with(dir, (struct store_params){.outbox = true});
	int64_t id = add_aged(store, dir, 400, "a");
	struct outbox_row row;
	struct err err;
	struct retention_params params = {.violations_days = 30, .evidence_days = 1};
	assert_int_equal(apply(store, params).violations, 0);
	assert_int_equal(files_of(store, id), 1);
	assert_int_equal(outbox_rows_due(store, now, &row, 1, &err), 1);
	assert_int_equal(outbox_rows_remove(store, row.id, &err), 0);
	assert_int_equal(apply(store, params).violations, 1);
	store_close(&store);
	fixture_remove(dir);
}

/* Two rows that name one file: it goes with the last of them. */
static void shared_files_stay_until_the_last(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	add_aged(store, dir, 40, "same");
	int64_t young = add_aged(store, dir, 20, "same");
	assert_int_equal(apply(store, (struct retention_params){.violations_days = 30}).files, 0);
	assert_true(is_there(dir, "same"));
	assert_int_equal(files_of(store, young), 1);
	assert_int_equal(apply(store, (struct retention_params){.violations_days = 10}).files, 1);
	assert_false(is_there(dir, "same"));
	store_close(&store);
	fixture_remove(dir);
}

static void many_rows_go_in_parts_and_sums_stay(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	struct err err = {0};
	for (int i = 0; i < 3500; i++) {
		struct violation_row row = fixture_violation(i);
		struct passage_row passage = {.at = row.at,
			.device = "north",
			.line = "l",
			.class_name = "car",
			.direction = "forward",
			.speed_mps = NAN,
			.speed_sigma_mps = NAN,
			.occupied_s = NAN};
		assert_int_equal(violation_rows_add(store, &row, NULL, NULL, &err), 0);
		assert_int_equal(passage_rows_add(store, &passage, &err), 0);
	}
	assert_int_equal(store_flush(store, &err), 0);
	struct retention_report report =
		apply(store, (struct retention_params){.violations_days = 30, .passages_max = 700});
	assert_int_equal(report.violations, 3500);
	assert_int_equal(report.passages, 2800);
	struct violation_summary summary;
	assert_int_equal(violation_stats_summary(store, now, 0, &err, &summary), 0);
	assert_int_equal(summary.total, 3500);
	violation_summary_finish(&summary);
	apply(store, (struct retention_params){.sums_days = 30});
	assert_int_equal(violation_stats_summary(store, now, 0, &err, &summary), 0);
	assert_int_equal(summary.total, 0);
	violation_summary_finish(&summary);
	check_whole(store);
	store_close(&store);
	fixture_remove(dir);
}

static void judge(struct store *store, int64_t id, enum review review)
{
	struct violation_review said = {.id = id,
		.review = review,
		.reason = review == REVIEW_REJECTED ? "not he" : NULL,
		.held = -1,
		.by = "ann",
		.now = now};
	struct err err;
	assert_int_equal(violation_rows_review(store, &said, &err), 0);
}

/* A confirmed one is a case; an open one waits for its review; a rejected one is nobody's. */
static void a_review_says_what_is_needed(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	int64_t confirmed = add_aged(store, dir, 50, "confirmed");
	int64_t open = add_aged(store, dir, 45, "open");
	int64_t rejected = add_aged(store, dir, 40, "rejected");
	judge(store, confirmed, REVIEW_CONFIRMED);
	judge(store, rejected, REVIEW_REJECTED);
	struct retention_report report =
		apply(store, (struct retention_params){.violations_days = 30,
				     .evidence_bytes = 1,
				     .violations_max = 1,
				     .pending_days = 46});
	assert_int_equal(report.violations, 1);
	assert_int_equal(report.files, 1);
	assert_int_equal(report.kept, 2);
	assert_int_equal(files_of(store, rejected), -ENOENT);
	assert_int_equal(files_of(store, confirmed), 1);
	assert_int_equal(files_of(store, open), 1);
	/* The time for the review is over, then that of the case. */
	assert_int_equal(
		apply(store, (struct retention_params){.violations_days = 30, .pending_days = 44})
			.violations,
		1);
	assert_int_equal(files_of(store, open), -ENOENT);
	struct retention_params closed = {.violations_days = 30, .confirmed_days = 51};
	assert_int_equal(apply(store, closed).violations, 0);
	closed.confirmed_days = 49;
	assert_int_equal(apply(store, closed).violations, 1);
	assert_false(is_there(dir, "confirmed"));
	check_whole(store);
	store_close(&store);
	fixture_remove(dir);
}

static int64_t count_traffic(struct store *store, enum rollup_scale scale)
{
	struct traffic_place all = {0};
	struct traffic_bucket *buckets = NULL;
	struct err err = {0};
	int64_t sum = 0;
	int count;
	assert_int_equal(traffic_stats_flow(store, &all, scale, (struct wall){now.us - 5 * DAY_US},
				 (struct wall){now.us + DAY_US}, 1, &err, &buckets, &count),
		0);
	for (int i = 0; i < count; i++)
		sum += buckets[i].count;
	free(buckets);
	return sum;
}

static void traffic_sums_leave_by_days(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	struct err err = {0};
	for (int day = 1; day <= 4; day++) {
		struct passage_row passage = {.at = {now.us - day * DAY_US},
			.device = "north",
			.line = "l",
			.class_name = "car",
			.direction = "forward",
			.speed_mps = 10,
			.speed_sigma_mps = NAN,
			.occupied_s = 0.5};
		assert_int_equal(passage_rows_add(store, &passage, &err), 0);
	}
	assert_int_equal(store_flush(store, &err), 0);
	for (int scale = ROLLUP_QUARTER; scale <= ROLLUP_DAY; scale++)
		assert_int_equal(count_traffic(store, (enum rollup_scale)scale), 4);
	apply(store, (struct retention_params){.traffic_sums_days = 2.5});
	for (int scale = ROLLUP_QUARTER; scale <= ROLLUP_DAY; scale++)
		assert_int_equal(count_traffic(store, (enum rollup_scale)scale), 3);
	apply(store, (struct retention_params){.traffic_sums_days = 2, .passages_days = 1.5});
	for (int scale = ROLLUP_QUARTER; scale <= ROLLUP_DAY; scale++)
		assert_int_equal(count_traffic(store, (enum rollup_scale)scale), 2);
	check_whole(store);
	store_close(&store);
	fixture_remove(dir);
}

/* By the clock, beside one who records: all that is too old goes, nothing else. */
static void the_keeper_applies_it_again(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	struct retention_params params = {.violations_max = 100};
	struct retention_keeper_state keeping = {0};
	struct retention_keeper *keeper = NULL;
	struct err err = {0};
	assert_int_equal(retention_keeper_start(store, &params, 0.02, &err, &keeper), 0);
	for (int i = 0; i < 3000; i++) {
		struct violation_row row = fixture_violation(i);
		assert_int_equal(violation_rows_add(store, &row, NULL, NULL, &err), 0);
	}
	assert_int_equal(store_flush(store, &err), 0);
	for (int i = 0; i < 2000 && keeping.sum.violations < 2900; i++) {
		usleep(10000);
		retention_keeper_get_state(keeper, &keeping);
	}
	retention_keeper_stop(&keeper);
	assert_null(keeper);
	assert_int_equal(keeping.sum.violations, 2900);
	assert_true(keeping.run_count > 0 && keeping.last.us > 0);
	assert_string_equal(keeping.problem, "");
	check_whole(store);
	store_close(&store);
	fixture_remove(dir);
}

TEST_MAIN(cmocka_unit_test(age_takes_what_no_case_needs), cmocka_unit_test(size_takes_the_oldest),
	cmocka_unit_test(what_was_not_told_stays),
	cmocka_unit_test(shared_files_stay_until_the_last),
	cmocka_unit_test(many_rows_go_in_parts_and_sums_stay),
	cmocka_unit_test(a_review_says_what_is_needed),
	cmocka_unit_test(traffic_sums_leave_by_days), cmocka_unit_test(the_keeper_applies_it_again))
