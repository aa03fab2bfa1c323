/*
 * Fragments that are put behind each other are a film: the same pictures at the same times as the
 * packets that they were made of.
 */
#include "av/codec_watch.h"
#include "av/demux.h"
#include "av/fragments.h"
#include "av/reader.h"
#include "av/writer.h"
#include "synthetic.h"
#include "test.h"

#include <errno.h>

#define FRAMES 40
#define FPS 25
#define GOP 10
#define PACKETS_MAX 64
#define WIDTH 96
#define HEIGHT 64

static char dir[] = "/tmp/gantry-fragments-XXXXXX";
static char film[64], played[64];

static void make_film(const char *codec, int b_frames)
{
	struct av_writer *writer;
	struct frame_pool *pool;
	const struct av_writer_params params = {
		.codec = codec, .fps = FPS, .gop_frames = GOP, .b_frames = b_frames};
	assert_int_equal(av_writer_open(film, WIDTH, HEIGHT, &params, NULL, &writer), 0);
	assert_int_equal(frame_pool_create(WIDTH, HEIGHT, 64, &pool), 0);
	for (int i = 0; i < FRAMES; i++) {
		struct frame *frame = frame_pool_get(pool);
		synthetic_fill(frame, i);
		frame->media.us = (int64_t)i * 1000000 / FPS;
		assert_int_equal(av_writer_write(writer, frame, NULL), 0);
		frame_unref(&frame);
	}
	assert_int_equal(av_writer_close(&writer, NULL), 0);
	frame_pool_destroy(&pool);
}

/* The film's packets, from its first picture's media time `start_us` on. */
static int read_film(int64_t start_us, struct packet *packets[PACKETS_MAX])
{
	struct av_demux *demux;
	struct codec_watch *watch;
	int count = 0;
	assert_int_equal(av_demux_open(film, &(struct av_demux_params){0}, NULL, &demux), 0);
	assert_int_equal(codec_watch_create(demux, &watch), 0);
	for (; av_demux_read(demux, NULL) == FLOW_MORE; count++) {
		struct packet_codec *codec;
		struct packet_view view = packet_view(av_demux_packet(demux));
		assert_true(count < PACKETS_MAX);
		assert_int_equal(
			codec_watch_packet(watch, av_demux_packet(demux), WIDTH, HEIGHT, &codec),
			0);
		assert_int_equal(packet_create(av_demux_packet(demux), codec, &packets[count]), 0);
		packets[count]->pts.us = view.pts_us + start_us;
		packets[count]->dts.us = view.dts_us + start_us;
	}
	codec_watch_destroy(&watch);
	av_demux_close(&demux);
	return count;
}

static void keep(FILE *file, struct fragments_bytes *bytes)
{
	if (bytes->length > 0)
		assert_int_equal(
			fwrite(bytes->memory + FRAGMENTS_ROOM_BYTES, 1, bytes->length, file),
			bytes->length);
	free(bytes->memory);
	*bytes = (struct fragments_bytes){NULL, 0};
}

/* All packets but those from `skip` to before `resume` into the played file. */
static void mux(struct packet **packets, int count, int skip, int resume, char codec[64])
{
	struct fragments *fragments;
	struct fragments_bytes bytes;
	struct err err = {""};
	struct media zero = packets[0]->dts;
	FILE *file = fopen(played, "wb");
	if (fragments_create(packets[0]->codec, &err, &fragments) < 0)
		fail_msg("%s", err.text);
	snprintf(codec, 64, "%s", fragments_codec(fragments));
	assert_int_equal(fragments_head(fragments, &bytes), 0);
	keep(file, &bytes);
	for (int i = 0; i < count; i++) {
		if (i >= skip && i < resume)
			continue;
		if (i == resume) {
			assert_int_equal(fragments_end(fragments, zero, &bytes), 0);
			keep(file, &bytes);
		}
		assert_int_equal(fragments_push(fragments, packets[i], zero, &bytes), 0);
		assert_true(bytes.length > 0 || i == 0 || i == resume);
		keep(file, &bytes);
	}
	assert_int_equal(fragments_end(fragments, zero, &bytes), 0);
	keep(file, &bytes);
	fragments_destroy(&fragments);
	fclose(file);
}

