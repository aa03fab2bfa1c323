#include "av/clip.h"
#include "av/codec_watch.h"
#include "av/demux.h"
#include "av/packet_ring.h"
#include "av/reader.h"

#include "av/writer.h"
#include "test.h"

#include <errno.h>
#include <math.h>

#define GOP 10
#define FPS 25

static char dir[] = "/tmp/gantry-ring-XXXXXX";
static char film[64];

/* So little changes that the encoder makes key frames only where it has to. */
static void fill(struct frame *frame, int index)
{
	for (int p = 0; p < 3; p++)
		memset(frame_writable(frame, p), 128,
			(size_t)frame->stride_bytes[p] *
				(size_t)(p ? frame_chroma_height_px(frame) : frame->height_px));
	frame_writable(frame, 0)[index % 64] = 160;
}

static void make_film(const char *path, int b_frames)
{
	struct av_writer *writer;
	struct frame_pool *pool;
	const struct av_writer_params params = {
		.fps = FPS, .gop_frames = GOP, .b_frames = b_frames};
	assert_int_equal(av_writer_open(path, 64, 48, &params, NULL, &writer), 0);
	assert_int_equal(frame_pool_create(64, 48, 64, &pool), 0);
	for (int i = 0; i < 100; i++) {
		struct frame *frame = frame_pool_get(pool);
		fill(frame, i);
		frame->media.us = (int64_t)i * 1000000 / FPS;
		assert_int_equal(av_writer_write(writer, frame, NULL), 0);
		frame_unref(&frame);
	}
	assert_int_equal(av_writer_close(&writer, NULL), 0);
	frame_pool_destroy(&pool);
}

/* The film's packets into the ring, each `offset_us` later; the gap before packet `gap`. */
static int push_film(struct packet_ring *ring, int64_t offset_us, int gap)
{
	struct av_demux *demux;
	struct codec_watch *watch;
	int count = 0;
	assert_int_equal(av_demux_open(film, &(struct av_demux_params){0}, NULL, &demux), 0);
	assert_int_equal(codec_watch_create(demux, &watch), 0);
	for (; av_demux_read(demux, NULL) == FLOW_MORE; count++) {
		struct packet_codec *codec;
		struct packet *packet;
		assert_int_equal(
			codec_watch_packet(watch, av_demux_packet(demux), 64, 48, &codec), 0);
		assert_int_equal(packet_create(av_demux_packet(demux), codec, &packet), 0);
		struct packet_view view = packet_view(av_demux_packet(demux));
		packet->pts.us = view.pts_us + offset_us;
		packet->dts.us = view.dts_us + offset_us;
		packet->gap = count == gap;
		assert_int_equal(packet_ring_push(ring, &packet), 0);
		assert_null(packet);
	}
	codec_watch_destroy(&watch);
	av_demux_close(&demux);
	return count;
}

static struct packet_ring *filled(int64_t bytes_max, double seconds_max)
{
	struct packet_ring *ring;
	assert_int_equal(packet_ring_create(bytes_max, seconds_max, &ring), 0);
	assert_int_equal(push_film(ring, 0, -1), 100);
	return ring;
}

static void it_keeps_whole_groups_within_its_bounds(void **state)
{
	(void)state;
	struct packet_ring *ring = filled(1 << 20, 1.5);
	struct packet_ring_stats stats = packet_ring_stats(ring);
	assert_int_equal(stats.packet_count, 30);
	assert_int_equal(stats.key_count, 3);
	assert_int_equal(stats.pushed_count, 100);
	assert_true(stats.seconds <= 1.5);
	packet_ring_unref(&ring);

	ring = filled(stats.bytes, 1000);
	assert_true(packet_ring_stats(ring).bytes <= stats.bytes);
	assert_int_equal(packet_ring_stats(ring).packet_count % GOP, 0);
	packet_ring_unref(&ring);

	/* Smaller than any group: nothing that cannot be decoded is kept. */
	ring = filled(1, 1000);
	assert_int_equal(packet_ring_stats(ring).packet_count, 0);
	packet_ring_unref(&ring);
	assert_int_equal(packet_ring_create(0, 1, &ring), -EINVAL);
	assert_int_equal(packet_ring_create(1, 0, &ring), -EINVAL);
}

