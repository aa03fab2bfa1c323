/* Streams: the cameras, what they do, and how they are configured. */
#include "base/log.h"
#include "cameras/snapshot.h"
#include "serve/resources.h"
#include "serve/server_inside.h"
#include "serve/stream_forms.h"
#include "store/stream_rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What stands for {stream_id}. */
static const char *id_of(const struct request *request)
{
	return request->params[0];
}

static void no_such(struct reply *reply, const struct request *request)
{
	reply_problem(reply, request, 404, "there is no stream '%.80s'", id_of(request));
}

/* What a change that was refused is for the client. */
static void refused(struct reply *reply, const struct request *request, int code,
	const struct problems *problems, const struct err *err)
{
	switch (code) {
	case -EINVAL:
		if (problems && problems->error_count > 0)
			reply_problems(reply, request, problems);
		else
			reply_problem(reply, request, 422, "%s", err->text);
		return;
	case -ENOENT:
		reply_problem(reply, request, 404, "%s", err->text);
		return;
	case -EEXIST:
	case -ESTALE:
		reply_problem(reply, request, 409, "%s", err->text);
		return;
	default:
		log_error("request %s: %s", request->id, err->text);
		reply_problem(reply, request, 503, "this cannot be done now: %s", err->text);
		reply->retry_after_s = 1;
	}
}

static struct cameras_change change_of(const struct request *request)
{
	return (struct cameras_change){
		.id = request->param_count > 0 ? id_of(request) : NULL,
		.body = request->body,
		.length = request->body_length,
		.expected_version = request_int(request, "expected_version", -1),
		.actor = request->actor,
		.address = request->address,
	};
}

static void write_one(struct server *server, const struct request *request, struct reply *reply,
	int status, const char *id)
{
	struct json *json = reply_json(reply, status);
	if (cameras_write(server->cameras, id, CAMERAS_STATUS, json) < 0)
		no_such(reply, request);
}

/* Reading */

static void list(struct server *server, const struct request *request, struct reply *reply)
{
	struct json *json = reply_json(reply, 200);
	(void)request;
	json_object(json);
	json_key(json, "items");
	cameras_write_all(server->cameras, json);
	json_object_end(json);
}

static void get(struct server *server, const struct request *request, struct reply *reply)
{
	write_one(server, request, reply, 200, id_of(request));
}

static void write_view(struct server *server, const struct request *request, struct reply *reply,
	enum cameras_view view)
{
	if (cameras_write(server->cameras, id_of(request), view, reply_json(reply, 200)) < 0)
		no_such(reply, request);
}

static void get_statistics(
	struct server *server, const struct request *request, struct reply *reply)
{
	write_view(server, request, reply, CAMERAS_STATISTICS);
}

static void get_health(struct server *server, const struct request *request, struct reply *reply)
{
	write_view(server, request, reply, CAMERAS_HEALTH);
}

/* {"stream_id", "version", "config"}; `keys` NULL: the whole configuration. */
static void write_config(struct server *server, const struct request *request, struct reply *reply,
	const char *const *keys)
{
	struct json config = {0};
	int64_t version = 0;
	if (cameras_write_config(server->cameras, id_of(request), keys, &config, &version) < 0) {
		no_such(reply, request);
		return;
	}
	struct json *json = reply_json(reply, 200);
	json_object(json);
	json_member_string(json, "stream_id", id_of(request));
	json_member_int(json, "version", version);
	json_key(json, "config");
	json_raw(json, config.text, config.length);
	json_object_end(json);
	json->failed |= config.failed;
	json_finish(&config);
}

static const char *const calibration_keys[] = {"image", "calibration", "measure", NULL};
static const char *const zones_keys[] = {"zones", "lines", NULL};
static const char *const rules_keys[] = {"rules", "signals", NULL};

static void get_config(struct server *server, const struct request *request, struct reply *reply)
{
	write_config(server, request, reply, NULL);
}

static void get_calibration(
	struct server *server, const struct request *request, struct reply *reply)
{
	write_config(server, request, reply, calibration_keys);
}

