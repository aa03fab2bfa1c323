/*
 * The service with the real detectors. What workers do when is made certain by an answer that
 * waits: a worker inside it has no time for others.
 */
#include "detect/service.h"
#include "test.h"
#include "truth/truth.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>

#define CAMERAS 4
#define FRAMES 300
#define STEP_US 1000

static char truth_path[] = "/tmp/gantry-service-XXXXXX";

/* One car that moves a pixel a millisecond. */
static int write_truth(void **state)
{
	(void)state;
	FILE *file = fdopen(mkstemp(truth_path), "w");
	truth_write_header(file, 640, 360);
	for (int i = 0; i < FRAMES; i++) {
		struct truth_object o = {.id = 1,
			.road_user = "car",
			.full = {(float)i, 100, (float)i + 80, 160},
			.visible = {(float)i, 100, (float)i + 80, 160}};
		struct truth_frame frame = {.frame = i, .media = {i * STEP_US}, .count = 1};
		truth_write_frame(file, &frame, &o);
	}
	return fclose(file);
}

static int remove_truth(void **state)
{
	(void)state;
	return unlink(truth_path);
}

static struct detector *truth_detector(void)
{
	struct detector_params p = {.kind = DETECTOR_TRUTH, .weak_confidence_threshold = 0.1};
	p.truth = (struct truth_params){.file = truth_path, .seed = 1, .max_occlusion_ratio = 0.8};
	struct detector *d = NULL;
	assert_int_equal(detector_create(&p, NULL, &d), 0);
	return d;
}

/* What one camera was answered. */
struct camera {
	struct service_camera *camera;
	struct detector *detector;
	struct frame_pool *pool;
	int number;
	/* Below: the answering threads', one at a time for SERVICE_LOOKED. */
	int64_t last_sequence;
	bool in_order, right;
	sem_t *wait; /* an answer waits for it; NULL: none does */
	sem_t *begun;
	_Atomic int looked, replaced, stopped, failed;
	int *order; /* camera numbers as they are looked at */
	int *order_count;
};

static void look_at(struct camera *c, const struct service_answer *a)
{
	c->in_order &= a->frame->sequence > c->last_sequence &&
		       a->detections->media.us == a->frame->media.us;
	c->last_sequence = a->frame->sequence;
	c->right &= a->detections->count == 1 &&
		    a->detections->items[0].box.x1 == (float)(a->frame->media.us / STEP_US);
	if (c->order)
		c->order[(*c->order_count)++] = c->number;
	if (c->begun)
		sem_post(c->begun);
	if (c->wait)
		sem_wait(c->wait);
	c->looked++;
}

static void take(void *opaque, const struct service_answer *a)
{
	struct camera *c = opaque;
	switch (a->outcome) {
	case SERVICE_LOOKED:
		look_at(c, a);
		break;
	case SERVICE_REPLACED:
		c->replaced++;
		break;
	case SERVICE_STOPPED:
		c->stopped++;
		break;
	case SERVICE_FAILED:
		c->failed++;
		break;
	}
}

static void camera_start(struct camera *c, struct service *service, bool gated)
{
	c->detector = truth_detector();
	c->last_sequence = -1;
	c->in_order = c->right = true;
	assert_int_equal(frame_pool_create(640, 360, 16, &c->pool), 0);
	struct service_camera_params params = {.pace = {.max_hz = 1000, .min_hz = 1000},
		.gated = gated,
		.detector = c->detector,
		.answer = take,
		.opaque = c};
	assert_int_equal(service_add(service, &params, &c->camera), 0);
}

static void camera_stop(struct camera *c)
{
	service_remove(&c->camera);
	detector_destroy(&c->detector);
	frame_pool_destroy(&c->pool);
}

static enum service_offer offer(struct camera *c, int i)
{
	struct frame *frame = frame_pool_get(c->pool);
	assert_non_null(frame);
	frame->sequence = i;
	frame->media.us = (int64_t)i * STEP_US;
	for (int p = 0; p < 3; p++)
		memset(frame_writable(frame, p), 100,
			(size_t)frame->stride_bytes[p] * (p ? 180 : 360));
	enum service_offer said = service_offer(c->camera, frame);
	frame_unref(&frame);
	return said;
}

static struct service *service_with(int workers)
{
	struct service *service = NULL;
	struct service_params params = {.worker_count = workers};
	assert_int_equal(service_create(&params, NULL, &service), 0);
	assert_int_equal(service_worker_count(service), workers);
	return service;
}

static void *offer_all(void *opaque)
{
	for (int i = 0; i < FRAMES; i++)
		offer(opaque, i);
	return NULL;
}

