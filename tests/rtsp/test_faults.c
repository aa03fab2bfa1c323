/* Each scripted fault is what it says, so that tests of others can lean on it. */
#include "camera.h"
#include "dialog.h"

static char film[256];

static int make_films(void **state)
{
	if (film_make_dir(state) < 0)
		return -1;
	film_path("film.mp4", film);
	film_make(film, FILM_WIDTH_PX, FILM_HEIGHT_PX, 30, "h264", synthetic_fill);
	return 0;
}

static void start(struct camera *camera, const char *fault)
{
	const char *path = film;
	camera_start(camera, &path, 1, true, NULL, fault);
}

static void faults_are_read(void **state)
{
	struct rtsp_faults faults;
	(void)state;
	rtsp_faults_init(&faults, 1);
	assert_int_equal(rtsp_faults_add(&faults, "jump:after=2.5,by=-10,times=1"), 0);
	assert_int_equal(faults.items[0].kind, RTSP_FAULT_JUMP);
	assert_true(faults.items[0].after_s == 2.5 && faults.items[0].by_s == -10);
	assert_int_equal(faults.items[0].times, 1);
	assert_int_equal(rtsp_faults_add(&faults, "jumps"), -EINVAL);
	assert_int_equal(rtsp_faults_add(&faults, "jump:by"), -EINVAL);
	assert_int_equal(rtsp_faults_add(&faults, "jump:to=3"), -EINVAL);
	assert_int_equal(rtsp_faults_add(&faults, "jump:by=3;after=2"), -EINVAL);
	assert_int_equal(faults.count, 1);
}

static void refused_for_a_while(void **state)
{
	struct camera camera;
	struct dialog d;
	int r;
	(void)state;
	start(&camera, "refuse:for=0.5");
	/* The server takes a moment to close its port. */
	for (r = 0; r == 0; usleep(5000)) {
		r = dialog_open(&d, camera.port);
		dialog_close(&d);
	}
	assert_int_equal(r, -ECONNREFUSED);
	for (int i = 0; i < 1000 && r < 0; i++, usleep(10000)) {
		r = dialog_open(&d, camera.port);
		if (r < 0)
			dialog_close(&d);
	}
	assert_int_equal(r, 0);
	assert_int_equal(dialog_ask(&d, "OPTIONS", "", ""), 200);
	dialog_close(&d);
	camera_stop(&camera);
}

static void described_wrongly(void **state)
{
	static const struct {
		const char *fault;
		int status;
		const char *with, *without;
	} cases[] = {
		{"status:code=404", 404, "Not Found", "m=video"},
		{"status:code=401", 401, "WWW-Authenticate", "m=video"},
		{"bad-sdp", 200, "m=video 0\r\n", "H264"},
		{"wrong-sprop", 200, "sprop-parameter-sets=Z0LACtkEewEQAAADABAAAAMDIPEiZIA=,",
			NULL},
		{"no-sprop", 200, "H264", "sprop-parameter-sets"},
		{"status:code=503,times=0", 503, "Service Unavailable", "m=video"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct camera camera;
		struct dialog d;
		start(&camera, cases[i].fault);
		assert_int_equal(dialog_open(&d, camera.port), 0);
		assert_int_equal(dialog_ask(&d, "DESCRIBE", "cam", ""), cases[i].status);
		assert_non_null(strstr(d.answer, cases[i].with));
		if (cases[i].without)
			assert_null(strstr(d.answer, cases[i].without));
		dialog_close(&d);
		camera_stop(&camera);
	}
}

static void only_the_first_connections(void **state)
{
	struct camera camera;
	struct dialog d;
	(void)state;
	start(&camera, "status:code=404,times=2");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(dialog_open(&d, camera.port), 0);
		assert_int_equal(dialog_ask(&d, "DESCRIBE", "cam", ""), i < 2 ? 404 : 200);
		dialog_close(&d);
	}
	camera_stop(&camera);
}

static void silent_to_describe(void **state)
{
	struct camera camera;
	struct dialog d;
	(void)state;
	start(&camera, "silent");
	assert_int_equal(dialog_open(&d, camera.port), 0);
	assert_int_equal(dialog_ask(&d, "OPTIONS", "", ""), 200);
	dialog_patience(&d, 200);
	assert_int_equal(dialog_ask(&d, "DESCRIBE", "cam", ""), -EAGAIN);
	dialog_close(&d);
	camera_stop(&camera);
}

/* Pictures that came whole before nothing came any more; *ret_end as dialog_packet() said it. */
static int pictures_until_end(struct dialog *d, int *ret_end)
{
	uint8_t packet[2048];
	int n, count = 0;
	dialog_patience(d, 500);
	while ((n = dialog_rtp(d, packet)) > 0)
		count += (packet[1] & 0x80) != 0;
	*ret_end = n;
	return count;
}

static void stalled_behind_a_picture(void **state)
{
	struct camera camera;
	struct dialog d;
	int end;
	(void)state;
	start(&camera, "stall:pictures=7");
	dialog_play(&d, camera.port);
	assert_int_equal(pictures_until_end(&d, &end), 7);
	assert_int_equal(end, -EAGAIN);
	dialog_patience(&d, 1000 * DIALOG_WAIT_S);
	assert_int_equal(dialog_ask(&d, "GET_PARAMETER", "cam", ""), 200);
	dialog_close(&d);
	camera_stop(&camera);
}

