#include "serve/settings.h"

#include "base/log.h"
#include "cameras/cameras.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option store_option_list[] = {
	{"path", OPTION_STRING, offsetof(struct store_settings, path),
		.def_text = SETTINGS_STORE_PATH,
		.help = "the store: violations, streams, tokens; made where it is not there"},
	{"evidence_dir", OPTION_STRING, offsetof(struct store_settings, evidence_dir),
		.help = "folder of pictures, records and clips; default: `evidence` beside the "
			"store"},
};
static const struct option_table store_options = {"store", sizeof(struct store_settings),
	OPTION_NOWHERE, store_option_list, OPTION_COUNT(store_option_list),
	"where everything is kept"};

static const struct option backend_option_list[] = {
	{"url", OPTION_STRING, offsetof(struct backend_settings, url),
		.help = "http or https; each violation is POSTed to it; default: to nobody"},
	{"token", OPTION_STRING, offsetof(struct backend_settings, token),
		.help = "bearer token; GANTRY_BACKEND_TOKEN in the environment wins"},
	{"secret", OPTION_STRING, offsetof(struct backend_settings, secret),
		.help = "key of the HMAC signature; GANTRY_BACKEND_SECRET in the environment wins"},
	{"timeout_s", OPTION_REAL, offsetof(struct backend_settings, timeout_s), .min = 0.1,
		.max = 600, .def = 10, .unit = "s", .help = "of one request"},
	{"retry_delay_s", OPTION_REAL, offsetof(struct backend_settings, retry_delay_s),
		.min = 0.01, .max = 3600, .def = 1, .unit = "s",
		.help = "the first step; doubled up to retry_max_s"},
	{"retry_max_s", OPTION_REAL, offsetof(struct backend_settings, retry_max_s), .min = 0.01,
		.max = 86400, .def = 300, .unit = "s", .help = "the longest wait"},
};
static const struct option_table backend_options = {"backend", sizeof(struct backend_settings),
	OPTION_NOWHERE, backend_option_list, OPTION_COUNT(backend_option_list),
	"who is told of each violation"};

#define DAYS(member)                                                                               \
	OPTION_REAL, offsetof(struct retention_settings, params.member), .max = 36500, .unit = "d"
#define ROWS(member) OPTION_REAL, offsetof(struct retention_settings, member), .max = 1e12
static const struct option retention_option_list[] = {
	{"violations_days", DAYS(violations_days), .help = "older violations leave; 0: none"},
	{"violations_max", ROWS(violations_max), .help = "the oldest above so many leave"},
	{"confirmed_days", DAYS(confirmed_days),
		.help = "confirmed ones stay at least so long; 0: for ever"},
	{"pending_days", DAYS(pending_days), .help = "unreviewed ones stay at least so long"},
	{"evidence_days", DAYS(evidence_days), .help = "older evidence files leave"},
	{"evidence_gb", OPTION_REAL, offsetof(struct retention_settings, evidence_gb), .max = 1e9,
		.unit = "GB", .help = "the oldest files above that size together leave"},
	{"passages_days", DAYS(passages_days), .help = "older passages leave"},
	{"passages_max", ROWS(passages_max), .help = "the oldest above so many leave"},
	{"alerts_days", DAYS(alerts_days), .help = "older alerts that have ended leave"},
	{"alerts_max", ROWS(alerts_max), .help = "the oldest of them above so many leave"},
	{"audit_days", DAYS(audit_days), .help = "older lines of the audit log leave"},
	{"audit_max", ROWS(audit_max), .help = "the oldest above so many leave"},
	{"sums_days", DAYS(sums_days), .help = "older statistics of violations leave"},
	{"traffic_sums_days", DAYS(traffic_sums_days), .help = "older statistics of traffic leave"},
	{"every_s", OPTION_REAL, offsetof(struct retention_settings, every_s), .min = 1,
		.max = 86400, .def = 600, .unit = "s", .help = "how often it is looked at"},
};
static const struct option_table retention_options = {"retention",
	sizeof(struct retention_settings), OPTION_NOWHERE, retention_option_list,
	OPTION_COUNT(retention_option_list), "what leaves the store by itself; 0: no limit"};

