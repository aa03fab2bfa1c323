/* The server, as somebody else's program runs it. */
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gantry/gantry.h>
#include <signal.h>
#include <sys/socket.h>

static char dir[] = "/tmp/gantry-server-XXXXXX";
static char store_path[64], other_path[64];
static struct gantry_server_config config;
static struct gantry_error error;

static int make_dir(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(store_path, sizeof(store_path), "%s/a.db", dir);
	snprintf(other_path, sizeof(other_path), "%s/b.db", dir);
	return 0;
}

static int remove_dir(void **state)
{
	char command[96];
	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

static int defaults(void **state)
{
	(void)state;
	gantry_server_config_init(&config);
	config.store_path = store_path;
	config.port = 0;
	return 0;
}

static struct gantry_server *created(void)
{
	struct gantry_server *server = NULL;
	if (gantry_server_create(&config, &server, &error) < 0)
		fail_msg("%s", error.text);
	return server;
}

static void start(struct gantry_server *server)
{
	if (gantry_server_start(server, &error) < 0)
		fail_msg("%s", error.text);
}

/* Whether anybody listens there. */
static bool listens(int port)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(fd >= 0);
	bool connected = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
	close(fd);
	return connected;
}

/* GETs, each with the status that it has to have; the replies are checked against the server's own
 * document, as those of tests/serve are. */
static void ask(int port, const char *paths_and_statuses)
{
	const char *root = getenv("GANTRY_SOURCE_ROOT");
	char command[8192];
	snprintf(command, sizeof(command), "python3 -B '%s/tests/serve/replies.py' - - %d %s >&2",
		root ? root : ".", port, paths_and_statuses);
	assert_int_equal(system(command), 0);
}

static void it_starts_stops_and_starts_again(void **state)
{
	(void)state;
	struct gantry_server *server = created();
	assert_int_equal(gantry_server_port(server), 0);
	assert_string_equal(gantry_server_first_token(server), "");
	gantry_server_stop(server);
	start(server);
	int port = gantry_server_port(server);
	assert_true(port > 0);
	assert_memory_equal(gantry_server_first_token(server), "gantry_", 7);
	assert_int_equal(gantry_server_start(server, &error), -EALREADY);
	ask(port, "/health 200 /violations 401");
	gantry_server_stop(server);
	assert_int_equal(gantry_server_port(server), 0);
	assert_false(listens(port));
	start(server);
	ask(gantry_server_port(server), "/health 200");
	gantry_server_destroy(&server);
	assert_null(server);
	gantry_server_destroy(&server);
}

static void the_machine_needs_no_token_where_that_is_wanted(void **state)
{
	(void)state;
	config.loopback_without_token = true;
	struct gantry_server *server = created();
	start(server);
	ask(gantry_server_port(server), "/violations 200");
	gantry_server_destroy(&server);
}

static void a_port_and_a_store_have_one_server(void **state)
{
	(void)state;
	struct gantry_server *server = created();
	start(server);
	struct gantry_server *same_store = created();
	assert_int_equal(gantry_server_start(same_store, &error), -EBUSY);
	assert_non_null(strstr(error.text, store_path));
	config.store_path = other_path;
	config.port = gantry_server_port(server);
	struct gantry_server *same_port = created();
	assert_int_equal(gantry_server_start(same_port, &error), -EADDRINUSE);
	gantry_server_stop(server);
	start(same_port);
	assert_int_equal(gantry_server_port(same_port), config.port);
	start(same_store);
	gantry_server_destroy(&server);
	gantry_server_destroy(&same_store);
	gantry_server_destroy(&same_port);
}

static void refuse(int result, const char *text)
{
	struct gantry_server *server = NULL;
	assert_int_equal(gantry_server_create(&config, &server, &error), result);
	assert_null(server);
	if (!strstr(error.text, text))
		fail_msg("%s", error.text);
}

static void what_is_wrong_is_refused_with_the_reason(void **state)
{
	(void)state;
	config.host = "0.0.0.0";
	refuse(-EINVAL, "without TLS");
	config.host = NULL;
	config.port = 65536;
	refuse(-EINVAL, "65535");
	config.port = -1;
	config.config_path = "/nonexistent/gantry.yaml";
	refuse(-ENOENT, "/nonexistent/gantry.yaml");
	assert_int_equal(access(store_path, F_OK), -1);
}

static volatile sig_atomic_t caught_count;

static void on_signal(int number)
{
	(void)number;
	caught_count++;
}

static void signals_wait_for_the_program(void **state)
{
	(void)state;
	struct gantry_server *server = created();
	sigset_t mask, usr1;
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	signal(SIGUSR1, on_signal);
	start(server);
	pthread_sigmask(SIG_BLOCK, &usr1, &mask);
	assert_false(sigismember(&mask, SIGUSR1));
	kill(getpid(), SIGUSR1);
	sigpending(&mask);
	assert_true(sigismember(&mask, SIGUSR1));
	gantry_server_stop(server);
	assert_int_equal(caught_count, 0);
	pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
	assert_int_equal(caught_count, 1);
	gantry_server_destroy(&server);
}

#define WITH_DEFAULTS(test) cmocka_unit_test_setup(test, defaults)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DEFAULTS(what_is_wrong_is_refused_with_the_reason),
		WITH_DEFAULTS(it_starts_stops_and_starts_again),
		WITH_DEFAULTS(the_machine_needs_no_token_where_that_is_wanted),
		WITH_DEFAULTS(a_port_and_a_store_have_one_server),
		WITH_DEFAULTS(signals_wait_for_the_program),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
