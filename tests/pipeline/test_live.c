/*
 * Live cameras over RTSP from our own server, in one process: what is decoded is tracked or
 * counted, whoever looks and however it ends.
 */
#include "pipeline/live.h"
#include "rtsp/server.h"
#include "sim/record.h"
#include "test.h"

#include <errno.h>
#include <pthread.h>

#define CAMERAS 4
/* Generous: nothing here is about speed. */
#define SOON_US INT64_C(180000000)

static char video[] = "/tmp/gantry-live-XXXXXX.mp4";
static struct rtsp_server *server;
static pthread_t server_thread;
static struct scene motion_scene, onnx_scene;

static void *serve(void *opaque)
{
	rtsp_server_run(opaque, NULL);
	return NULL;
}

static int record_video(struct err *err)
{
	struct sim_params scene;
	if (sim_params_builtin(&scene, err) < 0)
		return -1;
	scene.video.width_px = 320;
	scene.video.height_px = 180;
	scene.camera.focal_px /= 4;
	close(mkstemps(video, 4));
	int r = sim_record(
		&(struct sim_record_params){
			.scene = &scene, .video_path = video, .frame_count = 50},
		err);
	sim_params_finish(&scene);
	return r;
}

static int start_server(void **state)
{
	(void)state;
	struct err err = {""};
	const char *path = video;
	int r = record_video(&err);
	if (r == 0)
		r = rtsp_server_create(&(struct rtsp_server_params){0}, &err, &server);
	for (int i = 0; i < CAMERAS && r == 0; i++) {
		struct rtsp_source *source = NULL;
		char name[8];
		snprintf(name, sizeof(name), "cam%d", i);
		r = rtsp_source_files(&path, 1, true, &err, &source);
		if (r == 0)
			r = rtsp_server_mount(server, name, &source, false, &err);
	}
	if (r == 0)
		r = pthread_create(&server_thread, NULL, serve, server);
	scene_defaults(&motion_scene);
	scene_defaults(&onnx_scene);
	if (r != 0)
		print_message("# %s\n", err.text);
	return r;
}

static int stop_server(void **state)
{
	(void)state;
	if (server) {
		rtsp_server_stop(server);
		pthread_join(server_thread, NULL);
	}
	rtsp_server_destroy(&server);
	scene_free(&motion_scene);
	scene_free(&onnx_scene);
	return unlink(video);
}

/* What one camera told; live's thread's, read once it was stopped. */
struct told {
	int begin_count, end_count;
	int64_t result_count, looked_count;
	struct media last;
	bool in_order;
	int fail_at; /* that result fails; 0: none does */
	int reload_count;
	struct scene *next; /* given by on_reload */
};

static int on_begin(void *opaque, const struct live_view *view, struct err *err)
{
	struct told *t = opaque;
	(void)err;
	t->begin_count++;
	t->in_order = view->width_px == 320 && view->height_px == 180 && view->detector[0];
	return 0;
}

static int on_result(void *opaque, const struct live_result *result, struct err *err)
{
	struct told *t = opaque;
	const struct pipeline_result *p = result->pipeline;
	t->in_order &= t->result_count == 0 || result->frame->media.us > t->last.us;
	t->in_order &= p->tracks.media.us == result->frame->media.us &&
		       p->tracks.coasted == (result->look != PIPELINE_LOOKED) &&
		       result->latency_s >= 0;
	t->last = result->frame->media;
	t->result_count++;
	t->looked_count += result->look == PIPELINE_LOOKED;
	return t->fail_at == t->result_count ? err_set(err, -ENOSPC, "the disk is full") : 0;
}

static void on_end(void *opaque, const struct violations *late, const struct counts *counts)
{
	(void)late;
	(void)counts;
	((struct told *)opaque)->end_count++;
}

static const struct scene *on_reload(void *opaque)
{
	struct told *t = opaque;
	t->reload_count++;
	return t->next;
}

