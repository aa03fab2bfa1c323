#include "serve/settings.h"

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

static const struct option settings_option_list[] = {
	{"server", OPTION_TABLE, offsetof(struct settings, server), .table = &server_options,
		.help = "REST and WebSocket"},
	{"store", OPTION_TABLE, offsetof(struct settings, store), .table = &store_options,
		.help = "where everything is kept"},
	{"streams", OPTION_LIST, offsetof(struct settings, streams), .table = &camera_options,
		.max = CAMERAS_MAX, .help = "cameras; more can be added over REST"},
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

int settings_load(
	const char *path, struct settings *settings, struct problems *problems, struct err *err)
{
	struct err why = {0};
	int r = options_read_file(&settings_options, path, settings, problems, err);
	if (r == 0)
		r = read_streams(path, settings, problems);
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
	} variables[] = {{"API_HOST", "server.host"}, {"API_PORT", "server.port"}};
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
