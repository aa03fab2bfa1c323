#include "av/writer.h"
#include "ingest/source.h"
#include "test.h"

#include "base/log.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

static char dir[] = "/tmp/gantry-source-XXXXXX";
static char path[4096];
static char logged[4096];

static void keep_log(void *opaque, enum log_level level, const char *line)
{
	(void)opaque;
	(void)level;
	strncat(logged, line, sizeof(logged) - strlen(logged) - 1);
}

/* Frames at these times, in milliseconds. */
static void make(const int *times_ms, int count)
{
	struct av_writer *w;
	struct frame_pool *pool;
	snprintf(path, sizeof(path), "%s/a.mp4", dir);
	assert_int_equal(frame_pool_create(64, 48, 16, &pool), 0);
	assert_int_equal(av_writer_open(path, 64, 48, &(struct av_writer_params){0}, NULL, &w), 0);
	for (int i = 0; i < count; i++) {
		struct frame *f = frame_pool_get(pool);
		memset(frame_writable(f, 0), i, 64);
		f->media.us = INT64_C(1000) * times_ms[i];
		assert_int_equal(av_writer_write(w, f, NULL), 0);
		frame_unref(&f);
	}
	assert_int_equal(av_writer_close(&w, NULL), 0);
	frame_pool_destroy(&pool);
}

static struct source *open_source(struct source_params params)
{
	struct err err = {{0}};
	struct source *s;
	params.url = path;
	if (source_open(&params, &err, &s) < 0)
		fail_msg("%s", err.text);
	return s;
}

/* Reads all; the times in ms go to `times`. */
static int read_all(struct source *s, int *times, unsigned *flags)
{
	struct frame *f;
	int n = 0;
	for (; source_read(s, NULL, &f) == FLOW_MORE; n++) {
		assert_int_equal(f->sequence, n);
		times[n] = (int)(f->media.us / 1000);
		flags[n] = f->flags;
		frame_unref(&f);
	}
	return n;
}

static void a_pause_is_marked(void **state)
{
	(void)state;
	static const int times[] = {0, 40, 80, 1080, 1120, 2121, 2160};
	int seen[8];
	unsigned flags[8];
	make(times, 7);
	struct source *s = open_source((struct source_params){0});
	assert_int_equal(read_all(s, seen, flags), 7);
	for (int i = 0; i < 7; i++) {
		assert_int_equal(seen[i], times[i]);
		/* A step of one second is none, of more is. */
		assert_int_equal(flags[i], i == 5 ? FRAME_GAP : 0);
	}
	assert_int_equal(source_stats(s).gap_count, 1);
	assert_int_equal(source_stats(s).last.us, 2160000);
	source_close(&s);
	s = open_source((struct source_params){.gap_s = 0.5});
	assert_int_equal(read_all(s, seen, flags), 7);
	assert_int_equal(flags[3], FRAME_GAP);
	source_close(&s);
}

static void a_target_rate_thins_by_time_and_keeps_marks(void **state)
{
	(void)state;
	int times[100], seen[100];
	unsigned flags[100];
	for (int i = 0; i < 100; i++)
		times[i] = i * 40 + (i >= 51 ? 3000 : 0);
	make(times, 100);
	struct source *s = open_source((struct source_params){.target_fps = 12.5});
	int n = read_all(s, seen, flags), gaps = 0;
	/* Every second one: 0, 2, ... 50 before the pause and 51, 53, ... 99 after it. */
	assert_int_equal(n, 51);
	for (int i = 0; i < n; i++)
		gaps += (flags[i] & FRAME_GAP) != 0;
	assert_int_equal(gaps, 1);
	assert_int_equal(source_stats(s).decimated_count, 49);
	source_close(&s);
	/* At its own rate, or above, nothing is left out. */
	s = open_source((struct source_params){.target_fps = 25});
	assert_int_equal(read_all(s, seen, flags), 100);
	source_close(&s);
	s = open_source((struct source_params){.target_fps = 30});
	assert_int_equal(read_all(s, seen, flags), 100);
	source_close(&s);
}

static void jitter_at_the_target_rate_loses_nothing(void **state)
{
	(void)state;
	int times[100], seen[100];
	unsigned flags[100];
	for (int i = 0; i < 100; i++)
		times[i] = i * 40 + (i * 7 % 5 - 2) * (i > 0) * 4;
	make(times, 100);
	struct source *s = open_source((struct source_params){.target_fps = 25});
	assert_int_equal(read_all(s, seen, flags), 100);
	source_close(&s);
}

static void wall_time_is_start_plus_media(void **state)
{
	(void)state;
	static const int times[] = {0, 40, 100};
	make(times, 3);
	struct source *s = open_source((struct source_params){.start_wall = {1700000000000000}});
	struct frame *f;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(source_read(s, NULL, &f), FLOW_MORE);
		assert_int_equal(f->wall.us, INT64_C(1700000000000000) + times[i] * 1000);
		frame_unref(&f);
	}
	source_close(&s);
	/* Else the file's own time. */
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	s = open_source((struct source_params){0});
	assert_int_equal(source_info(s)->start_wall.us / 1000000, st.st_mtim.tv_sec);
	source_close(&s);
}

static void what_is_wrong_with_a_file_is_said_once(void **state)
{
	(void)state;
	struct frame *f;
	snprintf(path, sizeof(path), "%s", test_data("videos/street-vfr.mp4"));
	struct source *s = open_source((struct source_params){0});
	assert_true(fabs(source_info(s)->video.lost_start_s - 1.86) < 0.05);
	logged[0] = '\0';
	log_set_sink(keep_log, NULL);
	while (source_read(s, NULL, &f) == FLOW_MORE)
		frame_unref(&f);
	assert_int_equal(source_read(s, NULL, &f), FLOW_END);
	log_set_sink(NULL, NULL);
	const char *said = strstr(logged, "does not begin with a key frame");
	assert_non_null(said);
	assert_null(strstr(said + 1, "does not begin with a key frame"));
	source_close(&s);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[128];
	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pause_is_marked),
		cmocka_unit_test(a_target_rate_thins_by_time_and_keeps_marks),
		cmocka_unit_test(jitter_at_the_target_rate_loses_nothing),
		cmocka_unit_test(wall_time_is_start_plus_media),
		cmocka_unit_test(what_is_wrong_with_a_file_is_said_once),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
