#include "cli/bench_load.h"

#include "cli/bench_rtsp.h"
#include "cli/cpu_time.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STEP_US 200000
#define RING_S 10
/* All cameras are live within that, or never. */
#define START_MAX_US 30000000

struct camera {
	struct live *live;
	char url[64];
	struct live_stats before, after; /* around what is measured */
};

struct load {
	const struct bench_load_params *params;
	struct bench_load *result;
	struct bench_rtsp server;
	struct service *service;
	struct camera cameras[BENCH_STREAMS_MAX];
};

static int camera_start(struct load *l, int index, struct err *err)
{
	const struct bench_load_params *p = l->params;
	struct camera *c = &l->cameras[index];
	struct live_params params = {
		.scene = p->scene,
		.service = l->service,
		.pace = {.max_hz = p->max_hz, .min_hz = p->min_hz},
		.gated = p->gated,
	};
	snprintf(c->url, sizeof(c->url), "rtsp://127.0.0.1:%d/cam%d", l->server.port, index + 1);
	stream_params_init(&params.stream);
	params.stream.source = c->url;
	params.stream.transport = p->transport;
	params.stream.target_fps = 0;
	params.stream.decoder_threads = 1;
	params.stream.ring_s = RING_S;
	int r = live_create(&params, err, &c->live);
	return r == 0 ? live_start(c->live, err) : r;
}

static int start_all(struct load *l, struct err *err)
{
	const struct bench_load_params *p = l->params;
	struct detector_params detector = pipeline_detector_params(p->scene);
	/* The first, while nothing else runs here. */
	int r = bench_rtsp_start(p->video, p->stream_count, err, &l->server);
	if (r == 0 && detector_memory(&detector) == DETECTOR_MEMORY_NONE)
		r = service_create(
			&(struct service_params){
				.detector = &detector, .worker_count = p->workers, .nice = p->nice},
			err, &l->service);
	for (int i = 0; i < p->stream_count && r == 0; i++)
		r = camera_start(l, i, err);
	snprintf(l->result->detector, sizeof(l->result->detector), "%s",
		l->service ? service_description(l->service) : "motion");
	return r;
}

static bool all_are_live(struct load *l)
{
	struct live_stats stats;
	for (int i = 0; i < l->params->stream_count; i++) {
		live_stats(l->cameras[i].live, &stats);
		if (stats.latency.count == 0)
			return false;
	}
	return true;
}

static int wait_until_live(struct load *l, struct err *err)
{
	struct mono deadline = mono_after(mono_now(), START_MAX_US);
	while (!all_are_live(l)) {
		if (mono_now().us > deadline.us)
			return err_set(err, -ETIMEDOUT,
				"not all of %d cameras gave a picture within %d s",
				l->params->stream_count, START_MAX_US / 1000000);
		usleep(STEP_US);
	}
	return 0;
}

/* Sleeps, and says how far the whole is; `memory`: looked at meanwhile, may be NULL. */
static void pass(struct load *l, double seconds, double done_s, struct bench_memory *memory)
{
	const struct bench_load_params *p = l->params;
	double all_s = p->warm_up_s + p->measure_s;
	struct mono begin = mono_now();
	for (double s = 0; s < seconds && !l->result->interrupted;
		s = (double)(mono_now().us - begin.us) * 1e-6) {
		double left_us = (seconds - s) * 1e6;
		usleep(left_us < STEP_US ? (useconds_t)left_us : STEP_US);
		if (memory)
			bench_memory_sample(memory, s / seconds);
		l->result->interrupted =
			p->on_progress && p->on_progress(p->opaque, (done_s + s) / all_s) != 0;
	}
}

static void histogram_camera(struct camera *c, struct bench_load *sum, struct bench_camera *out)
{
	struct histogram latency = c->after.latency;
	histogram_since(&latency, &c->before.latency);
	histogram_merge(&sum->latency, &latency);
	out->latency_p50_s = histogram_quantile_us(&latency, 0.5) * 1e-6;
	out->latency_p99_s = histogram_quantile_us(&latency, 0.99) * 1e-6;
}

