/*
 * The load of `gantry bench streams`: a number of live cameras in this process, served over RTSP
 * from one video file by our own server in a thread, analysed for a while, and what that took.
 *
 * Costs are CPU time of the threads that did the work, between two moments when all cameras are
 * live; counts of frames are of the whole run, from the first frame to the last.
 */
#pragma once

#include "base/histogram.h"
#include "cli/bench_memory.h"
#include "pipeline/live.h"

#define BENCH_STREAMS_MAX 64

struct bench_load_params {
	const char *video; /* what every camera shows, over and over */
	const struct scene *scene; /* with the model */
	int stream_count; /* 1 to BENCH_STREAMS_MAX */
	int workers; /* of the detection service; 0: one per core */
	int nice; /* of the workers */
	double warm_up_s, measure_s;
	double max_hz, min_hz; /* looks a second wanted, and at least; 0: the defaults */
	bool gated;
	enum av_transport transport;
	/* Called about five times a second with the share that is done; not 0 ends it. May be NULL.
	 */
	int (*on_progress)(void *opaque, double done_ratio);
	void *opaque;
};

/* One camera, over the time that was measured. */
struct bench_camera {
	double fps, looks_hz;
	double decode_us, detect_us, analyse_us; /* CPU per second of real time */
	double latency_p50_s, latency_p99_s;
	struct live_stats total; /* of the whole run, once it was stopped */
};

struct bench_load {
	int count;
	double measured_s;
	struct bench_camera cameras[BENCH_STREAMS_MAX];
	struct histogram latency; /* of all cameras, while measured */
	int64_t decoded_count, looked_count, still_count; /* while measured */
	int64_t late_count, refused_count, rate_count, undecodable_count,
		missed_count; /* likewise */
	int64_t unaccounted_count, gap_count, reconnect_count; /* of the whole run */
	double process_us, server_us; /* CPU per second of real time, each its own */
	struct bench_memory memory; /* of this process, while measured */
	int width_px, height_px;
	char codec[32], detector[200];
	bool interrupted;
};

/* Shares of the frames that were sent: 0 to 1. */
double bench_load_dropped_ratio(const struct bench_load *load);
/* 0 or a negative errno with a sentence. */
int bench_load_run(
	const struct bench_load_params *params, struct err *err, struct bench_load *ret_load);
