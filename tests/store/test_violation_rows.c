#include "store/violation_rows.h"

#include "base/random.h"
#include "fixture.h"
#include "store/audit_rows.h"

#include <math.h>

struct ids {
	int64_t items[2000];
	int count;
};

static int keep_id(void *opaque, const struct violation_row *row)
{
	struct ids *ids = opaque;
	ids->items[ids->count++] = row->id;
	return 0;
}

static struct ids find_ids(struct store *store, const struct violation_filter *filter)
{
	struct ids ids = {.count = 0};
	struct err err = {0};
	if (violation_rows_find(store, filter, keep_id, &ids, &err, NULL) < 0)
		fail_msg("%s", err.text);
	return ids;
}

static int see_all(void *opaque, const struct violation_row *row)
{
	assert_int_equal(row->id, *(int64_t *)opaque);
	assert_int_equal(row->at.us, 1717200007000000);
	assert_string_equal(row->device, "north");
	assert_string_equal(row->type, "speed_violation");
	assert_int_equal(row->severity, 1);
	assert_int_equal(row->track_id, 7);
	assert_string_equal(row->class_name, "car");
	assert_string_equal(row->plate, "B-\xc3\x84 7'");
	assert_true(row->measured == 71.5 && row->uncertainty == 2.25 && row->limit == 50);
	assert_true(isnan(row->tolerance));
	assert_true(row->box.x2 == 110.0f && row->box.y1 == 20.0f);
	assert_int_equal(row->config_version, 3);
	assert_int_equal(row->review, REVIEW_OPEN);
	assert_null(row->rule);
	assert_int_equal(row->file_count, 2);
	assert_string_equal(row->files[1].path, "/e/b.json");
	assert_int_equal(row->files[0].bytes, 123);
	return 42;
}

static void comes_back_as_written(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	struct violation_row row = fixture_violation(7);
	const struct evidence_file files[] = {
		{.role = "scene", .path = "/e/a.jpg", .bytes = 123, .sha256 = "aa"},
		{.role = "record", .path = "/e/b.json", .bytes = 45, .sha256 = "bb"},
	};
	row.plate = "B-\xc3\x84 7'";
	row.tolerance = NAN;
	row.config_version = 3;
	row.files = files;
	row.file_count = 2;
	int64_t id = fixture_add(store, &row);
	struct err err = {0};
	assert_int_equal(violation_rows_get(store, id, see_all, &id, &err), 42);
	assert_int_equal(violation_rows_get(store, id + 1, see_all, &id, &err), -ENOENT);
	store_close(&store);
	/* And in the next process. */
	store = fixture_open_with(dir, (struct store_params){.read_only = true});
	assert_int_equal(violation_rows_get(store, id, see_all, &id, &err), 42);
	assert_int_equal(violation_rows_add_wait(store, &row, &err, NULL), -EROFS);
	store_close(&store);
	fixture_remove(dir);
}

static void told_twice_is_one(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	struct violation_row row = fixture_violation(1);
	row.key = "north/1/speed";
	int64_t first = fixture_add(store, &row), second = fixture_add(store, &row);
	assert_int_equal(first, second);
	row.key = "north/2/speed";
	assert_int_equal(fixture_add(store, &row), first + 1);
	row.key = NULL;
	assert_int_equal(fixture_add(store, &row), first + 2);
	assert_int_equal(fixture_add(store, &row), first + 3);
	store_close(&store);
	fixture_remove(dir);
}

struct told {
	int64_t id[3000];
	bool is_new[3000];
};

struct teller {
	struct told *told;
	int number;
};

static void note_told(void *opaque, int result, int64_t id, bool is_new, const struct err *err)
{
	const struct teller *teller = opaque;
	assert_int_equal(result, 0);
	assert_string_equal(err->text, "");
	teller->told->id[teller->number] = id;
	teller->told->is_new[teller->number] = is_new;
}

/* Many of one transaction, every tenth of them told again a moment or two thousand later. */
static void told_twice_in_one_commit_is_one(void **state)
{
	(void)state;
	static struct told told;
	static struct teller tellers[3000];
	const char *dir = fixture_dir();
	struct store *store = fixture_open_with(dir, (struct store_params){.group_us = 10000000});
	for (int i = 0; i < 3000; i++) {
		struct err err = {0};
		char key[32];
		struct violation_row row = fixture_violation(i);
		snprintf(key, sizeof(key), "north/%d", i % 10 == 9 ? i - 1 : i % 2990);
		row.key = i % 7 == 3 ? NULL : key;
		tellers[i] = (struct teller){&told, i};
		assert_int_equal(violation_rows_add(store, &row, note_told, &tellers[i], &err), 0);
	}
	store_close(&store);
	int64_t last = 0;
	for (int i = 0; i < 3000; i++) {
		int first = i % 10 == 9 ? i - 1 : i % 2990;
		bool again = i % 7 != 3 && first != i && first % 7 != 3;
		assert_int_equal(told.is_new[i], !again);
		assert_int_equal(told.id[i], again ? told.id[first] : last + 1);
		last = again ? last : last + 1;
	}
	store = fixture_open_with(dir, (struct store_params){.read_only = true});
	struct violation_filter filter = violation_filter_init();
	filter.limit = 1000;
	filter.order = VIOLATION_COMMITTED;
	filter.after.id = last - 1000;
	assert_int_equal(find_ids(store, &filter).items[999], last);
	store_close(&store);
	fixture_remove(dir);
}

