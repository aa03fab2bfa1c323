#include "ingest/diagnosis.h"
#include "test.h"

/* A camera about which there is nothing to say. */
static struct examination good(void)
{
	return (struct examination){
		.is_live = true,
		.is_rtsp = true,
		.over_tcp = true,
		.container = "rtsp",
		.codec = "h264",
		.pixel_format = "yuv420p",
		.width_px = 1920,
		.height_px = 1080,
		.opening_s = 0.1,
		.first_picture_s = 0.2,
		.covered_s = 5,
		.declared_fps = 25,
		.fps = 25,
		.interval_s = 0.04,
		.interval_max_s = 0.041,
		.jitter_ms = 3,
		.bitrate_bps = 4e6,
		.packet_count = 126,
		.picture_count = 126,
		.key_count = 5,
		.key_interval_max_s = 1,
		.has_camera_clock = true,
		.clock_offset_s = -0.02,
	};
}

static const struct finding *find(const struct diagnosis *d, const char *about)
{
	for (int i = 0; i < d->count; i++)
		if (strcmp(d->findings[i].about, about) == 0)
			return &d->findings[i];
	return NULL;
}

/* Whatever is amiss has advice, whatever is fine has none. */
static void check_form(const struct diagnosis *d)
{
	assert_in_range(d->count, 1, FINDINGS_MAX);
	for (int i = 0; i < d->count; i++) {
		const struct finding *f = &d->findings[i];
		assert_true(f->text[0] != '\0');
		if (f->level == FINDING_PROBLEM)
			assert_true(f->advice[0] != '\0');
		if (f->level == FINDING_FINE)
			assert_true(f->advice[0] == '\0');
	}
}

static void a_good_camera_is_fine(void **state)
{
	struct examination x = good();
	struct diagnosis d;
	(void)state;
	diagnose(&x, &d);
	check_form(&d);
	assert_int_equal(diagnosis_level(&d), FINDING_FINE);
	assert_true(d.browser_shows);
	assert_string_equal(find(&d, "video")->text, "h264, 1920 x 1080, yuv420p, 4.00 Mbit/s");
	assert_string_equal(find(&d, "clock")->text, "the camera's clock is 0.02 s behind ours");
}

/* One thing wrong at a time: it is found, at its level, and nothing else is. */
static void each_trouble_is_found(void **state)
{
	struct examination cases[14];
	static const struct {
		const char *about;
		enum finding_level level;
		const char *said;
	} wanted[14] = {
		{"frame_rate", FINDING_NOTE, "25.00 frames/s, and it declares 30.00"},
		{"few_frames", FINDING_PROBLEM, "6.0 frames/s are few"},
		{"intervals", FINDING_NOTE, "in 3 places"},
		{"jitter", FINDING_NOTE, "jitter of 35.0 ms"},
		{"loss", FINDING_PROBLEM, "12 network packets were lost, 4 of 126 pictures"},
		{"key_frames", FINDING_PROBLEM, "at least every 10.0 s"},
		{"key_frames", FINDING_PROBLEM, "1 key frame in 5.0 s"},
		{"clock", FINDING_PROBLEM, "3600.00 s ahead of ours"},
		{"clock", FINDING_NOTE, "no RTCP sender report"},
		{"timestamps", FINDING_PROBLEM, "jumped 1 times"},
		{"b_frames", FINDING_PROBLEM, "B frames"},
		{"browser", FINDING_NOTE, "hevc"},
		{"size", FINDING_PROBLEM, "7 of 126 pictures are not 1920 x 1080"},
		{"end", FINDING_PROBLEM, "silent"},
	};
	(void)state;
	for (int i = 0; i < 14; i++)
		cases[i] = good();
	cases[0].declared_fps = 30;
	cases[1].fps = cases[1].declared_fps = 6;
	cases[2].long_interval_count = 3;
	cases[3].jitter_ms = 35;
	cases[4].missed_packet_count = 12;
	cases[4].corrupt_count = 4;
	cases[5].key_interval_max_s = 10;
	cases[6].key_count = 1;
	cases[7].clock_offset_s = 3600;
	cases[8].has_camera_clock = false;
	cases[9].jump_count = 1;
	cases[10].b_frames = true;
	strcpy(cases[11].codec, "hevc");
	cases[12].resized_count = 7;
	cases[13].stalled = true;
	for (int i = 0; i < 14; i++) {
		struct diagnosis d;
		int others = 0;
		diagnose(&cases[i], &d);
		check_form(&d);
		const struct finding *f = find(&d, wanted[i].about);
		assert_non_null(f);
		assert_int_equal(f->level, wanted[i].level);
		assert_non_null(strstr(f->text, wanted[i].said));
		for (int k = 0; k < d.count; k++)
			others += &d.findings[k] != f && d.findings[k].level != FINDING_FINE;
		assert_int_equal(others, 0);
	}
}

static void nothing_decoded_says_so_and_no_more(void **state)
{
	struct examination x = {
		.is_live = true, .codec = "h264", .container = "rtsp", .packet_count = 10};
	struct diagnosis d;
	(void)state;
	diagnose(&x, &d);
	check_form(&d);
	assert_int_equal(find(&d, "video")->level, FINDING_PROBLEM);
	assert_false(d.browser_shows);
	assert_null(find(&d, "frame_rate"));
	assert_null(find(&d, "jitter"));
}

/* Everything at once still has room. */
static void the_worst_camera_of_all(void **state)
{
	struct examination x = good();
	struct diagnosis d;
	(void)state;
	x.fps = 5;
	x.long_interval_count = x.corrupt_count = x.jump_count = x.resized_count = 1;
	x.jitter_ms = 900;
	x.key_count = 0;
	x.b_frames = x.stalled = true;
	x.over_tcp = false;
	diagnose(&x, &d);
	check_form(&d);
	assert_non_null(strstr(find(&d, "loss")->advice, "--transport tcp"));
	assert_int_equal(diagnosis_level(&d), FINDING_PROBLEM);
}

TEST_MAIN(cmocka_unit_test(a_good_camera_is_fine), cmocka_unit_test(each_trouble_is_found),
	cmocka_unit_test(nothing_decoded_says_so_and_no_more),
	cmocka_unit_test(the_worst_camera_of_all))
