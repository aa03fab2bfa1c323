#include "av/reader.h"
#include "av/writer.h"
#include "ffmpeg.h"
#include "synthetic.h"

#include <errno.h>
#include <sys/stat.h>

static int open_result(const char *path, struct err *err)
{
	struct av_reader *reader;
	int r = av_reader_open(path, &(struct av_reader_params){0}, err, &reader);
	if (r == 0)
		av_reader_close(&reader);
	return r;
}

static void put(const char *path, const void *bytes, size_t count)
{
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, count, file), count);
	assert_int_equal(fclose(file), 0);
}

static uint8_t *get(const char *path, size_t *ret_count)
{
	struct stat st;
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &st), 0);
	uint8_t *bytes = malloc((size_t)st.st_size);
	*ret_count = fread(bytes, 1, (size_t)st.st_size, file);
	fclose(file);
	return bytes;
}

/* 50 frames at 25 per second, a key frame every 25. */
static void make_clip(const char *path, const char *codec)
{
	struct av_writer *w;
	struct frame_pool *pool;
	const struct av_writer_params params = {.codec = codec, .gop_frames = 25};
	assert_int_equal(frame_pool_create(320, 180, 32, &pool), 0);
	assert_int_equal(av_writer_open(path, 320, 180, &params, NULL, &w), 0);
	for (int i = 0; i < 50; i++) {
		struct frame *f = frame_pool_get(pool);
		synthetic_fill(f, i);
		f->media.us = 40000 * i;
		assert_int_equal(av_writer_write(w, f, NULL), 0);
		frame_unref(&f);
	}
	assert_int_equal(av_writer_close(&w, NULL), 0);
	frame_pool_destroy(&pool);
}

static void what_is_no_video_is_one_sentence(void **state)
{
	(void)state;
	struct err err = {{0}};
	char text[4000];
	assert_int_equal(open_result(ffmpeg_path("missing.mp4"), &err), -ENOENT);
	assert_non_null(strstr(err.text, "missing.mp4: cannot be opened: No such file"));
	assert_int_equal(open_result(ffmpeg_dir, &err), -EISDIR);
	put(ffmpeg_path("empty.mp4"), "", 0);
	assert_int_equal(open_result(ffmpeg_path("empty.mp4"), &err), -ENODATA);
	assert_non_null(strstr(err.text, "empty.mp4: is empty"));
	memset(text, 'x', sizeof(text));
	for (size_t i = 40; i < sizeof(text); i += 41)
		text[i] = '\n';
	put(ffmpeg_path("a.txt"), text, sizeof(text));
	put(ffmpeg_path("text.mp4"), text, sizeof(text));
	assert_int_equal(open_result(ffmpeg_path("a.txt"), &err), -EINVAL);
	assert_int_equal(open_result(ffmpeg_path("text.mp4"), &err), -EINVAL);
	assert_null(strchr(err.text, '\n'));
}

/* Such files name others, which libav would open: whatever path, whatever address. */
static void playlists_are_refused(void **state)
{
	(void)state;
	struct err err = {{0}};
	static const char hls[] =
		"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nclip.mp4\n#EXT-X-ENDLIST\n";
	static const char concat[] = "ffconcat version 1.0\nfile clip.mp4\n";
	make_clip(ffmpeg_path("clip.mp4"), "h264");
	put(ffmpeg_path("list.m3u8"), hls, sizeof(hls) - 1);
	put(ffmpeg_path("list.mp4"), hls, sizeof(hls) - 1);
	put(ffmpeg_path("list.ffconcat"), concat, sizeof(concat) - 1);
	assert_int_equal(open_result(ffmpeg_path("clip.mp4"), &err), 0);
	assert_int_equal(open_result(ffmpeg_path("list.m3u8"), &err), -EINVAL);
	assert_int_equal(open_result(ffmpeg_path("list.mp4"), &err), -EINVAL);
	assert_int_equal(open_result(ffmpeg_path("list.ffconcat"), &err), -EINVAL);
}

static void sound_alone_is_no_video(void **state)
{
	(void)state;
	struct err err = {{0}};
	ffmpeg_need();
	assert_true(ffmpeg_make("-f lavfi -i sine=duration=1", ffmpeg_path("a.mp4")));
	assert_int_equal(open_result(ffmpeg_path("a.mp4"), &err), -EINVAL);
	assert_non_null(strstr(err.text, "has no video stream"));
}

static void a_video_without_frames_has_no_data(void **state)
{
	(void)state;
	struct err err = {{0}};
	ffmpeg_need();
	assert_true(ffmpeg_make("-f lavfi -i testsrc2=size=64x64:duration=1 -c:v libx264 "
				"-movflags frag_keyframe+empty_moov",
		ffmpeg_path("frag.mp4")));
	/* The first fragment begins behind the header; nothing but the header is left. */
	size_t count;
	uint8_t *bytes = get(ffmpeg_path("frag.mp4"), &count);
	uint8_t *moof = memmem(bytes, count, "moof", 4);
	assert_non_null(moof);
	put(ffmpeg_path("none.mp4"), bytes, (size_t)(moof - bytes) - 4);
	free(bytes);
	int r = open_result(ffmpeg_path("none.mp4"), &err);
	assert_true(r == -ENODATA || r == -EINVAL);
	assert_non_null(strstr(err.text, "none.mp4"));
}

