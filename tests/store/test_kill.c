/*
 * A recorder that is killed in the middle of its work, again and again: what it acknowledged is
 * there, once, with its evidence as it was sealed; and the next one goes on from there.
 */
#include "fixture.h"
#include "store/evidence_files.h"
#include "store/upkeep.h"

#include "base/random.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#ifndef KILL_ROUNDS
#define KILL_ROUNDS 10
#endif
#define FULL_CHECKS 5
#define NUMBERS_MAX 2000000
#define EVIDENCE_EVERY 16 /* every so manieth violation has a file */
#define ALIVE_MS_MAX 60
#define FIRST_MS_MAX 60000

struct acknowledged {
	int64_t number, id;
};

/* In the recorder's process. */
struct recorder {
	int pipe;
	const char *dir;
	struct store *store;
};

static void acknowledge(void *opaque, int result, int64_t id, bool is_new, const struct err *err)
{
	struct acknowledged *a = opaque;
	int pipe = (int)a->id;
	(void)is_new;
	(void)err;
	a->id = id;
	if (result != 0 || write(pipe, a, sizeof(*a)) != sizeof(*a))
		_exit(3);
	free(a);
}

/* Whole or not at all, with a content that is its number's. */
static struct evidence_seal write_evidence(const char *dir, int64_t number)
{
	struct evidence_seal seal;
	struct err err = {0};
	char name[4300], path[4300];
	snprintf(name, sizeof(name), "%s/part-%lld", dir, (long long)number);
	snprintf(path, sizeof(path), "%s/evidence-%lld", dir, (long long)number);
	FILE *f = fopen(name, "w");
	for (int i = 0; f && i < 500; i++)
		fprintf(f, "violation %lld\n", (long long)number);
	if (!f || fclose(f) != 0 || rename(name, path) < 0 ||
		evidence_files_seal(path, &err, &seal) < 0)
		_exit(4);
	return seal;
}

static void record_one(const struct recorder *r, int64_t number)
{
	struct violation_row row = fixture_violation(number);
	struct acknowledged *a = malloc(sizeof(*a));
	struct evidence_seal seal;
	struct evidence_file file;
	struct err err = {0};
	char key[32];
	if (!a)
		_exit(5);
	*a = (struct acknowledged){number, r->pipe};
	snprintf(key, sizeof(key), "kill/%lld", (long long)number);
	row.key = key;
	if (number % EVIDENCE_EVERY == 0) {
		seal = write_evidence(r->dir, number);
		file = (struct evidence_file){.role = "scene",
			.path = seal.path,
			.bytes = seal.bytes,
			.sha256 = seal.sha256};
		row.files = &file;
		row.file_count = 1;
	}
	if (violation_rows_add(r->store, &row, acknowledge, a, &err) < 0)
		_exit(6);
}

static _Noreturn void record_until_killed(const char *dir, int pipe, int64_t first)
{
	struct recorder r = {.pipe = pipe, .dir = dir};
	struct err err = {0};
	char path[4200];
	snprintf(path, sizeof(path), "%s/store.db", dir);
	struct store_params params = {.path = path, .group_us = 1000, .queue_bytes = 256 << 10};
	if (store_open(&params, &err, &r.store) < 0)
		_exit(2);
	for (int64_t number = first; number < NUMBERS_MAX; number++)
		record_one(&r, number);
	_exit(7);
}

/* What was acknowledged so far: the id of each number, 0: not. */
struct ledger {
	int64_t *ids;
	int64_t count; /* numbers are acknowledged in their order */
};

/* Reads what is there within `ms`, or until the other end is gone where it is negative. */
static void read_acknowledged(struct ledger *ledger, int fd, int ms)
{
	struct acknowledged a[256];
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	struct mono end = {mono_now().us + ms * INT64_C(1000)};
	ssize_t n;
	while (ms < 0 || mono_now().us < end.us) {
		int left_ms = ms < 0 ? -1 : (int)((end.us - mono_now().us) / 1000) + 1;
		if (poll(&poll_fd, 1, left_ms) <= 0)
			continue;
		n = read(fd, a, sizeof(a));
		if (n <= 0)
			return;
		assert_int_equal(n % (ssize_t)sizeof(*a), 0);
		for (ssize_t i = 0; i < n / (ssize_t)sizeof(*a); i++) {
			assert_int_equal(a[i].number, ledger->count);
			ledger->ids[ledger->count++] = a[i].id;
		}
	}
}

