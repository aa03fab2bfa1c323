/*
 * The server in a program of one's own: REST and WebSocket, and the cameras behind them, as
 * `gantry serve` runs them (docs/server.md): the original system's create_app().
 *
 *     struct gantry_server_config config;
 *     gantry_server_config_init(&config);
 *     config.store_path = "gantry.db";
 *     config.port = 0;
 *     gantry_server_create(&config, &server, &error);
 *     gantry_server_start(server, &error);
 *     printf("http://127.0.0.1:%d\n", gantry_server_port(server));
 *     ...
 *     gantry_server_destroy(&server);
 *
 * Everything it knows is in its store: streams that were added over REST, violations, tokens. What
 * an operator wants to know it says on standard error, a line each. The environment is not read.
 *
 * Threads: a server has its own, which take no signals: those of the process reach the program's.
 * The functions here are called by one thread at a time and return when they are done; different
 * servers, each over a store of its own, may be used by different threads. SIGPIPE is ignored once
 * one was started.
 */
#pragma once

#include "gantry/frame.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gantry_server;

/*
 * Set defaults with gantry_server_config_init(). Strings are copied by create. What is changed from
 * its default here wins over the file.
 */
struct gantry_server_config {
	const char *config_path; /* gantry.yaml, read by create; NULL: all defaults */
	const char *store_path; /* made where it is missing; NULL: the file's, else "gantry.db" */
	const char *host; /* address to listen on; NULL: the file's, else 127.0.0.1 */
	int port; /* 0: the kernel chooses; to 65535; -1: the file's, else 8000 */
	bool loopback_without_token; /* whoever connects from this machine is admin; false */
};

GANTRY_API void gantry_server_config_init(struct gantry_server_config *config);
/*
 * Checks everything, opens nothing. -EINVAL: a wrong file, or a host beyond this machine without
 * TLS; -ENOENT and others where the file cannot be read.
 */
GANTRY_API int gantry_server_create(const struct gantry_server_config *config,
	struct gantry_server **ret_server, struct gantry_error *error);
/* Stops it. NULL is allowed; the pointer is NULLed. */
GANTRY_API void gantry_server_destroy(struct gantry_server **server);

/*
 * 0: it listens, and the streams with autostart run; a stream that cannot be started has a state
 * that says so, and keeps nothing from running. -EBUSY where the store is written to already,
 * -EADDRINUSE where the port is taken, -EALREADY where it runs; all others leave it stopped.
 */
GANTRY_API int gantry_server_start(struct gantry_server *server, struct gantry_error *error);
/*
 * Stops all cameras at the same time, records their last verdicts, answers what was asked, ends
 * WebSockets with 1001; within 2 s. It may be started again. Nothing where it does not run.
 */
GANTRY_API void gantry_server_stop(struct gantry_server *server);

/* Where it listens; 0 while it does not run. */
GANTRY_API int gantry_server_port(const struct gantry_server *server);
/*
 * The token of the admin whom start made, because the store had none; "" where it had. It is
 * nowhere else: the store keeps its SHA-256. Valid until destroy.
 */
GANTRY_API const char *gantry_server_first_token(const struct gantry_server *server);

#ifdef __cplusplus
}
#endif