/* Frames, of which so many marked; the rest of the clip must be as it was. */
static struct av_reader_stats play(const char *path)
{
	struct err err = {{0}};
	struct av_reader *reader;
	struct frame *f;
	int64_t last = -1, corrupt = 0;
	int r = av_reader_open(path, &(struct av_reader_params){0}, &err, &reader);
	if (r < 0) {
		assert_true(strlen(err.text) > strlen(path));
		return (struct av_reader_stats){.frame_count = -1};
	}
	while ((r = av_reader_read(reader, &err, &f)) == FLOW_MORE) {
		assert_true(f->media.us > last);
		last = f->media.us;
		corrupt += (f->flags & FRAME_CORRUPT) != 0;
		assert_int_equal(f->width_px, av_reader_info(reader)->width_px);
		frame_unref(&f);
	}
	assert_int_equal(r, FLOW_END);
	struct av_reader_stats stats = av_reader_stats(reader);
	assert_int_equal(stats.corrupt_count, corrupt);
	av_reader_close(&reader);
	return stats;
}

static void a_file_without_its_index_says_so(void **state)
{
	(void)state;
	struct err err = {{0}};
	size_t count;
	make_clip(ffmpeg_path("whole.mp4"), "h264");
	uint8_t *bytes = get(ffmpeg_path("whole.mp4"), &count);
	put(ffmpeg_path("cut.mp4"), bytes, count / 2);
	free(bytes);
	assert_int_equal(open_result(ffmpeg_path("cut.mp4"), &err), -EINVAL);
	assert_non_null(strstr(err.text, "moov atom not found"));
}

static void a_truncated_file_gives_what_is_there(void **state)
{
	(void)state;
	size_t count;
	char args[300];
	ffmpeg_need();
	make_clip(ffmpeg_path("whole.mp4"), "h264");
	snprintf(args, sizeof(args), "-i '%s' -c copy -movflags faststart",
		ffmpeg_path("whole.mp4"));
	assert_true(ffmpeg_make(args, ffmpeg_path("fast.mp4")));
	uint8_t *bytes = get(ffmpeg_path("fast.mp4"), &count);
	put(ffmpeg_path("cut.mp4"), bytes, count * 2 / 5);
	free(bytes);
	assert_int_equal(play(ffmpeg_path("fast.mp4")).frame_count, 50);
	struct av_reader_stats stats = play(ffmpeg_path("cut.mp4"));
	assert_true(stats.frame_count >= 5 && stats.frame_count <= 24);
	assert_true(stats.ended_early);
}

/* Damage in one group of pictures is marked, and no further than its end. */
static void damage_is_marked_up_to_the_next_key_frame(void **state)
{
	(void)state;
	size_t count;
	struct av_reader *reader;
	struct frame *f;
	make_clip(ffmpeg_path("clip.mp4"), "h264");
	uint8_t *bytes = get(ffmpeg_path("clip.mp4"), &count);
	/* In the middle of the pictures of the first second. */
	memset(bytes + count / 4, 0x55, 120);
	put(ffmpeg_path("hurt.mp4"), bytes, count);
	free(bytes);
	assert_int_equal(av_reader_open(ffmpeg_path("hurt.mp4"), &(struct av_reader_params){0},
				 NULL, &reader),
		0);
	int n = 0, first = -1, last = -1;
	for (; av_reader_read(reader, NULL, &f) == FLOW_MORE; n++) {
		if (f->flags & FRAME_CORRUPT) {
			first = first < 0 ? n : first;
			last = n;
		}
		frame_unref(&f);
	}
	assert_int_equal(n, 50);
	assert_in_range(first, 1, 24);
	assert_int_equal(last, 24);
	assert_int_equal(av_reader_stats(reader).corrupt_count, last - first + 1);
	av_reader_close(&reader);
}

static uint32_t next_random(uint32_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x;
}

static void flipped_bits_never_stop_the_reader(void **state)
{
	static const char *const names[] = {"f.mp4", "f.mkv", "f.avi", "m.mov", "p.avi", "h.mkv"};
	static const char *const codecs[] = {"h264", "h264", "mjpeg", "mjpeg", "mpeg4", "hevc"};
	uint32_t x = 2463534242u;
	int opened = 0, hurt = 0;
	(void)state;
	for (int i = 0; i < 6; i++) {
		size_t count;
		char path[256];
		snprintf(path, sizeof(path), "%s", ffmpeg_path(names[i]));
		make_clip(path, codecs[i]);
		uint8_t *bytes = get(path, &count);
		for (int run = 0; run < 24; run++) {
			uint8_t *copy = malloc(count);
			memcpy(copy, bytes, count);
			for (int k = 0; k < 1 + run * 2; k++)
				copy[next_random(&x) % count] ^=
					(uint8_t)(1 << next_random(&x) % 8);
			put(path, copy, count - (run % 3 ? 0 : next_random(&x) % count));
			free(copy);
			struct av_reader_stats stats = play(path);
			opened += stats.frame_count >= 0;
			hurt += stats.corrupt_count > 0;
		}
		free(bytes);
	}
	/* Most files can be opened all the same, and in many the damage is noticed. */
	assert_true(opened > 50);
	assert_true(hurt > 25);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_video_is_one_sentence),
		cmocka_unit_test(playlists_are_refused),
		cmocka_unit_test(sound_alone_is_no_video),
		cmocka_unit_test(a_video_without_frames_has_no_data),
		cmocka_unit_test(a_file_without_its_index_says_so),
		cmocka_unit_test(a_truncated_file_gives_what_is_there),
		cmocka_unit_test(damage_is_marked_up_to_the_next_key_frame),
		cmocka_unit_test(flipped_bits_never_stop_the_reader),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, ffmpeg_make_dir, ffmpeg_remove_dir);
}
