/* Streams of files: read through, looped, paced, stopped at any time. Cameras: test_camera.c. */
#include "av/reader.h"
#include "test.h"
#include "witness.h"

#include <errno.h>

static struct mono soon(void)
{
	return mono_after(mono_now(), INT64_C(60000000));
}

static struct stream *start(struct stream_params params)
{
	struct err err = {{0}};
	struct stream *s;
	if (stream_create(&params, &err, &s) < 0 || stream_start(s, &err) < 0)
		fail_msg("%s", err.text);
	return s;
}

static struct stream_params params_of(const char *path)
{
	struct stream_params params;
	stream_params_init(&params);
	params.source = path;
	params.target_fps = 0;
	return params;
}

static void a_file_is_read_whole(void **state)
{
	(void)state;
	struct stream_params params = params_of(test_data("videos/stop-line-red.mov"));
	params.buffer_size = 2;
	struct stream *s = start(params);
	struct frame *frame;
	unsigned flags;
	int64_t count = 0;
	struct media last = {-1};
	while (stream_next(s, soon(), NULL, &frame, &flags) == FLOW_MORE) {
		assert_int_equal(frame->sequence, count++);
		assert_true(frame->media.us > last.us);
		last = frame->media;
		frame_unref(&frame);
	}
	assert_int_equal(count, 179);
	check_balance(s);
	struct stream_stats st;
	stream_stats(s, &st);
	assert_int_equal(st.state, STREAM_STOPPED);
	assert_false(stream_is_running(s));
	assert_int_equal(st.dropped_late, 0);
	assert_string_equal(st.codec, "h264");
	assert_true(st.last_media.us == last.us);
	/* And once more. */
	assert_int_equal(stream_start(s, NULL), 0);
	assert_int_equal(stream_next(s, soon(), NULL, &frame, &flags), FLOW_MORE);
	assert_int_equal(frame->media.us, 0);
	frame_unref(&frame);
	stream_destroy(&s);
}

static void a_loop_goes_on_in_time_and_is_marked(void **state)
{
	(void)state;
	struct stream_params params = params_of(test_data("videos/stop-line-red.mov"));
	params.loop = true;
	struct stream *s = start(params);
	struct frame *frame;
	unsigned flags;
	struct media last = {-1};
	for (int i = 0; i < 400; i++) {
		assert_int_equal(stream_next(s, soon(), NULL, &frame, &flags), FLOW_MORE);
		assert_true(frame->media.us > last.us && frame->media.us - last.us < 1000000);
		assert_int_equal((flags & FRAME_GAP) != 0, i == 179 || i == 358);
		last = frame->media;
		frame_unref(&frame);
	}
	stream_destroy(&s);
}