static void get_zones(struct server *server, const struct request *request, struct reply *reply)
{
	write_config(server, request, reply, zones_keys);
}

static void get_rules(struct server *server, const struct request *request, struct reply *reply)
{
	write_config(server, request, reply, rules_keys);
}

static void get_snapshot(struct server *server, const struct request *request, struct reply *reply)
{
	struct err err = {0};
	unsigned char *bytes;
	size_t count;
	int r = snapshot_take(server->cameras, id_of(request),
		request_bool(request, "annotated", false), &err, &bytes, &count);
	if (r == -ENOENT) {
		no_such(reply, request);
	} else if (r < 0) {
		reply_problem(reply, request, 503, "%s", err.text);
		reply->retry_after_s = 1;
	} else {
		json_raw(reply_json(reply, 200), (const char *)bytes, count);
		reply->content_type = "image/jpeg";
		free(bytes);
	}
}

/* Changing */

static void add(struct server *server, const struct request *request, struct reply *reply)
{
	struct cameras_change change = change_of(request);
	const char *id = jsonin_string(jsonin_get(request->document, "id"), "");
	struct problems problems = {0};
	struct err err = {0};
	int64_t version;
	int r = cameras_add(server->cameras, &change, &problems, &err, &version);
	if (r < 0) {
		refused(reply, request, r, &problems, &err);
	} else {
		write_one(server, request, reply, 201, id);
		snprintf(reply->location, sizeof(reply->location), "/streams/%s", id);
	}
	problems_finish(&problems);
}

static void change(struct server *server, const struct request *request, struct reply *reply,
	bool whole, endpoint_handler *answer)
{
	struct cameras_change change = change_of(request);
	struct problems problems = {0};
	struct err err = {0};
	int64_t version;
	change.whole = whole;
	int r = cameras_change(server->cameras, &change, &problems, &err, &version);
	if (r < 0)
		refused(reply, request, r, &problems, &err);
	else
		answer(server, request, reply);
	problems_finish(&problems);
}

static void patch(struct server *server, const struct request *request, struct reply *reply)
{
	change(server, request, reply, false, get);
}

static void replace(struct server *server, const struct request *request, struct reply *reply)
{
	change(server, request, reply, true, get);
}

static void put_calibration(
	struct server *server, const struct request *request, struct reply *reply)
{
	change(server, request, reply, false, get_calibration);
}

static void put_zones(struct server *server, const struct request *request, struct reply *reply)
{
	change(server, request, reply, false, get_zones);
}

static void put_rules(struct server *server, const struct request *request, struct reply *reply)
{
	change(server, request, reply, false, get_rules);
}

static void remove_one(struct server *server, const struct request *request, struct reply *reply)
{
	struct cameras_change change = change_of(request);
	struct err err = {0};
	int r = cameras_remove(server->cameras, &change, &err);
	if (r < 0)
		refused(reply, request, r, NULL, &err);
	else
		reply->status = 204;
}

static void start(struct server *server, const struct request *request, struct reply *reply)
{
	struct cameras_change change = change_of(request);
	struct err err = {0};
	int r = cameras_start_one(server->cameras, &change, &err);
	if (r == -ENOENT && !cameras_has(server->cameras, id_of(request)))
		no_such(reply, request);
	else if (r < 0)
		reply_problem(reply, request, 409, "%s", err.text);
	else
		get(server, request, reply);
}

static void stop(struct server *server, const struct request *request, struct reply *reply)
{
	struct cameras_change change = change_of(request);
	struct err err = {0};
	int r = cameras_stop_one(server->cameras, &change, &err);
	if (r < 0)
		refused(reply, request, r, NULL, &err);
	else
		get(server, request, reply);
}

