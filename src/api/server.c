/* gantry/server.h over serving.c. */
#include "gantry/server.h"

#include "api/frame.h"
#include "api/serving.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct gantry_server {
	struct settings settings;
	struct serving *serving; /* NULL: it does not run */
	char first_token[SERVER_TOKEN_SIZE];
};

static int give(struct gantry_error *error, int r, const struct err *err)
{
	if (r < 0)
		api_error(error, err);
	return r;
}

void gantry_server_config_init(struct gantry_server_config *config)
{
	*config = (struct gantry_server_config){.port = -1};
}

static int read_file(struct settings *settings, const char *path, struct err *err)
{
	struct problems problems = {.file = path};
	int r = settings_load(path, settings, &problems, err);
	if (r < 0)
		problems_first(&problems, path, ": gantry check", err);
	problems_finish(&problems);
	return r;
}

static int set(struct settings *settings, const char *path, const char *text, struct err *err)
{
	return text ? options_set(&settings_options, settings, path, text, err) : 0;
}

/* What the caller set wins over the file. */
static int apply_config(
	struct settings *settings, const struct gantry_server_config *config, struct err *err)
{
	char port[16];
	snprintf(port, sizeof(port), "%d", config->port);
	int r = set(settings, "store.path", config->store_path, err);
	if (r == 0)
		r = set(settings, "server.host", config->host, err);
	if (r == 0)
		r = set(settings, "server.port", config->port == -1 ? NULL : port, err);
	if (r == 0 && config->loopback_without_token)
		settings->server.loopback_without_token = true;
	return r < 0 ? r : server_params_check(&settings->server, err);
}

int gantry_server_create(const struct gantry_server_config *config,
	struct gantry_server **ret_server, struct gantry_error *error)
{
	struct err err = {0};
	struct gantry_server *s = calloc(1, sizeof(*s));
	if (!s)
		return give(error, -ENOMEM, &(struct err){"out of memory"});
	settings_defaults(&s->settings);
	int r = config->config_path ? read_file(&s->settings, config->config_path, &err) : 0;
	if (r == 0)
		r = apply_config(&s->settings, config, &err);
	if (r < 0) {
		gantry_server_destroy(&s);
		return give(error, r, &err);
	}
	*ret_server = s;
	return 0;
}

void gantry_server_destroy(struct gantry_server **server)
{
	struct gantry_server *s = *server;
	*server = NULL;
	if (!s)
		return;
	gantry_server_stop(s);
	settings_free(&s->settings);
	free(s);
}

/* For all threads that are made from now on, which inherit it. Faults stay what they are. */
static void block_signals(sigset_t *ret_before)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
	sigset_t all;
	sigfillset(&all);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sigdelset(&all, faults[i]);
	pthread_sigmask(SIG_BLOCK, &all, ret_before);
}

static int bring_up(struct gantry_server *s, struct err *err)
{
	int r = serving_open(&s->settings, err, &s->serving);
	if (r == 0)
		r = serving_listen(s->serving, err);
	/* Whatever comes of the rest: the store has that admin now. */
	if (r == 0 && s->serving->first_token[0])
		memcpy(s->first_token, s->serving->first_token, sizeof(s->first_token));
	return r < 0 ? r : serving_run(s->serving, err);
}

int gantry_server_start(struct gantry_server *server, struct gantry_error *error)
{
	struct err err = {0};
	sigset_t before;
	if (server->serving)
		return give(error, -EALREADY, &(struct err){"the server runs already"});
	block_signals(&before);
	int r = bring_up(server, &err);
	if (r < 0)
		serving_close(&server->serving);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return give(error, r, &err);
}

void gantry_server_stop(struct gantry_server *server)
{
	sigset_t before;
	block_signals(&before);
	serving_close(&server->serving);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int gantry_server_port(const struct gantry_server *server)
{
	return server->serving ? server_port(server->serving->server) : 0;
}

const char *gantry_server_first_token(const struct gantry_server *server)
{
	return server->first_token;
}
