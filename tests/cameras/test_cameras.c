/*
 * Cameras that run, are changed and are watched, all at the same time; small simulated worlds, and
 * one that is not there.
 */
#include "base/jsonin.h"
#include "cameras/cameras.h"
#include "cameras/snapshot.h"
#include "small_world.h"
#include "store/alert_rows.h"
#include "store/stream_rows.h"
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

/* Generous: nothing here is about speed. */
#define SOON_US INT64_C(120000000)

struct fixture {
	char dir[64], source[96];
	struct store *store;
	struct cameras *cameras;
	_Atomic int frame_count, began_count, ended_count; /* told, relaxed */
};

static bool wants_frames(void *opaque)
{
	(void)opaque;
	return true;
}

static void on_frame(void *opaque, const char *stream, const char *text, size_t length)
{
	struct fixture *f = opaque;
	(void)stream;
	f->frame_count += length > 0 && text[0] == '{';
}

static void on_alert(void *opaque, const char *stream, const char *text, size_t length)
{
	struct fixture *f = opaque;
	bool began = memmem(text, length, "\"state\":\"began\"", 15) != NULL;
	if (!stream || !memmem(text, length, "\"camera_offline\"", 16))
		return; /* of this machine */
	f->began_count += began && strcmp(stream, "dead") == 0;
	f->ended_count += !began;
}

static void open_all(struct fixture *f)
{
	char path[96], evidence[96];
	struct err err = {""};
	snprintf(path, sizeof(path), "%s/store.db", f->dir);
	snprintf(evidence, sizeof(evidence), "%s/evidence", f->dir);
	struct cameras_params params = {.evidence_dir = evidence};
	struct cameras_listener listener = {wants_frames, on_frame, on_alert, f};
	if (store_open(&(struct store_params){.path = path}, &err, &f->store) < 0)
		fail_msg("%s", err.text);
	params.store = f->store;
	if (cameras_create(&params, &err, &f->cameras) < 0)
		fail_msg("%s", err.text);
	cameras_listen(f->cameras, &listener);
	if (cameras_load(f->cameras, &err) < 0)
		fail_msg("%s", err.text);
}

