/*
 * What `gantry bench streams` found, as tables on standard output and as JSON.
 */
#pragma once

#include "base/json.h"
#include "cli/bench_load.h"

struct bench_streams {
	int core_count;
	double decoder_fps; /* of all cores together, decoding only */
	struct bench_load load;
	int limit; /* cameras that held; 0: not looked for, or none did */
};

void bench_streams_print(const struct bench_streams *result);
void bench_streams_json(const struct bench_streams *result, struct json *json);
