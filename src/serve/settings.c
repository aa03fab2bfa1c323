#include "serve/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option store_option_list[] = {
	{"path", OPTION_STRING, offsetof(struct store_settings, path), .def_text = "gantry.db",
		.help = "the store: violations, streams, tokens; made where it is not there"},
};
static const struct option_table store_options = {"store", sizeof(struct store_settings),
	OPTION_NOWHERE, store_option_list, OPTION_COUNT(store_option_list),
	"where everything is kept"};

static const struct option settings_option_list[] = {
	{"server", OPTION_TABLE, offsetof(struct settings, server), .table = &server_options,
		.help = "REST and WebSocket"},
	{"store", OPTION_TABLE, offsetof(struct settings, store), .table = &store_options,
		.help = "where everything is kept"},
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

int settings_load(
	const char *path, struct settings *settings, struct problems *problems, struct err *err)
{
	struct err why = {0};
	int r = options_read_file(&settings_options, path, settings, problems, err);
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
		found = strncmp(line, "server:", 7) == 0 || strncmp(line, "store:", 6) == 0;
	fclose(file);
	return found;
}
