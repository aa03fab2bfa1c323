/*
 * Streams from other people's servers, and from one that is killed: GStreamer's over TCP, UDP, with
 * digest authentication and TLS, ours as a process of its own.
 */
#include "av/ffmpeg.h"
#include "ingest/stream.h"
#include "test.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define PATIENCE_US INT64_C(30000000)
/* The bound for coming back. */
#define BACK_MAX_US 1000000

static char film[256], certificate[256];

struct server {
	pid_t pid;
	char url[128];
};

/* Runs the program; its first line is the URL, and comes once it listens. */
static void server_start(struct server *s, const char *const argv[])
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	s->pid = fork();
	assert_true(s->pid >= 0);
	if (s->pid == 0) {
		/* A test that fails leaves none behind. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[1], STDOUT_FILENO);
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(ends[1]);
	FILE *out = fdopen(ends[0], "r");
	assert_non_null(out);
	if (!fgets(s->url, sizeof(s->url), out))
		fail_msg("%s does not start", argv[0]);
	s->url[strcspn(s->url, "\n")] = '\0';
	fclose(out);
}

static void server_kill(struct server *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
}

static const char *gstreamer(void)
{
	const char *program = getenv("GANTRY_GST_SERVER");
	if (!program || !program[0] || system("gst-inspect-1.0 rtph264pay >/dev/null 2>&1") != 0) {
		print_message("skipped: no GStreamer RTSP server\n");
		skip();
	}
	return program;
}

static struct stream *watch(const char *url, enum av_transport transport, bool password)
{
	struct err err = {{0}};
	struct stream *s;
	struct stream_params params;
	stream_params_init(&params);
	params.source = url;
	params.transport = transport;
	params.target_fps = 0;
	params.reconnect_attempts = -1;
	if (password) {
		params.username = "me";
		params.password = "sec/ret";
	}
	if (stream_create(&params, &err, &s) < 0 || stream_start(s, &err) < 0)
		fail_msg("%s", err.text);
	return s;
}

/* The next frame's marks. */
static unsigned take(struct stream *s, struct media *last)
{
	struct err err = {{0}};
	struct frame *frame;
	unsigned flags;
	int r = stream_next(s, mono_after(mono_now(), PATIENCE_US), &err, &frame, &flags);
	if (r != FLOW_MORE) {
		struct stream_stats st;
		stream_stats(s, &st);
		fail_msg("%d: %s%s", r, err.text, st.reason);
	}
	assert_true(frame->media.us > last->us);
	*last = frame->media;
	frame_unref(&frame);
	return flags;
}

/* Fifty whole pictures, and as many more as come before the server's first report of its time. */
static void check_pictures(const char *url, enum av_transport transport, bool password)
{
	struct stream *s = watch(url, transport, password);
	struct media last = {-1};
	struct stream_stats st;
	stream_stats(s, &st);
	for (int i = 0; i < 50 || (i < 500 && !st.has_camera_clock); i++) {
		assert_int_equal(take(s, &last) & FRAME_CORRUPT, 0);
		stream_stats(s, &st);
	}
	assert_string_equal(st.codec, "h264");
	assert_int_equal(st.width_px, 320);
	assert_int_equal(st.connect_count, 1);
	assert_int_equal(st.missed_packet_count + st.dropped_undecodable, 0);
	assert_true(st.has_camera_clock);
	assert_true(st.camera_clock_offset_s > -2 && st.camera_clock_offset_s < 2);
	stream_destroy(&s);
}

static void gstreamer_over_tcp_and_udp(void **state)
{
	(void)state;
	struct server server;
	server_start(&server, (const char *[]){gstreamer(), film, NULL});
	check_pictures(server.url, AV_TRANSPORT_TCP, false);
	check_pictures(server.url, AV_TRANSPORT_UDP, false);
	check_pictures(server.url, AV_TRANSPORT_AUTO, false);
	server_kill(&server);
}

static void gstreamer_with_a_password(void **state)
{
	(void)state;
	struct server server;
	server_start(&server, (const char *[]){gstreamer(), film, "--digest", "me:sec/ret", NULL});
	check_pictures(server.url, AV_TRANSPORT_TCP, true);
	server_kill(&server);
}

static void gstreamer_over_tls(void **state)
{
	(void)state;
	struct server server;
	server_start(&server, (const char *[]){gstreamer(), film, "--tls", certificate, NULL});
	assert_int_equal(strncmp(server.url, "rtsps://", 8), 0);
	check_pictures(server.url, AV_TRANSPORT_TCP, false);
	server_kill(&server);
}

static void wait_for(struct stream *s, enum stream_state state)
{
	struct mono deadline = mono_after(mono_now(), PATIENCE_US);
	struct stream_stats st;
	for (stream_stats(s, &st); st.state != state; stream_stats(s, &st)) {
		if (mono_now().us > deadline.us)
			fail_msg("%s, not %s: %s", stream_state_name(st.state),
				stream_state_name(state), st.reason);
		usleep(2000);
	}
}

/* A server that is killed, and back after a while: how long until pictures come again. With the
 * delays that people have who set none, so the back-off is at its first step. */
static int64_t back_us(void)
{
	const char *program = getenv("GANTRY_RTSP_SERVER");
	char port[16];
	struct server server;
	struct media last = {-1};
	assert_non_null(program);
	server_start(&server, (const char *[]){program, "--file", film, "--loop", NULL});
	snprintf(port, sizeof(port), "%d", atoi(strrchr(server.url, ':') + 1));
	struct stream *s = watch(server.url, AV_TRANSPORT_TCP, false);
	for (int i = 0; i < 10; i++)
		take(s, &last);
	server_kill(&server);
	wait_for(s, STREAM_BACKING_OFF);
	usleep(700000);
	server_start(
		&server, (const char *[]){program, "--file", film, "--loop", "--port", port, NULL});
	struct mono back = mono_now();
	wait_for(s, STREAM_LIVE);
	int64_t us = mono_now().us - back.us;
	while (!(take(s, &last) & FRAME_GAP))
		;
	struct stream_stats st;
	stream_stats(s, &st);
	assert_int_equal(st.reconnect_count, 1);
	assert_true(st.gap_count >= 1);
	stream_destroy(&s);
	server_kill(&server);
	return us;
}

/* A busy machine may take the processor away from one of three tries. */
static void a_killed_server_is_found_within_a_second(void **state)
{
	(void)state;
	const char *patience = getenv("GANTRY_TEST_PATIENCE");
	int64_t us = BACK_MAX_US;
	for (int tries = 0; tries < 3 && us >= BACK_MAX_US; tries++)
		us = back_us();
	assert_true(us < BACK_MAX_US * (patience ? atoi(patience) : 1));
}

static void command(const char *text)
{
	if (system(text) != 0)
		fail_msg("%s", text);
}

static int make_files(void **state)
{
	static char dir[] = "/tmp/gantry-peers-XXXXXX";
	char text[1024];
	ffmpeg_need();
	if (!mkdtemp(dir))
		return -1;
	*state = dir;
	snprintf(film, sizeof(film), "%s/film.mp4", dir);
	snprintf(certificate, sizeof(certificate), "%s/both.pem", dir);
	snprintf(text, sizeof(text),
		"ffmpeg -v error -y -f lavfi -i testsrc=size=320x240:rate=25:duration=30 "
		"-pix_fmt yuv420p -c:v libx264 -bf 0 -g 25 '%s'",
		film);
	command(text);
	snprintf(text, sizeof(text),
		"openssl req -x509 -newkey rsa:2048 -nodes -keyout '%s.key' -out '%s' -days 2 "
		"-subj /CN=localhost 2>/dev/null && cat '%s.key' >> '%s'",
		certificate, certificate, certificate, certificate);
	command(text);
	return 0;
}

static int remove_files(void **state)
{
	char text[512];
	snprintf(text, sizeof(text), "rm -rf '%s'", (const char *)*state);
	return system(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gstreamer_over_tcp_and_udp),
		cmocka_unit_test(gstreamer_with_a_password),
		cmocka_unit_test(gstreamer_over_tls),
		cmocka_unit_test(a_killed_server_is_found_within_a_second),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_files, remove_files);
}
