#include "store/store.h"

#include "fixture.h"
#include "store/schema.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

static int try_open(const char *dir, bool read_only, struct err *err)
{
	char path[4200];
	struct store *store = NULL;
	snprintf(path, sizeof(path), "%s/store.db", dir);
	int r = store_open(
		&(struct store_params){.path = path, .read_only = read_only}, err, &store);
	store_close(&store);
	return r;
}

static void write_file(const char *dir, const char *bytes, size_t count)
{
	char path[4200];
	snprintf(path, sizeof(path), "%s/store.db", dir);
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, count, f), count);
	fclose(f);
}

static void what_is_no_store_is_refused(void **state)
{
	(void)state;
	struct err err = {0};
	const char *dir = fixture_dir();
	assert_int_equal(try_open(dir, true, &err), -ENOENT);
	char noise[8192];
	memset(noise, 'x', sizeof(noise));
	write_file(dir, noise, sizeof(noise));
	assert_int_equal(try_open(dir, false, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "store.db: "));
	assert_non_null(strstr(err.text, "no database, or a damaged one"));
	assert_int_equal(try_open(dir, true, &err), -EBADMSG);
	fixture_remove(dir);
}

/* A store whose pages were overwritten opens or not, but never gives rows that were not written. */
static void damage_is_said(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	for (int i = 0; i < 200; i++) {
		struct violation_row row = fixture_violation(i);
		struct err err = {0};
		assert_int_equal(violation_rows_add(store, &row, NULL, NULL, &err), 0);
	}
	store_close(&store);
	char path[4200];
	snprintf(path, sizeof(path), "%s/store.db", dir);
	int fd = open(path, O_RDWR);
	char noise[4096];
	memset(noise, 0xa5, sizeof(noise));
	/* The pages of the tables' roots, behind the schema's. */
	for (int page = 2; page < 20; page++)
		assert_int_equal(pwrite(fd, noise, sizeof(noise), page * 4096L), sizeof(noise));
	close(fd);
	struct err err = {0};
	struct store *damaged = NULL;
	int r = store_open(&(struct store_params){.path = path, .read_only = true}, &err, &damaged);
	struct violation_filter filter = violation_filter_init();
	if (r == 0)
		r = violation_rows_find(damaged, &filter, NULL, NULL, &err, NULL);
	assert_int_equal(r, -EBADMSG);
	assert_non_null(strstr(err.text, "damaged"));
	store_close(&damaged);
	fixture_remove(dir);
}

static void set_version(const char *dir, const char *pragma)
{
	char path[4200];
	struct sql *sql = NULL;
	struct err err = {0};
	snprintf(path, sizeof(path), "%s/store.db", dir);
	assert_int_equal(sql_open(path, SQL_WRITE, &err, &sql), 0);
	assert_int_equal(sql_run(sql, pragma, &err), 0);
	sql_close(&sql);
}

static void newer_schemas_are_refused(void **state)
{
	(void)state;
	struct err err = {0};
	const char *dir = fixture_dir();
	assert_int_equal(try_open(dir, false, &err), 0);
	set_version(dir, "PRAGMA user_version = 1000");
	assert_int_equal(try_open(dir, false, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "newer gantry (schema 1000"));
	assert_int_equal(try_open(dir, true, &err), -ENOTSUP);
	fixture_remove(dir);
	dir = fixture_dir();
	set_version(dir, "CREATE TABLE cats(name)");
	assert_int_equal(try_open(dir, false, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "another program"));
	fixture_remove(dir);
}

/* From every version on, opening brings the schema to what a new store has. */
static void every_old_schema_is_brought_up_to_date(void **state)
{
	(void)state;
	for (int version = 0; version <= schema_version(); version++) {
		const char *dir = fixture_dir();
		char path[4200];
		struct sql *sql = NULL;
		struct err err = {0};
		int64_t number, whole;
		snprintf(path, sizeof(path), "%s/store.db", dir);
		assert_int_equal(sql_open(path, SQL_WRITE, &err, &sql), 0);
		assert_int_equal(schema_migrate_to(sql, path, version, &err), 0);
		int check = schema_check(sql, path, &err);
		assert_int_equal(check, version < schema_version() ? -ENOTSUP : 0);
		sql_close(&sql);
		struct store *store = fixture_open(dir);
		struct violation_row row = fixture_violation(1);
		fixture_add(store, &row);
		store_close(&store);
		assert_int_equal(sql_open(path, SQL_READ, &err, &sql), 0);
		assert_int_equal(sql_number(sql, "PRAGMA user_version", &err, &number), 0);
		assert_int_equal(number, schema_version());
		assert_int_equal(
			sql_number(sql, "SELECT count(*) FROM sqlite_master", &err, &whole), 0);
		assert_in_range(whole, 20, 100);
		sql_close(&sql);
		fixture_remove(dir);
	}
}

