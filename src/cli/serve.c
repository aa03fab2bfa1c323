/* gantry serve: the server, until it is told to stop. */
#include "base/log.h"
#include "cameras/cameras.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/notify.h"
#include "cli/serve_demo.h"
#include "cli/serve_upkeep.h"
#include "store/store.h"

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

/* A stream that cannot be taken is said, and keeps no other from being taken. */
static void declare_streams(struct cameras *cameras, const struct settings *settings)
{
	const struct camera_config *streams = settings->streams.items;
	for (int i = 0; i < settings->streams.count; i++) {
		struct err err = {0};
		if (cameras_declare(cameras, &streams[i], &err) < 0)
			log_error("stream %s: %s", streams[i].id, err.text);
	}
}

/* What is right in the file replaces what was there; a file that is wrong changes nothing. */
static void reload(const struct serve_args *args, struct server *server, struct cameras *cameras,
	struct settings *settings)
{
	struct settings fresh, old = *settings;
	if (load(args, &fresh) != CLI_OK) {
		log_error("the configuration is wrong: going on with the one before");
		settings_free(&fresh);
		return;
	}
	server_reload(server, &fresh.server);
	if (!args->demo)
		declare_streams(cameras, &fresh);
	*settings = fresh;
	settings_free(&old);
	log_info("the configuration was read again");
}

/* Until a signal says that it is enough. */
static void wait_for_end(const struct serve_args *args, struct server *server,
	struct cameras *cameras, struct settings *settings)
{
	const struct timespec pause = {.tv_sec = notify_watchdog_s()};
	const sigset_t signals = awaited_signals();
	for (;;) {
		int caught = sigtimedwait(&signals, NULL, &pause);
		if (caught == SIGTERM || caught == SIGINT)
			return;
		if (caught == SIGHUP)
			reload(args, server, cameras, settings);
		else if (caught < 0)
			notify_send("WATCHDOG=1");
	}
}

/* Said once, to whoever starts a new server; the store has only its hash. "": there is one. */
static int say_first_token(struct server *server, char token[SERVER_TOKEN_SIZE])
{
	struct err err = {0};
	token[0] = '\0';
	if (server_first_token(server, &err, token) < 0)
		return cli_fail(CLI_RUNTIME, &err);
	if (token[0])
		printf("admin token (it is shown only now): %s\n", token);
	return cli_flush();
}

/* Between the store, whose writer says that it committed, and those who want to know it, which are
 * made later and go earlier. */
struct link {
	pthread_mutex_t lock;
	/* Below: under lock. */
	struct server *server;
	struct serve_upkeep *upkeep;
};

static void on_commit(void *opaque)
{
	struct link *link = opaque;
	pthread_mutex_lock(&link->lock);
	if (link->server)
		server_committed(link->server);
	if (link->upkeep)
		serve_upkeep_committed(link->upkeep);
	pthread_mutex_unlock(&link->lock);
}

static void link_to(struct link *link, struct server *server, struct serve_upkeep *upkeep)
{
	pthread_mutex_lock(&link->lock);
	link->server = server;
	link->upkeep = upkeep;
	pthread_mutex_unlock(&link->lock);
}

static int serve_cameras(const struct serve_args *args, struct settings *settings,
	struct store *store, struct cameras *cameras, struct link *link)
{
	struct err err = {0};
	struct server *server;
	char token[SERVER_TOKEN_SIZE];
	struct serve_upkeep upkeep = {0};
	if (server_create(&settings->server, store, cameras, &err, &server) < 0)
		return cli_fail(CLI_RUNTIME, &err);
	int code = say_first_token(server, token);
	if (code == CLI_OK && (cameras_load(cameras, &err) < 0 ||
				      serve_upkeep_start(&upkeep, settings, store, &err) < 0))
		code = cli_fail(CLI_RUNTIME, &err);
	if (code == CLI_OK) {
		declare_streams(cameras, settings);
		link_to(link, server, &upkeep);
		announce(settings, server);
		if (args->demo)
			serve_demo_say(server_port(server), token);
		code = cli_flush();
	}
	if (code == CLI_OK)
		wait_for_end(args, server, cameras, settings);
	notify_send("STOPPING=1");
	log_info("going away");
	cameras_stop(cameras);
	link_to(link, NULL, NULL);
	serve_upkeep_stop(&upkeep);
	server_destroy(&server);
	return code;
}

static int serve_store(const struct serve_args *args, struct settings *settings,
	struct store *store, struct link *link)
{
	struct err err = {0};
	struct cameras *cameras;
	char evidence[4096];
	settings_evidence_dir(settings, evidence, sizeof(evidence));
	struct cameras_params params = {.store = store, .evidence_dir = evidence};
	if (cameras_create(&params, &err, &cameras) < 0)
		return cli_fail(CLI_OUTPUT, &err);
	int code = serve_cameras(args, settings, store, cameras, link);
	cameras_destroy(&cameras);
	return code;
}

static int serve(const struct serve_args *args, struct settings *settings)
{
	struct err err = {0};
	struct store *store;
	struct link link = {.lock = PTHREAD_MUTEX_INITIALIZER};
	struct store_params params = {.path = settings->store.path,
		.outbox = settings->backend.url != NULL,
		.on_commit = on_commit,
		.opaque = &link};
	block_signals();
	if (store_open(&params, &err, &store) < 0)
		return cli_fail(CLI_OUTPUT, &err);
	int code = serve_store(args, settings, store, &link);
	store_close(&store);
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
