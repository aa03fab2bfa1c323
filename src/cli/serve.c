/* gantry serve: the server, until it is told to stop. */
#include "api/serving.h"
#include "base/log.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/notify.h"
#include "cli/serve_demo.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

struct serve_args {
	const char *config;
	struct arg_texts set;
	bool demo, verbose;
};

static const struct arg serve_arg_list[] = {
	{"config", 'c', ARG_TEXT, offsetof(struct serve_args, config), "gantry.yaml",
		.help = "what to serve; default: all defaults"},
	{"set", 's', ARG_TEXTS, offsetof(struct serve_args, set), "PATH=VALUE",
		.help = "one option over the file and the environment: server.port=8001"},
	{"demo", 0, ARG_FLAG, offsetof(struct serve_args, demo),
		.help = "four simulated cameras; what they record leaves with the program"},
	{"verbose", 'v', ARG_FLAG, offsetof(struct serve_args, verbose),
		.help = "log also what only helps to find faults"},
};
static const struct arg_table serve_table = {
	.about = "run cameras; serve what they see over REST and WebSocket",
	.args = serve_arg_list,
	.count = ARG_COUNT(serve_arg_list),
	.more = "API_HOST and API_PORT in the environment win over the file, --set over both.\n"
		"SIGTERM and SIGINT end it in order, within two seconds. SIGHUP reads the file\n"
		"again; a file that is wrong is said and changes nothing.\n"
		"\n"
		"  gantry serve --demo\n"
		"  gantry serve\n"
		"  gantry serve -c gantry.yaml --set server.port=8001\n",
};

/* One option of --set: "PATH=VALUE". */
static int set_one(struct settings *settings, const char *text, struct err *err)
{
	char path[256];
	const char *equals = strchr(text, '=');
	if (!equals || equals == text || (size_t)(equals - text) >= sizeof(path))
		return err_set(err, -EINVAL, "--set %s: must be PATH=VALUE", text);
	snprintf(path, sizeof(path), "%.*s", (int)(equals - text), text);
	return options_set(&settings_options, settings, path, equals + 1, err);
}

/* File, environment, --set; CLI_OK or the exit code, said. */
static int load(const struct serve_args *args, struct settings *settings)
{
	struct err err = {0};
	struct problems problems = {.file = args->config};
	settings_defaults(settings);
	int r = args->config ? settings_load(args->config, settings, &problems, &err) : 0;
	if (r < 0 && problems.error_count == 0)
		cli_fail(CLI_CONFIG, &err);
	problems_print(&problems, stderr);
	problems_finish(&problems);
	if (r < 0)
		return CLI_CONFIG;
	r = settings_apply_environment(settings, &err);
	for (int i = 0; r == 0 && i < args->set.count; i++)
		r = set_one(settings, args->set.items[i], &err);
	if (r == 0)
		r = server_params_check(&settings->server, &err);
	return r < 0 ? cli_fail(CLI_CONFIG, &err) : CLI_OK;
}

static sigset_t awaited_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	return set;
}

/* Before any thread is started, all of which inherit it: one that did not would take a signal that
 * comes while nobody waits for it, and the process would end there and then. */
static void block_signals(void)
{
	const sigset_t set = awaited_signals();
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void announce(const struct settings *settings, const struct server *server)
{
	const struct server_params *p = &settings->server;
	bool v6 = strchr(p->host, ':') != NULL;
	log_info("listening on %s://%s%s%s:%d", p->tls_certificate ? "https" : "http",
		v6 ? "[" : "", p->host, v6 ? "]" : "", server_port(server));
	notify_send("READY=1");
}

/* What is right in the file replaces what was there; a file that is wrong changes nothing. */
static void reload(
	const struct serve_args *args, struct serving *serving, struct settings *settings)
{
	struct settings fresh, old = *settings;
	struct err err = {0};
	if (args->demo) {
		log_info("a demo has nothing to read again");
		return;
	}
	bool right = load(args, &fresh) == CLI_OK;
	if (right && serving_reload(serving, &old, &fresh, &err) < 0) {
		log_error("%s", err.text);
		right = false;
	}
	if (!right) {
		log_error("the configuration is wrong: going on with the one before");
		settings_free(&fresh);
		return;
	}
	*settings = fresh;
	settings_free(&old);
	log_info("the configuration was read again");
}

/* Until a signal says that it is enough. */
static void wait_for_end(
	const struct serve_args *args, struct serving *serving, struct settings *settings)
{
	const struct timespec pause = {.tv_sec = notify_watchdog_s()};
	const sigset_t signals = awaited_signals();
	for (;;) {
		int caught = sigtimedwait(&signals, NULL, &pause);
		if (caught == SIGTERM || caught == SIGINT)
			return;
		if (caught == SIGHUP)
			reload(args, serving, settings);
		else if (caught < 0)
			notify_send("WATCHDOG=1");
	}
}

/* Said once, to whoever starts a new server; the store has only its hash. */
static int say_first_token(const struct serving *serving)
{
	if (serving->first_token[0])
		printf("admin token (it is shown only now): %s\n", serving->first_token);
	return cli_flush();
}

static int serve_cameras(
	const struct serve_args *args, struct settings *settings, struct serving *serving)
{
	struct err err = {0};
	if (serving_listen(serving, &err) < 0)
		return cli_fail(CLI_RUNTIME, &err);
	int code = say_first_token(serving);
	if (code == CLI_OK && serving_run(serving, &err) < 0)
		code = cli_fail(CLI_RUNTIME, &err);
	if (code == CLI_OK) {
		announce(settings, serving->server);
		if (args->demo)
			serve_demo_say(server_port(serving->server), serving->first_token);
		code = cli_flush();
	}
	if (code == CLI_OK)
		wait_for_end(args, serving, settings);
	notify_send("STOPPING=1");
	log_info("going away");
	return code;
}

static int serve(const struct serve_args *args, struct settings *settings)
{
	struct err err = {0};
	struct serving *serving;
	block_signals();
	if (serving_open(settings, &err, &serving) < 0)
		return cli_fail(CLI_OUTPUT, &err);
	int code = serve_cameras(args, settings, serving);
	serving_close(&serving);
	return code;
}

static int serve_demo(const struct serve_args *args, struct settings *settings)
{
	struct serve_demo demo = {""};
	struct err err = {0};
	int r = serve_demo_prepare(&demo, settings, &err);
	int code = r < 0 ? cli_fail(r == -EINVAL ? CLI_CONFIG : CLI_OUTPUT, &err)
			 : serve(args, settings);
	serve_demo_remove(&demo);
	return code;
}

int cli_serve(int argc, char **argv)
{
	struct serve_args args = {0};
	struct arg_operands operands;
	struct settings settings;
	int code = args_read(&serve_table, argc, argv, &args, &operands);
	if (code != ARGS_GO_ON)
		return code;
	if (args.verbose)
		log_set_level(LOG_LEVEL_DEBUG);
	code = load(&args, &settings);
	if (code == CLI_OK)
		code = (args.demo ? serve_demo : serve)(&args, &settings);
	settings_free(&settings);
	return code;
}
