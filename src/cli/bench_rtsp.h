/*
 * The cameras of `gantry bench streams`: our RTSP server in a process of its own, so that neither
 * its memory nor its time are taken for those of the analysis.
 *
 * Threads: started while the process has no other thread that works. Memory: nothing here.
 */
#pragma once

#include "base/err.h"

#include <sys/types.h>

struct bench_rtsp {
	pid_t pid; /* 0: none */
	int port; /* of 127.0.0.1 */
};

/* Serves the video as /cam1 to /cam`count`, over and over. 0 or a negative errno with a sentence.
 */
int bench_rtsp_start(const char *video, int count, struct err *err, struct bench_rtsp *ret_server);
void bench_rtsp_stop(struct bench_rtsp *server);
/* CPU time so far; 0 where there is no server. */
double bench_rtsp_cpu_us(const struct bench_rtsp *server);