/* The clip around that moment: how many frames, in the size and position of the source's. */
static int frames_of_clip(struct stream *s, struct media at, const char *path)
{
	struct err err = {{0}};
	struct av_reader *clip = NULL, *film = NULL;
	struct frame *frame;
	int count = 0;
	if (stream_write_clip(s, at, 0.1, 1, path, &err) < 0 ||
		av_reader_open(path, &(struct av_reader_params){0}, &err, &clip) < 0 ||
		av_reader_open(stream_name(s), &(struct av_reader_params){0}, &err, &film) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(av_reader_info(clip)->rotation_deg, av_reader_info(film)->rotation_deg);
	assert_int_equal(av_reader_info(clip)->width_px, av_reader_info(film)->width_px);
	for (; av_reader_read(clip, &err, &frame) == FLOW_MORE; count++)
		frame_unref(&frame);
	av_reader_close(&clip);
	av_reader_close(&film);
	return count;
}

static void a_loop_gives_clips_on_both_sides_of_its_seam(void **state)
{
	(void)state;
	struct stream_params params = params_of(test_data("videos/overhead-rotated.mp4"));
	char path[] = "/tmp/gantry-loop-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	params.loop = true;
	params.ring_bytes = 1 << 30;
	params.ring_s = 1000;
	struct stream *s = start(params);
	struct frame *frame;
	unsigned flags = 0;
	struct media last = {0}, seam = {0};
	for (int i = 0, after = 0; after < 30; i++, after += seam.us != 0) {
		assert_int_equal(stream_next(s, soon(), NULL, &frame, &flags), FLOW_MORE);
		if (i > 0 && (flags & FRAME_GAP))
			seam = frame->media;
		last = frame->media;
		frame_unref(&frame);
	}
	assert_true(frames_of_clip(s, last, path) >= 3);
	assert_true(frames_of_clip(s, (struct media){seam.us - 200000}, path) >= 3);
	stream_destroy(&s);
	unlink(path);
}

static void a_paced_file_stands_for_a_camera(void **state)
{
	(void)state;
	struct stream_params params = params_of(test_data("videos/stop-line-red.mov"));
	params.paced = true;
	params.buffer_size = 3;
	struct stream *s = start(params);
	struct frame *frame;
	unsigned flags;
	struct mono begin = mono_now();
	int64_t sequence = -1;
	for (int i = 0; i < 10; i++) {
		assert_int_equal(stream_next(s, soon(), NULL, &frame, &flags), FLOW_MORE);
		/* No frame comes before its time, however fast they are taken. */
		assert_true(mono_now().us - begin.us >= frame->media.us - 200000);
		assert_true(frame->sequence > sequence);
		sequence = frame->sequence;
		frame_unref(&frame);
	}
	/* Nobody takes any for a while: it goes on, and says what it dropped. */
	struct stream_stats st;
	do {
		usleep(10000);
		stream_stats(s, &st);
	} while (st.dropped_late < 2);
	assert_true(stream_is_healthy(s));
	check_balance(s);
	struct packet_ring_stats ring = packet_ring_stats(stream_ring(s));
	assert_true(ring.packet_count >= 10 && ring.key_count >= 1);
	assert_int_equal(stream_latest(s, &frame), 0);
	stream_destroy(&s);
	/* A frame outlives its stream. */
	assert_true(frame->plane[0][0] <= 255);
	frame_unref(&frame);
}

static void decimation_is_counted(void **state)
{
	(void)state;
	struct stream_params params = params_of(test_data("videos/stop-line-red.mov"));
	params.target_fps = 5;
	struct stream *s = start(params);
	struct frame *frame;
	unsigned flags;
	int count = 0;
	for (; stream_next(s, soon(), NULL, &frame, &flags) == FLOW_MORE; count++)
		frame_unref(&frame);
	struct stream_stats st;
	stream_stats(s, &st);
	assert_int_equal(count + st.dropped_rate, 179);
	assert_true(count > 20 && count < 60);
	check_balance(s);
	stream_destroy(&s);
}

static void it_stops_at_any_time(void **state)
{
	(void)state;
	struct stream_params params = params_of(test_data("videos/stop-line-red.mov"));
	for (int i = 0; i < 30; i++) {
		/* While it waits for room, and while it hands frames over as fast as it can. */
		params.buffer_size = 1 + i % 3 * 499;
		struct stream *s = start(params);
		struct frame *frame;
		unsigned flags;
		for (int n = 0; n < i; n++) {
			assert_int_equal(stream_next(s, soon(), NULL, &frame, &flags), FLOW_MORE);
			frame_unref(&frame);
		}
		stream_stop(s);
		check_balance(s);
		assert_false(stream_is_running(s));
		assert_int_equal(stream_next(s, soon(), NULL, &frame, &flags), FLOW_END);
		stream_stop(s);
		stream_destroy(&s);
		assert_null(s);
	}
}

static void what_cannot_be_opened_is_said(void **state)
{
	(void)state;
	struct err err = {{0}};
	struct stream *s = NULL;
	struct stream_params params = params_of("/nonexistent/road.mp4");
	struct frame *frame;
	unsigned flags;
	for (int paced = 0; paced < 2; paced++) {
		params.paced = paced;
		assert_int_equal(stream_create(&params, &err, &s), 0);
		assert_int_equal(stream_next(s, soon(), &err, &frame, &flags), FLOW_END);
		assert_int_equal(stream_start(s, &err), -ENOENT);
		assert_non_null(strstr(err.text, "/nonexistent/road.mp4"));
		struct stream_stats st;
		stream_stats(s, &st);
		assert_int_equal(st.state, STREAM_FAILED);
		assert_int_equal(stream_next(s, soon(), &err, &frame, &flags), -ENOENT);
		stream_destroy(&s);
	}
	params.source = "gopher://me:secret@there/1";
	assert_int_equal(stream_create(&params, &err, &s), -EPROTONOSUPPORT);
	assert_null(strstr(err.text, "secret"));
	params.source = "x.mp4";
	params.buffer_size = 0;
	assert_int_equal(stream_create(&params, &err, &s), -EINVAL);
	assert_null(s);
}

TEST_MAIN(cmocka_unit_test(a_file_is_read_whole),
	cmocka_unit_test(a_loop_goes_on_in_time_and_is_marked),
	cmocka_unit_test(a_loop_gives_clips_on_both_sides_of_its_seam),
	cmocka_unit_test(a_paced_file_stands_for_a_camera), cmocka_unit_test(decimation_is_counted),
	cmocka_unit_test(it_stops_at_any_time), cmocka_unit_test(what_cannot_be_opened_is_said))
