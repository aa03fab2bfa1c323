/*
 * The clients of `gantry bench serve`: cheap ones, all in the caller's thread, so that what is
 * measured is the server.
 *
 * Time: CLOCK_MONOTONIC, which the server's messages carry too.
 */
#pragma once

#include "base/histogram.h"
#include "cli/bench_serve_host.h"

struct bench_rest {
	int64_t request_count;
	double elapsed_s;
	double cpu_us; /* of the server, a request */
	struct histogram latency; /* of requests, with `connections` under way at any time */
	int64_t body_bytes; /* of the last reply */
};

/* GET `path`, again and again over so many connections at a time. -EPROTO where a reply is not 200.
 */
int bench_load_rest(const struct bench_host *host, const char *path, int connections,
	double seconds, struct err *err, struct bench_rest *ret_rest);

struct bench_sockets {
	int64_t received_count; /* by healthy clients */
	int64_t lost_count; /* by healthy clients: numbers that were left out */
	struct histogram latency; /* from publishing to the client */
	double cpu_percent; /* of the server, of one core */
	double memory_before_mb; /* without clients */
	double memory_third_mb,
		memory_end_mb; /* with them, after a third of the time and at the end */
	int healthy, stuck;
	int stuck_open; /* of the stuck ones, still connected at the end */
};

/* So many clients of /ws/realtime, the last `stuck` of which never read. */
int bench_load_sockets(const struct bench_host *host, int clients, int stuck, double seconds,
	struct err *err, struct bench_sockets *ret_sockets);