static void every_frame_has_one_answer_and_looks_are_in_order(void **state)
{
	(void)state;
	struct service *service = service_with(2);
	static struct camera cameras[CAMERAS];
	pthread_t threads[CAMERAS];
	for (int i = 0; i < CAMERAS; i++)
		camera_start(&cameras[i], service, false);
	for (int i = 0; i < CAMERAS; i++)
		pthread_create(&threads[i], NULL, offer_all, &cameras[i]);
	for (int i = 0; i < CAMERAS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < CAMERAS; i++) {
		struct camera *c = &cameras[i];
		service_drain(c->camera);
		struct service_stats s = service_stats(c->camera);
		assert_int_equal(s.offered_count, FRAMES);
		assert_int_equal(s.taken_count + s.not_due_count + s.still_count, FRAMES);
		assert_int_equal(s.looked_count + s.replaced_count, s.taken_count);
		assert_int_equal(s.looked_count, c->looked);
		assert_int_equal(s.replaced_count, c->replaced);
		assert_true(s.looked_count > 0 && c->in_order && c->right);
		camera_stop(c);
	}
	service_destroy(&service);
}

static void a_newer_frame_replaces_one_that_waits_and_says_so(void **state)
{
	(void)state;
	struct service *service = service_with(1);
	sem_t wait, begun;
	sem_init(&wait, 0, 0);
	sem_init(&begun, 0, 0);
	struct camera c = {.wait = &wait, .begun = &begun};
	camera_start(&c, service, false);
	assert_int_equal(offer(&c, 0), SERVICE_TAKEN);
	sem_wait(&begun); /* the worker has frame 0 */
	for (int i = 1; i <= 5; i++)
		assert_int_equal(offer(&c, i), SERVICE_TAKEN);
	assert_int_equal(c.replaced, 4);
	sem_post(&wait);
	sem_post(&wait);
	service_drain(c.camera);
	assert_int_equal(c.looked, 2);
	assert_int_equal(c.last_sequence, 5);
	assert_true(c.in_order && c.right);
	camera_stop(&c);
	service_destroy(&service);
}

static void who_waits_longest_comes_first(void **state)
{
	(void)state;
	struct service *service = service_with(1);
	sem_t wait, begun;
	sem_init(&wait, 0, 0);
	sem_init(&begun, 0, 0);
	int order[16], count = 0;
	struct camera c[CAMERAS] = {{.wait = &wait, .begun = &begun}};
	for (int i = 0; i < CAMERAS; i++) {
		c[i].number = i;
		c[i].order = order;
		c[i].order_count = &count;
		camera_start(&c[i], service, false);
	}
	offer(&c[0], 0);
	sem_wait(&begun);
	offer(&c[2], 0);
	offer(&c[0], 1);
	offer(&c[1], 0);
	for (int i = 1; i < 10; i++)
		offer(&c[2], i); /* newer frames win it nothing and lose it nothing */
	offer(&c[3], 0);
	sem_post(&wait);
	sem_post(&wait);
	for (int i = 0; i < CAMERAS; i++)
		service_drain(c[i].camera);
	const int expected[] = {0, 2, 1, 3, 0};
	assert_int_equal(count, 5);
	assert_memory_equal(order, expected, sizeof(expected));
	for (int i = 0; i < CAMERAS; i++)
		camera_stop(&c[i]);
	service_destroy(&service);
}

static void what_does_not_move_is_hardly_looked_at(void **state)
{
	(void)state;
	struct service *service = service_with(1);
	struct camera c = {0};
	camera_start(&c, service, true);
	assert_int_equal(offer(&c, 0), SERVICE_TAKEN);
	service_drain(c.camera);
	for (int i = 1; i < 200; i++)
		assert_int_equal(offer(&c, i), SERVICE_STILL);
	assert_int_equal(offer(&c, 1000), SERVICE_TAKEN); /* a second later */
	service_drain(c.camera);
	struct service_stats s = service_stats(c.camera);
	assert_int_equal(s.looked_count, 2);
	assert_int_equal(s.still_count, 199);
	camera_stop(&c);
	service_destroy(&service);
}

/* Nothing moves, and no other look is due: still the newest is the one to look at. */
static void what_waits_is_the_newest(void **state)
{
	(void)state;
	struct service *service = service_with(1);
	sem_t wait, begun;
	sem_init(&wait, 0, 0);
	sem_init(&begun, 0, 0);
	struct camera busy = {.wait = &wait, .begun = &begun}, waiting = {0};
	camera_start(&busy, service, false);
	camera_start(&waiting, service, true);
	offer(&busy, 0);
	sem_wait(&begun);
	for (int i = 0; i <= 5; i++)
		assert_int_equal(offer(&waiting, i), SERVICE_TAKEN);
	assert_int_equal(waiting.replaced, 5);
	sem_post(&wait);
	service_drain(waiting.camera);
	assert_int_equal(waiting.looked, 1);
	assert_int_equal(waiting.last_sequence, 5);
	assert_int_equal(offer(&waiting, 6), SERVICE_STILL);
	camera_stop(&waiting);
	camera_stop(&busy);
	service_destroy(&service);
}