const struct endpoint resource_streams_endpoints[] = {
	{METHOD_GET, "/streams", ROLE_VIEWER, list, "list_streams", "all streams, by id",
		.status = 200, .reply = &stream_list_form},
	{METHOD_POST, "/streams", ROLE_ADMIN, add, "add_stream", "a new stream, started at once",
		.body = &stream_new_form, .status = 201, .reply = &stream_form},
	{METHOD_GET, "/streams/{stream_id}", ROLE_VIEWER, get, "get_stream",
		"one stream and its state", .params = stream_id_params, .status = 200,
		.reply = &stream_form},
	{METHOD_PUT, "/streams/{stream_id}", ROLE_ADMIN, replace, "replace_stream",
		"another configuration in the place of the whole one", .params = stream_id_params,
		.query = stream_change_query, .body = &stream_new_form, .status = 200,
		.reply = &stream_form},
	{METHOD_PATCH, "/streams/{stream_id}", ROLE_ADMIN, patch, "change_stream",
		"the members given replace those of the configuration", .params = stream_id_params,
		.query = stream_change_query, .body = &stream_patch_form, .status = 200,
		.reply = &stream_form},
	{METHOD_DELETE, "/streams/{stream_id}", ROLE_ADMIN, remove_one, "remove_stream",
		"ends it; what it recorded and its versions stay", .params = stream_id_params,
		.status = 204},
	{METHOD_POST, "/streams/{stream_id}/start", ROLE_OPERATOR, start, "start_stream",
		"analyse it", .params = stream_id_params, .status = 200, .reply = &stream_form},
	{METHOD_POST, "/streams/{stream_id}/stop", ROLE_OPERATOR, stop, "stop_stream",
		"until somebody starts it again, also when the server is restarted",
		.params = stream_id_params, .status = 200, .reply = &stream_form},
	{METHOD_GET, "/streams/{stream_id}/statistics", ROLE_VIEWER, get_statistics,
		"get_stream_statistics", "what became of its frames, and what was recorded",
		.params = stream_id_params, .status = 200, .reply = &stream_statistics_form},
	{METHOD_GET, "/streams/{stream_id}/health", ROLE_VIEWER, get_health, "get_stream_health",
		"whether pictures come", .params = stream_id_params, .status = 200,
		.reply = &stream_health_form},
	{METHOD_GET, "/streams/{stream_id}/snapshot.jpg", ROLE_VIEWER, get_snapshot,
		"get_stream_snapshot", "the latest picture; annotated: with what was found in it",
		.params = stream_id_params, .query = stream_snapshot_query, .status = 200,
		.content_type = "image/jpeg"},
	{METHOD_GET, "/streams/{stream_id}/config", ROLE_OPERATOR, get_config, "get_stream_config",
		"the whole configuration, passwords hidden", .params = stream_id_params,
		.status = 200, .reply = &stream_config_form},
	{METHOD_GET, "/streams/{stream_id}/calibration", ROLE_VIEWER, get_calibration,
		"get_stream_calibration", "from pixels to metres", .params = stream_id_params,
		.status = 200, .reply = &stream_config_form},
	{METHOD_PUT, "/streams/{stream_id}/calibration", ROLE_ADMIN, put_calibration,
		"put_stream_calibration", "another one, from the next frame on",
		.params = stream_id_params, .query = stream_change_query,
		.body = &stream_calibration_form, .status = 200, .reply = &stream_config_form},
	{METHOD_GET, "/streams/{stream_id}/zones", ROLE_VIEWER, get_zones, "get_stream_zones",
		"zones and lines", .params = stream_id_params, .status = 200,
		.reply = &stream_config_form},
	{METHOD_PUT, "/streams/{stream_id}/zones", ROLE_ADMIN, put_zones, "put_stream_zones",
		"other zones, lines or both, from the next frame on", .params = stream_id_params,
		.query = stream_change_query, .body = &stream_zones_form, .status = 200,
		.reply = &stream_config_form},
	{METHOD_GET, "/streams/{stream_id}/rules", ROLE_VIEWER, get_rules, "get_stream_rules",
		"rules and signals", .params = stream_id_params, .status = 200,
		.reply = &stream_config_form},
	{METHOD_PUT, "/streams/{stream_id}/rules", ROLE_ADMIN, put_rules, "put_stream_rules",
		"other rules, signals or both, from the next frame on", .params = stream_id_params,
		.query = stream_change_query, .body = &stream_rules_form, .status = 200,
		.reply = &stream_config_form},
	{0},
};
