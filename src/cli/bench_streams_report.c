#include "cli/bench_streams.h"

#include "cli/table.h"

#include <stdio.h>

/* CPU microseconds a second as a share of one core. */
static double percent(double us_per_s)
{
	return us_per_s * 1e-4;
}

/* Cameras like these that the decoder alone would hold. */
static double decoder_streams(const struct bench_streams *r)
{
	double fps = 0;
	for (int i = 0; i < r->load.count; i++)
		fps += r->load.cameras[i].fps;
	return fps > 0 ? r->decoder_fps / (fps / r->load.count) : 0;
}

struct costs {
	double decode_us, detect_us, analyse_us, rest_us;
};

/* The rest is what our threads did besides: network, RTP, locks, this program's own waiting. */
static struct costs costs(const struct bench_load *load)
{
	struct costs c = {0};
	for (int i = 0; i < load->count; i++) {
		c.decode_us += load->cameras[i].decode_us;
		c.detect_us += load->cameras[i].detect_us;
		c.analyse_us += load->cameras[i].analyse_us;
	}
	c.rest_us = load->process_us - c.decode_us - c.detect_us - c.analyse_us;
	return c;
}

static double least_hz(const struct bench_load *load)
{
	double least = load->cameras[0].looks_hz;
	for (int i = 1; i < load->count; i++)
		if (load->cameras[i].looks_hz < least)
			least = load->cameras[i].looks_hz;
	return least;
}

struct bench_trial bench_streams_trial(const struct bench_load *load)
{
	struct costs c = costs(load);
	double n = load->count;
	struct bench_trial trial = {
		.count = load->count,
		.dropped_ratio = bench_load_dropped_ratio(load),
		.least_looks_hz = least_hz(load),
		.latency_p99_ms = 1e-3 * histogram_quantile_us(&load->latency, 0.99),
		.decode_us = c.decode_us / n,
		.detect_us = c.detect_us / n,
		.analyse_us = c.analyse_us / n,
		.rest_us = c.rest_us / n,
	};
	trial.held = trial.dropped_ratio < 0.01 && load->unaccounted_count == 0;
	return trial;
}

static void print_cameras(const struct bench_load *load)
{
	static const struct table_column columns[] = {{"camera", TABLE_LEFT},
		{"frames/s", TABLE_RIGHT}, {"looks/s", TABLE_RIGHT}, {"p50 ms", TABLE_RIGHT},
		{"p99 ms", TABLE_RIGHT}, {"decode %", TABLE_RIGHT}, {"detect %", TABLE_RIGHT},
		{"track.. %", TABLE_RIGHT}};
	struct table t;
	table_init(&t, columns, 8);
	for (int i = 0; i < load->count; i++) {
		const struct bench_camera *c = &load->cameras[i];
		table_cell(&t, "cam%d", i + 1);
		table_cell(&t, "%.1f", c->fps);
		table_cell(&t, "%.1f", c->looks_hz);
		table_cell(&t, "%.0f", 1e3 * c->latency_p50_s);
		table_cell(&t, "%.0f", 1e3 * c->latency_p99_s);
		table_cell(&t, "%.1f", percent(c->decode_us));
		table_cell(&t, "%.1f", percent(c->detect_us));
		table_cell(&t, "%.1f", percent(c->analyse_us));
	}
	table_print(&t, stdout);
	table_finish(&t);
}

static bool memory_is_flat(const struct bench_memory *memory)
{
	return bench_memory_growth_ratio(memory) <= BENCH_MEMORY_FLAT_RATIO;
}

static void print_memory(const struct bench_memory *m)
{
	printf("memory, mean of a tenth of the time: first %.1f, middle %.1f, last %.1f MiB, at "
	       "most %.1f: %s (%+.1f %%; %.0f %% is the mark)\n",
		bench_memory_mib(m, BENCH_MEMORY_START), bench_memory_mib(m, BENCH_MEMORY_MIDDLE),
		bench_memory_mib(m, BENCH_MEMORY_END), m->peak_mib,
		memory_is_flat(m) ? "flat" : "GROWN", 100 * bench_memory_growth_ratio(m),
		100 * BENCH_MEMORY_FLAT_RATIO);
}

