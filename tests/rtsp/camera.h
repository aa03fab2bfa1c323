/* A server in a thread of its own over a small film, with a fault if one is wanted. */
#pragma once

#include "av/synthetic.h"
#include "av/writer.h"
#include "faults.h"
#include "rtsp/server.h"
#include "test.h"

#include <pthread.h>

#define FILM_WIDTH_PX 160
#define FILM_HEIGHT_PX 120
#define FILM_FPS 25
#define FILM_GOP 10

static char film_dir[] = "/tmp/gantry-rtsp-XXXXXX";

static inline int film_make_dir(void **state)
{
	(void)state;
	return mkdtemp(film_dir) ? 0 : -1;
}

static inline int film_remove_dir(void **state)
{
	char command[128];
	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", film_dir);
	return system(command);
}

static inline void film_path(const char *name, char path[256])
{
	snprintf(path, 256, "%s/%s", film_dir, name);
}

/* Pictures that no encoder can make small. */
static inline void film_noise(struct frame *frame, int index)
{
	struct random random = random_at((uint64_t)index, 0, 0, 'n');
	for (int p = 0; p < 3; p++) {
		int h = p ? frame_chroma_height_px(frame) : frame->height_px;
		uint8_t *plane = frame_writable(frame, p);
		for (int i = 0; i < h * frame->stride_bytes[p]; i++)
			plane[i] = (uint8_t)random_index(&random, 256);
	}
}

/* `count` pictures of that size, made once; key frames every FILM_GOP. */
static inline void film_make(const char *path, int width_px, int height_px, int count,
	const char *codec, void (*fill)(struct frame *frame, int index))
{
	struct av_writer *writer;
	struct frame_pool *pool;
	if (access(path, R_OK) == 0)
		return;
	const struct av_writer_params params = {
		.codec = codec, .fps = FILM_FPS, .gop_frames = FILM_GOP, .crf = 30};
	assert_int_equal(av_writer_open(path, width_px, height_px, &params, NULL, &writer), 0);
	assert_int_equal(frame_pool_create(width_px, height_px, 64, &pool), 0);
	for (int i = 0; i < count; i++) {
		struct frame *frame = frame_pool_get(pool);
		assert_non_null(frame);
		fill(frame, i);
		frame->media.us = (int64_t)i * 1000000 / FILM_FPS;
		assert_int_equal(av_writer_write(writer, frame, NULL), 0);
		frame_unref(&frame);
	}
	assert_int_equal(av_writer_close(&writer, NULL), 0);
	frame_pool_destroy(&pool);
}

struct camera {
	struct rtsp_server *server;
	struct rtsp_faults faults;
	struct rtsp_hooks hooks;
	pthread_t thread;
	int run_result;
	int port;
	char url[128];
};

static inline void *camera_run(void *opaque)
{
	struct camera *camera = opaque;
	camera->run_result = rtsp_server_run(camera->server, NULL);
	return NULL;
}

static inline void camera_resume(struct camera *camera)
{
	assert_int_equal(pthread_create(&camera->thread, NULL, camera_run, camera), 0);
}

/* `fault`: NULL for none. One of several films goes on while nobody watches, as real ones do. The
 * camera must stay where it is. */
static inline void camera_start(struct camera *camera, const char *const *paths, int count,
	bool loop, const struct rtsp_auth *auth, const char *fault)
{
	struct rtsp_source *source;
	struct err err = {0};
	struct rtsp_server_params params = {.auth = auth ? *auth : (struct rtsp_auth){0}};
	rtsp_faults_init(&camera->faults, 1);
	if (fault) {
		assert_int_equal(rtsp_faults_add(&camera->faults, fault), 0);
		camera->hooks = rtsp_faults_hooks(&camera->faults);
		params.hooks = &camera->hooks;
	}
	assert_int_equal(rtsp_server_create(&params, &err, &camera->server), 0);
	assert_int_equal(rtsp_source_files(paths, count, loop, &err, &source), 0);
	assert_int_equal(rtsp_server_mount(camera->server, "cam", &source, count > 1, &err), 0);
	camera->port = rtsp_server_port(camera->server);
	snprintf(camera->url, sizeof(camera->url), "rtsp://127.0.0.1:%d/cam", camera->port);
	camera_resume(camera);
}

/* The thread ends, and what clients there are wait until camera_resume(). */
static inline void camera_pause(struct camera *camera)
{
	rtsp_server_stop(camera->server);
	assert_int_equal(pthread_join(camera->thread, NULL), 0);
	assert_int_equal(camera->run_result, 0);
}

static inline void camera_stop(struct camera *camera)
{
	camera_pause(camera);
	rtsp_server_destroy(&camera->server);
}