static void lacking_rows_are_refused(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	struct err err = {0};
	struct violation_row row = fixture_violation(1);
	row.device = NULL;
	assert_int_equal(violation_rows_add_wait(store, &row, &err, NULL), -EINVAL);
	assert_non_null(strstr(err.text, "device"));
	row = fixture_violation(1);
	row.type = "a type whose name is longer than anybody will ever need, and then some";
	assert_int_equal(violation_rows_add(store, &row, NULL, NULL, &err), -EINVAL);
	row = fixture_violation(1);
	row.severity = 4;
	assert_int_equal(violation_rows_add(store, &row, NULL, NULL, &err), -EINVAL);
	store_close(&store);
	fixture_remove(dir);
}

/* 300 violations of 3 devices and 2 types, in a shuffled order of times with many equal ones. */
static void fill(struct store *store)
{
	static const char *const devices[] = {"north", "south", "west"};
	struct random random = random_at(1, 2, 3, 4);
	for (int i = 0; i < 300; i++) {
		struct err err = {0};
		struct violation_row row = fixture_violation((int64_t)(random_u64(&random) % 60));
		row.device = devices[i % 3];
		row.type = i % 2 ? "speed_violation" : "red_light";
		row.severity = i % 4;
		row.plate = i % 10 ? NULL : "X-1";
		assert_int_equal(violation_rows_add(store, &row, NULL, NULL, &err), 0);
	}
	struct violation_row last = fixture_violation(0);
	last.device = "last";
	fixture_add(store, &last);
}

static void filters(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	fill(store);
	struct violation_filter f = violation_filter_init();
	f.limit = 1000;
	assert_int_equal(find_ids(store, &f).count, 301);
	f.device = "south";
	assert_int_equal(find_ids(store, &f).count, 100);
	f.type = "red_light";
	assert_int_equal(find_ids(store, &f).count, 50);
	f = violation_filter_init();
	f.plate = "X-1";
	assert_int_equal(find_ids(store, &f).count, 30);
	f = violation_filter_init();
	f.limit = 1000;
	f.severity_min = 2;
	assert_int_equal(find_ids(store, &f).count, 150);
	f.severity_min = 0;
	f.from.us = 1717200000000000 + 30 * 1000000;
	int late = find_ids(store, &f).count;
	f.to = f.from;
	f.from.us = 0;
	assert_int_equal(find_ids(store, &f).count + late, 301);
	store_close(&store);
	fixture_remove(dir);
}

/* Pages of every size hold every row once, in order, also while rows are added behind them. */
static void pages_hold_every_row_once(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	fill(store);
	for (int limit = 1; limit <= 301; limit += 37)
		for (int order = VIOLATION_NEWEST; order <= VIOLATION_COMMITTED; order++) {
			struct violation_filter f = violation_filter_init();
			struct ids paged = {.count = 0};
			struct err err = {0};
			f.limit = 1000;
			f.order = (enum violation_order)order;
			struct ids whole = find_ids(store, &f);
			f.limit = limit;
			do {
				int before = paged.count;
				assert_int_equal(violation_rows_find(store, &f, keep_id, &paged,
							 &err, &f.after),
					0);
				assert_in_range(paged.count - before, 1, limit);
			} while (f.after.id);
			assert_int_equal(paged.count, 301);
			assert_memory_equal(
				paged.items, whole.items, (size_t)paged.count * sizeof(int64_t));
		}
	store_close(&store);
	fixture_remove(dir);
}

static int see_review(void *opaque, const struct violation_row *row)
{
	(void)opaque;
	assert_int_equal(row->review, REVIEW_REJECTED);
	assert_string_equal(row->review_reason, "an ambulance");
	assert_string_equal(row->review_note, "blue light on");
	assert_string_equal(row->reviewed_by, "ann");
	assert_true(row->held);
	return 0;
}

static int see_audit(void *opaque, const struct audit_row *row)
{
	++*(int *)opaque;
	assert_string_equal(row->action, "review");
	assert_string_equal(row->actor, "ann");
	return 0;
}

static void reviews_are_audited(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	struct violation_row row = fixture_violation(1);
	int64_t id = fixture_add(store, &row);
	struct err err = {0};
	struct violation_review review = {.id = id,
		.review = REVIEW_REJECTED,
		.held = -1,
		.by = "ann",
		.address = "127.0.0.1",
		.now = {5}};
	assert_int_equal(violation_rows_review(store, &review, &err), -EINVAL);
	review.reason = "an ambulance";
	assert_int_equal(violation_rows_review(store, &review, &err), 0);
	review = (struct violation_review){.id = id,
		.review = -1,
		.note = "blue light on",
		.held = 1,
		.by = "ann",
		.now = {6}};
	assert_int_equal(violation_rows_review(store, &review, &err), 0);
	review.id = id + 1;
	assert_int_equal(violation_rows_review(store, &review, &err), -ENOENT);
	assert_int_equal(violation_rows_get(store, id, see_review, NULL, &err), 0);
	int audited = 0;
	assert_int_equal(audit_rows_find(store, 0, 100, see_audit, &audited, &err), 0);
	assert_int_equal(audited, 2);
	store_close(&store);
	fixture_remove(dir);
}

TEST_MAIN(cmocka_unit_test(comes_back_as_written), cmocka_unit_test(told_twice_is_one),
	cmocka_unit_test(told_twice_in_one_commit_is_one),
	cmocka_unit_test(lacking_rows_are_refused), cmocka_unit_test(filters),
	cmocka_unit_test(pages_hold_every_row_once), cmocka_unit_test(reviews_are_audited))
