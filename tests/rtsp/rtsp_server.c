/*
 * The RTSP server as a program for tests.
 *
 *     rtsp-server --file F [--file G]... [--name cam] [--loop] [--port 0] [--bind ADDRESS]
 *                 [--auth basic:USER:PASSWORD | digest:USER:PASSWORD]
 *                 [--fault FAULT]... [--seed N]
 *
 * FAULT: see faults.h; as stall:after=2 or drop:ratio=0.05.
 *
 * Prints the stream's URL in one line as soon as it listens, and ends on SIGINT or SIGTERM.
 */
#include "faults.h"
#include "rtsp/server.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rtsp_server *server;

static void on_signal(int number)
{
	(void)number;
	rtsp_server_stop(server);
}

struct args {
	struct rtsp_server_params server;
	const char *files[RTSP_FILES_MAX];
	int file_count;
	const char *name;
	bool loop;
	struct rtsp_faults faults;
	struct rtsp_hooks hooks;
};

static int complain(const char *what, const char *value)
{
	fprintf(stderr, "rtsp-server: %s: %s\n", what, value);
	return 2;
}

static bool read_auth(const char *text, struct rtsp_auth *auth)
{
	char kind[8];
	if (sscanf(text, "%7[a-z]:%127[^:]:%127s", kind, auth->user, auth->password) != 3)
		return false;
	auth->kind = strcmp(kind, "basic") == 0    ? RTSP_AUTH_BASIC
		     : strcmp(kind, "digest") == 0 ? RTSP_AUTH_DIGEST
						   : RTSP_AUTH_NONE;
	return auth->kind != RTSP_AUTH_NONE;
}

static int read_args(int argc, char **argv, struct args *args)
{
	static const struct option options[] = {
		{"file", required_argument, NULL, 'f'},
		{"name", required_argument, NULL, 'n'},
		{"loop", no_argument, NULL, 'l'},
		{"port", required_argument, NULL, 'p'},
		{"bind", required_argument, NULL, 'b'},
		{"auth", required_argument, NULL, 'a'},
		{"fault", required_argument, NULL, 'x'},
		{"seed", required_argument, NULL, 's'},
		{0},
	};
	int c;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'f' && args->file_count < RTSP_FILES_MAX)
			args->files[args->file_count++] = optarg;
		else if (c == 'n')
			args->name = optarg;
		else if (c == 'l')
			args->loop = true;
		else if (c == 'p')
			args->server.port = atoi(optarg);
		else if (c == 'b')
			args->server.bind = optarg;
		else if (c == 's')
			args->faults.random = random_at((uint64_t)atoi(optarg), 0, 0, 'f');
		else if (c == 'x' && rtsp_faults_add(&args->faults, optarg) == 0)
			continue;
		else if (c != 'a' || !read_auth(optarg, &args->server.auth))
			return complain("wrong option", optarg ? optarg : argv[optind - 1]);
	}
	return args->file_count > 0 ? 0 : complain("needed", "--file FILE");
}

static int serve(const struct args *args, struct err *err)
{
	struct rtsp_source *source = NULL;
	int r = rtsp_server_create(&args->server, err, &server);
	if (r == 0)
		r = rtsp_source_files(args->files, args->file_count, args->loop, err, &source);
	if (r == 0)
		r = rtsp_server_mount(server, args->name, &source, false, err);
	if (r == 0) {
		signal(SIGINT, on_signal);
		signal(SIGTERM, on_signal);
		printf("rtsp://127.0.0.1:%d/%s\n", rtsp_server_port(server), args->name);
		fflush(stdout);
		r = rtsp_server_run(server, err);
	}
	rtsp_source_destroy(&source);
	rtsp_server_destroy(&server);
	return r;
}

int main(int argc, char **argv)
{
	struct args args = {.name = "cam"};
	struct err err = {0};
	rtsp_faults_init(&args.faults, 1);
	int code = read_args(argc, argv, &args);
	args.hooks = rtsp_faults_hooks(&args.faults);
	if (args.faults.count > 0)
		args.server.hooks = &args.hooks;
	if (code == 0 && serve(&args, &err) < 0)
		code = complain("failed", err.text);
	return code;
}