static void measure_camera(struct camera *c, struct bench_load *sum, struct bench_camera *out)
{
	const struct live_stats *a = &c->before, *b = &c->after;
	double s = sum->measured_s;
	int64_t decoded = b->stream.frames_decoded - a->stream.frames_decoded;
	int64_t looked = b->looked_count - a->looked_count;
	out->fps = (double)decoded / s;
	out->looks_hz = (double)looked / s;
	out->decode_us = 1e3 *
			 (b->stream.decode_ms * (double)b->stream.frames_decoded -
				 a->stream.decode_ms * (double)a->stream.frames_decoded) /
			 s;
	out->detect_us = (double)(b->service.cpu_us - a->service.cpu_us) / s;
	out->analyse_us = (double)(b->cpu_us - a->cpu_us) / s;
	histogram_camera(c, sum, out);
	sum->decoded_count += decoded;
	sum->looked_count += looked;
	sum->still_count += b->still_count - a->still_count;
	sum->late_count +=
		b->late_count - a->late_count + b->stream.dropped_late - a->stream.dropped_late;
	sum->refused_count += b->refused_count - a->refused_count;
	sum->rate_count += b->stream.dropped_rate - a->stream.dropped_rate;
	sum->undecodable_count += b->stream.dropped_undecodable - a->stream.dropped_undecodable;
	sum->missed_count += b->stream.missed_packet_count - a->stream.missed_packet_count;
	sum->width_px = b->stream.width_px;
	sum->height_px = b->stream.height_px;
	memcpy(sum->codec, b->stream.codec, sizeof(sum->codec));
}

static void measure(struct load *l)
{
	const struct bench_load_params *p = l->params;
	struct bench_load *out = l->result;
	pass(l, p->warm_up_s, 0, NULL);
	for (int i = 0; i < p->stream_count; i++)
		live_stats(l->cameras[i].live, &l->cameras[i].before);
	double process_us = cpu_time_us(CLOCK_PROCESS_CPUTIME_ID),
	       server_us = bench_rtsp_cpu_us(&l->server);
	struct mono begin = mono_now();
	pass(l, p->measure_s, p->warm_up_s, &out->memory);
	out->measured_s = (double)(mono_now().us - begin.us) * 1e-6;
	out->process_us = (cpu_time_us(CLOCK_PROCESS_CPUTIME_ID) - process_us) / out->measured_s;
	out->server_us = (bench_rtsp_cpu_us(&l->server) - server_us) / out->measured_s;
	for (int i = 0; i < p->stream_count; i++)
		live_stats(l->cameras[i].live, &l->cameras[i].after);
	for (int i = 0; i < p->stream_count; i++)
		measure_camera(&l->cameras[i], out, &out->cameras[i]);
	out->count = p->stream_count;
}

/* What every frame became is certain once nothing moves any more. */
static void stop_all(struct load *l)
{
	struct bench_load *out = l->result;
	for (int i = 0; i < l->params->stream_count; i++) {
		struct live_stats *total = &out->cameras[i].total;
		if (!l->cameras[i].live)
			continue;
		live_stop(l->cameras[i].live);
		live_stats(l->cameras[i].live, total);
		out->unaccounted_count += live_unaccounted(total);
		out->gap_count += total->stream.gap_count;
		out->reconnect_count += total->stream.reconnect_count;
		live_destroy(&l->cameras[i].live);
	}
	bench_rtsp_stop(&l->server);
	service_destroy(&l->service);
}

double bench_load_dropped_ratio(const struct bench_load *load)
{
	int64_t dropped = load->late_count + load->refused_count + load->undecodable_count;
	int64_t all = load->decoded_count + load->undecodable_count;
	return all > 0 ? (double)dropped / (double)all : 0;
}

int bench_load_run(
	const struct bench_load_params *params, struct err *err, struct bench_load *ret_load)
{
	struct load *l = calloc(1, sizeof(*l));
	if (!l)
		return err_set(err, -ENOMEM, "out of memory");
	memset(ret_load, 0, sizeof(*ret_load));
	l->params = params;
	l->result = ret_load;
	int r = start_all(l, err);
	if (r == 0)
		r = wait_until_live(l, err);
	if (r == 0)
		measure(l);
	stop_all(l);
	free(l);
	return r;
}
