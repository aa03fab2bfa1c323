#include "cli/sim_serve.h"

#include "cli/cli.h"
#include "rtsp/scene.h"
#include "rtsp/server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define PATH_BYTES 4096

/* A handler has no other way to know it. */
static struct rtsp_server *running;

static void on_signal(int number)
{
	(void)number;
	rtsp_server_stop(running);
}

static void catch_signals(void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler};
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static int open_output(const struct sim_serve_args *args, const char *name, FILE **ret_file)
{
	char path[PATH_BYTES];
	if (snprintf(path, sizeof(path), "%s/%s", args->output, name) >= (int)sizeof(path))
		return cli_failf(CLI_USAGE, "%.40s...: the name is too long", args->output);
	*ret_file = fopen(path, "we");
	if (!*ret_file)
		return cli_failf(CLI_OUTPUT, "%s: cannot be written: %s", path, strerror(errno));
	return CLI_OK;
}

/* The scene file for who analyses the stream. */
static int write_config(const struct rtsp_source *source, const struct sim_serve_args *args)
{
	FILE *file = NULL;
	int code = args->output ? open_output(args, "scene.yaml", &file) : CLI_OK;
	if (code != CLI_OK || !file)
		return code;
	int r = rtsp_scene_write_config(source, file);
	if (fclose(file) != 0 && r == 0)
		r = -errno;
	return r < 0 ? cli_failf(CLI_OUTPUT, "scene.yaml: cannot be written: %s", strerror(-r))
		     : CLI_OK;
}

static int mount_scene(const struct sim_params *params, const struct sim_serve_args *args,
	FILE *truth, struct rtsp_server *server)
{
	static const char *const codecs[] = {"h264", "hevc"};
	const struct rtsp_scene_params scene = {
		.scene = params,
		.video = {.codec = codecs[params->video.codec],
			.crf = params->video.crf,
			.bitrate_bps = params->video.bitrate_kbps * 1000,
			.gop_frames = params->video.gop_frames},
		.loop = args->loop,
		.truth = truth,
	};
	struct rtsp_source *source = NULL;
	struct err err = {0};
	if (rtsp_source_scene(&scene, &err, &source) < 0)
		return cli_fail(CLI_CONFIG, &err);
	int code = write_config(source, args);
	if (code == CLI_OK && rtsp_server_mount(server, "sim", &source, true, &err) < 0)
		code = cli_fail(CLI_RUNTIME, &err);
	rtsp_source_destroy(&source);
	return code;
}

static int run(struct rtsp_server *server, const struct sim_serve_args *args)
{
	struct err err = {0};
	bool anywhere = !args->bind || strcmp(args->bind, "0.0.0.0") == 0;
	printf("rtsp://%s:%d/sim\n", anywhere ? "127.0.0.1" : args->bind, rtsp_server_port(server));
	int code = cli_flush();
	if (code != CLI_OK)
		return code;
	running = server;
	catch_signals(on_signal);
	int r = rtsp_server_run(server, &err);
	catch_signals(SIG_DFL);
	running = NULL;
	return r < 0 ? cli_fail(CLI_RUNTIME, &err) : CLI_OK;
}

static int create_server(const struct sim_serve_args *args, struct rtsp_server **ret_server)
{
	struct err err = {0};
	struct rtsp_server_params params = {
		.bind = args->bind, .port = args->port, .until_end = !args->loop};
	if (!args->user != !args->password)
		return cli_failf(CLI_USAGE, "--user and --password go together");
	if (args->user) {
		params.auth.kind = RTSP_AUTH_DIGEST;
		if (strlen(args->user) > RTSP_AUTH_TEXT_MAX || strchr(args->user, ':') ||
			strlen(args->password) > RTSP_AUTH_TEXT_MAX)
			return cli_failf(CLI_USAGE,
				"--user and --password: at most %d bytes, and no ':' in the user",
				RTSP_AUTH_TEXT_MAX);
		snprintf(params.auth.user, sizeof(params.auth.user), "%s", args->user);
		snprintf(params.auth.password, sizeof(params.auth.password), "%s", args->password);
	}
	int r = rtsp_server_create(&params, &err, ret_server);
	if (r == -EINVAL)
		return cli_fail(CLI_USAGE, &err);
	return r < 0 ? cli_fail(CLI_RUNTIME, &err) : CLI_OK;
}

int sim_serve(const struct sim_params *params, const struct sim_serve_args *args)
{
	struct rtsp_server *server = NULL;
	FILE *truth = NULL;
	int code = create_server(args, &server);
	if (code == CLI_OK && args->output)
		code = open_output(args, "truth.jsonl", &truth);
	if (code == CLI_OK)
		code = mount_scene(params, args, truth, server);
	if (code == CLI_OK)
		code = run(server, args);
	/* The source writes the end of the truth. */
	rtsp_server_destroy(&server);
	if (truth && fclose(truth) != 0 && code == CLI_OK)
		code = cli_failf(CLI_OUTPUT, "truth.jsonl: cannot be written: %s", strerror(errno));
	return code;
}
