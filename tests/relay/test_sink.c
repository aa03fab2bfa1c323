#include "relay/sink.h"

#include "../store/fixture.h"
#include "base/jsonin.h"
#include "base/log.h"
#include "store/outbox_rows.h"

#include <signal.h>
#include <sys/wait.h>

#define WAIT_MS 20000

/* A backend that is another process, and the lines that it took. */
struct backend {
	pid_t pid;
	int port;
	char file[128], url[64];
};

static struct backend start_backend(const char *dir, const char *script)
{
	struct backend b = {0};
	int pipes[2];
	char program[4200], command[8400], text[16] = "";
	const char *root = getenv("GANTRY_SOURCE_ROOT");
	snprintf(b.file, sizeof(b.file), "%s/got.jsonl", dir);
	snprintf(program, sizeof(program), "%s/tests/relay/backend.py", root ? root : ".");
	snprintf(command, sizeof(command), "exec timeout 120 python3 '%s' '%s' %s", program, b.file,
		script);
	assert_int_equal(pipe(pipes), 0);
	b.pid = fork();
	if (b.pid == 0) {
		dup2(pipes[1], STDOUT_FILENO);
		close(pipes[0]);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(pipes[1]);
	for (size_t i = 0; i < sizeof(text) - 1 && !strchr(text, '\n'); i++)
		assert_int_equal(read(pipes[0], text + i, 1), 1);
	close(pipes[0]);
	b.port = atoi(text);
	snprintf(b.url, sizeof(b.url), "http://127.0.0.1:%d/v", b.port);
	return b;
}

static void stop_backend(struct backend *b)
{
	kill(b->pid, SIGTERM);
	waitpid(b->pid, NULL, 0);
}

static void wait_until_empty(struct store *store)
{
	struct outbox_counts counts = {.waiting_count = 1};
	for (int ms = 0; ms < WAIT_MS && counts.waiting_count > 0; ms += 10) {
		struct err err = {0};
		assert_int_equal(outbox_rows_count(store, &err, &counts), 0);
		usleep(10000);
	}
	assert_int_equal(counts.waiting_count, 0);
}

static struct sink *open_sink(struct store *store, const char *url)
{
	struct err err = {0};
	struct sink *sink = NULL;
	struct sink_params params = {
		.url = url,
		.token = "t0ken",
		.secret = "secret",
		.timeout_s = 0.5,
		.retry_first_s = 0.02,
		.retry_max_s = 0.1,
	};
	if (sink_start(store, &params, &err, &sink) < 0)
		fail_msg("%s", err.text);
	return sink;
}

static void add(struct store *store, const char *device, int count)
{
	for (int i = 0; i < count; i++) {
		struct violation_row row = fixture_violation(i);
		row.device = device;
		fixture_add(store, &row);
	}
}

/* Every violation at least once, keys the same for the same one, each device in order. */
static void check_got(const struct backend *b, int count)
{
	char line[1024], key[16];
	int seen[64] = {0}, distinct = 0;
	long long last[2] = {0, 0};
	FILE *f = fopen(b->file, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		struct jsonin *j = NULL;
		struct err err;
		assert_int_equal(jsonin_parse(line, strlen(line), &err, &j), 0);
		const struct jsonin *body = jsonin_get(j, "body");
		int64_t id = jsonin_int(jsonin_get(body, "id"), 0);
		bool north = strcmp(jsonin_string(jsonin_get(body, "device_id"), ""), "north") == 0;
		snprintf(key, sizeof(key), "%lld", (long long)id);
		assert_string_equal(jsonin_string(jsonin_get(j, "key"), ""), key);
		assert_string_equal(jsonin_string(jsonin_get(j, "token"), ""), "Bearer t0ken");
		assert_true(jsonin_bool(jsonin_get(j, "signed"), false));
		assert_string_equal(jsonin_string(jsonin_get(body, "type"), ""), "speed_violation");
		assert_in_range(id, 1, 63);
		assert_true(id >= last[north]);
		last[north] = id;
		distinct += seen[id]++ == 0;
		jsonin_free(&j);
	}
	fclose(f);
	assert_int_equal(distinct, count);
}

static char logged[8192];

static void keep_log(void *opaque, enum log_level level, const char *line)
{
	(void)opaque;
	(void)level;
	strncat(logged, line, sizeof(logged) - strlen(logged) - 1);
}

static void a_backend_that_fails_gets_everything(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct backend b = start_backend(dir, "201 500 503 close hang 404 201 429 long 302");
	struct store *store = fixture_open_with(dir, (struct store_params){.outbox = true});
	logged[0] = '\0';
	log_set_sink(keep_log, NULL);
	add(store, "north", 6);
	struct sink *sink = open_sink(store, b.url);
	add(store, "south", 6);
	sink_wake(sink);
	wait_until_empty(store);
	struct sink_state now;
	sink_get_state(sink, &now);
	assert_int_equal(now.told_count, 12);
	assert_true(now.failed_count >= 5);
	assert_int_equal(now.last_status, 201);
	assert_string_equal(now.problem, "");
	assert_true(strlen(now.last_problem) > 0);
	assert_true(now.told_at.us >= now.failed_at.us && now.failed_at.us > 0);
	sink_stop(&sink);
	log_set_sink(NULL, NULL);
	assert_non_null(strstr(logged, "violations do not reach the backend"));
	assert_non_null(strstr(logged, "takes violations again"));
	assert_null(strstr(logged, "t0ken"));
	assert_null(strstr(logged, "secret"));
	store_close(&store);
	check_got(&b, 12);
	stop_backend(&b);
	fixture_remove(dir);
}

/* Nobody answers; the store is closed; another process finds what waits, and a backend again. */
static void what_waits_survives_a_restart(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open_with(dir, (struct store_params){.outbox = true});
	log_set_level(LOG_LEVEL_ERROR);
	struct wall began = wall_now();
	add(store, "north", 5);
	struct sink *sink = open_sink(store, "http://127.0.0.1:1/v");
	struct sink_state now = {0};
	for (int ms = 0; ms < WAIT_MS && now.failed_count < 3; ms += 10) {
		usleep(10000);
		sink_get_state(sink, &now);
	}
	assert_true(now.failed_count >= 3);
	assert_int_equal(now.told_count, 0);
	assert_non_null(strstr(now.problem, "no reply"));
	assert_string_equal(now.last_problem, now.problem);
	assert_int_equal(now.told_at.us, 0);
	assert_true(now.failed_at.us > began.us);
	assert_int_equal(now.waiting_count, 5);
	assert_true(now.oldest_at.us >= began.us && now.oldest_at.us <= now.failed_at.us);
	sink_stop(&sink);
	store_close(&store);

	struct backend b = start_backend(dir, "");
	store = fixture_open_with(dir, (struct store_params){.outbox = true});
	sink = open_sink(store, b.url);
	wait_until_empty(store);
	sink_stop(&sink);
	store_close(&store);
	check_got(&b, 5);
	stop_backend(&b);
	fixture_remove(dir);
}

/* One device's violation hangs; stopping does not wait for it, and it is not lost. */
static void stopping_gives_up_a_request(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct backend b = start_backend(dir, "hang");
	struct store *store = fixture_open_with(dir, (struct store_params){.outbox = true});
	struct err err = {0};
	struct sink *sink = NULL;
	struct sink_params params = {.url = b.url, .timeout_s = 60};
	struct outbox_counts counts = {0};
	add(store, "north", 1);
	assert_int_equal(sink_start(store, &params, &err, &sink), 0);
	usleep(300000);
	sink_stop(&sink);
	assert_int_equal(outbox_rows_count(store, &err, &counts), 0);
	assert_int_equal(counts.waiting_count, 1);
	sink = open_sink(store, b.url);
	wait_until_empty(store);
	sink_stop(&sink);
	store_close(&store);
	check_got(&b, 1);
	stop_backend(&b);
	fixture_remove(dir);
}

static void addresses_are_checked(void **state)
{
	(void)state;
	const char *dir = fixture_dir();
	struct store *store = fixture_open_with(dir, (struct store_params){.outbox = true});
	static const char *const wrong[] = {
		"", "backend", "file:///etc/passwd", "ftp://host/", "http://user:pw@host/"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct err err = {0};
		struct sink *sink = NULL;
		struct sink_params params = {.url = wrong[i]};
		assert_int_equal(sink_start(store, &params, &err, &sink), -EINVAL);
		assert_null(strstr(err.text, "pw"));
	}
	store_close(&store);
	fixture_remove(dir);
}

TEST_MAIN(cmocka_unit_test(a_backend_that_fails_gets_everything),
	cmocka_unit_test(what_waits_survives_a_restart),
	cmocka_unit_test(stopping_gives_up_a_request), cmocka_unit_test(addresses_are_checked))