static struct av_reader *opened(const char *path)
{
	struct av_reader *reader;
	struct err err = {""};
	if (av_reader_open(path, &(struct av_reader_params){0}, &err, &reader) < 0)
		fail_msg("%s", err.text);
	return reader;
}

/* The played file shows the film's pictures, but for those from `skip` to before `resume`. */
static void assert_played(int skip, int resume)
{
	struct av_reader *a = opened(film), *b = opened(played);
	struct frame *one, *other;
	for (int i = 0; i < FRAMES; i++) {
		assert_int_equal(av_reader_read(a, NULL, &one), FLOW_MORE);
		if (i < skip || i >= resume) {
			assert_int_equal(av_reader_read(b, NULL, &other), FLOW_MORE);
			assert_true(llabs(one->media.us - other->media.us) <= 12);
			assert_true(synthetic_psnr(one, other) >= 99);
			frame_unref(&other);
		}
		frame_unref(&one);
	}
	assert_int_equal(av_reader_read(b, NULL, &other), FLOW_END);
	av_reader_close(&a);
	av_reader_close(&b);
}

/* From packet `skip` to the next key frame nothing is sent. */
static void play(
	const char *encoder, int b_frames, int64_t start_us, int skip, const char *codec_head)
{
	struct packet *packets[PACKETS_MAX];
	char codec[64];
	int resume = skip;
	make_film(encoder, b_frames);
	int count = read_film(start_us, packets);
	assert_int_equal(count, FRAMES);
	while (resume < count && !packets[resume]->key)
		resume++;
	mux(packets, count, skip, resume, codec);
	for (int i = 0; i < count; i++)
		packet_unref(&packets[i]);
	assert_int_equal(strncmp(codec, codec_head, strlen(codec_head)), 0);
	assert_true(skip == FRAMES || (resume > skip && resume < FRAMES));
	assert_played(skip, resume);
}

static void test_h264(void **state)
{
	(void)state;
	play("h264", 0, 0, FRAMES, "avc1.64");
}

/* As from a camera that has run for ten days. */
static void test_late(void **state)
{
	(void)state;
	play("h264", 0, INT64_C(864000000000), FRAMES, "avc1.64");
}

static void test_reordered(void **state)
{
	(void)state;
	play("h264", 2, 5000000, FRAMES, "avc1.64");
}

static void test_hevc(void **state)
{
	(void)state;
	play("hevc", 0, 0, FRAMES, "hvc1.1.6.L");
}

/* A viewer who was too slow: what follows keeps its place in time. */
static void test_skipped(void **state)
{
	(void)state;
	play("h264", 0, 7000000, GOP + 3, "avc1.64");
}

/* A film that was recorded sideways is shown upright. */
static void test_turned(void **state)
{
	static const int32_t matrix[9] = {0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30};
	struct packet *packets[PACKETS_MAX];
	char codec[64];
	(void)state;
	make_film("h264", 0);
	int count = read_film(0, packets);
	packets[0]->codec->has_matrix = true;
	memcpy(packets[0]->codec->matrix, matrix, sizeof(matrix));
	mux(packets, count, FRAMES, FRAMES, codec);
	for (int i = 0; i < count; i++)
		packet_unref(&packets[i]);
	struct av_reader *reader = opened(played);
	assert_int_equal(av_reader_info(reader)->rotation_deg, 90);
	assert_int_equal(av_reader_info(reader)->width_px, HEIGHT);
	av_reader_close(&reader);
}

static void test_refused(void **state)
{
	struct packet *packets[PACKETS_MAX];
	struct fragments *fragments;
	struct err err = {""};
	(void)state;
	make_film("mpeg4", 0);
	int count = read_film(0, packets);
	assert_int_equal(fragments_create(packets[0]->codec, &err, &fragments), -ENOTSUP);
	assert_non_null(strstr(err.text, "mpeg4"));
	for (int i = 0; i < count; i++)
		packet_unref(&packets[i]);
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(film, sizeof(film), "%s/film.mp4", dir);
	snprintf(played, sizeof(played), "%s/played.mp4", dir);
	return 0;
}

static int teardown(void **state)
{
	char command[96];
	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_h264),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_reordered),
		cmocka_unit_test(test_hevc),
		cmocka_unit_test(test_skipped),
		cmocka_unit_test(test_turned),
		cmocka_unit_test(test_refused),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
