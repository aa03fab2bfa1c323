/*
 * Live views of a camera: its own video as fragments of mp4, and its pictures; for one viewer, for
 * several, for one who is slow, and when the camera changes or goes.
 */
#include "av/reader.h"
#include "base/jsonin.h"
#include "cameras/cameras.h"
#include "cameras/live_pictures.h"
#include "cameras/live_video.h"
#include "rtsp/camera.h"

#include <errno.h>

#define SOON_US INT64_C(120000000)
#define FILM_FRAMES 50
#define STEP_US 5000

struct fixture {
	char dir[64], film[256], large[256], hevc[256], other[256];
	struct store *store;
	struct cameras *cameras;
	struct camera rtsp;
	FILE *file; /* what was pulled since the last head */
	int fragments; /* in it */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char path[96], evidence[96];
	struct err err = {""};
	snprintf(f->dir, sizeof(f->dir), "/tmp/gantry-live-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(path, sizeof(path), "%s/store.db", f->dir);
	snprintf(evidence, sizeof(evidence), "%s/evidence", f->dir);
	struct cameras_params params = {.evidence_dir = evidence};
	assert_int_equal(store_open(&(struct store_params){.path = path}, &err, &f->store), 0);
	params.store = f->store;
	assert_int_equal(cameras_create(&params, &err, &f->cameras), 0);
	assert_int_equal(cameras_load(f->cameras, &err), 0);
	film_path("film.mp4", f->film);
	film_path("large.mp4", f->large);
	film_path("hevc.mp4", f->hevc);
	film_path("other.mp4", f->other);
	film_make(f->film, FILM_WIDTH_PX, FILM_HEIGHT_PX, FILM_FRAMES, "h264", synthetic_fill);
	film_make(f->large, 2 * FILM_WIDTH_PX, 2 * FILM_HEIGHT_PX, FILM_FRAMES, "h264",
		synthetic_fill);
	film_make(f->hevc, FILM_WIDTH_PX, FILM_HEIGHT_PX, FILM_FRAMES, "hevc", synthetic_fill);
	film_make(f->other, FILM_WIDTH_PX, FILM_HEIGHT_PX, FILM_FRAMES, "mpeg4", synthetic_fill);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char command[128];
	cameras_destroy(&f->cameras);
	store_close(&f->store);
	snprintf(command, sizeof(command), "rm -rf '%s'", f->dir);
	int r = system(command);
	free(f);
	return r;
}

static void add(struct fixture *f, const char *id, const char *source)
{
	char body[512];
	struct problems problems = {0};
	struct err err = {""};
	int64_t version;
	int n = snprintf(body, sizeof(body),
		"{\"id\":\"%s\",\"source\":\"%s\",\"loop\":true,\"reconnect_attempts\":-1,"
		"\"reconnect_delay\":0.1}",
		id, source);
	struct cameras_change change = {
		.body = body, .length = (size_t)n, .expected_version = -1, .actor = "test"};
	if (cameras_add(f->cameras, &change, &problems, &err, &version) < 0)
		fail_msg("%s", err.text);
	problems_finish(&problems);
}

static void remove_one(struct fixture *f, const char *id)
{
	struct err err = {""};
	struct cameras_change change = {.id = id, .actor = "test"};
	assert_int_equal(cameras_remove(f->cameras, &change, &err), 0);
}

/* The next piece, waiting for it; false at the end. */
static bool pull(struct live_video *video, struct live_video_piece *ret_piece)
{
	struct mono deadline = mono_after(mono_now(), SOON_US);
	int r;
	while ((r = live_video_next(video, ret_piece)) == 0 && mono_now().us < deadline.us)
		usleep(STEP_US);
	assert_int_not_equal(r, 0);
	return r > 0;
}

static void text_of(const struct live_video_piece *piece, const char *key, char value[96])
{
	struct jsonin *document;
	struct err err = {""};
	assert_true(piece->text);
	assert_int_equal(
		jsonin_parse((const char *)piece->bytes, piece->length, &err, &document), 0);
	snprintf(value, 96, "%s", jsonin_string(jsonin_get(document, key), ""));
	jsonin_free(&document);
}

static int64_t number_of(const struct live_video_piece *piece, const char *key)
{
	struct jsonin *document;
	struct err err = {""};
	assert_int_equal(
		jsonin_parse((const char *)piece->bytes, piece->length, &err, &document), 0);
	int64_t value = jsonin_int(jsonin_get(document, key), -1);
	jsonin_free(&document);
	return value;
}

static bool is(const struct live_video_piece *piece, const char *type)
{
	char value[96];
	if (!piece->text)
		return false;
	text_of(piece, "type", value);
	return strcmp(value, type) == 0;
}

static void played_path(const struct fixture *f, char path[96])
{
	snprintf(path, 96, "%s/played.mp4", f->dir);
}

/* A piece that is no text goes to the file; a head begins it. */
static void keep(struct fixture *f, const struct live_video_piece *piece)
{
	char path[96];
	if (piece->text)
		return;
	bool head = memcmp(piece->bytes + 4, "ftyp", 4) == 0;
	if (head) {
		played_path(f, path);
		if (f->file)
			fclose(f->file);
		f->file = fopen(path, "wb");
		f->fragments = 0;
	} else {
		assert_memory_equal(piece->bytes + 4, "moof", 4);
		f->fragments++;
	}
	assert_int_equal(fwrite(piece->bytes, 1, piece->length, f->file), piece->length);
}

static void pull_fragments(struct fixture *f, struct live_video *video, int count)
{
	struct live_video_piece piece;
	while (f->fragments < count) {
		assert_true(pull(video, &piece));
		assert_false(is(&piece, "ended"));
		keep(f, &piece);
	}
}

/* Which picture of the film this is, -1: none. */
static int find_in_film(struct frame *const film[FILM_FRAMES], const struct frame *frame)
{
	for (int i = 0; i < FILM_FRAMES; i++)
		if (synthetic_psnr(film[i], frame) >= 99)
			return i;
	return -1;
}

/* Every fragment kept is one picture of the film, each the one after the one before, but for
 * `jumps` places. */
static void assert_is_film(struct fixture *f, int jumps)
{
	struct frame *film[FILM_FRAMES], *frame;
	struct av_reader *reader;
	char path[96];
	int before = -1, count = 0, jumped = 0;
	fclose(f->file);
	f->file = NULL;
	played_path(f, path);
	assert_int_equal(av_reader_open(f->film, &(struct av_reader_params){0}, NULL, &reader), 0);
	for (int i = 0; i < FILM_FRAMES; i++)
		assert_int_equal(av_reader_read(reader, NULL, &film[i]), FLOW_MORE);
	av_reader_close(&reader);
	assert_int_equal(av_reader_open(path, &(struct av_reader_params){0}, NULL, &reader), 0);
	for (; av_reader_read(reader, NULL, &frame) == FLOW_MORE; count++) {
		int place = find_in_film(film, frame);
		assert_true(place >= 0);
		jumped += before >= 0 && place != (before + 1) % FILM_FRAMES;
		before = place;
		frame_unref(&frame);
	}
	assert_int_equal(count, f->fragments);
	assert_int_equal(jumped, jumps);
	assert_int_equal(av_reader_stats(reader).corrupt_count, 0);
	av_reader_close(&reader);
	for (int i = 0; i < FILM_FRAMES; i++)
		frame_unref(&film[i]);
}

static struct live_video *watch(struct fixture *f, const char *id)
{
	struct live_video *video;
	assert_int_equal(live_video_create(f->cameras, id, &video), 0);
	return video;
}

static void film_camera(struct fixture *f)
{
	const char *paths[] = {f->film};
	camera_start(&f->rtsp, paths, 1, true, NULL, NULL);
	add(f, "north", f->rtsp.url);
}

static void the_video_is_the_cameras(void **state)
{
	struct fixture *f = *state;
	struct live_video_piece piece;
	char codec[96], mime[96];
	film_camera(f);
	struct live_video *video = watch(f, "north");
	assert_true(pull(video, &piece));
	assert_true(is(&piece, "init"));
	text_of(&piece, "codec", codec);
	text_of(&piece, "mime", mime);
	assert_int_equal(strncmp(codec, "avc1.", 5), 0);
	assert_non_null(strstr(mime, codec));
	assert_int_equal(number_of(&piece, "width_px"), FILM_WIDTH_PX);
	pull_fragments(f, video, 30);
	assert_is_film(f, 0);
	live_video_destroy(&video);
	camera_stop(&f->rtsp);
}

/* One who looks again after a while goes on at a key frame, and is told. */
static void who_is_slow_loses_whole_groups(void **state)
{
	struct fixture *f = *state;
	struct live_video_piece piece;
	film_camera(f);
	struct live_video *slow = watch(f, "north"), *quick = watch(f, "north");
	pull_fragments(f, slow, 5);
	struct mono until = mono_after(mono_now(), LIVE_VIDEO_LAG_US + 1500000);
	while (mono_now().us < until.us) {
		assert_true(pull(quick, &piece));
		assert_false(is(&piece, "dropped"));
	}
	do {
		assert_true(pull(slow, &piece));
		keep(f, &piece);
	} while (!is(&piece, "dropped"));
	assert_true(number_of(&piece, "count") > FILM_GOP);
	pull_fragments(f, slow, f->fragments + 12);
	assert_is_film(f, 1);
	live_video_destroy(&slow);
	live_video_destroy(&quick);
	camera_stop(&f->rtsp);
}

static void hevc_too(void **state)
{
	struct fixture *f = *state;
	struct live_video_piece piece;
	char codec[96];
	const char *paths[] = {f->hevc};
	camera_start(&f->rtsp, paths, 1, true, NULL, NULL);
	add(f, "north", f->rtsp.url);
	struct live_video *video = watch(f, "north");
	assert_true(pull(video, &piece));
	text_of(&piece, "codec", codec);
	assert_int_equal(strncmp(codec, "hvc1.1.", 7), 0);
	snprintf(f->film, sizeof(f->film), "%s", f->hevc);
	pull_fragments(f, video, 15);
	assert_is_film(f, 0);
	live_video_destroy(&video);
	camera_stop(&f->rtsp);
}

/* A camera that is configured anew while it runs. */
static void another_size_begins_anew(void **state)
{
	struct fixture *f = *state;
	struct live_video_piece piece;
	const char *paths[] = {f->film, f->large};
	unsigned seen = 0;
	camera_start(&f->rtsp, paths, 2, true, NULL, NULL);
	add(f, "north", f->rtsp.url);
	struct live_video *video = watch(f, "north");
	while (seen != 3) {
		assert_true(pull(video, &piece));
		if (!is(&piece, "init"))
			continue;
		int64_t width_px = number_of(&piece, "width_px");
		assert_true(width_px == FILM_WIDTH_PX || width_px == 2 * FILM_WIDTH_PX);
		seen |= width_px == FILM_WIDTH_PX ? 1u : 2u;
		assert_true(pull(video, &piece));
		assert_memory_equal(piece.bytes + 4, "ftyp", 4);
	}
	live_video_destroy(&video);
	camera_stop(&f->rtsp);
}

static void others_are_sent_to_pictures(void **state)
{
	struct fixture *f = *state;
	struct live_video_piece piece;
	char where[96], detail[96];
	add(f, "old", f->other);
	struct live_video *video = watch(f, "old");
	assert_true(pull(video, &piece));
	assert_true(is(&piece, "ended"));
	text_of(&piece, "mjpeg", where);
	text_of(&piece, "detail", detail);
	assert_string_equal(where, "/streams/old/live");
	assert_non_null(strstr(detail, "mpeg4"));
	assert_false(pull(video, &piece));
	live_video_destroy(&video);
}

static void a_stream_that_is_removed_ends(void **state)
{
	struct fixture *f = *state;
	struct live_video_piece piece;
	film_camera(f);
	struct live_video *video = watch(f, "north");
	pull_fragments(f, video, 3);
	fclose(f->file);
	f->file = NULL;
	remove_one(f, "north");
	while (pull(video, &piece))
		;
	live_video_destroy(&video);
	camera_stop(&f->rtsp);
}

/* Pictures */

static int take(struct live_pictures_viewer *viewer, struct live_picture **ret_picture)
{
	struct mono deadline = mono_after(mono_now(), SOON_US);
	int r;
	while ((r = live_pictures_take(viewer, ret_picture)) == 0 && mono_now().us < deadline.us)
		usleep(STEP_US);
	return r;
}

static void pictures_at_the_viewers_pace(void **state)
{
	struct fixture *f = *state;
	struct live_pictures *pictures;
	struct live_pictures_viewer *quick, *slow, *drawn;
	struct live_picture *picture;
	film_camera(f);
	assert_int_equal(live_pictures_create(f->cameras, &pictures), 0);
	assert_int_equal(live_pictures_open(pictures, "north", false, 25, &quick), 0);
	assert_int_equal(live_pictures_open(pictures, "north", false, 0.01, &slow), 0);
	assert_int_equal(live_pictures_open(pictures, "north", true, 25, &drawn), 0);
	assert_int_equal(take(slow, &picture), 1);
	live_picture_unref(&picture);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(take(quick, &picture), 1);
		assert_memory_equal(picture->bytes, "\xff\xd8", 2);
		live_picture_unref(&picture);
		assert_int_equal(live_pictures_take(slow, &picture), 0);
	}
	assert_int_equal(take(drawn, &picture), 1);
	live_picture_unref(&picture);
	remove_one(f, "north");
	while (take(quick, &picture) == 1)
		live_picture_unref(&picture);
	assert_int_equal(take(quick, &picture), -ENOENT);
	live_pictures_close(&quick);
	live_pictures_close(&slow);
	live_pictures_close(&drawn);
	live_pictures_destroy(&pictures);
	camera_stop(&f->rtsp);
}

