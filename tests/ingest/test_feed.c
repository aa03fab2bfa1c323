#include "ingest/feed.h"
#include "test.h"

/* What one reading gave, as one number that depends on every time and a sample of every picture. */
static uint64_t digest(const char *path, int ahead_count, int stop_after, int *ret_count)
{
	struct err err = {0};
	struct feed *feed;
	struct frame *frame;
	uint64_t sum = 1469598103934665603u;
	int r;
	*ret_count = 0;
	assert_int_equal(
		feed_start(&(struct source_params){.url = path}, ahead_count, &err, &feed), 0);
	while ((r = feed_next(feed, &err, &frame)) == FLOW_MORE) {
		assert_int_equal(frame->sequence, *ret_count);
		sum = (sum ^ (uint64_t)frame->media.us) * 1099511628211u;
		for (int x = 0; x < frame->width_px; x++)
			sum = (sum ^ frame->plane[0][x]) * 1099511628211u;
		frame_unref(&frame);
		if (++*ret_count == stop_after)
			break;
	}
	assert_true(r >= 0);
	feed_stop(&feed);
	return sum;
}

static void reading_ahead_loses_and_changes_nothing(void **state)
{
	(void)state;
	const char *path = test_data("videos/stop-line-red.mov");
	int count, other;
	uint64_t first = digest(path, 1, 0, &count);
	assert_int_equal(count, 179);
	assert_true(first == digest(path, 16, 0, &other));
	assert_int_equal(other, count);
}

static void it_can_be_stopped_at_any_time(void **state)
{
	(void)state;
	const char *path = test_data("videos/stop-line-red.mov");
	int count;
	for (int stop = 1; stop < 20; stop += 6) {
		digest(path, 3, stop, &count);
		assert_int_equal(count, stop);
	}
}

static void a_missing_file_is_said_at_the_start(void **state)
{
	(void)state;
	struct err err = {0};
	struct feed *feed = NULL;
	assert_true(feed_start(&(struct source_params){.url = "/nonexistent/road.mp4"}, 4, &err,
			    &feed) < 0);
	assert_null(feed);
	assert_non_null(strstr(err.text, "/nonexistent/road.mp4"));
}

TEST_MAIN(cmocka_unit_test(reading_ahead_loses_and_changes_nothing),
	cmocka_unit_test(it_can_be_stopped_at_any_time),
	cmocka_unit_test(a_missing_file_is_said_at_the_start))
