#include "camera.h"
#include "dialog.h"

#define FILM_COUNT 30
#define NOISE_BYTES 9000000

static char film[256], big_film[256], noise[256];

static int make_films(void **state)
{
	if (film_make_dir(state) < 0)
		return -1;
	film_path("film.mp4", film);
	film_path("big.mp4", big_film);
	film_make(film, FILM_WIDTH_PX, FILM_HEIGHT_PX, FILM_COUNT, "h264", synthetic_fill);
	film_make(big_film, 2 * FILM_WIDTH_PX, 2 * FILM_HEIGHT_PX, FILM_COUNT, "h264",
		synthetic_fill);
	film_path("noise.mp4", noise);
	film_make(noise, 320, 240, 10, "h264", film_noise);
	return 0;
}

static void start(struct camera *camera, bool loop, const struct rtsp_auth *auth)
{
	const char *path = film;
	camera_start(camera, &path, 1, loop, auth, NULL);
}

static void each_method_is_answered(void **state)
{
	struct camera camera;
	struct dialog d;
	(void)state;
	start(&camera, true, NULL);
	assert_int_equal(dialog_open(&d, camera.port), 0);
	assert_int_equal(dialog_ask(&d, "OPTIONS", "", ""), 200);
	assert_non_null(strstr(d.answer, "CSeq: 1\r\n"));
	assert_non_null(strstr(d.answer, "Public: OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE"));
	assert_int_equal(dialog_ask(&d, "DESCRIBE", "cam", ""), 200);
	assert_non_null(strstr(d.answer, "Content-Type: application/sdp"));
	assert_non_null(strstr(d.answer, "m=video 0 RTP/AVP 96"));
	assert_non_null(strstr(d.answer, "a=rtpmap:96 H264/90000"));
	assert_non_null(strstr(d.answer, "sprop-parameter-sets="));
	assert_non_null(strstr(d.answer, "a=framerate:25"));
	assert_non_null(strstr(d.answer, "a=control:track1"));
	assert_int_equal(dialog_ask(&d, "SETUP", "cam/track1",
				 "Transport: RTP/AVP/TCP;unicast;interleaved=4-5\r\n"),
		200);
	assert_non_null(strstr(d.answer, "interleaved=4-5"));
	assert_int_equal(dialog_ask(&d, "PLAY", "cam", ""), 200);
	assert_int_equal(dialog_ask(&d, "GET_PARAMETER", "cam", ""), 200);
	assert_int_equal(dialog_ask(&d, "PAUSE", "cam", ""), 200);
	assert_int_equal(dialog_ask(&d, "TEARDOWN", "cam", ""), 200);
	dialog_close(&d);
	camera_stop(&camera);
}

static void what_cannot_be_done_is_said(void **state)
{
	struct camera camera;
	struct dialog d;
	(void)state;
	start(&camera, true, NULL);
	assert_int_equal(dialog_open(&d, camera.port), 0);
	assert_int_equal(dialog_ask(&d, "DESCRIBE", "other", ""), 404);
	assert_int_equal(
		dialog_ask(&d, "SETUP", "other/track1", "Transport: RTP/AVP/TCP\r\n"), 404);
	assert_int_equal(
		dialog_ask(&d, "SETUP", "cam/track1", "Transport: RTP/AVP;multicast;port=1-2\r\n"),
		461);
	assert_int_equal(dialog_ask(&d, "PLAY", "cam", ""), 454);
	assert_int_equal(dialog_ask(&d, "PLAY", "cam", "Session: 1\r\n"), 454);
	assert_int_equal(dialog_ask(&d, "RECORD", "cam", ""), 501);
	assert_int_equal(dialog_ask(&d, "DESCRIBE", "cam", "Require: www.onvif.org/x\r\n"), 551);
	assert_non_null(strstr(d.answer, "Unsupported: www.onvif.org/x"));
	assert_int_equal(dialog_ask(&d, "SETUP", "cam/track1", "Transport: RTP/AVP/TCP\r\n"), 200);
	assert_int_equal(dialog_ask(&d, "SETUP", "cam/track1", "Transport: RTP/AVP/TCP\r\n"), 459);
	dialog_say(&d, "what?\r\n\r\n");
	assert_int_equal(dialog_status(&d), 400);
	assert_int_equal(dialog_read(&d), 0);
	dialog_close(&d);
	camera_stop(&camera);
}

