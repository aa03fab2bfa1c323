#include "base/mask.h"
#include "test.h"

static void no_secret_is_left_in_a_text(void **state)
{
	(void)state;
	static const struct {
		const char *text, *masked;
	} cases[] = {
		{"rtsp://admin:geheim@10.0.0.7/1", "rtsp://admin:***@10.0.0.7/1"},
		{"rtsp://admin:p@ss:word@10.0.0.7:554/1", "rtsp://admin:***@10.0.0.7:554/1"},
		{"http://cam/video?user=x&password=y&fps=5",
			"http://cam/video?user=x&password=***&fps=5"},
		{"rtsp://10.0.0.7/user=admin_password=tl_J0x_channel=1",
			"rtsp://10.0.0.7/user=admin_password=***"},
		{"http://cam/v?Token=abc", "http://cam/v?Token=***"},
		{"opening 'http://a:b@c/d' failed, rtsps://e:f@g too",
			"opening 'http://a:***@c/d' failed, rtsps://e:***@g too"},
		/* None of these is one. */
		{"rtsp://admin@10.0.0.7/1", "rtsp://admin@10.0.0.7/1"},
		{"rtsp://10.0.0.7:554/a@b:c", "rtsp://10.0.0.7:554/a@b:c"},
		{"monkey=banana", "monkey=banana"},
		{"/videos/a.mp4", "/videos/a.mp4"},
		{"", ""},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[256];
		mask_secrets(cases[i].text, out, sizeof(out));
		assert_string_equal(out, cases[i].masked);
		/* In place, and a masked text stays as it is. */
		mask_secrets(out, out, sizeof(out));
		assert_string_equal(out, cases[i].masked);
	}
}

static void a_short_buffer_cuts_off_and_shows_nothing_more(void **state)
{
	(void)state;
	const char *text = "rtsp://admin:geheim@10.0.0.7/1";
	for (size_t size = 1; size <= 31; size++) {
		char out[32];
		memset(out, 'x', sizeof(out));
		mask_secrets(text, out, size);
		assert_true(strlen(out) < size);
		assert_null(strstr(out, "ge"));
	}
}

TEST_MAIN(cmocka_unit_test(no_secret_is_left_in_a_text),
	cmocka_unit_test(a_short_buffer_cuts_off_and_shows_nothing_more))
