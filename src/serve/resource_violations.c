/* Violations: found, looked at with their evidence, reviewed. */
#include "base/log.h"
#include "judge/violations.h"
#include "serve/resources.h"
#include "serve/server_inside.h"
#include "serve/violation_json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const severities[] = {"low", "medium", "high", "critical", NULL};
static const char *const reviews[] = {"open", "confirmed", "rejected", NULL};
static const char *const decisions[] = {"confirmed", "rejected", NULL};
static const char *const roles[] = {"scene", "vehicle", "record", "clip", NULL};

/* Finding */

static const struct form_field find_query[] = {
	{"type", FORM_STRING, .max = 63, .help = "speed_violation, red_light, ..."},
	{"device_id", FORM_STRING, .max = 63, .help = "of this camera"},
	{"severity", FORM_WORD, .words = severities, .help = "at least so severe"},
	{"class_name", FORM_STRING, .max = 31, .help = "car, truck, ..."},
	{"plate", FORM_STRING, .max = 31, .help = "of this number plate"},
	{"review", FORM_WORD, .words = reviews, .help = "with this state"},
	{"from", FORM_TIME, .help = "at or after"},
	{"to", FORM_TIME, .help = "before"},
	{"limit", FORM_INT, .min = 1, .max = 1000, .help = "default 50"},
	{"cursor", FORM_STRING, .max = 48, .help = "`next` of the page before"},
	{0},
};

static const struct form_field page_fields[] = {
	{"items", FORM_LIST, .of = &violation_form, .help = "newest first"},
	{"next", FORM_STRING, .nullable = true, .help = "cursor of the next page, null at the end"},
	{0},
};
static const struct form page_form = {"ViolationPage", page_fields, NULL};

static int index_of(const char *const *words, const char *word)
{
	int i = 0;
	while (words[i] && strcmp(words[i], word) != 0)
		i++;
	return words[i] ? i : -1;
}

/* "TIME-ID", as next_cursor() writes it. */
static bool read_cursor(const char *text, struct violation_cursor *ret_cursor)
{
	char *end;
	if (text[0] < '0' || text[0] > '9')
		return false;
	ret_cursor->at.us = strtoll(text, &end, 10);
	if (*end != '-' || end[1] < '0' || end[1] > '9')
		return false;
	ret_cursor->id = strtoll(end + 1, &end, 10);
	return *end == '\0';
}

static void write_next(struct json *json, const struct violation_cursor *next)
{
	char text[48];
	json_key(json, "next");
	if (next->id == 0) {
		json_null(json);
		return;
	}
	snprintf(text, sizeof(text), "%lld-%lld", (long long)next->at.us, (long long)next->id);
	json_string(json, text);
}

static struct violation_filter filter_of(const struct request *request)
{
	struct violation_filter filter = violation_filter_init();
	const char *review = request_text(request, "review", NULL);
	filter.type = request_text(request, "type", NULL);
	filter.device = request_text(request, "device_id", NULL);
	filter.plate = request_text(request, "plate", NULL);
	filter.class_name = request_text(request, "class_name", NULL);
	filter.severity_min = index_of(severities, request_text(request, "severity", "low"));
	filter.review = review ? index_of(reviews, review) : -1;
	filter.from.us = request_time_us(request, "from", 0);
	filter.to.us = request_time_us(request, "to", 0);
	filter.limit = (int)request_int(request, "limit", 50);
	return filter;
}

static int write_row(void *opaque, const struct violation_row *row)
{
	violation_json_write(opaque, row);
	return 0;
}

/* A failure of the store, as the client may know it; the log has the reason. */
static void store_problem(
	struct reply *reply, const struct request *request, int code, const struct err *err)
{
	if (code == -ENOENT) {
		reply_problem(reply, request, 404, "there is no such violation");
		return;
	}
	if (code == -EINVAL) {
		reply_problem(reply, request, 422, "%s", err->text);
		return;
	}
	reply_store_failed(reply, request, err);
}

static void find(struct server *server, const struct request *request, struct reply *reply)
{
	struct violation_filter filter = filter_of(request);
	const char *cursor = request_text(request, "cursor", NULL);
	struct violation_cursor next = {0};
	struct err err = {0};
	if (cursor && !read_cursor(cursor, &filter.after)) {
		reply_problem(
			reply, request, 422, "cursor must be what `next` of the page before said");
		return;
	}
	struct json *json = reply_json(reply, 200);
	json_object(json);
	json_key(json, "items");
	json_array(json);
	int r = violation_rows_find(server->store, &filter, write_row, json, &err, &next);
	json_array_end(json);
	write_next(json, &next);
	json_object_end(json);
	if (r < 0)
		store_problem(reply, request, r, &err);
}

/* One */

static const struct form_field id_params[] = {
	{"id", FORM_INT, .min = 1, .max = 9007199254740991, .help = "the violation's"},
	{0},
};

static int64_t id_of(const struct request *request)
{
	return strtoll(request->params[0], NULL, 10);
}

static void reply_one(struct server *server, const struct request *request, struct reply *reply)
{
	struct err err = {0};
	struct json *json = reply_json(reply, 200);
	int r = violation_rows_get(server->store, id_of(request), write_row, json, &err);
	if (r < 0)
		store_problem(reply, request, r, &err);
}

