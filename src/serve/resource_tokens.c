/* Tokens and the audit log: who may do what, and who did. */
#include "serve/resources.h"
#include "serve/server_inside.h"
#include "serve/tokens.h"
#include "store/audit_rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const role_words[] = {"viewer", "operator", "admin", NULL};

static const struct form_field token_fields[] = {
	{"id", FORM_INT},
	{"name", FORM_STRING, .max = 63},
	{"role", FORM_WORD, .words = role_words},
	{"created_at", FORM_TIME},
	{"expires_at", FORM_TIME, .nullable = true, .help = "null: never"},
	{"revoked_at", FORM_TIME, .nullable = true, .help = "null: it is valid"},
	{"token", FORM_STRING, .optional = true, .help = "only when it is made: it is not kept"},
	{0},
};
static const struct form token_form = {"Token", token_fields, NULL};

static const struct form_field list_fields[] = {
	{"items", FORM_LIST, .of = &token_form},
	{0},
};
static const struct form list_form = {"TokenList", list_fields, NULL};

static const struct form_field new_fields[] = {
	{"name", FORM_STRING, .min = 1, .max = 63, .required = true, .help = "who has it"},
	{"role", FORM_WORD, .words = role_words, .required = true, .help = "what it may"},
	{"expires_at", FORM_TIME, .nullable = true, .help = "default: never"},
	{0},
};
static const struct form new_form = {"NewToken", new_fields, NULL};

static void write_token(struct json *json, const struct token_row *row, const char *token)
{
	json_object(json);
	json_member_int(json, "id", row->id);
	json_member_string(json, "name", row->name);
	json_member_string(json, "role", row->role);
	json_member_wall(json, "created_at", row->created);
	json_member_wall(json, "expires_at", row->expires);
	json_member_wall(json, "revoked_at", row->revoked);
	if (token) {
		json_member_string(json, "token", token);
	}
	json_object_end(json);
}

static int write_one(void *opaque, const struct token_row *row)
{
	write_token(opaque, row, NULL);
	return 0;
}

static void list(struct server *server, const struct request *request, struct reply *reply)
{
	struct err err = {0};
	struct json *json = reply_json(reply, 200);
	json_object(json);
	json_key(json, "items");
	json_array(json);
	int r = token_rows_list(server->store, write_one, json, &err);
	json_array_end(json);
	json_object_end(json);
	if (r < 0)
		reply_store_failed(reply, request, &err);
}

static void create(struct server *server, const struct request *request, struct reply *reply)
{
	const struct jsonin *body = request->document;
	const char *expires = jsonin_string(jsonin_get(body, "expires_at"), NULL);
	struct token_row row = {.created = wall_now()};
	char token[GUARD_TOKEN_SIZE];
	struct err err = {0};
	snprintf(row.name, sizeof(row.name), "%s", jsonin_string(jsonin_get(body, "name"), ""));
	snprintf(row.role, sizeof(row.role), "%s", jsonin_string(jsonin_get(body, "role"), ""));
	if (expires && wall_parse(expires, &row.expires) == 0 && row.expires.us <= row.created.us) {
		reply_problem(reply, request, 422, "expires_at lies in the past");
		return;
	}
	if (tokens_create(server->store, server->guard, &row, request->actor, request->address,
		    &err, token) < 0) {
		reply_store_failed(reply, request, &err);
		return;
	}
	write_token(reply_json(reply, 201), &row, token);
	snprintf(reply->location, sizeof(reply->location), "/tokens/%lld", (long long)row.id);
}

static void revoke(struct server *server, const struct request *request, struct reply *reply)
{
	struct err err = {0};
	int64_t id = strtoll(request->params[0], NULL, 10);
	int r = token_rows_revoke(
		server->store, id, wall_now(), request->actor, request->address, &err);
	if (r == 0)
		r = tokens_load(server->store, server->guard, &err);
	if (r == -ENOENT)
		reply_problem(reply, request, 404, "there is no such token, or it was revoked");
	else if (r < 0)
		reply_store_failed(reply, request, &err);
	else
		reply->status = 204;
}

/* Me */

static const struct form_field me_fields[] = {
	{"name", FORM_STRING, .help = "the token's, as the audit log has it"},
	{"role", FORM_WORD, .words = role_words},
	{0},
};
static const struct form me_form = {"Me", me_fields, NULL};

static void get_me(struct server *server, const struct request *request, struct reply *reply)
{
	struct json *json = reply_json(reply, 200);
	(void)server;
	json_object(json);
	json_member_string(json, "name", request->actor);
	json_member_string(json, "role", role_name(request->role));
	json_object_end(json);
}

static const struct form_field id_params[] = {
	{"id", FORM_INT, .min = 1, .max = 9007199254740991, .help = "the token's"},
	{0},
};

/* Audit log */

static const struct form_field audit_fields[] = {
	{"id", FORM_INT},
	{"at", FORM_TIME},
	{"actor", FORM_STRING, .help = "the token's name"},
	{"action", FORM_STRING},
	{"object", FORM_STRING, .help = "violations/7, tokens/2, ..."},
	{"address", FORM_STRING, .nullable = true},
	{"detail", FORM_STRING, .max = 4096, .nullable = true},
	{0},
};
static const struct form audit_form = {"AuditEntry", audit_fields, NULL};
static const struct form_field audit_list_fields[] = {
	{"items", FORM_LIST, .of = &audit_form, .help = "newest first"},
	{0},
};
static const struct form audit_list_form = {"AuditPage", audit_list_fields, NULL};

static const struct form_field audit_query[] = {
	{"before", FORM_INT, .min = 1, .max = 9007199254740991,
		.help = "id of the last entry of the page before"},
	{"limit", FORM_INT, .min = 1, .max = 1000, .help = "default 50"},
	{0},
};

static int write_audit(void *opaque, const struct audit_row *row)
{
	struct json *json = opaque;
	json_object(json);
	json_member_int(json, "id", row->id);
	json_member_wall(json, "at", row->at);
	json_member_string(json, "actor", row->actor);
	json_member_string(json, "action", row->action);
	json_member_string(json, "object", row->object);
	json_member_string(json, "address", row->address);
	json_member_string(json, "detail", row->detail);
	json_object_end(json);
	return 0;
}

static void audit(struct server *server, const struct request *request, struct reply *reply)
{
	struct err err = {0};
	struct json *json = reply_json(reply, 200);
	json_object(json);
	json_key(json, "items");
	json_array(json);
	int r = audit_rows_find(server->store, request_int(request, "before", 0),
		(int)request_int(request, "limit", 50), write_audit, json, &err);
	json_array_end(json);
	json_object_end(json);
	if (r < 0)
		reply_store_failed(reply, request, &err);
}

const struct endpoint resource_tokens_endpoints[] = {
	{METHOD_GET, "/me", ROLE_VIEWER, get_me, "get_me", "who asks, and with which role",
		.status = 200, .reply = &me_form, .quick = true},
	{METHOD_GET, "/tokens", ROLE_ADMIN, list, "list_tokens", "all tokens, without themselves",
		.status = 200, .reply = &list_form},
	{METHOD_POST, "/tokens", ROLE_ADMIN, create, "create_token",
		"make a token; it is said once", .body = &new_form, .status = 201,
		.reply = &token_form},
	{METHOD_DELETE, "/tokens/{id}", ROLE_ADMIN, revoke, "revoke_token",
		"it is valid no more, at once", .params = id_params, .status = 204},
	{METHOD_GET, "/audit", ROLE_ADMIN, audit, "list_audit", "who changed what, newest first",
		.query = audit_query, .status = 200, .reply = &audit_list_form},
	{0},
};