/* RFC 3550: one sender, no packet missing, the film's own rhythm, a report before all else. */
static void packets_are_one_stream(void **state)
{
	struct camera camera;
	struct dialog d;
	uint8_t packet[2048];
	int channel, picture_count = 0;
	const char *const paths[] = {film, big_film};
	int64_t before_us = wall_now().us;
	(void)state;
	camera_start(&camera, paths, 2, true, NULL, NULL);
	dialog_play(&d, camera.port);
	assert_int_equal(dialog_packet(&d, &channel, packet), 48);
	assert_int_equal(channel, 1);
	assert_int_equal(packet[1], 200);
	uint32_t ssrc = dialog_u32(packet + 4), report_timestamp = dialog_u32(packet + 16);
	double report_s = (double)dialog_u32(packet + 8) - 2208988800.0 +
			  dialog_u32(packet + 12) / 4294967296.0;
	uint32_t first_timestamp = 0, timestamp = 0;
	uint16_t sequence = 0;
	/* Over the end of the first film, of the second, and into the first again. */
	for (int i = 0; picture_count < 2 * FILM_COUNT + 5; i++) {
		int n = dialog_rtp(&d, packet);
		assert_true(n > 12);
		assert_int_equal(dialog_u32(packet + 8), ssrc);
		if (i > 0)
			assert_int_equal(dialog_u16(packet + 2), (uint16_t)(sequence + 1));
		sequence = dialog_u16(packet + 2);
		if (i == 0)
			first_timestamp = dialog_u32(packet + 4);
		else if (dialog_u32(packet + 4) != timestamp)
			assert_int_equal(dialog_u32(packet + 4) - timestamp, 90000 / FILM_FPS);
		timestamp = dialog_u32(packet + 4);
		picture_count += (packet[1] & 0x80) != 0;
	}
	/* The wall time of the first picture, as a client computes it. */
	double first_s = report_s + (double)(int32_t)(first_timestamp - report_timestamp) / 90000;
	assert_true(first_s * 1e6 >= (double)before_us - 1000);
	assert_true(first_s * 1e6 <= (double)wall_now().us);
	dialog_close(&d);
	camera_stop(&camera);
}

/* RFC 6184: a sequence parameter set (7) comes first, alone or in an aggregate (24). */
static bool is_key_start(const uint8_t *packet)
{
	int kind = packet[12] & 31;
	return kind == 7 || (kind == 24 && (packet[15] & 31) == 7);
}

static void a_later_client_begins_with_a_key_frame(void **state)
{
	struct camera camera;
	struct dialog first, second;
	uint8_t packet[2048], other[2048];
	(void)state;
	start(&camera, true, NULL);
	dialog_play(&first, camera.port);
	for (int i = 0; i < 5; i++)
		assert_true(dialog_rtp(&first, packet) > 0);
	dialog_play(&second, camera.port);
	assert_true(dialog_rtp(&second, other) > 12);
	/* One stream for both. */
	assert_int_equal(dialog_u32(other + 8), dialog_u32(packet + 8));
	assert_int_equal((dialog_u32(other + 4) - dialog_u32(packet + 4)) % 3600, 0);
	assert_true(is_key_start(other));
	dialog_close(&first);
	dialog_close(&second);
	camera_stop(&camera);
}

static void pause_stops_and_play_goes_on(void **state)
{
	struct camera camera;
	struct dialog d;
	uint8_t packet[2048];
	int channel;
	(void)state;
	start(&camera, true, NULL);
	dialog_play(&d, camera.port);
	assert_true(dialog_rtp(&d, packet) > 0);
	assert_int_equal(dialog_ask(&d, "PAUSE", "cam", ""), 200);
	dialog_patience(&d, 200);
	assert_int_equal(dialog_packet(&d, &channel, packet), -EAGAIN);
	dialog_patience(&d, 1000 * DIALOG_WAIT_S);
	assert_int_equal(dialog_ask(&d, "PLAY", "cam", ""), 200);
	assert_true(dialog_rtp(&d, packet) > 0);
	dialog_close(&d);
	camera_stop(&camera);
}