static const struct form_field review_fields[] = {
	{"review", FORM_WORD, .words = decisions, .help = "what a person found"},
	{"reason", FORM_STRING, .max = 500, .help = "why; a rejection needs one"},
	{"note", FORM_STRING, .max = 2000, .help = "for colleagues"},
	{"held", FORM_BOOL, .help = "a case needs it: its evidence is kept"},
	{0},
};
static const struct form review_form = {
	"Review", review_fields, "what is not given stays; every change is in the audit log"};

static void review(struct server *server, const struct request *request, struct reply *reply)
{
	const struct jsonin *body = request->document;
	const char *decision = jsonin_string(jsonin_get(body, "review"), NULL);
	const struct jsonin *held = jsonin_get(body, "held");
	struct violation_review change = {
		.id = id_of(request),
		.review = decision ? index_of(reviews, decision) : -1,
		.reason = jsonin_string(jsonin_get(body, "reason"), NULL),
		.note = jsonin_string(jsonin_get(body, "note"), NULL),
		.held = held ? jsonin_bool(held, false) : -1,
		.by = request->actor,
		.address = request->address,
		.now = wall_now(),
	};
	struct err err = {0};
	int r = violation_rows_review(server->store, &change, &err);
	if (r < 0)
		store_problem(reply, request, r, &err);
	else
		reply_one(server, request, reply);
}

/* Evidence */

struct wanted {
	const char *role;
	char path[4096], sha256[72];
	int64_t bytes;
	bool found;
};

static int find_file(void *opaque, const struct violation_row *row)
{
	struct wanted *wanted = opaque;
	for (int i = 0; i < row->file_count; i++) {
		const struct evidence_file *file = &row->files[i];
		if (strcmp(file->role, wanted->role) != 0 || wanted->found)
			continue;
		snprintf(wanted->path, sizeof(wanted->path), "%s", file->path);
		snprintf(wanted->sha256, sizeof(wanted->sha256), "%s", file->sha256);
		wanted->bytes = file->bytes;
		wanted->found = true;
	}
	return 0;
}

static const char *type_of(const char *path)
{
	static const char *const types[][2] = {{".jpg", "image/jpeg"}, {".mp4", "video/mp4"},
		{".json", "application/json"}, {".png", "image/png"}};
	const char *dot = strrchr(path, '.');
	for (size_t i = 0; dot && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(dot, types[i][0]) == 0)
			return types[i][1];
	return "application/octet-stream";
}

/* Evidence is sealed: a file of another size than its row says is not what was recorded. */
static void send_file(
	const struct wanted *wanted, const struct request *request, struct reply *reply)
{
	struct stat status;
	int fd = open(wanted->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool whole = fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
		     status.st_size == wanted->bytes;
	if (!whole) {
		if (fd >= 0)
			close(fd);
		log_warning("request %s: evidence %s is missing or was changed", request->id,
			wanted->path);
		reply_problem(reply, request, 404, "the file is missing, or was changed");
		return;
	}
	reply->status = 200;
	reply->fd = fd;
	reply->file_size = status.st_size;
	reply->length = (size_t)status.st_size;
	reply->content_type = type_of(wanted->path);
	reply->store_allowed = true;
	snprintf(reply->etag, sizeof(reply->etag), "\"%s\"", wanted->sha256);
	const char *name = strrchr(wanted->path, '/');
	snprintf(reply->disposition, sizeof(reply->disposition), "inline; filename=\"%s-%s%s\"",
		request->params[0], wanted->role, strrchr(name ? name : ".", '.'));
}

static void get_file(struct server *server, const struct request *request, struct reply *reply)
{
	struct wanted wanted = {.role = request->params[1]};
	struct err err = {0};
	int r = violation_rows_get(server->store, id_of(request), find_file, &wanted, &err);
	if (r < 0)
		store_problem(reply, request, r, &err);
	else if (!wanted.found)
		reply_problem(
			reply, request, 404, "this violation has no such file: %s", wanted.role);
	else
		send_file(&wanted, request, reply);
}

static const struct form_field file_params[] = {
	{"id", FORM_INT, .min = 1, .max = 9007199254740991, .help = "the violation's"},
	{"role", FORM_WORD, .words = roles, .help = "which of its files"},
	{0},
};

const struct endpoint resource_violations_endpoints[] = {
	{METHOD_GET, "/violations", ROLE_VIEWER, find, "list_violations",
		"violations, newest first, page by page", .query = find_query, .status = 200,
		.reply = &page_form},
	{METHOD_GET, "/violations/{id}", ROLE_VIEWER, reply_one, "get_violation",
		"one violation with its files", .params = id_params, .status = 200,
		.reply = &violation_form},
	{METHOD_PATCH, "/violations/{id}", ROLE_OPERATOR, review, "review_violation",
		"confirm or reject it, note something, keep its evidence", .params = id_params,
		.body = &review_form, .status = 200, .reply = &violation_form},
	{METHOD_GET, "/violations/{id}/evidence/{role}", ROLE_VIEWER, get_file, "get_evidence",
		"a file that shows it, whole or by Range", .params = file_params, .status = 200,
		.content_type = "application/octet-stream", .ranges = true},
	{0},
};
