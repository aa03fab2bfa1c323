/* gantry/stream_processor.h over pipeline/live.h and the services of cameras/services.h. */
#include "gantry/stream_processor.h"

#include "api/frame.h"
#include "api/result.h"
#include "api/scene.h"
#include "api/stream.h"
#include "cameras/services.h"
#include "pipeline/live.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define ID_SIZE 64

struct camera {
	struct camera *next;
	char id[ID_SIZE];
	struct gantry_stream_processor *processor;
	struct scene scene;
	struct service *service; /* NULL: it looks itself */
	struct live *live;
	struct api_result *result; /* live's thread's */
};

struct gantry_stream_processor {
	struct gantry_stream_processor_config config;
	struct services *services;
	/* Held while a camera is added or removed, which may take a while. */
	pthread_mutex_t changing;
	pthread_mutex_t lock;
	/* Below: under lock, and changed under both. */
	struct camera *cameras; /* the newest first */
};

static int say(struct gantry_error *error, const struct err *err, int r)
{
	api_error(error, err);
	return r;
}

void gantry_stream_processor_config_init(struct gantry_stream_processor_config *config)
{
	*config = (struct gantry_stream_processor_config){
		.max_hz = 10, .min_hz = 2, .motion_gate = true};
}

static int check(const struct gantry_stream_processor_config *config, struct err *err)
{
	if (config->min_hz > 0 && config->min_hz <= config->max_hz && config->max_hz <= 1000)
		return 0;
	return err_set(err, -EINVAL,
		"looks a second must be above 0 and at most 1000, min_hz not above max_hz, are %g "
		"to %g",
		config->min_hz, config->max_hz);
}

int gantry_stream_processor_create(const struct gantry_stream_processor_config *config,
	struct gantry_stream_processor **ret_processor, struct gantry_error *error)
{
	struct err err = {0};
	int r = check(config, &err);
	if (r < 0)
		return say(error, &err, r);
	struct gantry_stream_processor *p = calloc(1, sizeof(*p));
	if (!p || services_create(&p->services) < 0) {
		free(p);
		return say(error, &err, err_set(&err, -ENOMEM, "out of memory"));
	}
	p->config = *config;
	pthread_mutex_init(&p->changing, NULL);
	pthread_mutex_init(&p->lock, NULL);
	*ret_processor = p;
	return 0;
}

static void camera_destroy(struct camera **camera)
{
	struct camera *c = *camera;
	*camera = NULL;
	if (!c)
		return;
	live_destroy(&c->live);
	services_put(c->processor->services, &c->service);
	api_result_destroy(&c->result);
	scene_free(&c->scene);
	free(c);
}

void gantry_stream_processor_destroy(struct gantry_stream_processor **processor)
{
	struct gantry_stream_processor *p = *processor;
	*processor = NULL;
	if (!p)
		return;
	while (p->cameras) {
		struct camera *camera = p->cameras;
		p->cameras = camera->next;
		camera_destroy(&camera);
	}
	services_destroy(&p->services);
	pthread_mutex_destroy(&p->lock);
	pthread_mutex_destroy(&p->changing);
	free(p);
}

static int on_result(void *opaque, const struct live_result *result, struct err *err)
{
	struct camera *c = opaque;
	const struct gantry_stream_processor_config *config = &c->processor->config;
	struct gantry_frame frame;
	struct gantry_result out;
	(void)err;
	if (!config->on_result)
		return 0;
	api_frame_borrow(result->frame, &frame);
	api_result_fill(c->result, &c->scene, result->frame, result->pipeline, &out);
	out.processing_time_ms = 1e3 * result->latency_s;
	config->on_result(config->opaque, c->id, &frame, &out);
	return 0;
}

