/* Streams and their manager, as somebody else's program uses them. */
#include "test.h"

#include <errno.h>
#include <gantry/gantry.h>

static struct gantry_stream_config config;

static int defaults(void **state)
{
	(void)state;
	gantry_stream_config_init(&config);
	assert_int_equal(config.buffer_size, 10);
	assert_true(config.target_fps == 30 && config.reconnect_delay == 2.0);
	assert_int_equal(config.reconnect_attempts, 5);
	config.target_fps = 0;
	return 0;
}

static void a_file_gives_its_frames(void **state)
{
	(void)state;
	struct gantry_stream *stream;
	struct gantry_error error;
	const struct gantry_frame *frame;
	int count = 0;
	assert_int_equal(gantry_stream_create(
				 test_data("videos/stop-line-red.mov"), &config, &stream, &error),
		0);
	assert_null(gantry_stream_next_frame(stream));
	assert_int_equal(gantry_stream_start(stream, &error), 0);
	assert_true(gantry_stream_is_running(stream));
	int64_t last_us = -1;
	for (; (frame = gantry_stream_next_frame(stream)); count++) {
		assert_true(frame->media_time_us > last_us);
		last_us = frame->media_time_us;
	}
	assert_int_equal(count, 179);
	assert_string_equal(gantry_stream_error(stream), "");
	assert_false(gantry_stream_is_running(stream));
	frame = gantry_stream_latest_frame(stream);
	assert_non_null(frame);
	assert_true(frame->media_time_us == last_us);
	struct gantry_stream_statistics s;
	gantry_stream_get_statistics(stream, &s);
	assert_int_equal(s.frames_given, 179);
	assert_int_equal(s.frames_dropped, s.dropped_rate + s.dropped_late + s.dropped_undecodable);
	assert_string_equal(gantry_stream_state_name(s.state), "stopped");
	gantry_stream_destroy(&stream);
}

static void the_simulator_is_a_source(void **state)
{
	(void)state;
	struct gantry_stream *stream;
	struct gantry_error error;
	assert_int_equal(gantry_stream_create("sim:", &config, &stream, &error), 0);
	assert_int_equal(gantry_stream_start(stream, &error), 0);
	for (int i = 0; i < 30; i++) {
		const struct gantry_frame *frame = gantry_stream_next_frame(stream);
		assert_non_null(frame);
		assert_true(frame->width_px >= 320);
	}
	/* It has no encoded video. */
	assert_int_equal(gantry_stream_write_clip(stream, 0, 1, 1, "/tmp/x.mp4", &error), -ENOENT);
	gantry_stream_destroy(&stream);
	assert_int_equal(
		gantry_stream_create("sim:/nonexistent.yaml", &config, &stream, &error), 0);
	assert_int_equal(gantry_stream_start(stream, &error), -ENOENT);
	assert_non_null(strstr(error.text, "/nonexistent.yaml"));
	gantry_stream_destroy(&stream);
}

static void check_clip(bool paced)
{
	struct gantry_stream *stream, *clip;
	struct gantry_error error;
	char path[] = "/tmp/gantry-clip-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	config.paced = paced;
	assert_int_equal(gantry_stream_create(
				 test_data("videos/stop-line-red.mov"), &config, &stream, &error),
		0);
	assert_int_equal(gantry_stream_start(stream, &error), 0);
	const struct gantry_frame *frame = NULL;
	for (int i = 0; i < 40; i++)
		assert_non_null(frame = gantry_stream_next_frame(stream));
	if (gantry_stream_write_clip(stream, frame->media_time_us, 0.5, 0.5, path, &error) < 0)
		fail_msg("%s", error.text);
	gantry_stream_destroy(&stream);
	config.paced = false;
	assert_int_equal(gantry_stream_create(path, &config, &clip, &error), 0);
	assert_int_equal(gantry_stream_start(clip, &error), 0);
	int count = 0;
	while (gantry_stream_next_frame(clip))
		count++;
	assert_true(count >= 10);
	gantry_stream_destroy(&clip);
	unlink(path);
}

static void files_give_clips_at_any_pace(void **state)
{
	(void)state;
	check_clip(true);
	check_clip(false);
}

static struct gantry_stream_manager *manager;

