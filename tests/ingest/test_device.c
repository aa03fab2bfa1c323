/* A camera on a cable (Video4Linux): pictures, silence, the cable pulled out and put in again. */
#include "test.h"
#include "video_device.h"
#include "witness.h"

#include <errno.h>

/* The bound for stopping, whatever the camera does. */
#define STOP_MAX_US 200000

static void its_pictures_come(void **state)
{
	(void)state;
	struct witness w;
	struct frame *frame;
	struct stream_stats st;
	video_device_plug(true);
	watch(&w, quick(VIDEO_DEVICE_PATH, AV_TRANSPORT_AUTO));
	take(w.stream, 20);
	assert_int_equal(stream_latest(w.stream, &frame), 0);
	assert_int_equal(frame->width_px, VIDEO_DEVICE_WIDTH_PX);
	assert_int_equal(frame->height_px, VIDEO_DEVICE_HEIGHT_PX);
	/* Grey, and one bright column. */
	int bright = 0;
	for (int x = 0; x < frame->width_px; x++)
		bright += frame->plane[0][x] > 200;
	assert_int_equal(bright, 1);
	frame_unref(&frame);
	stream_stats(w.stream, &st);
	assert_int_equal(st.state, STREAM_LIVE);
	assert_int_equal(st.connect_count, 1);
	assert_string_equal(st.codec, "rawvideo");
	assert_float_equal(st.declared_fps, 30, 0.01);
	unwatch(&w);
	video_device_plug(false);
}

static void silence_is_a_stall_and_stopping_does_not_wait(void **state)
{
	(void)state;
	struct witness w;
	video_device_plug(true);
	watch(&w, quick(VIDEO_DEVICE_PATH, AV_TRANSPORT_AUTO));
	take(w.stream, 5);
	video_device_hold(true);
	wait_for(&w, STREAM_STALLED, "sent no picture for 1.0 s");
	/* By now it may be connecting again, to one that says nothing. */
	struct mono begin = mono_now();
	stream_stop(w.stream);
	assert_true(mono_now().us - begin.us < STOP_MAX_US * patience());
	unwatch(&w);
	video_device_hold(false);
	video_device_plug(false);
}

static void it_goes_on_after_silence(void **state)
{
	(void)state;
	struct witness w;
	struct stream_stats st;
	video_device_plug(true);
	watch(&w, quick(VIDEO_DEVICE_PATH, AV_TRANSPORT_AUTO));
	take(w.stream, 5);
	video_device_hold(true);
	wait_for(&w, STREAM_STALLED, "");
	video_device_hold(false);
	wait_for(&w, STREAM_BACKING_OFF, "");
	take(w.stream, 40);
	stream_stats(w.stream, &st);
	assert_true(st.stall_count > 0 && st.reconnect_count > 0 && st.gap_count > 0);
	unwatch(&w);
	video_device_plug(false);
}

static void a_pulled_cable_is_said_and_put_in_again(void **state)
{
	(void)state;
	struct witness w;
	struct stream_stats st;
	struct err err = {{0}};
	struct stream_params params = quick(VIDEO_DEVICE_PATH, AV_TRANSPORT_AUTO);
	video_device_plug(true);
	params.ring_bytes = 1 << 24;
	params.ring_s = 10;
	watch(&w, params);
	take(w.stream, 20);
	stream_stats(w.stream, &st);
	int opened = video_device_open_count();
	video_device_plug(false);
	wait_for(&w, STREAM_BACKING_OFF, "No such");
	/* Its last pictures are there still, though no mp4 takes them as they are. */
	assert_true(stream_write_clip(w.stream, st.last_media, 0.3, 0,
			    "/tmp/gantry-device-clip.mp4", &err) < 0);
	assert_non_null(strstr(err.text, "rawvideo"));
	video_device_plug(true);
	while (video_device_open_count() == opened)
		usleep(5000);
	take(w.stream, 60);
	unwatch(&w);
	video_device_plug(false);
}

static void what_is_not_there_is_said(void **state)
{
	(void)state;
	struct witness w;
	watch(&w, quick(VIDEO_DEVICE_PATH, AV_TRANSPORT_AUTO));
	wait_for(&w, STREAM_BACKING_OFF, VIDEO_DEVICE_PATH);
	unwatch(&w);
}

TEST_MAIN(cmocka_unit_test(its_pictures_come),
	cmocka_unit_test(silence_is_a_stall_and_stopping_does_not_wait),
	cmocka_unit_test(it_goes_on_after_silence),
	cmocka_unit_test(a_pulled_cable_is_said_and_put_in_again),
	cmocka_unit_test(what_is_not_there_is_said))