static void on_end(void *opaque, const struct violations *late, const struct counts *counts)
{
	struct camera *c = opaque;
	const struct gantry_stream_processor_config *config = &c->processor->config;
	struct gantry_result out;
	(void)counts;
	if (!config->on_result || late->count == 0)
		return;
	api_result_fill_late(c->result, &c->scene, late, &out);
	config->on_result(config->opaque, c->id, NULL, &out);
}

static int make_live(struct camera *c, const struct stream_params *stream, struct err *err)
{
	const struct gantry_stream_processor_config *config = &c->processor->config;
	struct detector_params detector = pipeline_detector_params(&c->scene);
	int r = services_get(c->processor->services, &detector, err, &c->service);
	if (r < 0)
		return r;
	const struct live_params params = {
		.stream = *stream,
		.scene = &c->scene,
		.service = c->service,
		.pace = {.max_hz = config->max_hz, .min_hz = config->min_hz},
		.gated = config->motion_gate,
		.on_result = on_result,
		.on_end = on_end,
		.opaque = c,
	};
	r = live_create(&params, err, &c->live);
	return r < 0 ? r : live_start(c->live, err);
}

static int make(struct camera *c, const struct stream_params *stream,
	const struct gantry_pipeline_config *pipeline_config, struct err *err)
{
	struct gantry_pipeline_config defaults;
	gantry_pipeline_config_init(&defaults);
	int r = api_scene_read(
		pipeline_config ? pipeline_config : &defaults, c->id, &c->scene, err);
	if (r == 0 && api_result_create(&c->result) < 0)
		r = err_set(err, -ENOMEM, "out of memory");
	return r < 0 ? r : make_live(c, stream, err);
}

/* Under one of the locks. */
static struct camera **find(struct gantry_stream_processor *p, const char *id)
{
	struct camera **at = &p->cameras;
	while (*at && strcmp((*at)->id, id) != 0)
		at = &(*at)->next;
	return at;
}

/* Under `changing`. */
static int add(struct gantry_stream_processor *p, const char *id,
	const struct stream_params *stream, const struct gantry_pipeline_config *pipeline_config,
	struct err *err)
{
	if (*find(p, id))
		return err_set(err, -EEXIST, "there is a stream '%s' already", id);
	struct camera *c = calloc(1, sizeof(*c));
	if (!c)
		return err_set(err, -ENOMEM, "out of memory");
	c->processor = p;
	memcpy(c->id, id, strlen(id) + 1);
	int r = make(c, stream, pipeline_config, err);
	if (r < 0) {
		camera_destroy(&c);
		return r;
	}
	pthread_mutex_lock(&p->lock);
	c->next = p->cameras;
	p->cameras = c;
	pthread_mutex_unlock(&p->lock);
	return 0;
}

int gantry_stream_processor_add_camera_stream(struct gantry_stream_processor *processor,
	const char *id, const char *source, const struct gantry_stream_config *stream_config,
	const struct gantry_pipeline_config *pipeline_config, struct gantry_error *error)
{
	struct err err = {0};
	struct gantry_stream_config defaults;
	struct stream_params stream;
	gantry_stream_config_init(&defaults);
	defaults.reconnect_attempts = -1;
	if (!id || !id[0] || strlen(id) >= ID_SIZE)
		return say(error, &err,
			err_set(&err, -EINVAL, "a stream's id must have 1 to %d characters",
				ID_SIZE - 1));
	int r = api_stream_params(source, stream_config ? stream_config : &defaults, &err, &stream);
	if (r == 0 && stream.buffer_size < 2)
		r = err_set(&err, -EINVAL,
			"buffer_size must be 2 or more where frames are analysed, is %d",
			stream.buffer_size);
	if (r < 0)
		return say(error, &err, r);
	pthread_mutex_lock(&processor->changing);
	r = add(processor, id, &stream, pipeline_config, &err);
	pthread_mutex_unlock(&processor->changing);
	return r < 0 ? say(error, &err, r) : 0;
}