static struct live_params params_of(const char *source, struct told *told)
{
	struct live_params params = {.scene = &motion_scene,
		.on_begin = on_begin,
		.on_result = on_result,
		.on_end = on_end,
		.on_reload = on_reload,
		.opaque = told};
	stream_params_init(&params.stream);
	params.stream.source = source;
	params.stream.target_fps = 0;
	return params;
}

static const char *url_of(int camera)
{
	static char urls[CAMERAS][64];
	snprintf(urls[camera], sizeof(urls[0]), "rtsp://127.0.0.1:%d/cam%d",
		rtsp_server_port(server), camera);
	return urls[camera];
}

static struct live *start(struct live_params params)
{
	struct err err = {""};
	struct live *live = NULL;
	if (live_create(&params, &err, &live) < 0 || live_start(live, &err) < 0)
		fail_msg("%s", err.text);
	return live;
}

static void wait_for_results(struct live *live, int64_t count)
{
	struct mono deadline = mono_after(mono_now(), SOON_US);
	struct live_stats stats;
	do {
		usleep(20000);
		live_stats(live, &stats);
	} while (stats.latency.count < count && mono_now().us < deadline.us);
	assert_true(stats.latency.count >= count);
}

/* Stopped, every decoded frame has become something. */
static struct live_stats check_balance(struct live *live, const struct told *told)
{
	static struct live_stats s;
	live_stats(live, &s);
	assert_int_equal(live_unaccounted(&s), 0);
	assert_int_equal(s.waiting_count, 0);
	assert_int_equal(s.looked_count + s.predicted_count + s.still_count, told->result_count);
	assert_int_equal(s.looked_count, told->looked_count);
	assert_int_equal(s.latency.count, told->result_count);
	assert_true(told->in_order);
	assert_int_equal(told->begin_count, 1);
	assert_int_equal(told->end_count, 1);
	return s;
}

static void motion_sees_every_frame_of_every_camera(void **state)
{
	(void)state;
	struct told told[CAMERAS] = {0};
	struct live *lives[CAMERAS];
	for (int i = 0; i < CAMERAS; i++)
		lives[i] = start(params_of(url_of(i), &told[i]));
	for (int i = 0; i < CAMERAS; i++)
		wait_for_results(lives[i], 20);
	for (int i = 0; i < CAMERAS; i++) {
		live_stop(lives[i]);
		assert_false(live_is_running(lives[i]));
		struct live_stats s = check_balance(lives[i], &told[i]);
		assert_int_equal(s.looked_count, told[i].result_count);
		assert_int_equal(live_error(lives[i], NULL), 0);
		live_destroy(&lives[i]);
	}
}

static void one_network_looks_for_all_cameras(void **state)
{
	(void)state;
	struct err err = {""};
	struct service *service = NULL;
	assert_int_equal(scene_set(&onnx_scene, "pipeline.detection_model_path",
				 test_data("models/yolox_nano_416.onnx"), &err),
		0);
	struct detector_params detector = pipeline_detector_params(&onnx_scene);
	if (service_create(&(struct service_params){.detector = &detector, .worker_count = 2}, &err,
		    &service) < 0)
		fail_msg("%s", err.text);
	struct told told[CAMERAS] = {0};
	struct live *lives[CAMERAS];
	for (int i = 0; i < CAMERAS; i++) {
		struct live_params params = params_of(url_of(i), &told[i]);
		params.scene = &onnx_scene;
		params.service = service;
		params.gated = i % 2;
		lives[i] = start(params);
	}
	for (int i = 0; i < CAMERAS; i++)
		wait_for_results(lives[i], 20);
	for (int i = 0; i < CAMERAS; i++) {
		live_stop(lives[i]);
		struct live_stats s = check_balance(lives[i], &told[i]);
		assert_true(s.looked_count > 0 && s.looked_count < told[i].result_count);
		/* A frame that was looked at may have been dropped before its turn. */
		assert_true(s.looked_count <= s.service.looked_count);
		assert_true(s.service.looked_count - s.looked_count <= s.late_count);
		assert_int_equal(s.service.offered_count,
			s.service.taken_count + s.service.not_due_count + s.service.still_count);
		live_destroy(&lives[i]);
	}
	service_destroy(&service);
}

