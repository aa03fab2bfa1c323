#include "av/reader.h"
#include "ffmpeg.h"
#include "synthetic.h"

#include <errno.h>
#include <unistd.h>

#define FRAMES_MAX 2000

static struct av_reader *open_file(const char *path, int threads)
{
	struct err err = {{0}};
	struct av_reader *reader = NULL;
	if (av_reader_open(
		    path, &(struct av_reader_params){.thread_count = threads}, &err, &reader) < 0)
		fail_msg("%s", err.text);
	return reader;
}

static uint64_t add_plane(uint64_t hash, const struct frame *f, int p)
{
	int w = p ? frame_chroma_width_px(f) : f->width_px;
	int h = p ? frame_chroma_height_px(f) : f->height_px;
	for (int y = 0; y < h; y++)
		for (int x = 0; x < w; x++)
			hash = (hash ^ f->plane[p][y * f->stride_bytes[p] + x]) * 1099511628211u;
	return hash;
}

/* Of everything a frame says. */
static uint64_t hash_file(const char *path, int threads, int *ret_count)
{
	struct av_reader *reader = open_file(path, threads);
	struct frame *f;
	uint64_t hash = 14695981039346656037u;
	*ret_count = 0;
	while (av_reader_read(reader, NULL, &f) == FLOW_MORE) {
		for (int p = 0; p < 3; p++)
			hash = add_plane(hash, f, p);
		hash = (hash ^ (uint64_t)f->media.us ^ f->flags) * 1099511628211u;
		frame_unref(&f);
		(*ret_count)++;
	}
	av_reader_close(&reader);
	return hash;
}

/* Number and times of frames are ffprobe's, which reads the same file by itself. */
static int check_times(const char *path)
{
	static int64_t times[FRAMES_MAX];
	int expected = ffmpeg_times(path, times, FRAMES_MAX), n = 0;
	struct av_reader *reader = open_file(path, 1);
	struct frame *f;
	for (; av_reader_read(reader, NULL, &f) == FLOW_MORE; n++) {
		assert_true(n < expected);
		/* ffprobe prints six decimals of each time, we round their difference. */
		if (times[n] >= 0 && llabs(f->media.us - times[n]) > 1)
			fail_msg("%s: frame %d: %lld us, not %lld", path, n, (long long)f->media.us,
				(long long)times[n]);
		assert_int_equal(f->sequence, n);
		assert_int_equal(f->flags, 0);
		frame_unref(&f);
	}
	assert_int_equal(n, expected);
	assert_false(av_reader_stats(reader).ended_early);
	av_reader_close(&reader);
	return n;
}

static void all_test_videos_have_their_frames_and_times(void **state)
{
	static const struct {
		const char *name;
		int frames;
	} videos[] = {
		{"curving-highway.mp4", 341},
		{"four-lane-overhead.mp4", 480},
		{"intersection-detrac.mp4", 252},
		{"motorway-cif.mp4", 375},
		{"overhead-rotated.mp4", 455},
		{"parking-overhead.mp4", 377},
		{"stop-line-red.mov", 179},
		{"street-vfr.mp4", 734},
		{"suburban-street.mp4", 905},
		{"tunnel-portal.mp4", 375},
	};
	(void)state;
	ffmpeg_need();
	for (size_t i = 0; i < sizeof(videos) / sizeof(videos[0]); i++) {
		char name[64];
		snprintf(name, sizeof(name), "videos/%s", videos[i].name);
		assert_int_equal(check_times(test_data(name)), videos[i].frames);
	}
}

#define TEST_SOURCE "-f lavfi -i testsrc2=size=322x182:rate=25:duration=1.2"