int gantry_stream_processor_remove_camera_stream(
	struct gantry_stream_processor *processor, const char *id, struct gantry_error *error)
{
	struct gantry_stream_processor *p = processor;
	struct err err = {0};
	pthread_mutex_lock(&p->changing);
	pthread_mutex_lock(&p->lock);
	struct camera **at = find(p, id), *camera = *at;
	if (camera)
		*at = camera->next;
	pthread_mutex_unlock(&p->lock);
	bool found = camera != NULL;
	camera_destroy(&camera);
	pthread_mutex_unlock(&p->changing);
	return found ? 0 : say(error, &err, err_set(&err, -ENOENT, "there is no stream '%s'", id));
}

static double mean_ms(int64_t us, int64_t count)
{
	return count > 0 ? (double)us * 1e-3 / (double)count : 0;
}

static int64_t analysed(const struct live_stats *s)
{
	return s->looked_count + s->predicted_count + s->still_count;
}

static void copy(const struct live_stats *from, struct gantry_processing_statistics *to)
{
	*to = (struct gantry_processing_statistics){
		.frames_looked_at = from->looked_count,
		.frames_predicted = from->predicted_count,
		.frames_still = from->still_count,
		.frames_waiting = from->waiting_count + from->stream.waiting_count,
		.dropped_late = from->late_count,
		.dropped_refused = from->refused_count,
		.unaccounted = live_unaccounted(from),
		.looks_replaced = from->service.replaced_count,
		.looks_failed = from->failed_count,
		.violations = from->violation_count,
		.look_rate_hz = from->service.rate_hz,
		.look_ms = mean_ms(from->service.cpu_us, from->service.looked_count),
		.analyse_ms = mean_ms(from->cpu_us, analysed(from)),
		.latency_p50_ms = 1e-3 * histogram_quantile_us(&from->latency, 0.5),
		.latency_p95_ms = 1e-3 * histogram_quantile_us(&from->latency, 0.95),
		.latency_p99_ms = 1e-3 * histogram_quantile_us(&from->latency, 0.99),
	};
	api_stream_statistics(&from->stream, &to->stream);
}

int gantry_stream_processor_get_statistics(struct gantry_stream_processor *processor,
	const char *id, struct gantry_processing_statistics *ret_statistics)
{
	struct live_stats stats;
	pthread_mutex_lock(&processor->lock);
	const struct camera *camera = *find(processor, id);
	if (camera)
		live_stats(camera->live, &stats);
	pthread_mutex_unlock(&processor->lock);
	if (!camera)
		return -ENOENT;
	copy(&stats, ret_statistics);
	return 0;
}

static void add_metrics(const struct camera *camera, struct gantry_aggregated_metrics *sum)
{
	struct live_stats s;
	live_stats(camera->live, &s);
	sum->total_streams++;
	sum->active_streams += live_is_running(camera->live);
	sum->total_frames += analysed(&s);
	sum->total_violations += s.violation_count;
	sum->total_looks += s.looked_count;
	sum->total_looks_replaced += s.service.replaced_count;
	sum->total_frames_dropped += s.late_count + s.refused_count + s.stream.dropped_late +
				     s.stream.dropped_undecodable;
}

void gantry_stream_processor_get_aggregated_metrics(
	struct gantry_stream_processor *processor, struct gantry_aggregated_metrics *ret_metrics)
{
	struct gantry_aggregated_metrics sum = {0};
	int64_t live_count = 0;
	double fps = 0;
	pthread_mutex_lock(&processor->lock);
	for (const struct camera *c = processor->cameras; c; c = c->next) {
		struct stream_stats s;
		add_metrics(c, &sum);
		stream_stats(live_stream(c->live), &s);
		live_count += s.is_connected;
		fps += s.is_connected ? s.fps : 0;
	}
	pthread_mutex_unlock(&processor->lock);
	sum.average_fps = live_count ? fps / (double)live_count : 0;
	*ret_metrics = sum;
}
