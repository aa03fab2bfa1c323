/*
 * gantry.yaml: what `gantry serve` is started with.
 *
 *     server: {host: 127.0.0.1, port: 8000, tls_certificate: ..., tls_key: ...}
 *     store:  {path: gantry.db}
 *     streams: [{id: north, source: "rtsp://10.0.0.7/1", scene_file: north.yaml}]
 *     backend: {url: "https://backend.example/api/violations/"}
 *     retention: {evidence_days: 90, evidence_gb: 200}
 *     alerts: [{name: slow, metric: fps, operator: "<", threshold: 10, duration_seconds: 30}]
 *
 * `gantry check` says everything that is wrong with one. Memory: settings_free() frees what was
 * read. Threads: read-only after loading.
 */
#pragma once

#include "cameras/config.h"
#include "serve/server.h"
#include "store/retention.h"
#include "watch/alert_rules.h"

#define SETTINGS_STORE_PATH "gantry.db" /* where nothing else is said */

struct store_settings {
	char *path;
	char *evidence_dir; /* NULL: "evidence" beside the store */
};

/* Who is told of each violation (relay/sink.h). */
struct backend_settings {
	char *url; /* NULL: nobody */
	char *token, *secret; /* NULL: none */
	double timeout_s, retry_delay_s, retry_max_s;
};

struct retention_settings {
	struct retention_params params; /* but for the sizes, which are counted in doubles here */
	double evidence_gb, violations_max, passages_max, alerts_max, audit_max;
	double every_s;
};

struct settings {
	struct server_params server;
	struct store_settings store;
	struct option_list streams; /* struct camera_config, their scene files read in */
	struct backend_settings backend;
	struct retention_settings retention;
	struct option_list alerts; /* struct alert_rule */
};

extern const struct option_table settings_options;

/* All defaults; nothing is borrowed. */
void settings_defaults(struct settings *settings);
void settings_free(struct settings *settings);
/* 0; -EINVAL with problems; or -errno with the reason in `err`, where the file cannot be read. */
int settings_load(
	const char *path, struct settings *settings, struct problems *problems, struct err *err);
/* The environment over what the file said: API_HOST, API_PORT, and the secrets that are better not
 * in a file: GANTRY_BACKEND_TOKEN, GANTRY_BACKEND_SECRET. */
int settings_apply_environment(struct settings *settings, struct err *err);
/* What a server that runs cannot change (where it listens, whether it speaks TLS, where it keeps
 * things) is said where it is another in `fresh`, and kept: `fresh` has what it runs with. */
void settings_keep_fixed(struct settings *running, struct settings *fresh);
/* Whether a file is one of these rather than a scene: a line begins with `server:`, `store:` or
 * `streams:`. */
bool settings_is_one(const char *path);
/* Where evidence goes. */
void settings_evidence_dir(const struct settings *settings, char *path, size_t size);
/* What is to be let go; false where nothing is. */
bool settings_retention(const struct settings *settings, struct retention_params *ret_params);