static void print_frames(const struct bench_load *load)
{
	printf("\nframes: %lld decoded; %lld looked at, %lld where nothing moved; unaccounted "
	       "%lld\n",
		(long long)load->decoded_count, (long long)load->looked_count,
		(long long)load->still_count, (long long)load->unaccounted_count);
	printf("dropped: %.2f %% (1 %% is the mark): %lld late, %lld refused, %lld undecodable; "
	       "%lld RTP "
	       "packets lost, %lld gaps, %lld reconnects\n",
		100 * bench_load_dropped_ratio(load), (long long)load->late_count,
		(long long)load->refused_count, (long long)load->undecodable_count,
		(long long)load->missed_count, (long long)load->gap_count,
		(long long)load->reconnect_count);
	printf("looks: at least %.1f a second and camera (5 is the mark)\n", least_hz(load));
	printf("latency from packet to result: p50 %.0f, p95 %.0f, p99 %.0f ms (250 is the mark), "
	       "longest %.0f ms\n",
		1e-3 * histogram_quantile_us(&load->latency, 0.5),
		1e-3 * histogram_quantile_us(&load->latency, 0.95),
		1e-3 * histogram_quantile_us(&load->latency, 0.99),
		1e-3 * (double)load->latency.max_us);
	print_memory(&load->memory);
}

static void print_search(const struct bench_streams *r)
{
	static const struct table_column columns[] = {{"cameras", TABLE_RIGHT},
		{"dropped %", TABLE_RIGHT}, {"looks/s", TABLE_RIGHT}, {"p99 ms", TABLE_RIGHT},
		{"CPU a camera %", TABLE_RIGHT}, {"decode", TABLE_RIGHT}, {"detect", TABLE_RIGHT},
		{"track..", TABLE_RIGHT}, {"rest", TABLE_RIGHT}, {"", TABLE_LEFT}};
	struct table t;
	table_init(&t, columns, 10);
	for (int i = 0; i < r->trial_count; i++) {
		const struct bench_trial *x = &r->trials[i];
		table_cell(&t, "%d", x->count);
		table_cell(&t, "%.2f", 100 * x->dropped_ratio);
		table_cell(&t, "%.1f", x->least_looks_hz);
		table_cell(&t, "%.0f", x->latency_p99_ms);
		table_cell(&t, "%.1f",
			percent(x->decode_us + x->detect_us + x->analyse_us + x->rest_us));
		table_cell(&t, "%.1f", percent(x->decode_us));
		table_cell(&t, "%.1f", percent(x->detect_us));
		table_cell(&t, "%.1f", percent(x->analyse_us));
		table_cell(&t, "%.1f", percent(x->rest_us));
		table_cell(&t, "%s", x->held ? "holds" : "does not hold");
	}
	printf("\nhow many hold, drops below 1 %% (looks/s: of the camera with the fewest)\n\n");
	table_print(&t, stdout);
	table_finish(&t);
	if (r->limit > 0)
		printf("\nat most %d cameras hold: %.2f of what the decoder alone allows (%.1f)\n",
			r->limit, r->limit / decoder_streams(r), decoder_streams(r));
	else
		printf("\nnone of these numbers holds\n");
}

void bench_streams_print(const struct bench_streams *r)
{
	const struct bench_load *load = &r->load;
	struct costs c = costs(load);
	double n = load->count;
	printf("%d cameras, %dx%d %s over RTSP, %s, %d cores, %.0f s\n"
	       "shares of one core, CPU time\n\n",
		load->count, load->width_px, load->height_px, load->codec, load->detector,
		r->core_count, load->measured_s);
	print_cameras(load);
	print_frames(load);
	printf("CPU a camera: %.1f %% of one core: decode %.1f, convert and detect %.1f, track + "
	       "measure + judge %.1f, the rest %.1f; the RTSP server beside it %.1f\n",
		percent(load->process_us) / n, percent(c.decode_us) / n, percent(c.detect_us) / n,
		percent(c.analyse_us) / n, percent(c.rest_us) / n, percent(load->server_us) / n);
	printf("the decoder alone, all cores: %.0f frames/s, %.1f such cameras; these are %.2f of "
	       "that\n",
		r->decoder_fps, decoder_streams(r), n / decoder_streams(r));
	if (r->trial_count > 0)
		print_search(r);
}

static void camera_json(struct json *j, const struct bench_camera *c)
{
	json_object(j);
	json_member_real(j, "fps", c->fps, 2);
	json_member_real(j, "looks_hz", c->looks_hz, 2);
	json_member_real(j, "latency_p50_ms", 1e3 * c->latency_p50_s, 1);
	json_member_real(j, "latency_p99_ms", 1e3 * c->latency_p99_s, 1);
	json_member_real(j, "decode_core_percent", percent(c->decode_us), 2);
	json_member_real(j, "detect_core_percent", percent(c->detect_us), 2);
	json_member_real(j, "analyse_core_percent", percent(c->analyse_us), 2);
	json_member_int(j, "frames_decoded", c->total.stream.frames_decoded);
	json_member_int(j, "frames_looked", c->total.looked_count);
	json_member_int(j, "frames_predicted", c->total.predicted_count);
	json_member_int(j, "frames_still", c->total.still_count);
	json_member_int(j, "unaccounted", live_unaccounted(&c->total));
	json_object_end(j);
}

