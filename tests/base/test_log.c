#include "base/log.h"
#include "test.h"

#include <pthread.h>
#include <string.h>

struct heard {
	int count;
	enum log_level level;
	char line[1100];
};

static void listen(void *opaque, enum log_level level, const char *line)
{
	struct heard *h = opaque;
	h->count++;
	h->level = level;
	snprintf(h->line, sizeof(h->line), "%s", line);
}

static void levels_above_are_dropped(void **state)
{
	(void)state;
	struct heard heard = {0};
	log_set_sink(listen, &heard);
	log_debug("not by default");
	assert_int_equal(heard.count, 0);
	log_info("camera %d is back", 3);
	assert_int_equal(heard.level, LOG_LEVEL_INFO);
	assert_string_equal(heard.line, "camera 3 is back");
	log_set_level(LOG_LEVEL_ERROR);
	log_warning("dropped");
	assert_int_equal(heard.count, 1);
	log_error("kept");
	assert_int_equal(heard.count, 2);
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("now");
	assert_int_equal(heard.count, 3);
	log_set_level(LOG_LEVEL_INFO);
	log_set_sink(NULL, NULL);
}

static void long_lines_are_cut(void **state)
{
	(void)state;
	struct heard heard = {0};
	char text[3000];
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_set_sink(listen, &heard);
	log_error("%s", text);
	log_set_sink(NULL, NULL);
	assert_int_equal(strlen(heard.line), 1023);
}

static void *talk(void *opaque)
{
	(void)opaque;
	for (int i = 0; i < 1000; i++)
		log_info("line %d", i);
	return NULL;
}

static void many_threads_may_talk(void **state)
{
	(void)state;
	struct heard heard = {0};
	pthread_t threads[4];
	log_set_sink(listen, &heard);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, talk, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	log_set_sink(NULL, NULL);
	assert_int_equal(heard.count, 4000);
}

TEST_MAIN(cmocka_unit_test(levels_above_are_dropped), cmocka_unit_test(long_lines_are_cut),
	cmocka_unit_test(many_threads_may_talk))