static void close_all(struct fixture *f)
{
	cameras_destroy(&f->cameras);
	store_close(&f->store);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	snprintf(f->dir, sizeof(f->dir), "/tmp/gantry-cameras-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->source, sizeof(f->source), "sim:%s/world.yaml", f->dir);
	FILE *file = fopen(f->source + 4, "w");
	assert_non_null(file);
	fputs(small_world, file);
	fclose(file);
	open_all(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char command[128];
	close_all(f);
	snprintf(command, sizeof(command), "rm -rf '%s'", f->dir);
	int r = system(command);
	free(f);
	return r;
}

static int add(struct fixture *f, const char *id, const char *source, const char *more)
{
	char body[512];
	struct problems problems = {0};
	struct err err;
	int64_t version;
	int n = snprintf(body, sizeof(body), "{\"id\":\"%s\",\"source\":\"%s\",\"loop\":true%s}",
		id, source, more);
	struct cameras_change change = {
		.body = body, .length = (size_t)n, .expected_version = -1, .actor = "test"};
	int r = cameras_add(f->cameras, &change, &problems, &err, &version);
	problems_finish(&problems);
	return r;
}

static int change(struct fixture *f, const char *id, const char *body, int64_t *ret_version)
{
	struct problems problems = {0};
	struct err err;
	struct cameras_change c = {.id = id,
		.body = body,
		.length = strlen(body),
		.expected_version = -1,
		.actor = "test"};
	int r = cameras_change(f->cameras, &c, &problems, &err, ret_version);
	problems_finish(&problems);
	return r;
}

/* A number of a camera's status or statistics; -1: it is not there. */
static int64_t number_of(
	struct fixture *f, const char *id, enum cameras_view view, const char *name)
{
	struct json json = {0};
	struct jsonin *document = NULL;
	int64_t number = -1;
	if (cameras_write(f->cameras, id, view, &json) == 0) {
		assert_int_equal(jsonin_parse(json.text, json.length, NULL, &document), 0);
		number = jsonin_int(jsonin_get(document, name), -1);
	}
	jsonin_free(&document);
	json_finish(&json);
	return number;
}

static void wait_for_number(struct fixture *f, const char *id, enum cameras_view view,
	const char *name, int64_t at_least)
{
	struct mono deadline = mono_after(mono_now(), SOON_US);
	while (number_of(f, id, view, name) < at_least && mono_now().us < deadline.us)
		usleep(20000);
	assert_true(number_of(f, id, view, name) >= at_least);
}

static void wait_for_count(_Atomic int *count, int at_least)
{
	struct mono deadline = mono_after(mono_now(), SOON_US);
	while (*count < at_least && mono_now().us < deadline.us)
		usleep(20000);
	assert_true(*count >= at_least);
}

static void they_run_are_changed_and_stop(void **state)
{
	struct fixture *f = *state;
	int64_t version;
	for (int i = 0; i < 3; i++) {
		char id[8];
		snprintf(id, sizeof(id), "cam%d", i);
		assert_int_equal(add(f, id, f->source, ""), 0);
	}
	assert_int_equal(add(f, "cam1", f->source, ""), -EEXIST);
	assert_int_equal(cameras_count(f->cameras), 3);
	wait_for_number(f, "cam2", CAMERAS_STATISTICS, "frames_looked_at", 3);
	assert_true(f->frame_count > 0);
	assert_int_equal(change(f, "cam0",
				 "{\"lines\":[{\"name\":\"l\",\"count\":true,"
				 "\"points\":[[0,60],[159,60]]}]}",
				 &version),
		0);
	assert_int_equal(version, 2);
	wait_for_number(f, "cam0", CAMERAS_STATUS, "judging_version", 2);
	assert_int_equal(number_of(f, "cam0", CAMERAS_STATISTICS, "connects"), 1);
	assert_int_equal(
		change(f, "cam0", "{\"image\":{\"width_px\":9,\"height_px\":9}}", &version),
		-EINVAL);
	assert_int_equal(change(f, "cam0", "{\"target_fps\":5}", &version), 0); /* begins again */
	wait_for_number(f, "cam0", CAMERAS_STATISTICS, "frames_looked_at", 3);
	cameras_stop(f->cameras);
	for (int i = 0; i < 3; i++) {
		char id[8];
		snprintf(id, sizeof(id), "cam%d", i);
		assert_int_equal(number_of(f, id, CAMERAS_STATISTICS, "unaccounted"), 0);
	}
	assert_int_equal(change(f, "cam0", "{\"loop\":false}", &version), -ESHUTDOWN);
}

static void what_was_configured_comes_back(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(add(f, "on", f->source, ""), 0);
	assert_int_equal(add(f, "off", f->source, ",\"autostart\":false"), 0);
	close_all(f);
	open_all(f);
	assert_int_equal(cameras_count(f->cameras), 2);
	wait_for_number(f, "on", CAMERAS_STATISTICS, "frames_looked_at", 1);
	assert_int_equal(number_of(f, "off", CAMERAS_STATISTICS, "frames_read"), 0);
}

static int count_alert(void *opaque, const struct alert_row *row)
{
	(void)row;
	(*(int *)opaque)++;
	return 0;
}

static int open_alerts(struct fixture *f)
{
	int count = 0;
	assert_int_equal(alert_rows_find(f->store, true, 0, 10, count_alert, &count, NULL), 0);
	return count;
}

static void one_that_is_not_there_is_an_alert_until_it_goes(void **state)
{
	struct fixture *f = *state;
	struct err err;
	struct cameras_change gone = {.id = "dead", .actor = "test"};
	assert_int_equal(add(f, "dead", "rtsp://127.0.0.1:1/x", ",\"reconnect_attempts\":-1"), 0);
	wait_for_count(&f->began_count, 1);
	assert_int_equal(open_alerts(f), 1);
	close_all(f);
	open_all(f); /* the next process takes it over */
	assert_int_equal(open_alerts(f), 1);
	assert_int_equal(cameras_remove(f->cameras, &gone, &err), 0);
	assert_int_equal(cameras_remove(f->cameras, &gone, &err), -ENOENT);
	wait_for_count(&f->ended_count, 1);
	assert_int_equal(open_alerts(f), 0);
	assert_int_equal(f->began_count, 1);
}

/* One that is stopped meanwhile, or removed, gives none. */
static void take_picture(struct fixture *f, const char *id, bool annotated)
{
	struct err err;
	unsigned char *bytes;
	size_t count;
	int r = snapshot_take(f->cameras, id, annotated, &err, &bytes, &count);
	assert_true(r == 0 || r == -EAGAIN || r == -ENOENT);
	if (r == 0) {
		assert_true(count > 2 && bytes[0] == 0xff && bytes[1] == 0xd8);
		free(bytes);
	}
}

static void pictures_are_plain_or_drawn_on(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(add(f, "cam0", f->source, ""), 0);
	wait_for_number(f, "cam0", CAMERAS_STATISTICS, "frames_looked_at", 1);
	for (int i = 0; i < 2; i++) {
		struct err err = {""};
		unsigned char *bytes;
		size_t count;
		if (snapshot_take(f->cameras, "cam0", i == 1, &err, &bytes, &count) < 0)
			fail_msg("%s", err.text);
		assert_true(count > 2 && bytes[0] == 0xff && bytes[1] == 0xd8);
		free(bytes);
	}
}

struct changer {
	struct fixture *fixture;
	pthread_t thread;
	int number;
};

/* Everybody changes everything: what is asked may be refused, never torn. */
static void *change_all(void *opaque)
{
	struct changer *c = opaque;
	struct fixture *f = c->fixture;
	struct err err;
	int64_t version;
	char id[8];
	snprintf(id, sizeof(id), "cam%d", c->number % 2);
	struct cameras_change one = {.id = id, .actor = "test"};
	for (int i = 0; i < 3; i++) {
		struct json json = {0};
		add(f, id, f->source, "");
		change(f, id, "{\"zones\":[{\"name\":\"z\",\"polygon\":[[0,0],[9,0],[9,9]]}]}",
			&version);
		cameras_stop_one(f->cameras, &one, &err);
		cameras_write_all(f->cameras, &json);
		take_picture(f, id, i == 2);
		cameras_start_one(f->cameras, &one, &err);
		cameras_write_config(f->cameras, id, NULL, &json, &version);
		if (i == 1)
			cameras_remove(f->cameras, &one, &err);
		json_finish(&json);
	}
	return NULL;
}

static void they_can_be_changed_by_many(void **state)
{
	struct fixture *f = *state;
	struct changer changers[4];
	for (int i = 0; i < 4; i++) {
		changers[i] = (struct changer){.fixture = f, .number = i};
		assert_int_equal(
			pthread_create(&changers[i].thread, NULL, change_all, &changers[i]), 0);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(changers[i].thread, NULL);
	assert_true(cameras_count(f->cameras) <= 2);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
TEST_MAIN(CASE(they_run_are_changed_and_stop), CASE(what_was_configured_comes_back),
	CASE(pictures_are_plain_or_drawn_on), CASE(one_that_is_not_there_is_an_alert_until_it_goes),
	CASE(they_can_be_changed_by_many))