/* What a file holds, drawn by ffmpeg: raw 4:2:0 frames. */
static void compare_pictures(const char *path, const char *pixels, double psnr_min_db)
{
	char args[512];
	const char *raw = ffmpeg_path("expected.yuv");
	snprintf(args, sizeof(args),
		"-i '%s' -map V:0 -vsync passthrough -sws_flags bicubic+accurate_rnd -pix_fmt %s "
		"-f rawvideo",
		path, pixels ? pixels : "yuv420p");
	assert_true(ffmpeg_make(args, raw));
	struct av_reader *reader = open_file(path, 1);
	int w = av_reader_info(reader)->width_px, h = av_reader_info(reader)->height_px;
	struct frame_pool *pool;
	assert_int_equal(frame_pool_create(w, h, 1, &pool), 0);
	struct frame *f, *expected = frame_pool_get(pool);
	FILE *file = fopen(raw, "rb");
	assert_non_null(file);
	while (av_reader_read(reader, NULL, &f) == FLOW_MORE) {
		for (int p = 0; p < 3; p++)
			for (int y = 0; y < (p ? frame_chroma_height_px(f) : h); y++) {
				size_t width = (size_t)(p ? frame_chroma_width_px(f) : w);
				uint8_t *row =
					frame_writable(expected, p) + y * expected->stride_bytes[p];
				assert_int_equal(fread(row, 1, width, file), width);
			}
		if (synthetic_psnr(f, expected) < psnr_min_db)
			fail_msg("%s: frame %d: %.1f dB", path, (int)f->sequence,
				synthetic_psnr(f, expected));
		frame_unref(&f);
	}
	assert_int_equal(fgetc(file), EOF);
	fclose(file);
	frame_unref(&expected);
	frame_pool_destroy(&pool);
	av_reader_close(&reader);
}

/* What begins with a key frame has lost nothing, also where the packets do not say when it is
 * shown.
 */
static void check_beginning(const char *path)
{
	struct av_reader *reader = open_file(path, 1);
	if (av_reader_info(reader)->lost_start_s != 0)
		fail_msg("%s: %g s are lost", path, av_reader_info(reader)->lost_start_s);
	av_reader_close(&reader);
}

static void containers_codecs_and_pixels_are_read_as_ffmpeg_reads_them(void **state)
{
	static const struct {
		const char *name, *args;
		double psnr_min_db; /* 99: exactly; less where both convert, each in its own way */
		const char *pixels; /* what ours are; NULL: yuv420p in limited range */
	} cases[] = {
		{"b.mp4", "-c:v libx264 -bf 3", 99},
		{"b.mov", "-c:v libx264 -bf 3", 99},
		{"b.mkv", "-c:v libx264 -bf 3", 99},
		{"b.avi", "-c:v libx264 -bf 2", 99},
		{"b.ts", "-c:v libx264 -bf 2", 99},
		{"b.flv", "-c:v libx264 -bf 2", 99},
		{"frag.mp4", "-c:v libx264 -g 10 -movflags frag_keyframe+empty_moov", 99},
		{"sound.mp4", "-f lavfi -i sine=duration=1.2 -c:v libx264 -c:a aac", 99},
		{"hevc.mp4", "-c:v libx265 -x265-params log-level=none", 99},
		{"hevc10.mkv", "-pix_fmt yuv420p10 -c:v libx265 -x265-params log-level=none", 45},
		{"av1.mkv", "-t 0.4 -c:v libaom-av1 -cpu-used 8", 99},
		{"vp9.webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8", 99},
		{"mpeg4.avi", "-c:v mpeg4 -bf 2", 99},
		{"mpeg4.mp4", "-c:v mpeg4 -bf 2", 99},
		{"mpeg2.ts", "-c:v mpeg2video -bf 2", 99},
		{"mjpeg.avi", "-c:v mjpeg -pix_fmt yuvj422p", 48, "yuvj420p"},
		{"prores.mov", "-c:v prores_ks", 45},
		{"rgb.mkv", "-c:v ffv1 -pix_fmt bgr0", 42, "yuvj420p"},
		{"gray.mkv", "-c:v ffv1 -pix_fmt gray", 99, "yuvj420p"},
		{"444.mkv", "-c:v ffv1 -pix_fmt yuv444p", 45},
		{"nv12.nut", "-c:v rawvideo -pix_fmt nv12", 99},
		{"raw.avi", "-c:v rawvideo -pix_fmt yuv420p", 99},
		{"odd.mkv", "-vf scale=321:181 -c:v ffv1 -pix_fmt yuv420p", 99},
		{"vfr.mp4", "-vf select='not(eq(mod(n\\,5)\\,3))' -vsync vfr -c:v libx264", 99},
	};
	(void)state;
	ffmpeg_need();
	int made = 0;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char args[512];
		const char *path = ffmpeg_path(cases[i].name);
		snprintf(args, sizeof(args), TEST_SOURCE " %s", cases[i].args);
		if (!ffmpeg_make(args, path)) {
			print_message("skipped: this ffmpeg cannot make %s\n", cases[i].name);
			continue;
		}
		check_times(path);
		check_beginning(path);
		compare_pictures(path, cases[i].pixels, cases[i].psnr_min_db);
		made++;
	}
	assert_true(made > 10);
}

