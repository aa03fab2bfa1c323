/*
 * The two servers of `gantry bench serve`, each a process of its own on 127.0.0.1: ours, over a
 * store, and the one that it is compared with. What they cost is read from /proc.
 *
 * Threads: start before this process has any of its own: ours is a fork without exec.
 */
#pragma once

#include "base/err.h"
#include "serve/server.h"

#include <stddef.h>
#include <sys/types.h>

struct bench_host {
	pid_t pid; /* 0: none */
	int port;
	int lifeline; /* closed: ours ends; -1: none */
	char token[SERVER_TOKEN_SIZE];
};

/*
 * Ours. To who listens to /ws/realtime it says, `rate_hz` times a second,
 * {"type":"frame","n":COUNT,"sent_us":CLOCK_MONOTONIC,...}, `message_bytes` long in all.
 */
int bench_host_start(const char *store_path, int sockets_max, double rate_hz, size_t message_bytes,
	struct err *err, struct bench_host *ret_host);
/* Theirs: the Python file `app` below uvicorn, with the same store and token. -ENOENT where the
 * file or one of their packages is not here. */
int bench_host_start_other(const char *app, const char *store_path, const char *token,
	struct err *err, struct bench_host *ret_host);
void bench_host_stop(struct bench_host *host);

double bench_host_cpu_s(const struct bench_host *host); /* user and system, to 10 ms */
double bench_host_memory_mb(const struct bench_host *host); /* resident */
