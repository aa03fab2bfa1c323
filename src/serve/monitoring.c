#include "serve/monitoring.h"

#include "serve/server_inside.h"
#include "store/store.h"

#include <string.h>

void monitoring_init(struct monitoring *monitoring)
{
	memset(monitoring, 0, sizeof(*monitoring));
	pthread_mutex_init(&monitoring->lock, NULL);
	probe_take(&monitoring->probe, &monitoring->sample);
	monitoring->at = wall_now();
}

void monitoring_finish(struct monitoring *monitoring)
{
	pthread_mutex_destroy(&monitoring->lock);
}

void monitoring_write_system(struct server *server, struct json *json)
{
	struct monitoring *m = &server->monitoring;
	char time[WALL_TEXT_SIZE];
	pthread_mutex_lock(&m->lock);
	struct probe_sample s = m->sample;
	struct wall at = m->at;
	pthread_mutex_unlock(&m->lock);
	wall_format(at, time, sizeof(time));
	json_object(json);
	json_member_string(json, "timestamp", time);
	json_member_real(json, "cpu_percent", s.cpu_percent, 2);
	json_member_real(json, "memory_percent", s.memory_percent, 2);
	json_member_real(json, "memory_used_mb", s.memory_used_mb, 2);
	json_member_real(json, "memory_total_mb", s.memory_total_mb, 2);
	json_member_real(json, "load_1m", s.load_1m, 2);
	json_member_real(json, "process_cpu_percent", s.process_cpu_percent, 2);
	json_member_real(json, "process_memory_mb", s.process_memory_mb, 2);
	json_member_real(json, "process_threads", s.process_threads, 2);
	json_member_real(json, "open_files", s.open_files, 2);
	json_object_end(json);
}

static void write_store(struct server *server, struct json *json)
{
	struct writer_state state = {0};
	store_get_state(server->store, &state);
	json_key(json, "store");
	json_object(json);
	json_member_int(json, "commits", state.commit_count);
	json_member_int(json, "jobs", state.job_count);
	json_member_int(json, "refused", state.refused_count);
	json_member_int(json, "retries", state.retry_count);
	json_member_int(json, "queued_bytes", (int64_t)state.queued_bytes);
	json_member_string(json, "waiting_for", state.waiting ? state.reason : NULL);
	json_object_end(json);
}

/* "backend": null where nobody is told. */
static void write_backend(struct server *server, struct json *json)
{
	struct backend_state b;
	backend_ask(&server->backend, &b);
	json_key(json, "backend");
	if (!b.configured) {
		json_null(json);
		return;
	}
	json_object(json);
	json_member_bool(json, "up", b.up);
	json_member_int(json, "told", b.told_count);
	json_member_int(json, "failed", b.failed_count);
	json_member_wall(json, "told_at", b.told_at);
	json_member_wall(json, "failed_at", b.failed_at);
	json_member_int(json, "last_status", b.last_status);
	json_member_string(json, "last_problem", b.problem[0] ? b.problem : NULL);
	json_member_int(json, "waiting", b.waiting_count);
	json_member_real(json, "oldest_waiting_s", backend_age_s(&b, wall_now()), 1);
	json_object_end(json);
}

int monitoring_troubles(struct server *server, const char *ret_names[MONITORING_TROUBLES_MAX])
{
	struct writer_state store = {0};
	struct backend_state backend;
	int count = 0;
	store_get_state(server->store, &store);
	backend_ask(&server->backend, &backend);
	if (store.waiting)
		ret_names[count++] = "store";
	if (backend.configured && !backend.up)
		ret_names[count++] = "backend";
	return count;
}

void monitoring_write_performance(struct server *server, struct json *json)
{
	struct monitoring *m = &server->monitoring;
	pthread_mutex_lock(&m->lock);
	double requests_per_s = m->requests_per_s;
	pthread_mutex_unlock(&m->lock);
	int sockets = 0;
	for (int c = CHANNEL_NONE + 1; c < CHANNEL_COUNT; c++)
		sockets += hub_listeners(server->hub, (enum channel)c);
	json_object(json);
	json_member_real(json, "uptime_s", (double)(mono_now().us - server->began.us) * 1e-6, 2);
	json_member_int(json, "requests", server->request_count);
	json_member_real(json, "requests_per_s", requests_per_s, 2);
	json_member_int(json, "websockets", sockets);
	write_store(server, json);
	write_backend(server, json);
	json_object_end(json);
}

static void publish(struct server *server)
{
	static const char head[] = "{\"type\":\"metrics\",\"system\":";
	static const char middle[] = ",\"performance\":";
	struct json json = {0};
	json_raw(&json, head, sizeof(head) - 1);
	monitoring_write_system(server, &json);
	json_raw(&json, middle, sizeof(middle) - 1);
	monitoring_write_performance(server, &json);
	json_raw(&json, "}", 1);
	if (!json.failed)
		hub_publish(server->hub, CHANNEL_MONITORING, NULL, json.text, json.length);
	json_finish(&json);
}

void monitoring_take(struct server *server)
{
	struct monitoring *m = &server->monitoring;
	struct probe_sample sample;
	double before_us = (double)m->probe.at.us;
	probe_take(&m->probe, &sample);
	double elapsed_s = ((double)m->probe.at.us - before_us) * 1e-6;
	int64_t requests = server->request_count;
	pthread_mutex_lock(&m->lock);
	m->sample = sample;
	m->at = wall_now();
	m->requests_per_s = elapsed_s > 0 ? (double)(requests - m->requests_before) / elapsed_s : 0;
	pthread_mutex_unlock(&m->lock);
	m->requests_before = requests;
	if (hub_listeners(server->hub, CHANNEL_MONITORING) > 0)
		publish(server);
}