static void add(const char *id, const char *source, int result)
{
	struct gantry_error error = {{0}};
	assert_int_equal(gantry_stream_manager_add(manager, id, source, &config, &error), result);
	assert_int_equal(error.text[0] != '\0', result < 0);
}

static void a_manager_keeps_them_apart(void **state)
{
	(void)state;
	const char *path = test_data("videos/stop-line-red.mov"), *ids[8];
	struct gantry_error error = {{0}};
	struct gantry_start_result results[3];
	struct gantry_frame *frame;
	config.loop = true;
	assert_int_equal(gantry_stream_manager_create(&manager, &error), 0);
	add("north", path, 0);
	add("north", path, -EEXIST);
	add("", path, -EINVAL);
	add("east", "gopher://x", -EPROTONOSUPPORT);
	add("south", "/nonexistent.mp4", 0);
	add("west", path, 0);
	assert_int_equal(
		gantry_stream_manager_latest_frame(manager, "north", &frame, &error), -EAGAIN);
	assert_int_equal(gantry_stream_manager_start_all(manager, results, 3), 1);
	assert_string_equal(results[1].id, "south");
	assert_int_equal(results[1].result, -ENOENT);
	assert_non_null(strstr(results[1].error.text, "/nonexistent.mp4"));
	assert_int_equal(results[0].result, 0);
	assert_int_equal(gantry_stream_manager_ids(manager, ids, 8), 3);
	assert_string_equal(ids[2], "west");
	assert_int_equal(gantry_stream_manager_active_ids(manager, ids, 8), 2);
	assert_string_equal(ids[1], "west");
	while (gantry_stream_manager_latest_frame(manager, "west", &frame, &error) == -EAGAIN)
		usleep(1000);
	assert_true(frame->width_px > 0);

	struct gantry_aggregated_statistics sum;
	gantry_stream_manager_get_aggregated(manager, &sum);
	assert_int_equal(sum.total_streams, 3);
	assert_int_equal(sum.active_streams, 2);
	assert_true(sum.total_frames_read > 0);
	assert_true(sum.drop_rate >= 0 && sum.drop_rate <= 1);
	assert_int_equal(gantry_stream_manager_stop(manager, "west", &error), 0);
	assert_int_equal(gantry_stream_manager_remove(manager, "north", &error), 0);
	assert_int_equal(gantry_stream_manager_remove(manager, "north", &error), -ENOENT);
	assert_int_equal(gantry_stream_manager_start(manager, "north", &error), -ENOENT);
	struct gantry_stream_statistics s;
	assert_int_equal(gantry_stream_manager_get_statistics(manager, "north", &s), -ENOENT);
	assert_int_equal(gantry_stream_manager_get_statistics(manager, "west", &s), 0);
	assert_int_equal(s.state, GANTRY_STREAM_STOPPED);
	gantry_stream_manager_stop_all(manager);
	gantry_stream_manager_destroy(&manager);
	/* The frame is still ours. */
	assert_true(frame->data[0][0] <= 255);
	gantry_frame_free(&frame);
}

static void a_thousand_can_be_configured(void **state)
{
	(void)state;
	char id[16];
	struct gantry_error error;
	assert_int_equal(gantry_stream_manager_create(&manager, &error), 0);
	for (int i = 0; i < 1000; i++) {
		snprintf(id, sizeof(id), "cam%d", i);
		add(id, "rtsp://user:secret@127.0.0.1:9/x", 0);
	}
	struct gantry_aggregated_statistics sum;
	gantry_stream_manager_get_aggregated(manager, &sum);
	assert_int_equal(sum.total_streams, 1000);
	assert_int_equal(sum.active_streams, 0);
	for (int i = 0; i < 1000; i += 2) {
		snprintf(id, sizeof(id), "cam%d", i);
		assert_int_equal(gantry_stream_manager_remove(manager, id, &error), 0);
	}
	assert_int_equal(gantry_stream_manager_ids(manager, NULL, 0), 500);
	gantry_stream_manager_destroy(&manager);
}

TEST_MAIN(cmocka_unit_test_setup(a_file_gives_its_frames, defaults),
	cmocka_unit_test_setup(the_simulator_is_a_source, defaults),
	cmocka_unit_test_setup(files_give_clips_at_any_pace, defaults),
	cmocka_unit_test_setup(a_manager_keeps_them_apart, defaults),
	cmocka_unit_test_setup(a_thousand_can_be_configured, defaults))
