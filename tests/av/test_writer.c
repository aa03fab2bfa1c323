#include "av/reader.h"
#include "av/writer.h"
#include "synthetic.h"
#include "test.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define FRAMES 60

static char dir[] = "/tmp/gantry-writer-XXXXXX";

static const char *in_dir(const char *name)
{
	static char path[256];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

/* Irregular on purpose: 40 ms, but for every third frame 73 ms and one pause. */
static struct media time_of(int i)
{
	return (struct media){INT64_C(40000) * i + 33000 * (i / 3) + (i >= 40 ? 500000 : 0)};
}

static int write_all(
	const char *path, int w, int h, const struct av_writer_params *params, struct err *err)
{
	struct frame_pool *pool;
	struct av_writer *writer;
	assert_int_equal(frame_pool_create(w, h, 32, &pool), 0);
	int r = av_writer_open(path, w, h, params, err, &writer);
	for (int i = 0; r == 0 && i < FRAMES; i++) {
		struct frame *f = frame_pool_get(pool);
		assert_non_null(f);
		synthetic_fill(f, i);
		f->media = time_of(i);
		r = av_writer_write(writer, f, err);
		frame_unref(&f);
		if (r < 0)
			av_writer_close(&writer, NULL);
	}
	if (r == 0)
		r = av_writer_close(&writer, err);
	frame_pool_destroy(&pool);
	return r;
}

/* Every frame is there, at its time, and looks like itself. Returns the number of frames. */
static int compare_all(const char *path, int w, int h, int64_t tolerance_us, double psnr_min_db)
{
	struct err err = {{0}};
	struct av_reader *reader;
	struct frame_pool *pool;
	struct frame *f;
	int n = 0;
	if (av_reader_open(path, &(struct av_reader_params){0}, &err, &reader) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(frame_pool_create(w, h, 1, &pool), 0);
	struct frame *expected = frame_pool_get(pool);
	for (; av_reader_read(reader, &err, &f) == FLOW_MORE; n++) {
		assert_true(llabs(f->media.us - time_of(n).us) <= tolerance_us);
		assert_int_equal(f->flags, 0);
		synthetic_fill(expected, n);
		if (synthetic_psnr(f, expected) < psnr_min_db)
			fail_msg("%s: frame %d: %.1f dB", path, n, synthetic_psnr(f, expected));
		frame_unref(&f);
	}
	frame_unref(&expected);
	frame_pool_destroy(&pool);
	av_reader_close(&reader);
	return n;
}

static void all_codecs_and_containers_keep_times_and_pictures(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		struct av_writer_params params;
		int64_t tolerance_us;
	} cases[] = {
		{"a.mp4", {.codec = "h264", .fragmented = true}, 1},
		{"b.mp4", {.codec = "h264", .b_frames = 3}, 1},
		{"c.mp4", {.codec = "h264", .b_frames = 2, .fragmented = true}, 1},
		{"d.mov", {.codec = "hevc"}, 1},
		{"e.mkv", {.codec = "h264", .b_frames = 2}, 500},
		{"f.mkv", {.codec = "mjpeg"}, 500},
		{"g.mp4", {.codec = "mpeg4"}, 9},
		{"h.mov", {.codec = "mjpeg"}, 1},
		{"i.mp4", {.codec = "h264", .bitrate_bps = 4000000, .gop_frames = 10}, 1},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = {{0}};
		const char *path = in_dir(cases[i].name);
		int r = write_all(path, 320, 180, &cases[i].params, &err);
		if (r == -ENOTSUP)
			continue;
		if (r < 0)
			fail_msg("%s", err.text);
		assert_int_equal(compare_all(path, 320, 180, cases[i].tolerance_us, 30), FRAMES);
	}
}

static void avi_keeps_pictures_at_a_constant_rate(void **state)
{
	(void)state;
	struct err err = {{0}};
	assert_int_equal(write_all(in_dir("a.avi"), 320, 180,
				 &(struct av_writer_params){.codec = "mpeg4", .fps = 25}, &err),
		0);
	/* Half a nominal frame, and a whole one where two frames would share a tick. */
	assert_int_equal(compare_all(in_dir("a.avi"), 320, 180, 40000, 30), FRAMES);
}

static void odd_sizes_are_written(void **state)
{
	(void)state;
	struct err err = {{0}};
	assert_int_equal(
		write_all(in_dir("odd.mp4"), 321, 179, &(struct av_writer_params){0}, &err), 0);
	assert_int_equal(compare_all(in_dir("odd.mp4"), 321, 179, 1, 30), FRAMES);
	assert_int_equal(write_all(in_dir("odd.mov"), 321, 179,
				 &(struct av_writer_params){.codec = "mjpeg"}, &err),
		0);
	assert_int_equal(compare_all(in_dir("odd.mov"), 321, 179, 1, 30), FRAMES);
}

static char *slurp(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	struct stat st;
	assert_int_equal(fstat(fileno(file), &st), 0);
	char *bytes = malloc((size_t)st.st_size + 1);
	*ret_size = fread(bytes, 1, (size_t)st.st_size, file);
	fclose(file);
	return bytes;
}

static void two_runs_give_the_same_bytes(void **state)
{
	(void)state;
	static const char *const names[][2] = {{"s1.mp4", "s2.mp4"}, {"s1.mkv", "s2.mkv"}};
	for (int i = 0; i < 2; i++) {
		char *bytes[2];
		size_t size[2];
		for (int k = 0; k < 2; k++) {
			const char *path = in_dir(names[i][k]);
			assert_int_equal(write_all(path, 320, 180,
						 &(struct av_writer_params){
							 .fragmented = true, .thread_count = 2},
						 NULL),
				0);
			bytes[k] = slurp(path, &size[k]);
		}
		assert_int_equal(size[0], size[1]);
		assert_memory_equal(bytes[0], bytes[1], size[0]);
		free(bytes[0]);
		free(bytes[1]);
	}
}

/* The file size limit stands for a full disk: write() fails in the same way. */
static void full_disk_is_said_and_leaves_a_valid_beginning(void **state)
{
	(void)state;
	struct rlimit before, small;
	struct err err = {{0}};
	getrlimit(RLIMIT_FSIZE, &before);
	small = before;
	small.rlim_cur = 60000;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	int r = write_all(in_dir("full.mp4"), 320, 180,
		&(struct av_writer_params){.fragmented = true, .gop_frames = 10}, &err);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(r, -EFBIG);
	assert_non_null(strstr(err.text, "full.mp4: cannot be written beyond"));
	assert_non_null(strstr(err.text, strerror(EFBIG)));
	int n = compare_all(in_dir("full.mp4"), 320, 180, 1, 30);
	assert_true(n >= 10 && n < FRAMES);
	assert_int_equal(n % 10, 0);
}

static void cut_off_fragmented_file_plays_to_its_last_fragment(void **state)
{
	(void)state;
	size_t size;
	assert_int_equal(
		write_all(in_dir("cut.mp4"), 320, 180,
			&(struct av_writer_params){.fragmented = true, .gop_frames = 10}, NULL),
		0);
	free(slurp(in_dir("cut.mp4"), &size));
	assert_int_equal(truncate(in_dir("cut.mp4"), (off_t)(size * 2 / 3)), 0);
	struct err err = {{0}};
	struct av_reader *reader;
	struct frame *f;
	int n = 0;
	assert_int_equal(
		av_reader_open(in_dir("cut.mp4"), &(struct av_reader_params){0}, &err, &reader), 0);
	while (av_reader_read(reader, &err, &f) == FLOW_MORE) {
		assert_int_equal(f->media.us, time_of(n).us);
		frame_unref(&f);
		n++;
	}
	av_reader_close(&reader);
	assert_true(n >= 20 && n < FRAMES);
}

static void unwritable_and_wrong_are_one_sentence(void **state)
{
	(void)state;
	struct err err = {{0}};
	struct av_writer *w = NULL;
	const struct av_writer_params p = {0};
	assert_int_equal(av_writer_open("/nonexistent/x.mp4", 64, 64, &p, &err, &w), -ENOENT);
	assert_string_equal(
		err.text, "/nonexistent/x.mp4: cannot be written: No such file or directory");
	assert_int_equal(av_writer_open(in_dir("x.txt"), 64, 64, &p, &err, &w), -EINVAL);
	assert_int_equal(av_writer_open(in_dir("x.mp4"), 1, 64, &p, &err, &w), -EINVAL);
	assert_int_equal(av_writer_open(in_dir("x.mp4"), 64, 64,
				 &(struct av_writer_params){.codec = "vp8"}, &err, &w),
		-EINVAL);
	assert_int_equal(av_writer_open(in_dir("x.mp4"), 64, 64,
				 &(struct av_writer_params){.crf = 99}, &err, &w),
		-EINVAL);
	assert_null(w);
	assert_int_not_equal(access(in_dir("x.mp4"), F_OK), 0);
}

static void a_refused_frame_does_no_harm(void **state)
{
	(void)state;
	struct err err = {{0}};
	struct av_writer *w;
	struct frame_pool *pool, *other;
	assert_int_equal(frame_pool_create(64, 64, 8, &pool), 0);
	assert_int_equal(frame_pool_create(66, 64, 1, &other), 0);
	assert_int_equal(
		av_writer_open(in_dir("r.mp4"), 64, 64, &(struct av_writer_params){0}, &err, &w),
		0);
	static const struct {
		int64_t us;
		int result;
	} steps[] = {{0, 0}, {40000, 0}, {40000, -EINVAL}, {30000, -EINVAL}, {80000, 0}};
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct frame *f = frame_pool_get(pool);
		synthetic_fill(f, (int)i);
		f->media.us = steps[i].us;
		assert_int_equal(av_writer_write(w, f, &err), steps[i].result);
		frame_unref(&f);
	}
	struct frame *wrong = frame_pool_get(other);
	synthetic_fill(wrong, 0);
	wrong->media.us = 120000;
	assert_int_equal(av_writer_write(w, wrong, &err), -EINVAL);
	frame_unref(&wrong);
	assert_int_equal(av_writer_close(&w, &err), 0);
	frame_pool_destroy(&pool);
	frame_pool_destroy(&other);
}

