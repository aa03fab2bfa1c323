/* The worlds of etc/scenes: each can be simulated, and is what it says. */
#include "worlds.h"

#include <dirent.h>

#define WORLDS_MIN 24

/* Everybody breaks the rules that the world says, and no other. */
static void expect_agreement(const char *path, const struct sim_params *params)
{
	struct sim *sim;
	struct sim_truth truth;
	struct err err = {0};
	if (sim_create_blind(params, &err, &sim) < 0)
		fail_msg("%s: %s", path, err.text);
	while (sim_step(sim, &err, NULL, &truth) == FLOW_MORE)
		;
	if (sim_agrees(sim, &err) < 0)
		fail_msg("%s: %s", path, err.text);
	sim_destroy(&sim);
}

static void expect_world(const char *path)
{
	struct sim_params params;
	struct problems problems = {.file = path};
	struct err err = {0};
	if (sim_params_load(path, &params, &problems, &err) < 0) {
		problems_print(&problems, stderr);
		fail_msg("%s: cannot be read", path);
	}
	/* What happens does not depend on how often it is looked at. */
	params.video.fps = 2;
	expect_agreement(path, &params);
	problems_finish(&problems);
	sim_params_finish(&params);
}

static void every_world_is_what_it_says(void **state)
{
	(void)state;
	const char *root = getenv("GANTRY_SOURCE_ROOT");
	char folder[4096], path[8192];
	struct dirent *entry;
	int count = 0;
	snprintf(folder, sizeof(folder), "%s/etc/scenes", root ? root : ".");
	DIR *dir = opendir(folder);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (!strstr(entry->d_name, ".yaml"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		expect_world(path);
		count++;
	}
	closedir(dir);
	assert_true(count >= WORLDS_MIN);
}

TEST_MAIN(cmocka_unit_test(every_world_is_what_it_says))