static const struct option settings_option_list[] = {
	{"server", OPTION_TABLE, offsetof(struct settings, server), .table = &server_options,
		.help = "REST and WebSocket"},
	{"store", OPTION_TABLE, offsetof(struct settings, store), .table = &store_options,
		.help = "where everything is kept"},
	{"streams", OPTION_LIST, offsetof(struct settings, streams), .table = &camera_options,
		.max = CAMERAS_MAX, .help = "cameras; more can be added over REST"},
	{"backend", OPTION_TABLE, offsetof(struct settings, backend), .table = &backend_options,
		.help = "who is told of each violation"},
	{"retention", OPTION_TABLE, offsetof(struct settings, retention),
		.table = &retention_options, .help = "what leaves the store by itself"},
	{"alerts", OPTION_LIST, offsetof(struct settings, alerts), .table = &alert_rule_options,
		.max = ALERT_RULES_MAX, .help = "rules beside the default ones, or in their place"},
};
const struct option_table settings_options = {"gantry", sizeof(struct settings), OPTION_NOWHERE,
	settings_option_list, OPTION_COUNT(settings_option_list), "what gantry serve starts with"};

void settings_defaults(struct settings *settings)
{
	memset(settings, 0, sizeof(*settings));
	options_defaults(&settings_options, settings);
}

void settings_free(struct settings *settings)
{
	options_free(&settings_options, settings);
}

/* The scene of a stream: from its file, whose problems are said with its name, or from here. */
static int read_scene_file(
	const char *settings_path, struct camera_config *stream, struct problems *problems)
{
	const struct option_where nowhere = {0};
	struct problems found = {0};
	struct err err = {0};
	char path[4096];
	const char *slash = strrchr(settings_path, '/');
	bool beside = slash && stream->scene_file[0] != '/';
	snprintf(path, sizeof(path), "%.*s%s", beside ? (int)(slash - settings_path) + 1 : 0,
		settings_path, stream->scene_file);
	scene_free(&stream->scene);
	scene_defaults(&stream->scene);
	int r = scene_load(path, &stream->scene, &found, &err);
	problems_first(&found, path, "", &err);
	problems_finish(&found);
	if (r < 0)
		problems_add(
			problems, PROBLEM_ERROR, nowhere, "streams.scene_file", "%s", err.text);
	free(stream->scene_file);
	stream->scene_file = NULL;
	return r;
}

static bool is_named_before(const struct settings *settings, int index)
{
	const struct camera_config *streams = settings->streams.items;
	for (int i = 0; i < index; i++)
		if (streams[i].id && strcmp(streams[i].id, streams[index].id) == 0)
			return true;
	return false;
}

static int read_streams(const char *path, struct settings *settings, struct problems *problems)
{
	struct camera_config *streams = settings->streams.items;
	for (int i = 0; i < settings->streams.count; i++) {
		if (!streams[i].scene_file || read_scene_file(path, &streams[i], problems) == 0)
			camera_config_check(&streams[i], problems);
		if (streams[i].id && is_named_before(settings, i))
			problems_add(problems, PROBLEM_ERROR, (struct option_where){0},
				"streams.id", "'%s' is named twice", streams[i].id);
	}
	return problems->error_count ? -EINVAL : 0;
}

static int check_backend(const struct settings *settings, struct problems *problems)
{
	const char *url = settings->backend.url;
	if (!url || strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0)
		return 0;
	problems_add(problems, PROBLEM_ERROR, (struct option_where){0}, "backend.url",
		"must begin with http:// or https://");
	return -EINVAL;
}

static int check_alerts(const struct settings *settings, struct problems *problems)
{
	alert_rules_check(settings->alerts.items, settings->alerts.count, "alerts", problems);
	return problems->error_count ? -EINVAL : 0;
}