static void the_time_of_recording_is_kept(void **state)
{
	(void)state;
	static const char *const names[] = {"t.mp4", "t.mov", "t.mkv"};
	const struct wall created = {1714564800000000}; /* 2024-05-01T12:00:00Z */
	for (int i = 0; i < 3; i++) {
		struct av_reader *reader;
		const char *path = in_dir(names[i]);
		const struct av_writer_params params = {.created = created, .fragmented = true};
		assert_int_equal(write_all(path, 64, 48, &params, NULL), 0);
		assert_int_equal(
			av_reader_open(path, &(struct av_reader_params){0}, NULL, &reader), 0);
		assert_int_equal(av_reader_info(reader)->created.us, created.us);
		av_reader_close(&reader);
	}
}

static void the_shape_of_pixels_is_kept(void **state)
{
	(void)state;
	static const char *const names[] = {"p.mp4", "p.mov", "p.mkv"};
	for (int i = 0; i < 3; i++) {
		struct av_reader *reader;
		const char *path = in_dir(names[i]);
		const struct av_writer_params params = {.pixel_aspect = 64.0 / 45};
		assert_int_equal(write_all(path, 64, 48, &params, NULL), 0);
		assert_int_equal(
			av_reader_open(path, &(struct av_reader_params){0}, NULL, &reader), 0);
		assert_true(fabs(av_reader_info(reader)->pixel_aspect - 64.0 / 45) < 1e-9);
		av_reader_close(&reader);
	}
}

static void no_frame_no_file(void **state)
{
	(void)state;
	struct av_writer *w;
	assert_int_equal(
		av_writer_open(in_dir("none.mp4"), 64, 64, &(struct av_writer_params){0}, NULL, &w),
		0);
	assert_int_equal(av_writer_close(&w, NULL), 0);
	assert_int_not_equal(access(in_dir("none.mp4"), F_OK), 0);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[300];
	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_codecs_and_containers_keep_times_and_pictures),
		cmocka_unit_test(avi_keeps_pictures_at_a_constant_rate),
		cmocka_unit_test(odd_sizes_are_written),
		cmocka_unit_test(two_runs_give_the_same_bytes),
		cmocka_unit_test(full_disk_is_said_and_leaves_a_valid_beginning),
		cmocka_unit_test(cut_off_fragmented_file_plays_to_its_last_fragment),
		cmocka_unit_test(unwritable_and_wrong_are_one_sentence),
		cmocka_unit_test(a_refused_frame_does_no_harm),
		cmocka_unit_test(the_time_of_recording_is_kept),
		cmocka_unit_test(the_shape_of_pixels_is_kept),
		cmocka_unit_test(no_frame_no_file),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