static void the_end_is_said_and_the_next_begins_anew(void **state)
{
	struct camera camera;
	struct dialog d;
	uint8_t packet[2048];
	int channel, n;
	(void)state;
	start(&camera, false, NULL);
	for (int round = 0; round < 2; round++) {
		int picture_count = 0;
		bool bye = false;
		dialog_play(&d, camera.port);
		while (!bye && (n = dialog_packet(&d, &channel, packet)) > 0) {
			picture_count += channel == 0 && (packet[1] & 0x80) != 0;
			bye = channel == 1 && n == 56 && packet[49] == 203;
		}
		assert_true(bye);
		assert_int_equal(picture_count, FILM_COUNT);
		dialog_close(&d);
	}
	camera_stop(&camera);
}

/*
 * A client that reads nothing loses packets, whole ones, and goes on with a key frame; the other
 * one gets every packet.
 */
static void a_stuck_client_hinders_nobody(void **state)
{
	const char *path = noise;
	struct camera camera;
	struct dialog stuck, healthy;
	uint8_t packet[2048];
	(void)state;
	camera_start(&camera, &path, 1, true, NULL, NULL);
	dialog_play(&stuck, camera.port);
	dialog_play(&healthy, camera.port);
	assert_true(dialog_rtp(&healthy, packet) > 0);
	uint16_t sequence = dialog_u16(packet + 2);
	/* More than the server and the kernel keep for one client. */
	for (int64_t bytes = 0, n; bytes < NOISE_BYTES; bytes += n) {
		n = dialog_rtp(&healthy, packet);
		assert_true(n > 0);
		assert_int_equal(dialog_u16(packet + 2), (uint16_t)(sequence + 1));
		sequence = dialog_u16(packet + 2);
	}
	dialog_close(&healthy);
	assert_true(dialog_rtp(&stuck, packet) > 0);
	uint16_t last = dialog_u16(packet + 2), step;
	do {
		assert_true(dialog_rtp(&stuck, packet) > 0);
		step = (uint16_t)(dialog_u16(packet + 2) - last);
		last = dialog_u16(packet + 2);
	} while (step == 1);
	assert_true(is_key_start(packet));
	dialog_close(&stuck);
	camera_stop(&camera);
}

static void names_and_addresses_that_cannot_be(void **state)
{
	const char *path = film;
	struct rtsp_server *server;
	struct rtsp_source *source;
	struct err err;
	(void)state;
	assert_int_equal(
		rtsp_server_create(&(struct rtsp_server_params){.bind = "here"}, &err, &server),
		-EINVAL);
	assert_int_equal(
		rtsp_server_create(&(struct rtsp_server_params){.port = 70000}, &err, &server),
		-EINVAL);
	assert_int_equal(rtsp_source_files(&path, 0, true, &err, &source), -EINVAL);
	const char *missing = "/nowhere/film.mp4";
	assert_int_equal(rtsp_source_files(&missing, 1, true, &err, &source), -ENOENT);
	assert_int_equal(rtsp_source_files(&path, 1, true, &err, &source), 0);
	assert_int_equal(rtsp_server_create(&(struct rtsp_server_params){0}, &err, &server), 0);
	assert_int_equal(rtsp_server_mount(server, "a/b", &source, true, &err), -EINVAL);
	assert_int_equal(rtsp_server_mount(server, "", &source, true, &err), -EINVAL);
	assert_int_equal(rtsp_server_mount(server, "a", &source, true, &err), 0);
	assert_null(source);
	assert_int_equal(rtsp_source_files(&path, 1, true, &err, &source), 0);
	assert_int_equal(rtsp_server_mount(server, "a", &source, true, &err), -EEXIST);
	struct rtsp_server *second = NULL;
	assert_int_equal(
		rtsp_server_create(&(struct rtsp_server_params){.port = rtsp_server_port(server)},
			&err, &second),
		-EADDRINUSE);
	rtsp_source_destroy(&source);
	rtsp_server_destroy(&server);
}

TEST_MAIN(cmocka_unit_test_setup(each_method_is_answered, make_films),
	cmocka_unit_test(what_cannot_be_done_is_said), cmocka_unit_test(packets_are_one_stream),
	cmocka_unit_test(a_later_client_begins_with_a_key_frame),
	cmocka_unit_test(pause_stops_and_play_goes_on),
	cmocka_unit_test(the_end_is_said_and_the_next_begins_anew),
	cmocka_unit_test(a_stuck_client_hinders_nobody),
	cmocka_unit_test_teardown(names_and_addresses_that_cannot_be, film_remove_dir))