static void a_file_at_its_own_pace_comes_to_its_end(void **state)
{
	(void)state;
	struct told told = {0};
	struct live_params params = params_of(video, &told);
	params.stream.paced = true;
	struct live *live = start(params);
	assert_int_equal(live_wait(live, mono_after(mono_now(), SOON_US)), 0);
	assert_int_equal(live_error(live, NULL), 0);
	live_stop(live);
	struct live_stats s = check_balance(live, &told);
	assert_int_equal(s.stream.frames_decoded, 50);
	/* And once more from its beginning. */
	told = (struct told){0};
	struct err err;
	assert_int_equal(live_start(live, &err), 0);
	assert_int_equal(live_wait(live, mono_after(mono_now(), SOON_US)), 0);
	live_stop(live);
	s = check_balance(live, &told);
	assert_int_equal(s.stream.frames_decoded, 50);
	live_destroy(&live);
}

/* Another scene between two frames: ended, begun anew, no frame lost, the connection the same. */
static void the_scene_is_changed_between_two_frames(void **state)
{
	(void)state;
	struct scene other;
	scene_defaults(&other);
	struct told told = {.next = &other};
	struct live *live = start(params_of(url_of(0), &told));
	wait_for_results(live, 10);
	live_reload(live);
	struct live_stats s;
	live_stats(live, &s);
	wait_for_results(live, s.latency.count + 20);
	live_stop(live);
	live_stats(live, &s);
	assert_int_equal(told.reload_count, 1);
	assert_int_equal(told.begin_count, 2);
	assert_int_equal(told.end_count, 2);
	assert_int_equal(told.result_count, s.latency.count);
	assert_int_equal(live_unaccounted(&s), 0);
	assert_int_equal(s.stream.connect_count, 1);
	live_destroy(&live);
	scene_free(&other);
}

static void a_camera_that_is_not_there_says_why(void **state)
{
	(void)state;
	struct told told = {0};
	struct live_params params = params_of("rtsp://127.0.0.1:1/none", &told);
	params.stream.reconnect_attempts = 0;
	struct err err = {""};
	struct live *live = start(params);
	assert_int_equal(live_wait(live, mono_after(mono_now(), SOON_US)), 0);
	assert_true(live_error(live, &err) < 0);
	assert_non_null(strstr(err.text, "127.0.0.1"));
	assert_int_equal(told.begin_count + told.end_count, 0);
	live_destroy(&live);
}

static void an_output_that_fails_ends_its_camera(void **state)
{
	(void)state;
	struct told told = {.fail_at = 5};
	struct err err = {""};
	struct live *live = start(params_of(url_of(0), &told));
	assert_int_equal(live_wait(live, mono_after(mono_now(), SOON_US)), 0);
	assert_int_equal(live_error(live, &err), -ENOSPC);
	assert_string_equal(err.text, "the disk is full");
	live_stop(live);
	assert_int_equal(told.result_count, 5);
	assert_int_equal(told.end_count, 1);
	live_destroy(&live);
}

static void it_can_be_stopped_at_any_time(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++) {
		struct told told = {0};
		struct live *live = start(params_of(url_of(i % CAMERAS), &told));
		usleep((useconds_t)(i * 20000));
		live_stop(live);
		struct live_stats s;
		live_stats(live, &s);
		assert_int_equal(live_unaccounted(&s), 0);
		live_destroy(&live);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(motion_sees_every_frame_of_every_camera),
		cmocka_unit_test(one_network_looks_for_all_cameras),
		cmocka_unit_test(a_file_at_its_own_pace_comes_to_its_end),
		cmocka_unit_test(the_scene_is_changed_between_two_frames),
		cmocka_unit_test(a_camera_that_is_not_there_says_why),
		cmocka_unit_test(an_output_that_fails_ends_its_camera),
		cmocka_unit_test(it_can_be_stopped_at_any_time),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start_server, stop_server);
}
