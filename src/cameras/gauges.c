#include "cameras/gauges.h"

#include "cameras/config.h"
#include "cameras/watch.h"
#include "watch/probe.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#define PROBE_US 1000000
#define WINDOW_US (WATCH_WINDOW_S * INT64_C(1000000))

/* A camera's rates: of the last whole window, NaN before there was one. */
struct gauge {
	char id[CAMERA_ID_MAX + 1];
	bool seen;
	struct mono begun; /* the present window */
	struct camera_health before; /* what was counted then */
	double drop_rate, errors_per_minute, looks_per_s, p50_ms, p95_ms;
};

struct gauges {
	char *dir;
	struct mono now;
	struct gauge *items[CAMERAS_MAX];
	int count;
	struct probe probe;
	struct probe_sample machine;
	double disk_free_mb, disk_free_percent;
};

int gauges_create(const char *dir, struct gauges **ret_gauges)
{
	struct gauges *g = calloc(1, sizeof(*g));
	if (!g)
		return -ENOMEM;
	g->dir = strdup(dir);
	if (!g->dir) {
		free(g);
		return -ENOMEM;
	}
	*ret_gauges = g;
	return 0;
}

void gauges_destroy(struct gauges **gauges)
{
	struct gauges *g = *gauges;
	*gauges = NULL;
	if (!g)
		return;
	for (int i = 0; i < g->count; i++)
		free(g->items[i]);
	free(g->dir);
	free(g);
}

void gauges_begin(struct gauges *gauges, struct mono now)
{
	struct gauges *g = gauges;
	g->now = now;
	for (int i = g->count - 1; i >= 0; i--) {
		if (!g->items[i]->seen) {
			free(g->items[i]);
			g->items[i] = g->items[--g->count];
		} else {
			g->items[i]->seen = false;
		}
	}
}

static void begin_window(struct gauge *gauge, struct mono now, const struct camera_health *health)
{
	gauge->begun = now;
	gauge->before = *health;
}

static void forget_rates(struct gauge *gauge)
{
	gauge->drop_rate = gauge->errors_per_minute = gauge->looks_per_s = NAN;
	gauge->p50_ms = gauge->p95_ms = NAN;
}

/* NULL: no room. */
static struct gauge *find(struct gauges *g, const char *id, const struct camera_health *health)
{
	for (int i = 0; i < g->count; i++)
		if (strcmp(g->items[i]->id, id) == 0)
			return g->items[i];
	struct gauge *gauge = g->count < CAMERAS_MAX ? calloc(1, sizeof(*gauge)) : NULL;
	if (!gauge)
		return NULL;
	snprintf(gauge->id, sizeof(gauge->id), "%s", id);
	begin_window(gauge, g->now, health);
	forget_rates(gauge);
	g->items[g->count++] = gauge;
	return gauge;
}

static void end_window(struct gauge *gauge, struct mono now, const struct camera_health *health)
{
	const struct camera_health *before = &gauge->before;
	struct histogram latency = health->latency;
	double elapsed_s = (double)(now.us - gauge->begun.us) * 1e-6;
	int64_t decoded = health->decoded_count - before->decoded_count;
	int64_t dropped = health->dropped_count - before->dropped_count;
	histogram_since(&latency, &before->latency);
	gauge->drop_rate = decoded > 0 ? (double)dropped / (double)decoded : NAN;
	gauge->errors_per_minute =
		60 * (double)(health->error_count - before->error_count) / elapsed_s;
	gauge->looks_per_s = (double)(health->looked_count - before->looked_count) / elapsed_s;
	gauge->p50_ms = latency.count > 0 ? histogram_quantile_us(&latency, 0.5) * 1e-3 : NAN;
	gauge->p95_ms = latency.count > 0 ? histogram_quantile_us(&latency, 0.95) * 1e-3 : NAN;
	begin_window(gauge, now, health);
}

/* Counts begin anew when a camera is started. */
static void step(struct gauge *gauge, struct mono now, const struct camera_health *health)
{
	if (health->decoded_count < gauge->before.decoded_count ||
		health->error_count < gauge->before.error_count) {
		begin_window(gauge, now, health);
		forget_rates(gauge);
	} else if (now.us - gauge->begun.us >= WINDOW_US) {
		end_window(gauge, now, health);
	}
}

void gauges_camera(struct gauges *gauges, struct alarms *alarms, const char *id,
	const struct camera_health *health)
{
	struct gauge *gauge = find(gauges, id, health);
	if (!gauge)
		return;
	gauge->seen = true;
	step(gauge, gauges->now, health);
	if (!health->wanted || health->ended)
		return;
	alarms_sample(alarms, "stream", id, "is_healthy", health->healthy, health->reason);
	alarms_sample(alarms, "stream", id, "errors_per_minute", gauge->errors_per_minute, NULL);
	if (!health->healthy)
		return;
	alarms_sample(alarms, "stream", id, "fps", health->fps > 0 ? health->fps : NAN, NULL);
	alarms_sample(alarms, "stream", id, "drop_rate", gauge->drop_rate, NULL);
	alarms_sample(alarms, "pipeline", id, "latency_ms.p50", gauge->p50_ms, NULL);
	alarms_sample(alarms, "pipeline", id, "latency_ms.p95", gauge->p95_ms, NULL);
	alarms_sample(alarms, "pipeline", id, "looks_per_s", gauge->looks_per_s, NULL);
	alarms_sample(alarms, "pipeline", id, "frames_waiting", health->waiting_count, NULL);
	alarms_sample(alarms, "pipeline", id, "idle_s", health->idle_s, NULL);
}

static void look_at_disk(struct gauges *g)
{
	struct statvfs disk;
	g->disk_free_mb = g->disk_free_percent = NAN;
	if (statvfs(g->dir, &disk) < 0 || disk.f_blocks == 0)
		return;
	g->disk_free_mb = (double)disk.f_bavail * (double)disk.f_frsize * 1e-6;
	g->disk_free_percent = 100 * (double)disk.f_bavail / (double)disk.f_blocks;
}

void gauges_machine(struct gauges *gauges, struct alarms *alarms)
{
	struct gauges *g = gauges;
	if (g->now.us - g->probe.at.us >= PROBE_US) {
		probe_take(&g->probe, &g->machine);
		look_at_disk(g);
	}
	const struct {
		const char *name;
		double value;
	} numbers[] = {
		{"cpu_percent", g->machine.cpu_percent},
		{"memory_percent", g->machine.memory_percent},
		{"memory_used_mb", g->machine.memory_used_mb},
		{"process_cpu_percent", g->machine.process_cpu_percent},
		{"process_memory_mb", g->machine.process_memory_mb},
		{"open_files", g->machine.open_files},
		{"load_1m", g->machine.load_1m},
		{"disk_free_mb", g->disk_free_mb},
		{"disk_free_percent", g->disk_free_percent},
	};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		alarms_sample(alarms, "system", "", numbers[i].name, numbers[i].value, NULL);
}

void gauges_backend(struct alarms *alarms, const struct backend_state *backend, struct wall now)
{
	if (!backend->configured)
		return;
	const char *why = backend->up ? NULL : backend->problem;
	alarms_sample(alarms, "backend", "", "up", backend->up, why);
	alarms_sample(alarms, "backend", "", "waiting", (double)backend->waiting_count, why);
	alarms_sample(alarms, "backend", "", "oldest_waiting_s", backend_age_s(backend, now), why);
}