static void reset_behind_a_picture(void **state)
{
	struct camera camera;
	struct dialog d;
	int end;
	(void)state;
	start(&camera, "reset:pictures=7");
	dialog_play(&d, camera.port);
	assert_true(pictures_until_end(&d, &end) <= 7);
	assert_int_equal(end, -ECONNRESET);
	dialog_close(&d);
	camera_stop(&camera);
}

static void packets_are_lost(void **state)
{
	struct camera camera;
	struct dialog d;
	uint8_t packet[2048];
	(void)state;
	start(&camera, "drop:ratio=0.5");
	dialog_play(&d, camera.port);
	assert_true(dialog_rtp(&d, packet) > 0);
	uint16_t first = dialog_u16(packet + 2), last = first;
	int got = 1;
	for (; (uint16_t)(last - first) < 60; got++) {
		assert_true(dialog_rtp(&d, packet) > 0);
		last = dialog_u16(packet + 2);
	}
	assert_in_range(got, 15, 46);
	dialog_close(&d);
	camera_stop(&camera);
}

/* The same film twice, once corrupted: the packets differ in exactly one byte. */
static void bytes_are_corrupted(void **state)
{
	struct camera good, bad;
	struct dialog a, b;
	uint8_t x[2048], y[2048];
	(void)state;
	start(&good, NULL);
	start(&bad, "corrupt:ratio=1");
	dialog_play(&a, good.port);
	dialog_play(&b, bad.port);
	for (int i = 0; i < 10; i++) {
		int n = dialog_rtp(&a, x), differences = 0;
		assert_int_equal(dialog_rtp(&b, y), n);
		for (int k = 12; k < n; k++)
			differences += x[k] != y[k];
		assert_int_equal(differences, 1);
	}
	dialog_close(&a);
	dialog_close(&b);
	camera_stop(&good);
	camera_stop(&bad);
}

static void the_clock_jumps(void **state)
{
	static const struct {
		const char *fault;
		int32_t ticks;
	} cases[] = {{"jump:pictures=5,by=100", 9000000}, {"jump:pictures=5,by=-2", -180000}};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct camera camera;
		struct dialog d;
		uint8_t packet[2048];
		int jump_count = 0, other_count = 0;
		start(&camera, cases[i].fault);
		dialog_play(&d, camera.port);
		assert_true(dialog_rtp(&d, packet) > 0);
		uint32_t last = dialog_u32(packet + 4);
		for (int k = 0; k < 15; k++) {
			assert_true(dialog_rtp(&d, packet) > 0);
			int32_t step = (int32_t)(dialog_u32(packet + 4) - last);
			jump_count += step == cases[i].ticks + 3600;
			other_count += step != cases[i].ticks + 3600 && step != 3600 && step != 0;
			last = dialog_u32(packet + 4);
		}
		assert_int_equal(jump_count, 1);
		assert_int_equal(other_count, 0);
		dialog_close(&d);
		camera_stop(&camera);
	}
}

static void reports_are_wrong_or_missing(void **state)
{
	struct camera camera;
	struct dialog d;
	uint8_t packet[2048];
	int channel;
	(void)state;
	start(&camera, "wall:by=3600");
	dialog_play(&d, camera.port);
	assert_true(dialog_packet(&d, &channel, packet) > 0);
	assert_int_equal(channel, 1);
	int64_t ahead_s = (int64_t)dialog_u32(packet + 8) - 2208988800 - wall_now().us / 1000000;
	assert_in_range(ahead_s, 3590, 3601);
	dialog_close(&d);
	camera_stop(&camera);
	start(&camera, "no-reports");
	dialog_play(&d, camera.port);
	assert_true(dialog_packet(&d, &channel, packet) > 0);
	assert_int_equal(channel, 0);
	dialog_close(&d);
	camera_stop(&camera);
}

static void bytes_come_in_drips(void **state)
{
	struct camera camera;
	struct dialog d;
	int received = 0, n;
	(void)state;
	start(&camera, "drip:rate=300");
	dialog_play(&d, camera.port);
	d.in_count = 0;
	struct mono begin = mono_now();
	while ((n = dialog_read(&d)) > 0 && received < 150) {
		received += n;
		d.in_count = 0;
	}
	assert_true(n > 0);
	/* Some bytes all the time, never more than the rate; PLAY was up to a moment earlier. */
	double s = (double)(mono_now().us - begin.us) * 1e-6;
	assert_true(received <= (s + 2) * 300);
	dialog_close(&d);
	camera_stop(&camera);
}

TEST_MAIN(cmocka_unit_test_setup(faults_are_read, make_films),
	cmocka_unit_test(refused_for_a_while), cmocka_unit_test(described_wrongly),
	cmocka_unit_test(only_the_first_connections), cmocka_unit_test(silent_to_describe),
	cmocka_unit_test(stalled_behind_a_picture), cmocka_unit_test(reset_behind_a_picture),
	cmocka_unit_test(packets_are_lost), cmocka_unit_test(bytes_are_corrupted),
	cmocka_unit_test(the_clock_jumps), cmocka_unit_test(reports_are_wrong_or_missing),
	cmocka_unit_test_teardown(bytes_come_in_drips, film_remove_dir))