static void *remove_camera(void *opaque)
{
	service_remove(&((struct camera *)opaque)->camera);
	return NULL;
}

static void a_removed_camera_is_answered_and_then_left_alone(void **state)
{
	(void)state;
	struct service *service = service_with(1);
	sem_t wait, begun;
	sem_init(&wait, 0, 0);
	sem_init(&begun, 0, 0);
	struct camera busy = {.wait = &wait, .begun = &begun}, waiting = {0};
	camera_start(&busy, service, false);
	camera_start(&waiting, service, false);
	offer(&busy, 0);
	sem_wait(&begun);
	offer(&waiting, 0);
	offer(&busy, 1);
	camera_stop(&waiting);
	assert_int_equal(waiting.stopped, 1);
	assert_int_equal(waiting.looked, 0);
	pthread_t remover;
	pthread_create(&remover, NULL, remove_camera, &busy);
	sem_post(&wait);
	sem_post(&wait);
	pthread_join(remover, NULL);
	assert_int_equal(busy.looked + busy.stopped, 2);
	camera_stop(&busy);
	service_destroy(&service);
}

static void a_detector_with_a_memory_is_not_shared(void **state)
{
	(void)state;
	struct service *service = NULL;
	struct detector_params params;
	struct err err = {""};
	options_defaults(&detector_options, &params);
	params.kind = DETECTOR_MOTION;
	assert_int_equal(detector_memory(&params), DETECTOR_MEMORY_FRAMES);
	assert_int_equal(
		service_create(&(struct service_params){.detector = &params}, &err, &service),
		-EINVAL);
	assert_true(err.text[0]);
	assert_null(service);
	service = service_with(1);
	struct service_camera *camera = NULL;
	assert_int_equal(
		service_add(service, &(struct service_camera_params){.answer = take}, &camera),
		-EINVAL);
	service_destroy(&service);
}

/* What the network says by itself, and what each of two cameras is answered. */
struct network {
	struct detections alone;
	_Atomic int same_count;
};

static void compare(void *opaque, const struct service_answer *a)
{
	struct network *n = opaque;
	n->same_count += a->outcome == SERVICE_LOOKED && a->detections->count == n->alone.count &&
			 memcmp(a->detections->items, n->alone.items,
				 sizeof(n->alone.items[0]) * (size_t)n->alone.count) == 0;
}

static void one_network_serves_all_cameras(void **state)
{
	(void)state;
	struct detector_params params;
	options_defaults(&detector_options, &params);
	params.detection_model_path = strdup(test_data("models/yolox_nano_416.onnx"));
	params.confidence_threshold = 0.5;
	static struct network n;
	struct detector *alone = NULL;
	struct service *service = NULL;
	struct frame_pool *pool;
	struct err err = {""};
	if (detector_create(&params, &err, &alone) < 0 ||
		service_create(&(struct service_params){.detector = &params, .worker_count = 2},
			&err, &service) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(service_description(service), detector_description(alone));
	frame_pool_create(640, 360, 1, &pool);
	struct frame *frame = frame_pool_get(pool);
	for (int i = 0; i < 640 * 360; i++)
		frame_writable(frame, 0)[i] = (uint8_t)(i / 640 * (i % 640));
	assert_int_equal(detector_detect(alone, frame, &n.alone, &err), 0);
	struct service_camera *cameras[2];
	struct service_camera_params camera = {.answer = compare, .opaque = &n};
	for (int i = 0; i < 2; i++)
		assert_int_equal(service_add(service, &camera, &cameras[i]), 0);
	for (int round = 0; round < 3; round++) {
		frame->media.us = round * 1000000;
		for (int i = 0; i < 2; i++)
			assert_int_equal(service_offer(cameras[i], frame), SERVICE_TAKEN);
		for (int i = 0; i < 2; i++)
			service_drain(cameras[i]);
	}
	assert_int_equal(n.same_count, 6);
	for (int i = 0; i < 2; i++)
		service_remove(&cameras[i]);
	service_destroy(&service);
	detector_destroy(&alone);
	frame_unref(&frame);
	frame_pool_destroy(&pool);
	free(params.detection_model_path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_frame_has_one_answer_and_looks_are_in_order),
		cmocka_unit_test(a_newer_frame_replaces_one_that_waits_and_says_so),
		cmocka_unit_test(who_waits_longest_comes_first),
		cmocka_unit_test(what_does_not_move_is_hardly_looked_at),
		cmocka_unit_test(what_waits_is_the_newest),
		cmocka_unit_test(a_removed_camera_is_answered_and_then_left_alone),
		cmocka_unit_test(a_detector_with_a_memory_is_not_shared),
		cmocka_unit_test(one_network_serves_all_cameras),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, write_truth, remove_truth);
}
