#include "av/reader.h"
#include "base/digest.h"
#include "base/jsonin.h"
#include "fixtures.h"
#include "pixel/draw.h"
#include "record/evidence.h"
#include "record/jpeg.h"
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static char dir[] = "/tmp/gantry-evidence-XXXXXX";
static const struct wall start = {1714564800000000};

static struct frame *read_image(const char *path)
{
	struct err err = {{0}};
	struct av_reader *reader;
	struct frame *f;
	if (av_reader_open(path, &(struct av_reader_params){0}, &err, &reader) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(av_reader_read(reader, NULL, &f), FLOW_MORE);
	av_reader_close(&reader);
	return f;
}

static int count_files(const char *ending)
{
	DIR *d = opendir(dir);
	int n = 0;
	for (struct dirent *e; (e = readdir(d));) {
		size_t length = strlen(e->d_name), m = strlen(ending);
		n += length > m && strcmp(e->d_name + length - m, ending) == 0;
	}
	closedir(d);
	return n;
}

static void check_image(const struct jsonin *image, int width, int height)
{
	char path[512], digest[DIGEST_TEXT_SIZE];
	size_t count = 0;
	const char *file = jsonin_string(jsonin_get(image, "file"), "");
	snprintf(path, sizeof(path), "%s/%s", dir, file);
	char *bytes = fixture_read(path, &count);
	assert_non_null(bytes);
	assert_int_equal(digest_sha256(bytes, count, digest), 0);
	free(bytes);
	assert_string_equal(digest, jsonin_string(jsonin_get(image, "sha256"), ""));
	assert_int_equal(jsonin_int(jsonin_get(image, "bytes"), 0), count);
	struct frame *f = read_image(path);
	assert_int_equal(f->width_px, jsonin_int(jsonin_get(image, "width_px"), 0));
	assert_int_equal(f->height_px, jsonin_int(jsonin_get(image, "height_px"), 0));
	assert_int_equal(f->width_px, width);
	assert_true(f->height_px >= height);
	frame_unref(&f);
}

static void a_violation_is_two_pictures_and_a_sealed_record(void **state)
{
	(void)state;
	struct err err = {{0}};
	struct evidence *e;
	struct frame_pool *pool;
	struct violation v = fixture_violation();
	struct jsonin *record;
	const char *path;
	/* Odd on both sides. */
	assert_int_equal(frame_pool_create(321, 179, 1, &pool), 0);
	struct frame *f = fixture_frame(pool);
	f->media = v.to;
	assert_int_equal(evidence_open(dir, "north/gate 1", &err, &e), 0);
	assert_int_equal(evidence_write(e, f, &v, start, &err, &path), 0);
	assert_string_equal(
		strrchr(path, '/') + 1, "north_gate_1_2024-05-01T12.00.01.500Z_town_limit_7.json");
	assert_int_equal(jsonin_parse_file(path, &err, &record), 0);
	assert_string_equal(jsonin_string(jsonin_get(record, "device_id"), ""), "north/gate 1");
	assert_true(jsonin_real(jsonin_get(record, "measured_kmh"), 0) == 63.25);
	const struct jsonin *images = jsonin_get(record, "images");
	assert_int_equal(jsonin_count(images), 2);
	/* The scene has a caption below it; the crop has a fifth on each side of a 40 x 30 box. */
	check_image(jsonin_at(images, 0), 321, 179 + 8);
	check_image(jsonin_at(images, 1), 56, 42);
	assert_int_equal(count_files(".tmp"), 0);
	assert_string_equal(jsonin_string(jsonin_get(record, "clip"), "none"), "none");
	jsonin_free(&record);
	/* Once more: the same files, not more of them. */
	assert_int_equal(evidence_write(e, f, &v, start, &err, &path), 0);
	assert_int_equal(count_files(".json"), 1);
	assert_int_equal(count_files(".jpg"), 2);
	evidence_name_clips(e);
	assert_int_equal(evidence_write(e, f, &v, start, &err, &path), 0);
	assert_int_equal(jsonin_parse_file(path, &err, &record), 0);
	assert_string_equal(jsonin_string(jsonin_get(record, "clip"), "none"),
		"north_gate_1_2024-05-01T12.00.01.500Z_town_limit_7.mp4");
	jsonin_free(&record);
	frame_unref(&f);
	evidence_close(&e);
	frame_pool_destroy(&pool);
}

static void boxes_at_and_beyond_the_edge_are_cropped(void **state)
{
	static const struct box boxes[] = {{-50, -50, 10, 10}, {300, 170, 321, 179},
		{0, 0, 321, 179}, {400, 300, 500, 400}, {-90, -90, -20, -20}, {100, 100, 100, 100},
		{320, 178, 321, 179}};
	(void)state;
	struct evidence *e;
	struct frame_pool *pool;
	const char *path;
	assert_int_equal(frame_pool_create(321, 179, 1, &pool), 0);
	struct frame *f = fixture_frame(pool);
	assert_int_equal(evidence_open(dir, NULL, NULL, &e), 0);
	for (size_t i = 0; i < sizeof(boxes) / sizeof(boxes[0]); i++) {
		struct violation v = fixture_violation();
		v.box = boxes[i];
		assert_int_equal(evidence_write(e, f, &v, start, NULL, &path), 0);
	}
	frame_unref(&f);
	evidence_close(&e);
	frame_pool_destroy(&pool);
}

/* What the camera saw comes out of the JPEG, whatever the frame's numbers meant. */
static void colours_survive_every_matrix_and_range(void **state)
{
	static const int rgb[][3] = {{255, 0, 0}, {0, 200, 60}, {30, 60, 220}, {255, 200, 0},
		{90, 90, 90}, {255, 255, 255}, {0, 0, 0}};
	(void)state;
	struct jpeg *jpeg;
	struct frame_pool *pool;
	char path[128];
	assert_int_equal(jpeg_create(&jpeg), 0);
	assert_int_equal(frame_pool_create(64, 48, 1, &pool), 0);
	snprintf(path, sizeof(path), "%s/colour.jpg", dir);
	for (size_t i = 0; i < 4 * sizeof(rgb) / sizeof(rgb[0]); i++) {
		const int *c = rgb[i / 4];
		struct frame *f = frame_pool_get(pool);
		f->matrix = i & 1 ? COLOR_MATRIX_BT709 : COLOR_MATRIX_BT601;
		f->full_range = i & 2;
		struct canvas canvas = canvas_of(f);
		draw_fill(&canvas, (struct box){0, 0, 64, 48},
			color_rgb_as(c[0], c[1], c[2], f->matrix, f->full_range), 1);
		const unsigned char *bytes;
		size_t count;
		assert_int_equal(jpeg_encode(jpeg, f, (struct jpeg_area){0, 0, 64, 48}, 95, NULL,
					 &bytes, &count),
			0);
		FILE *file = fopen(path, "wb");
		assert_int_equal(fwrite(bytes, 1, count, file), count);
		fclose(file);
		frame_unref(&f);
		f = read_image(path);
		struct color expected = color_rgb_as(c[0], c[1], c[2], COLOR_MATRIX_BT601, true);
		assert_true(f->full_range && f->matrix == COLOR_MATRIX_BT601);
		assert_true(abs(f->plane[0][20 * f->stride_bytes[0] + 20] - expected.y) <= 3);
		assert_true(abs(f->plane[1][10 * f->stride_bytes[1] + 10] - expected.u) <= 3);
		assert_true(abs(f->plane[2][10 * f->stride_bytes[2] + 10] - expected.v) <= 3);
		frame_unref(&f);
	}
	frame_pool_destroy(&pool);
	jpeg_destroy(&jpeg);
	unlink(path);
}

static void a_full_disk_leaves_nothing_torn(void **state)
{
	(void)state;
	struct rlimit before, small;
	struct err err = {{0}};
	struct evidence *e;
	struct frame_pool *pool;
	struct violation v = fixture_violation();
	const char *path = "untouched";
	snprintf(v.rule_name, sizeof(v.rule_name), "full");
	assert_int_equal(frame_pool_create(320, 180, 1, &pool), 0);
	struct frame *f = fixture_frame(pool);
	assert_int_equal(evidence_open(dir, "d", NULL, &e), 0);
	getrlimit(RLIMIT_FSIZE, &before);
	small = before;
	small.rlim_cur = 1000;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	int r = evidence_write(e, f, &v, start, &err, &path);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(r, -EFBIG);
	assert_string_equal(path, "untouched");
	assert_non_null(strstr(err.text, "cannot be written: File too large"));
	assert_int_equal(count_files("full_7_scene.jpg"), 0);
	assert_int_equal(count_files("full_7.json"), 0);
	assert_int_equal(count_files(".tmp"), 0);
	frame_unref(&f);
	evidence_close(&e);
	frame_pool_destroy(&pool);
}

static void a_place_that_cannot_be_written_is_said_at_once(void **state)
{
	(void)state;
	struct err err = {{0}};
	struct evidence *e = NULL;
	char file[128];
	assert_int_equal(evidence_open("/nonexistent/a/b", "d", &err, &e), -ENOENT);
	snprintf(file, sizeof(file), "%s/file", dir);
	fclose(fopen(file, "w"));
	assert_int_equal(evidence_open(file, "d", &err, &e), -ENOTDIR);
	assert_non_null(strstr(err.text, "is not a directory"));
	assert_null(e);
	unlink(file);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
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
		cmocka_unit_test(a_violation_is_two_pictures_and_a_sealed_record),
		cmocka_unit_test(boxes_at_and_beyond_the_edge_are_cropped),
		cmocka_unit_test(colours_survive_every_matrix_and_range),
		cmocka_unit_test(a_full_disk_leaves_nothing_torn),
		cmocka_unit_test(a_place_that_cannot_be_written_is_said_at_once),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
