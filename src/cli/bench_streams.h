/*
 * What `gantry bench streams` found, as tables on standard output and as JSON.
 */
#pragma once

#include "base/json.h"
#include "cli/bench_load.h"

/* What a number of cameras came to. CPU microseconds a second and camera. */
struct bench_trial {
	int count;
	bool held; /* less than 1 % dropped, nothing unaccounted */
	double dropped_ratio, least_looks_hz, latency_p99_ms;
	double decode_us, detect_us, analyse_us, rest_us;
};

struct bench_streams {
	int core_count;
	double decoder_fps; /* of all cores together, decoding only */
	struct bench_load load;
	/* Of the search for the most cameras that hold, the load above first; 0: not looked for. */
	struct bench_trial trials[BENCH_STREAMS_MAX + 1];
	int trial_count;
	int limit; /* cameras that held; 0: not looked for, or none did */
};

struct bench_trial bench_streams_trial(const struct bench_load *load);

void bench_streams_print(const struct bench_streams *result);
void bench_streams_json(const struct bench_streams *result, struct json *json);
