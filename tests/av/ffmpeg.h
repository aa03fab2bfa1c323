/*
 * The ffmpeg program makes the odd files that our own writer cannot, and says independently of our
 * reader what is in them. A test that needs it and does not find it skips, aloud.
 */
#pragma once

#include "test.h"

#include <string.h>

static char ffmpeg_dir[] = "/tmp/gantry-av-XXXXXX";

static inline int ffmpeg_make_dir(void **state)
{
	(void)state;
	return mkdtemp(ffmpeg_dir) ? 0 : -1;
}

static inline int ffmpeg_remove_dir(void **state)
{
	char command[128];
	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", ffmpeg_dir);
	return system(command);
}

/* A path in the test's own directory; four may be in use at a time. */
static inline const char *ffmpeg_path(const char *name)
{
	static char paths[4][256];
	static int next;
	char *path = paths[next++ % 4];
	snprintf(path, sizeof(paths[0]), "%s/%s", ffmpeg_dir, name);
	return path;
}

static inline void ffmpeg_need(void)
{
	if (system("ffmpeg -version >/dev/null 2>&1 && ffprobe -version >/dev/null 2>&1") != 0) {
		print_message("skipped: no ffmpeg program\n");
		skip();
	}
}

/* Runs "ffmpeg ARGS PATH"; false where this ffmpeg cannot do it (no such encoder). */
static inline bool ffmpeg_make(const char *args, const char *path)
{
	char command[2048];
	snprintf(command, sizeof(command), "ffmpeg -nostdin -v quiet -y %s '%s' >/dev/null 2>&1",
		args, path);
	return system(command) == 0;
}

/*
 * The presentation times of all frames of the first video stream in microseconds, from the first
 * frame's 0; -1 where there is none. Returns their number.
 */
static inline int ffmpeg_times(const char *path, int64_t *times_us, int max)
{
	char command[1024], line[256];
	snprintf(command, sizeof(command),
		"ffprobe -v quiet -select_streams V:0 -show_entries "
		"frame=best_effort_timestamp_time "
		"-of default=nk=1:nw=1 '%s'",
		path);
	FILE *pipe = popen(command, "r");
	assert_non_null(pipe);
	int count = 0;
	double first = 0;
	while (fgets(line, sizeof(line), pipe)) {
		char *end;
		double t = strtod(line, &end);
		if (count == max || line[0] == '\n')
			continue;
		first = count == 0 ? t : first;
		times_us[count++] = end == line ? -1 : (int64_t)((t - first) * 1e6 + 0.5);
	}
	pclose(pipe);
	return count;
}