/* `alive_ms` after it began, or after it acknowledged something. */
static void kill_one(const char *dir, struct ledger *ledger, bool at_work, int alive_ms)
{
	int ends[2], status;
	struct pollfd poll_fd = {.events = POLLIN};
	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(ends[0]);
		record_until_killed(dir, ends[1], ledger->count);
	}
	close(ends[1]);
	poll_fd.fd = ends[0];
	if (at_work)
		assert_int_equal(poll(&poll_fd, 1, FIRST_MS_MAX), 1);
	read_acknowledged(ledger, ends[0], alive_ms);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	read_acknowledged(ledger, ends[0], -1);
	close(ends[0]);
}

struct stored {
	int64_t *ids; /* of each number */
	int64_t count, with_evidence;
};

static int note_row(void *opaque, const struct violation_row *row)
{
	struct stored *stored = opaque;
	assert_true(row->track_id >= 0 && row->track_id < NUMBERS_MAX);
	assert_int_equal(stored->ids[row->track_id], 0); /* else it is there twice */
	stored->ids[row->track_id] = row->id;
	stored->count++;
	stored->with_evidence += row->track_id % EVIDENCE_EVERY == 0;
	return 0;
}

static void fail_on_problem(void *opaque, const char *problem)
{
	(void)opaque;
	fail_msg("%s", problem);
}

static int fail_on_file(void *opaque, int64_t id, const char *path, const char *reason)
{
	(void)opaque;
	fail_msg("violation %lld: %s %s", (long long)id, path, reason);
	return 1;
}

/* Gives how many are stored: those that were acknowledged, and some that were on the way. */
static int64_t check_stored(const char *dir, const struct ledger *ledger)
{
	struct store *store = fixture_open(dir);
	struct violation_filter filter = violation_filter_init();
	struct stored stored = {.ids = calloc(NUMBERS_MAX, sizeof(*stored.ids))};
	struct err err = {0};
	int64_t files = 0;
	assert_non_null(stored.ids);
	filter.order = VIOLATION_COMMITTED;
	filter.limit = 1000;
	do
		assert_int_equal(
			violation_rows_find(store, &filter, note_row, &stored, &err, &filter.after),
			0);
	while (filter.after.id);
	for (int64_t i = 0; i < ledger->count; i++)
		assert_int_equal(stored.ids[i], ledger->ids[i]);
	assert_int_equal(upkeep_check(store, fail_on_problem, NULL, &err), 0);
	assert_int_equal(evidence_files_verify(store, fail_on_file, NULL, &err, &files), 0);
	assert_int_equal(files, stored.with_evidence);
	store_close(&store);
	free(stored.ids);
	return stored.count;
}

static void what_was_acknowledged_survives_being_killed(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct ledger ledger = {.ids = calloc(NUMBERS_MAX, sizeof(*ledger.ids))};
	struct random random = random_at(9, KILL_ROUNDS, 0, 0);
	int64_t stored = 0;
	assert_non_null(ledger.ids);
	for (int round = 1; round <= KILL_ROUNDS; round++) {
		kill_one(dir, &ledger, round % 4 != 0,
			1 + (int)(random_u64(&random) % ALIVE_MS_MAX));
		if (round % (KILL_ROUNDS / FULL_CHECKS) == 0)
			stored = check_stored(dir, &ledger);
	}
	kill_one(dir, &ledger, true, ALIVE_MS_MAX);
	assert_true(check_stored(dir, &ledger) > stored);
	print_message("# %d kills, %lld acknowledged\n", KILL_ROUNDS, (long long)ledger.count);
	free(ledger.ids);
	fixture_remove(dir);
}

TEST_MAIN(cmocka_unit_test(what_was_acknowledged_survives_being_killed))