static int rotation_of(const char *path)
{
	struct av_reader *reader = open_file(path, 1);
	struct av_reader_info info = *av_reader_info(reader);
	av_reader_close(&reader);
	assert_int_equal(info.width_px, info.rotation_deg % 180 ? 182 : 322);
	assert_int_equal(info.height_px, info.rotation_deg % 180 ? 322 : 182);
	return info.rotation_deg;
}

static void rotation_is_applied_as_ffmpeg_applies_it(void **state)
{
	(void)state;
	ffmpeg_need();
	int seen = 0;
	assert_true(ffmpeg_make(TEST_SOURCE " -c:v libx264", ffmpeg_path("upright.mp4")));
	for (int deg = 90; deg < 360; deg += 90) {
		char args[512];
		const char *path = ffmpeg_path("turned.mp4");
		/* One way for older ffmpegs, one for newer; they count in opposite directions. */
		snprintf(args, sizeof(args), "-i '%s' -c copy -metadata:s:v rotate=%d",
			ffmpeg_path("upright.mp4"), deg);
		assert_true(ffmpeg_make(args, path));
		int turned = rotation_of(path);
		if (turned == 0) {
			snprintf(args, sizeof(args), "-display_rotation %d -i '%s' -c copy", deg,
				ffmpeg_path("upright.mp4"));
			assert_true(ffmpeg_make(args, path));
			turned = rotation_of(path);
		}
		seen |= 1 << turned / 90;
		compare_pictures(path, NULL, 99);
	}
	assert_int_equal(seen, 1 << 1 | 1 << 2 | 1 << 3);
}

static double pixel_aspect_of(const char *path)
{
	struct av_reader *reader = open_file(path, 1);
	double aspect = av_reader_info(reader)->pixel_aspect;
	av_reader_close(&reader);
	return aspect;
}

static void the_shape_of_pixels_is_told_and_turned(void **state)
{
	char args[512];
	(void)state;
	ffmpeg_need();
	assert_true(ffmpeg_make(TEST_SOURCE " -c:v libx264", ffmpeg_path("square.mp4")));
	assert_true(pixel_aspect_of(ffmpeg_path("square.mp4")) == 1);
	const char *wide = ffmpeg_path("wide.mp4"), *tall = ffmpeg_path("tall.mp4");
	assert_true(ffmpeg_make(TEST_SOURCE " -vf setsar=2 -c:v libx264", wide));
	assert_true(pixel_aspect_of(wide) == 2);
	snprintf(args, sizeof(args), "-i '%s' -c copy -metadata:s:v rotate=90", wide);
	assert_true(ffmpeg_make(args, tall));
	if (rotation_of(tall) == 0) {
		snprintf(args, sizeof(args), "-display_rotation 90 -i '%s' -c copy", wide);
		assert_true(ffmpeg_make(args, tall));
	}
	assert_true(pixel_aspect_of(tall) == 0.5);
}

static void images_are_sources_of_one_frame(void **state)
{
	static const char *const names[] = {"a.jpg", "a.png", "50%02d.png", "a.bmp"};
	(void)state;
	ffmpeg_need();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *path = ffmpeg_path(names[i]);
		assert_true(ffmpeg_make(TEST_SOURCE " -frames:v 1 -update 1", path));
		struct av_reader *reader = open_file(path, 1);
		struct frame *f, *none;
		assert_int_equal(av_reader_read(reader, NULL, &f), FLOW_MORE);
		assert_int_equal(f->width_px, 322);
		assert_int_equal(f->height_px, 182);
		assert_int_equal(f->media.us, 0);
		assert_int_equal(f->flags, 0);
		assert_int_equal(av_reader_read(reader, NULL, &none), FLOW_END);
		frame_unref(&f);
		av_reader_close(&reader);
	}
}