static void one_process_writes(void **state)
{
	(void)state;
	struct err err = {0};
	const char *dir = fixture_dir();
	struct store *store = fixture_open(dir);
	assert_int_equal(try_open(dir, false, &err), -EBUSY);
	assert_non_null(strstr(err.text, "another gantry writes"));
	assert_int_equal(try_open(dir, true, &err), 0);
	store_close(&store);
	assert_int_equal(try_open(dir, false, &err), 0);
	fixture_remove(dir);
}

/* Tells a pipe the number of every violation that was acknowledged. */
static void tell(void *opaque, int result, int64_t id, bool is_new, const struct err *err)
{
	(void)id;
	(void)err;
	int32_t number = (int32_t)((intptr_t)opaque & 0xffffffff);
	int fd = (int)((intptr_t)opaque >> 32);
	if (result == 0 && is_new && write(fd, &number, sizeof(number)) != sizeof(number))
		_exit(3);
}

static void write_until_killed(const char *dir, int fd, int first)
{
	struct store *store = fixture_open_with(dir, (struct store_params){.group_us = 500});
	for (int i = first;; i++) {
		char key[32];
		struct err err;
		struct violation_row row = fixture_violation(i);
		snprintf(key, sizeof(key), "%d", i);
		row.key = key;
		if (violation_rows_add(store, &row, tell,
			    (void *)((intptr_t)fd << 32 | (intptr_t)i), &err) < 0)
			_exit(4);
	}
}

struct seen {
	unsigned char *count;
	int total;
};

static int count_key(void *opaque, const struct violation_row *row)
{
	struct seen *seen = opaque;
	seen->count[atoi(row->key)]++;
	seen->total++;
	return 0;
}

#define KEYS_MAX (1 << 22)

/* Kills a writer at a random moment, adds what it acknowledged, and gives the next number. */
static int kill_once(
	const char *dir, unsigned char *acknowledged, int first, int delay_us, int *told)
{
	int pipes[2], highest = first;
	int32_t number;
	assert_int_equal(pipe(pipes), 0);
	pid_t child = fork();
	if (child == 0) {
		close(pipes[0]);
		write_until_killed(dir, pipes[1], first);
	}
	close(pipes[1]);
	usleep((useconds_t)delay_us);
	kill(child, SIGKILL);
	while (read(pipes[0], &number, sizeof(number)) == sizeof(number)) {
		assert_in_range(number, first, KEYS_MAX - 1);
		acknowledged[number] = 1;
		highest = number > highest ? number : highest;
		(*told)++;
	}
	close(pipes[0]);
	int status;
	waitpid(child, &status, 0);
	assert_true(WIFSIGNALED(status));
	return highest + 1;
}

static void a_killed_writer_loses_nothing_acknowledged(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	unsigned char *acknowledged = calloc(2, KEYS_MAX);
	struct seen seen = {.count = acknowledged + KEYS_MAX};
	int next = 0, told = 0;
	/* A busy machine has not written anything yet when the first ones are killed. */
	for (int round = 0; round < 20 || (told < 100 && round < 200); round++)
		next = kill_once(dir, acknowledged, next + 1000, 20000 + round * 4500, &told);
	struct store *store = fixture_open(dir);
	struct violation_filter f = violation_filter_init();
	f.order = VIOLATION_COMMITTED;
	f.limit = 1000;
	do {
		struct err err = {0};
		assert_int_equal(
			violation_rows_find(store, &f, count_key, &seen, &err, &f.after), 0);
	} while (f.after.id);
	int acknowledged_count = 0;
	for (int i = 0; i < KEYS_MAX; i++) {
		acknowledged_count += acknowledged[i];
		assert_true(seen.count[i] <= 1);
		assert_true(seen.count[i] >= acknowledged[i]);
	}
	assert_in_range(acknowledged_count, 100, seen.total);
	store_close(&store);
	free(acknowledged);
	fixture_remove(dir);
}

TEST_MAIN(cmocka_unit_test(what_is_no_store_is_refused), cmocka_unit_test(damage_is_said),
	cmocka_unit_test(newer_schemas_are_refused),
	cmocka_unit_test(every_old_schema_is_brought_up_to_date),
	cmocka_unit_test(one_process_writes),
	cmocka_unit_test(a_killed_writer_loses_nothing_acknowledged))
