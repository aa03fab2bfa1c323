/*
 * What the server knows of the machine and of itself, sampled every second.
 *
 * Threads: take on the service thread, the writers on any; one lock inside.
 */
#pragma once

#include "base/json.h"
#include "watch/probe.h"

#include <pthread.h>

struct server;

struct monitoring {
	struct probe probe; /* service thread */
	int64_t requests_before; /* service thread */
	pthread_mutex_t lock;
	/* Below: under lock. */
	struct probe_sample sample;
	struct wall at;
	double requests_per_s;
};

void monitoring_init(struct monitoring *monitoring);
void monitoring_finish(struct monitoring *monitoring);
/* Every second: samples, and tells /ws/monitoring. */
void monitoring_take(struct server *server);
/* As /monitoring/system and /monitoring/performance say it. */
void monitoring_write_system(struct server *server, struct json *json);
void monitoring_write_performance(struct server *server, struct json *json);
/* What the server leans on and does not do its work now: "store", "backend". How many. */
#define MONITORING_TROUBLES_MAX 2
int monitoring_troubles(struct server *server, const char *ret_names[MONITORING_TROUBLES_MAX]);