static void a_new_size_in_mid_stream_is_scaled_and_marked(void **state)
{
	char command[600];
	(void)state;
	ffmpeg_need();
	assert_true(ffmpeg_make(TEST_SOURCE " -c:v libx264 -bf 0", ffmpeg_path("one.ts")));
	assert_true(ffmpeg_make("-f lavfi -i testsrc2=size=640x360:rate=25:duration=1.2 "
				"-c:v libx264 -bf 0 -output_ts_offset 1.2",
		ffmpeg_path("two.ts")));
	snprintf(command, sizeof(command), "cat '%s' '%s' >'%s'", ffmpeg_path("one.ts"),
		ffmpeg_path("two.ts"), ffmpeg_path("both.ts"));
	assert_int_equal(system(command), 0);
	struct av_reader *reader = open_file(ffmpeg_path("both.ts"), 1);
	struct frame *f;
	int count = 0, rescaled = 0;
	for (; av_reader_read(reader, NULL, &f) == FLOW_MORE; count++) {
		assert_int_equal(f->width_px, 322);
		assert_int_equal(f->height_px, 182);
		rescaled += (f->flags & FRAME_RESCALED) != 0;
		frame_unref(&f);
	}
	assert_int_equal(count, 60);
	assert_int_equal(rescaled, 30);
	assert_int_equal(av_reader_stats(reader).rescaled_count, 30);
	av_reader_close(&reader);
}

static void streams_without_timestamps_say_so(void **state)
{
	(void)state;
	ffmpeg_need();
	assert_true(ffmpeg_make(TEST_SOURCE " -c:v libx264 -bf 2", ffmpeg_path("raw.h264")));
	struct av_reader *reader = open_file(ffmpeg_path("raw.h264"), 1);
	assert_true(av_reader_info(reader)->nominal_time);
	struct frame *f;
	int count = 0;
	for (; av_reader_read(reader, NULL, &f) == FLOW_MORE; count++) {
		assert_true(llabs(f->media.us - 40000 * count) <= 1);
		frame_unref(&f);
	}
	assert_int_equal(count, 30);
	av_reader_close(&reader);
}

static void runs_and_threads_give_the_same_frames(void **state)
{
	static const char *const names[] = {
		"videos/stop-line-red.mov", "videos/overhead-rotated.mp4"};
	(void)state;
	for (int i = 0; i < 2; i++) {
		int count[3];
		const char *path = test_data(names[i]);
		uint64_t one = hash_file(path, 1, &count[0]), two = hash_file(path, 1, &count[1]);
		uint64_t threads = hash_file(path, 4, &count[2]);
		assert_true(one == two && one == threads);
		assert_true(count[0] == count[1] && count[0] == count[2] && count[0] > 0);
	}
}

static void frames_outlive_the_reader(void **state)
{
	(void)state;
	struct frame *held[12];
	struct av_reader *reader = open_file(test_data("videos/motorway-cif.mp4"), 1);
	for (int i = 0; i < 12; i++)
		assert_int_equal(av_reader_read(reader, NULL, &held[i]), FLOW_MORE);
	uint64_t before = add_plane(0, held[3], 0);
	av_reader_close(&reader);
	assert_true(before == add_plane(0, held[3], 0));
	for (int i = 0; i < 12; i++)
		frame_unref(&held[i]);
}

static void an_interrupted_reader_ends(void **state)
{
	(void)state;
	struct err err = {{0}};
	struct frame *f;
	struct av_reader *reader = open_file(test_data("videos/motorway-cif.mp4"), 1);
	av_reader_interrupt(reader);
	int r;
	while ((r = av_reader_read(reader, &err, &f)) == FLOW_MORE)
		frame_unref(&f);
	assert_int_equal(r, -ECANCELED);
	av_reader_close(&reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_test_videos_have_their_frames_and_times),
		cmocka_unit_test(containers_codecs_and_pixels_are_read_as_ffmpeg_reads_them),
		cmocka_unit_test(rotation_is_applied_as_ffmpeg_applies_it),
		cmocka_unit_test(the_shape_of_pixels_is_told_and_turned),
		cmocka_unit_test(images_are_sources_of_one_frame),
		cmocka_unit_test(a_new_size_in_mid_stream_is_scaled_and_marked),
		cmocka_unit_test(streams_without_timestamps_say_so),
		cmocka_unit_test(runs_and_threads_give_the_same_frames),
		cmocka_unit_test(frames_outlive_the_reader),
		cmocka_unit_test(an_interrupted_reader_ends),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, ffmpeg_make_dir, ffmpeg_remove_dir);
}
