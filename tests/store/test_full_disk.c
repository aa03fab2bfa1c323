/* What becomes of violations while the disk is full, and afterwards. */
#include "fixture.h"
#include "store/audit_rows.h"

#include <stdatomic.h>
#include <sys/mount.h>

#define WAIT_MS 20000

struct told {
	atomic_int good, bad;
};

static void tell(void *opaque, int result, int64_t id, bool is_new, const struct err *err)
{
	struct told *told = opaque;
	(void)id;
	(void)is_new;
	(void)err;
	atomic_fetch_add(result == 0 ? &told->good : &told->bad, 1);
}

/* A file that takes what is left of the disk; gives its name. */
static const char *fill_disk(const char *dir)
{
	static char name[4200];
	static const char block[4096];
	snprintf(name, sizeof(name), "%s/ballast", dir);
	FILE *f = fopen(name, "w");
	assert_non_null(f);
	setvbuf(f, NULL, _IONBF, 0);
	while (fwrite(block, 1, sizeof(block), f) == sizeof(block))
		continue;
	fclose(f);
	return name;
}

static struct writer_state wait_for(struct store *store, bool waiting)
{
	struct writer_state state = {0};
	for (int ms = 0; ms < WAIT_MS; ms += 10) {
		store_get_state(store, &state);
		if (state.waiting == waiting && (waiting || state.queued_bytes == 0))
			break;
		usleep(10000);
	}
	assert_int_equal(state.waiting, waiting);
	return state;
}

static int count_one(void *opaque, const struct violation_row *row)
{
	(void)row;
	++*(int *)opaque;
	return 0;
}

static void recording_waits_and_goes_on(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct told told = {0};
	struct err err = {0};
	if (mount("tmpfs", dir, "tmpfs", 0, "size=3m") < 0) {
		print_message("# skipped: no disk can be mounted (%s)\n", strerror(errno));
		fixture_remove(dir);
		skip();
	}
	struct store *store = fixture_open(dir);
	struct violation_row row = fixture_violation(0);
	fixture_add(store, &row);
	const char *ballast = fill_disk(dir);
	for (int i = 1; i <= 2000; i++) {
		row = fixture_violation(i);
		assert_int_equal(violation_rows_add(store, &row, tell, &told, &err), 0);
	}
	struct writer_state now = wait_for(store, true);
	assert_non_null(strstr(now.reason, "the disk is full"));
	/* A person's change says so at once; questions are answered. */
	struct audit_row audit = {.actor = "ann", .action = "start", .object = "streams/north"};
	assert_int_equal(audit_rows_add(store, &audit, &err), -ENOSPC);
	int seen = 0;
	struct violation_filter filter = violation_filter_init();
	assert_int_equal(violation_rows_find(store, &filter, count_one, &seen, &err, NULL), 0);
	assert_true(seen >= 1);
	assert_int_equal(unlink(ballast), 0);
	wait_for(store, false);
	assert_int_equal(store_flush(store, &err), 0);
	assert_int_equal(atomic_load(&told.good), 2000);
	assert_int_equal(atomic_load(&told.bad), 0);
	int64_t last = 0;
	assert_int_equal(violation_rows_last_id(store, &err, &last), 0);
	assert_int_equal(last, 2001);
	store_close(&store);
	assert_int_equal(umount(dir), 0);
	fixture_remove(dir);
}

/* Closed while the disk is full: what was not written is said to be so, row by row. */
static void what_is_given_up_is_said(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct told told = {0};
	struct err err = {0};
	if (mount("tmpfs", dir, "tmpfs", 0, "size=3m") < 0) {
		fixture_remove(dir);
		skip();
	}
	struct store *store = fixture_open(dir);
	fill_disk(dir);
	for (int i = 1; i <= 2000; i++) {
		struct violation_row row = fixture_violation(i);
		assert_int_equal(violation_rows_add(store, &row, tell, &told, &err), 0);
	}
	wait_for(store, true);
	store_close(&store);
	assert_int_equal(atomic_load(&told.good) + atomic_load(&told.bad), 2000);
	assert_true(atomic_load(&told.bad) > 0);
	/* And what was told to be there is there. */
	int seen = 0;
	struct violation_filter filter = violation_filter_init();
	filter.limit = 1000;
	store = fixture_open_with(dir, (struct store_params){.read_only = true});
	do
		assert_int_equal(
			violation_rows_find(store, &filter, count_one, &seen, &err, &filter.after),
			0);
	while (filter.after.id);
	assert_int_equal(seen, atomic_load(&told.good));
	store_close(&store);
	assert_int_equal(umount(dir), 0);
	fixture_remove(dir);
}

TEST_MAIN(cmocka_unit_test(recording_waits_and_goes_on), cmocka_unit_test(what_is_given_up_is_said))