static void a_cursor_follows_and_jumps_where_it_was_overtaken(void **state)
{
	(void)state;
	struct packet_ring *ring = filled(1 << 20, 2);
	struct packet_ring_cursor live = PACKET_RING_NEWEST;
	struct packet *packet;
	int count = 0;
	while (packet_ring_next(ring, &live, &packet)) {
		assert_int_equal(packet->key, count == 0);
		assert_false(live.skipped);
		packet_unref(&packet);
		count++;
	}
	assert_int_equal(count, GOP);
	assert_false(packet_ring_wait(ring, &live, mono_after(mono_now(), 1000)));
	push_film(ring, 4000000, -1);
	assert_true(packet_ring_wait(ring, &live, mono_now()));
	assert_true(packet_ring_next(ring, &live, &packet));
	assert_true(packet->key && live.skipped);
	packet_unref(&packet);
	assert_true(packet_ring_next(ring, &live, &packet));
	assert_false(packet->key || live.skipped);
	packet_ring_unref(&ring);
	/* A packet outlives its ring. */
	assert_true(packet->size_bytes > 0 && packet->codec->width_px == 64);
	packet_unref(&packet);
}

static void check_list(struct packet_ring *ring, double from_s, double at_s, double to_s, int count)
{
	struct packet_list list = {0};
	assert_int_equal(packet_ring_take(ring, media_from_seconds(from_s),
				 media_from_seconds(at_s), media_from_seconds(to_s), &list),
		0);
	assert_true(list.items[0]->key);
	assert_int_equal(list.count, count);
	packet_list_finish(&list);
}

static void a_range_begins_at_a_key_frame_and_ends_at_a_gap(void **state)
{
	(void)state;
	struct packet_list list = {0};
	struct packet_ring *ring = filled(1 << 20, 1000);
	/* Key frames are at 0, 0.4, 0.8 ... */
	check_list(ring, 1.0, 1.5, 2.0, 51 - 20);
	check_list(ring, -5, 0, 0, 1);
	check_list(ring, 0.8, 0.8, 0.8, 1);
	check_list(ring, 3.9, 9, 99, 10);
	assert_int_equal(packet_ring_take(ring, (struct media){-9}, (struct media){-5},
				 (struct media){9}, &list),
		-ENOENT);
	/* A gap at 4.4 s, before a key frame: a clip is on one side of it. */
	push_film(ring, 4000000, 10);
	check_list(ring, 4.0, 4.2, 6, 10);
	check_list(ring, 4.0, 4.4, 4.6, 6);
	packet_ring_unref(&ring);
}

static void check_clip(int b_frames)
{
	char path[96];
	struct err err = {{0}};
	struct packet_list list = {0};
	struct av_reader *reader;
	struct frame *frame;
	snprintf(path, sizeof(path), "%s/clip.mp4", dir);
	make_film(film, b_frames);
	struct packet_ring *ring = filled(1 << 20, 1000);
	assert_int_equal(packet_ring_take(ring, media_from_seconds(0.9), media_from_seconds(2),
				 media_from_seconds(3.1), &list),
		0);
	if (clip_write(path, &list, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(av_reader_open(path, &(struct av_reader_params){0}, &err, &reader), 0);
	int count = 0;
	for (; av_reader_read(reader, &err, &frame) == FLOW_MORE; count++) {
		assert_int_equal(frame->flags, 0);
		assert_true(fabs(media_seconds(frame->media) - (double)count / FPS) < 2e-4);
		frame_unref(&frame);
	}
	assert_int_equal(count, list.count);
	assert_int_equal(av_reader_info(reader)->lost_start_s, 0);
	av_reader_close(&reader);
	packet_list_finish(&list);
	assert_int_equal(clip_write(path, &list, &err), -EINVAL);
	packet_ring_unref(&ring);
}

static void a_clip_plays_frame_by_frame(void **state)
{
	(void)state;
	check_clip(0);
	check_clip(2);
}

static void a_clip_that_cannot_be_written_leaves_nothing(void **state)
{
	(void)state;
	struct err err = {{0}};
	struct packet_list list = {0};
	struct packet_ring *ring = filled(1 << 20, 1000);
	assert_int_equal(packet_ring_take(ring, (struct media){0}, (struct media){0},
				 media_from_seconds(3), &list),
		0);
	assert_int_equal(clip_write("/nonexistent/clip.mp4", &list, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent/clip.mp4"));
	assert_int_equal(clip_write("/dev/full/clip.mp4", &list, &err), -ENOTDIR);
	packet_list_finish(&list);
	packet_ring_unref(&ring);
}

static int make_dir(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(film, sizeof(film), "%s/film.mp4", dir);
	make_film(film, 0);
	return 0;
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
		cmocka_unit_test(it_keeps_whole_groups_within_its_bounds),
		cmocka_unit_test(a_cursor_follows_and_jumps_where_it_was_overtaken),
		cmocka_unit_test(a_range_begins_at_a_key_frame_and_ends_at_a_gap),
		cmocka_unit_test(a_clip_plays_frame_by_frame),
		cmocka_unit_test(a_clip_that_cannot_be_written_leaves_nothing),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