struct visitor {
	struct fixture *f;
	struct live_pictures *pictures;
	pthread_t thread;
	int seen;
};

/* Comes and goes. */
static void *visit(void *opaque)
{
	struct visitor *v = opaque;
	for (int i = 0; i < 12; i++) {
		struct live_pictures_viewer *viewer;
		struct live_picture *picture;
		struct live_video *video;
		struct live_video_piece piece;
		if (live_pictures_open(v->pictures, "north", i % 2, 25, &viewer) < 0 ||
			live_video_create(v->f->cameras, "north", &video) < 0)
			return NULL;
		for (int k = 0; k < 20; k++) {
			if (live_pictures_take(viewer, &picture) > 0) {
				v->seen++;
				live_picture_unref(&picture);
			}
			v->seen += live_video_next(video, &piece) > 0;
			usleep(STEP_US);
		}
		live_pictures_close(&viewer);
		live_video_destroy(&video);
	}
	return NULL;
}

static void viewers_come_and_go(void **state)
{
	struct fixture *f = *state;
	struct visitor visitors[3];
	struct live_pictures *pictures;
	film_camera(f);
	assert_int_equal(live_pictures_create(f->cameras, &pictures), 0);
	for (int i = 0; i < 3; i++) {
		visitors[i] = (struct visitor){.f = f, .pictures = pictures};
		assert_int_equal(pthread_create(&visitors[i].thread, NULL, visit, &visitors[i]), 0);
	}
	int seen = 0;
	for (int i = 0; i < 3; i++) {
		pthread_join(visitors[i].thread, NULL);
		seen += visitors[i].seen;
	}
	assert_true(seen > 0);
	live_pictures_destroy(&pictures);
	camera_stop(&f->rtsp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_video_is_the_cameras, setup, teardown),
		cmocka_unit_test_setup_teardown(who_is_slow_loses_whole_groups, setup, teardown),
		cmocka_unit_test_setup_teardown(hevc_too, setup, teardown),
		cmocka_unit_test_setup_teardown(another_size_begins_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(others_are_sent_to_pictures, setup, teardown),
		cmocka_unit_test_setup_teardown(a_stream_that_is_removed_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(pictures_at_the_viewers_pace, setup, teardown),
		cmocka_unit_test_setup_teardown(viewers_come_and_go, setup, teardown),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, film_make_dir, film_remove_dir);
}
