/* Other people's clients watch: ffmpeg and GStreamer, over TCP and UDP, with and without password.
 */
#include "av/ffmpeg.h"
#include "camera.h"

#define FILM_COUNT 30

static char film[256], hevc_film[256], other_film[256];

static int make_films(void **state)
{
	if (film_make_dir(state) < 0)
		return -1;
	film_path("film.mp4", film);
	film_path("hevc.mp4", hevc_film);
	film_path("mpeg4.mp4", other_film);
	film_make(film, FILM_WIDTH_PX, FILM_HEIGHT_PX, FILM_COUNT, "h264", synthetic_fill);
	film_make(hevc_film, FILM_WIDTH_PX, FILM_HEIGHT_PX, FILM_COUNT, "hevc", synthetic_fill);
	film_make(other_film, FILM_WIDTH_PX, FILM_HEIGHT_PX, FILM_COUNT, "mpeg4", synthetic_fill);
	return 0;
}

/* The first line that a command prints; its exit code. */
static int first_line(const char *command, char *line, int size)
{
	FILE *pipe = popen(command, "r");
	assert_non_null(pipe);
	line[0] = '\0';
	char *got = fgets(line, size, pipe);
	(void)got;
	return pclose(pipe);
}

/* The hash of all decoded pictures, in order, whatever their times; "" where it failed. */
static void ffmpeg_hash(const char *options, const char *url, char *line, int size)
{
	char command[1024];
	snprintf(command, sizeof(command),
		"timeout 30 ffmpeg -nostdin -v quiet %s -i '%s' -an -fps_mode passthrough "
		"-f hash -hash md5 - 2>/dev/null",
		options, url);
	first_line(command, line, size);
}

static void ffmpeg_sees_every_picture_as_it_is(void **state)
{
	const char *const films[] = {film, hevc_film, other_film};
	const char *const transports[] = {"-rtsp_transport tcp", "-rtsp_transport udp"};
	(void)state;
	ffmpeg_need();
	for (int i = 0; i < 3; i++) {
		char wanted[128], got[128];
		ffmpeg_hash("", films[i], wanted, sizeof(wanted));
		assert_non_null(strstr(wanted, "MD5="));
		for (int k = 0; k < 2; k++) {
			struct camera camera;
			camera_start(&camera, &films[i], 1, false, NULL, NULL);
			ffmpeg_hash(transports[k], camera.url, got, sizeof(got));
			assert_string_equal(got, wanted);
			camera_stop(&camera);
		}
	}
}

static bool ffprobe_opens(int port, const char *credentials)
{
	char command[512], line[128];
	snprintf(command, sizeof(command),
		"timeout 30 ffprobe -v quiet -rtsp_transport tcp -show_entries stream=width "
		"-of csv=p=0 'rtsp://%s127.0.0.1:%d/cam'",
		credentials, port);
	return first_line(command, line, sizeof(line)) == 0 && atoi(line) == FILM_WIDTH_PX;
}

static void ffmpeg_has_to_know_the_password(void **state)
{
	const struct rtsp_auth auths[] = {
		{RTSP_AUTH_BASIC, "admin", "se:cret"}, {RTSP_AUTH_DIGEST, "admin", "se:cret"}};
	(void)state;
	ffmpeg_need();
	for (int i = 0; i < 2; i++) {
		const char *path = film;
		struct camera camera;
		camera_start(&camera, &path, 1, true, &auths[i], NULL);
		assert_true(ffprobe_opens(camera.port, "admin:se%3Acret@"));
		assert_false(ffprobe_opens(camera.port, "admin:secret@"));
		assert_false(ffprobe_opens(camera.port, ""));
		camera_stop(&camera);
	}
}

static void many_clients_and_mounts_at_once(void **state)
{
	const char *path = film, *other = hevc_film;
	struct camera camera;
	struct rtsp_source *source;
	FILE *pipes[6];
	(void)state;
	ffmpeg_need();
	camera_start(&camera, &path, 1, true, NULL, NULL);
	assert_int_equal(rtsp_source_files(&other, 1, true, NULL, &source), 0);
	/* Mounts are added before the run. */
	camera_pause(&camera);
	assert_int_equal(rtsp_server_mount(camera.server, "two", &source, false, NULL), 0);
	camera_resume(&camera);
	for (int i = 0; i < 6; i++) {
		char command[512];
		snprintf(command, sizeof(command),
			"timeout 30 ffmpeg -nostdin -v error -rtsp_transport %s -i "
			"'rtsp://127.0.0.1:%d/%s' -frames:v 20 -f null - 2>&1",
			i % 2 ? "udp" : "tcp", camera.port, i < 3 ? "cam" : "two");
		pipes[i] = popen(command, "r");
		assert_non_null(pipes[i]);
	}
	for (int i = 0; i < 6; i++)
		assert_int_equal(pclose(pipes[i]), 0);
	camera_stop(&camera);
}

static void gstreamer_need(void)
{
	if (system("gst-inspect-1.0 rtspsrc >/dev/null 2>&1 && "
		   "gst-inspect-1.0 rtph264depay >/dev/null 2>&1 && "
		   "gst-inspect-1.0 h264parse >/dev/null 2>&1") != 0) {
		print_message("skipped: no GStreamer with rtspsrc\n");
		skip();
	}
}

/* An independent client, which also looks at RTCP, jitter and the timing of packets. */
static void gstreamer_sees_every_picture(void **state)
{
	const struct rtsp_auth auth = {RTSP_AUTH_DIGEST, "admin", "secret"};
	const char *path = film;
	(void)state;
	gstreamer_need();
	for (int udp = 0; udp < 2; udp++) {
		struct camera camera;
		char command[1024], line[64];
		camera_start(&camera, &path, 1, false, &auth, NULL);
		snprintf(command, sizeof(command),
			"timeout 30 gst-launch-1.0 -v rtspsrc location=%s user-id=admin "
			"user-pw=secret protocols=%s latency=200 ! rtph264depay ! h264parse ! "
			"video/x-h264,alignment=au ! fakesink name=eye silent=false 2>&1 | "
			"grep -c 'GstFakeSink:eye: last-message = chain'",
			camera.url, udp ? "udp" : "tcp");
		first_line(command, line, sizeof(line));
		assert_int_equal(atoi(line), FILM_COUNT);
		camera_stop(&camera);
	}
}

TEST_MAIN(cmocka_unit_test_setup(ffmpeg_sees_every_picture_as_it_is, make_films),
	cmocka_unit_test(ffmpeg_has_to_know_the_password),
	cmocka_unit_test(many_clients_and_mounts_at_once),
	cmocka_unit_test_teardown(gstreamer_sees_every_picture, film_remove_dir))