int settings_load(
	const char *path, struct settings *settings, struct problems *problems, struct err *err)
{
	struct err why = {0};
	int r = options_read_file(&settings_options, path, settings, problems, err);
	if (r == 0)
		r = read_streams(path, settings, problems);
	if (r == 0)
		r = check_backend(settings, problems);
	if (r == 0)
		r = check_alerts(settings, problems);
	if (r < 0)
		return r;
	if (server_params_check(&settings->server, &why) < 0) {
		problems_add(problems, PROBLEM_ERROR, (struct option_where){0}, "server", "%s",
			why.text);
		return -EINVAL;
	}
	return 0;
}

int settings_apply_environment(struct settings *settings, struct err *err)
{
	static const struct {
		const char *name, *path;
	} variables[] = {{"API_HOST", "server.host"}, {"API_PORT", "server.port"},
		{"GANTRY_BACKEND_TOKEN", "backend.token"},
		{"GANTRY_BACKEND_SECRET", "backend.secret"}};
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *value = getenv(variables[i].name);
		if (!value || !value[0])
			continue;
		int r = options_set(&settings_options, settings, variables[i].path, value, err);
		if (r < 0)
			return err_prefix(err, r, "%s", variables[i].name);
	}
	return 0;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void keep_text(const char *name, char **running, char **fresh)
{
	if (same_text(*running, *fresh))
		return;
	log_warning("%s: '%s' needs a restart; it is '%s' until then", name, *fresh ? *fresh : "",
		*running ? *running : "");
	char *other = *fresh;
	*fresh = *running;
	*running = other;
}

void settings_keep_fixed(struct settings *running, struct settings *fresh)
{
	struct server_params *from = &running->server, *to = &fresh->server;
	keep_text("server.host", &from->host, &to->host);
	keep_text("store.path", &running->store.path, &fresh->store.path);
	keep_text("store.evidence_dir", &running->store.evidence_dir, &fresh->store.evidence_dir);
	if (from->port != to->port)
		log_warning("server.port: %d needs a restart; it is %d until then", to->port,
			from->port);
	to->port = from->port;
	if ((from->tls_certificate != NULL) == (to->tls_certificate != NULL))
		return;
	keep_text("server.tls_certificate", &from->tls_certificate, &to->tls_certificate);
	keep_text("server.tls_key", &from->tls_key, &to->tls_key);
}

bool settings_is_one(const char *path)
{
	char line[256];
	bool found = false;
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file))
		found = strncmp(line, "server:", 7) == 0 || strncmp(line, "store:", 6) == 0 ||
			strncmp(line, "streams:", 8) == 0;
	fclose(file);
	return found;
}

void settings_evidence_dir(const struct settings *settings, char *path, size_t size)
{
	const char *store = settings->store.path, *slash = strrchr(store, '/');
	if (settings->store.evidence_dir)
		snprintf(path, size, "%s", settings->store.evidence_dir);
	else
		snprintf(path, size, "%.*sevidence", slash ? (int)(slash - store) + 1 : 0, store);
}

bool settings_retention(const struct settings *settings, struct retention_params *ret_params)
{
	const struct retention_settings *r = &settings->retention;
	struct retention_params p = r->params;
	p.evidence_bytes = (int64_t)(r->evidence_gb * 1e9);
	p.violations_max = (int64_t)r->violations_max;
	p.passages_max = (int64_t)r->passages_max;
	p.alerts_max = (int64_t)r->alerts_max;
	p.audit_max = (int64_t)r->audit_max;
	*ret_params = p;
	return p.violations_days > 0 || p.passages_days > 0 || p.alerts_days > 0 ||
	       p.audit_days > 0 || p.evidence_days > 0 || p.confirmed_days > 0 || p.sums_days > 0 ||
	       p.traffic_sums_days > 0 || p.evidence_bytes > 0 || p.violations_max > 0 ||
	       p.passages_max > 0 || p.alerts_max > 0 || p.audit_max > 0;
}