static void trial_json(struct json *j, const struct bench_trial *x)
{
	json_object(j);
	json_member_int(j, "streams", x->count);
	json_member_bool(j, "held", x->held);
	json_member_real(j, "dropped_percent", 100 * x->dropped_ratio, 3);
	json_member_real(j, "least_looks_hz", x->least_looks_hz, 2);
	json_member_real(j, "latency_p99_ms", x->latency_p99_ms, 1);
	json_member_real(j, "decode_core_percent", percent(x->decode_us), 2);
	json_member_real(j, "detect_core_percent", percent(x->detect_us), 2);
	json_member_real(j, "analyse_core_percent", percent(x->analyse_us), 2);
	json_member_real(j, "rest_core_percent", percent(x->rest_us), 2);
	json_object_end(j);
}

static void frames_json(struct json *j, const struct bench_load *load)
{
	json_member_int(j, "frames_decoded", load->decoded_count);
	json_member_int(j, "frames_looked", load->looked_count);
	json_member_int(j, "frames_still", load->still_count);
	json_member_int(j, "unaccounted", load->unaccounted_count);
	json_member_real(j, "dropped_ratio", bench_load_dropped_ratio(load), 5);
	json_member_int(j, "dropped_late", load->late_count);
	json_member_int(j, "dropped_refused", load->refused_count);
	json_member_int(j, "dropped_undecodable", load->undecodable_count);
	json_member_int(j, "missed_packets", load->missed_count);
	json_member_int(j, "gaps", load->gap_count);
	json_member_int(j, "reconnects", load->reconnect_count);
	json_member_real(j, "looks_hz_least", least_hz(load), 2);
	json_member_real(j, "latency_p50_ms", 1e-3 * histogram_quantile_us(&load->latency, 0.5), 1);
	json_member_real(
		j, "latency_p95_ms", 1e-3 * histogram_quantile_us(&load->latency, 0.95), 1);
	json_member_real(
		j, "latency_p99_ms", 1e-3 * histogram_quantile_us(&load->latency, 0.99), 1);
}

static void memory_json(struct json *j, const struct bench_memory *m)
{
	json_member_real(j, "memory_start_mib", bench_memory_mib(m, BENCH_MEMORY_START), 1);
	json_member_real(j, "memory_middle_mib", bench_memory_mib(m, BENCH_MEMORY_MIDDLE), 1);
	json_member_real(j, "memory_end_mib", bench_memory_mib(m, BENCH_MEMORY_END), 1);
	json_member_real(j, "memory_peak_mib", m->peak_mib, 1);
	json_member_bool(j, "memory_flat", memory_is_flat(m));
}

void bench_streams_json(const struct bench_streams *r, struct json *j)
{
	const struct bench_load *load = &r->load;
	struct costs c = costs(load);
	double n = load->count;
	json_object(j);
	json_member_int(j, "streams", load->count);
	json_member_int(j, "cores", r->core_count);
	json_member_real(j, "seconds", load->measured_s, 2);
	json_member_string(j, "detector", load->detector);
	json_member_int(j, "width_px", load->width_px);
	json_member_int(j, "height_px", load->height_px);
	json_member_string(j, "codec", load->codec);
	frames_json(j, load);
	memory_json(j, &load->memory);
	json_member_real(j, "decode_core_percent", percent(c.decode_us) / n, 2);
	json_member_real(j, "detect_core_percent", percent(c.detect_us) / n, 2);
	json_member_real(j, "analyse_core_percent", percent(c.analyse_us) / n, 2);
	json_member_real(j, "rest_core_percent", percent(c.rest_us) / n, 2);
	json_member_real(j, "server_core_percent", percent(load->server_us) / n, 2);
	json_member_real(j, "decoder_fps", r->decoder_fps, 1);
	json_member_real(j, "decoder_streams", decoder_streams(r), 2);
	json_member_int(j, "limit_streams", r->limit);
	json_member_real(j, "limit_of_decoder_ratio", r->limit / decoder_streams(r), 3);
	json_key(j, "trials");
	json_array(j);
	for (int i = 0; i < r->trial_count; i++)
		trial_json(j, &r->trials[i]);
	json_array_end(j);
	json_key(j, "cameras");
	json_array(j);
	for (int i = 0; i < load->count; i++)
		camera_json(j, &load->cameras[i]);
	json_array_end(j);
	json_object_end(j);
}
