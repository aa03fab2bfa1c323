/* Every configuration that a stream ever had: listed, read, compared, and gone back to. */
#include "cameras/document.h"
#include "serve/resources.h"
#include "serve/server_inside.h"
#include "serve/stream_forms.h"
#include "store/stream_rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct form_field version_params[] = {
	{"stream_id", FORM_STRING, .min = 1, .max = 63, .help = "the stream's"},
	{"version", FORM_INT, .min = 1, .max = 9007199254740991, .help = "as listed"},
	{0},
};
static const struct form_field diff_query[] = {
	{"from", FORM_INT, .min = 1, .max = 9007199254740991, .required = true},
	{"to", FORM_INT, .min = 1, .max = 9007199254740991, .required = true},
	{0},
};

static const struct form_field version_fields[] = {
	{"version", FORM_INT},
	{"at", FORM_TIME},
	{"author", FORM_STRING, .help = "the token's name, or gantry.yaml"},
	{"config", FORM_ANY, .optional = true, .help = "passwords hidden"},
	{0},
};
static const struct form version_form = {"StreamVersion", version_fields, NULL};
static const struct form_field list_fields[] = {
	{"items", FORM_LIST, .of = &version_form, .help = "newest first"},
	{0},
};
static const struct form list_form = {"StreamVersionList", list_fields, NULL};
static const struct form_field difference_fields[] = {
	{"path", FORM_STRING, .help = "rules[0].limit_kmh"},
	{"before", FORM_ANY, .help = "null: it was not there"},
	{"after", FORM_ANY, .help = "null: it is not there"},
	{0},
};
static const struct form difference_form = {"StreamDifference", difference_fields, NULL};
static const struct form_field diff_fields[] = {
	{"from", FORM_INT},
	{"to", FORM_INT},
	{"items", FORM_LIST, .of = &difference_form},
	{0},
};
static const struct form diff_form = {"StreamDiff", diff_fields, NULL};
static const struct form_field back_fields[] = {
	{"version", FORM_INT, .min = 1, .max = 9007199254740991, .required = true,
		.help = "whose configuration becomes a new version"},
	{0},
};
static const struct form back_form = {"RollBack", back_fields, NULL};

static void refused(
	struct reply *reply, const struct request *request, int code, const struct err *err)
{
	if (code == -ENOENT) {
		reply_problem(reply, request, 404, "%s", err->text);
		return;
	}
	reply_store_failed(reply, request, err);
}

struct writing {
	struct json *json;
	bool with_config;
};

static int write_version(void *opaque, const struct stream_row *row)
{
	const struct writing *writing = opaque;
	struct json *json = writing->json;
	char time[WALL_TEXT_SIZE];
	wall_format(row->changed, time, sizeof(time));
	json_object(json);
	json_member_int(json, "version", row->version);
	json_member_string(json, "at", time);
	json_member_string(json, "author", row->author ? row->author : "");
	if (writing->with_config) {
		json_key(json, "config");
		document_write(row->config, json);
	}
	json_object_end(json);
	return 0;
}

static void list(struct server *server, const struct request *request, struct reply *reply)
{
	struct err err = {0};
	struct writing writing = {.json = reply_json(reply, 200)};
	json_object(writing.json);
	json_key(writing.json, "items");
	json_array(writing.json);
	int r = stream_rows_versions(
		server->store, request->params[0], 0, write_version, &writing, &err);
	json_array_end(writing.json);
	json_object_end(writing.json);
	if (r < 0)
		refused(reply, request, r, &err);
}

static void get(struct server *server, const struct request *request, struct reply *reply)
{
	struct err err = {0};
	struct writing writing = {.json = reply_json(reply, 200), .with_config = true};
	int r = stream_rows_versions(server->store, request->params[0],
		strtoll(request->params[1], NULL, 10), write_version, &writing, &err);
	if (r < 0)
		refused(reply, request, r, &err);
}

static int copy_text(void *opaque, const struct stream_row *row)
{
	char **text = opaque;
	*text = strdup(row->config);
	return *text ? 0 : -ENOMEM;
}

static void write_diff(struct server *server, const struct request *request, struct reply *reply,
	const int64_t versions[2], char *texts[2])
{
	struct err err = {0};
	struct json *json = reply_json(reply, 200);
	int r = 0;
	for (int i = 0; i < 2 && r == 0; i++)
		r = stream_rows_versions(
			server->store, request->params[0], versions[i], copy_text, &texts[i], &err);
	if (r < 0) {
		refused(reply, request, r, &err);
		return;
	}
	json_object(json);
	json_member_int(json, "from", versions[0]);
	json_member_int(json, "to", versions[1]);
	json_key(json, "items");
	document_write_diff(texts[0], texts[1], json);
	json_object_end(json);
}

static void diff(struct server *server, const struct request *request, struct reply *reply)
{
	int64_t versions[] = {request_int(request, "from", 0), request_int(request, "to", 0)};
	char *texts[2] = {NULL, NULL};
	write_diff(server, request, reply, versions, texts);
	free(texts[0]);
	free(texts[1]);
}

static void roll_back(struct server *server, const struct request *request, struct reply *reply)
{
	int64_t version = jsonin_int(jsonin_get(request->document, "version"), 0);
	struct problems problems = {0};
	struct err err = {0};
	int64_t fresh;
	struct cameras_change change = {
		.id = request->params[0],
		.expected_version = request_int(request, "expected_version", -1),
		.actor = request->actor,
		.address = request->address,
	};
	int r = cameras_roll_back(server->cameras, &change, version, &problems, &err, &fresh);
	if (r == 0)
		r = cameras_write(
			server->cameras, change.id, CAMERAS_STATUS, reply_json(reply, 200));
	else if (problems.error_count > 0)
		reply_problems(reply, request, &problems);
	else if (r == -ESTALE || r == -EINVAL)
		reply_problem(reply, request, 409, "%s", err.text);
	else
		refused(reply, request, r, &err);
	problems_finish(&problems);
}

const struct endpoint resource_versions_endpoints[] = {
	{METHOD_GET, "/streams/{stream_id}/versions", ROLE_OPERATOR, list, "list_stream_versions",
		"every configuration that it had; violations name the one that judged them",
		.params = stream_id_params, .status = 200, .reply = &list_form},
	{METHOD_GET, "/streams/{stream_id}/versions/{version}", ROLE_OPERATOR, get,
		"get_stream_version", "one of them, whole", .params = version_params, .status = 200,
		.reply = &version_form},
	{METHOD_GET, "/streams/{stream_id}/diff", ROLE_OPERATOR, diff, "diff_stream_versions",
		"what differs between two versions", .params = stream_id_params,
		.query = diff_query, .status = 200, .reply = &diff_form},
	{METHOD_POST, "/streams/{stream_id}/rollback", ROLE_ADMIN, roll_back, "roll_back_stream",
		"back to an earlier version, as a new one", .params = stream_id_params,
		.query = stream_change_query, .body = &back_form, .status = 200,
		.reply = &stream_form},
	{0},
};
