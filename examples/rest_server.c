/*
 * The original system's example of its REST API: a server in a program of one's own.
 *
 *     rest_server STORE.db PORT [GANTRY.yaml]
 *
 * PORT 0 lets the kernel choose. It serves until SIGINT or SIGTERM, and ends in order. Cameras are
 * in GANTRY.yaml, or come over REST:
 *
 *     curl -H "Authorization: Bearer TOKEN" http://127.0.0.1:PORT/streams \
 *             -d '{"id": "north", "source": "rtsp://10.0.0.7/1"}' -H 'Content-Type:
 * application/json'
 */
#include <gantry/gantry.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static void wait_for_end(const sigset_t *signals)
{
	int caught;
	sigwait(signals, &caught);
	printf("stopping\n");
}

static int serve(struct gantry_server *server, const sigset_t *signals, struct gantry_error *error)
{
	int result = gantry_server_start(server, error);
	const char *token = gantry_server_first_token(server);
	if (token[0])
		printf("admin token (it is shown only now): %s\n", token);
	if (result < 0)
		return result;
	printf("listening on http://127.0.0.1:%d\n", gantry_server_port(server));
	fflush(stdout);
	wait_for_end(signals);
	gantry_server_stop(server);
	return 0;
}

int main(int argc, char **argv)
{
	char *end = NULL;
	long port = argc == 3 || argc == 4 ? strtol(argv[2], &end, 10) : -1;
	if (port < 0 || port > 65535 || end == argv[2] || *end) {
		fprintf(stderr, "usage: %s STORE.db PORT [GANTRY.yaml]\n", argv[0]);
		return 2;
	}
	struct gantry_server_config config;
	gantry_server_config_init(&config);
	config.store_path = argv[1];
	config.port = (int)port;
	config.config_path = argc == 4 ? argv[3] : NULL;

	/* Held back from here on, so that one which comes early is not missed. */
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);

	struct gantry_error error;
	struct gantry_server *server = NULL;
	int result = gantry_server_create(&config, &server, &error);
	if (result == 0)
		result = serve(server, &signals, &error);
	if (result < 0)
		fprintf(stderr, "%s\n", error.text);
	gantry_server_destroy(&server);
	return result < 0;
}
