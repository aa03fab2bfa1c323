/*
 * One detection service for all cameras: a few workers, each with a single-threaded detector of its
 * own, look at the newest frames of however many cameras there are.
 *
 *     service_create(&(struct service_params){.detector = &params}, &err, &service);
 *     service_add(service, &(struct service_camera_params){.answer = take, .opaque = me}, &camera);
 *     for every frame of the camera
 *             if (service_offer(camera, frame) == SERVICE_TAKEN)
 *                     its answer comes by `take`; else go on without
 *     service_remove(&camera);
 *     service_destroy(&service);
 *
 * How often a camera is to be looked at follows its pace (pace.h) and, where it is `gated`, whether
 * anything moved (gate.h). When its time has come, the next frame waits for a worker; there is room
 * for one. Each newer frame takes its place until a worker comes, so that a look is always at what
 * is new, and the older is answered as SERVICE_REPLACED: nothing is shed in silence. Workers take
 * the camera that has waited longest, so that none is starved, however many frames another offers.
 *
 * A detector that is about one camera (DETECTOR_MEMORY_CAMERA) is given with the camera and used by
 * whichever worker has its frame, by one at a time. One that must see every frame of its camera
 * (DETECTOR_MEMORY_FRAMES: motion) has no place here: it runs where the camera is analysed.
 *
 * Threads: create, add, remove and destroy from any thread; offer from one thread per camera.
 * Answers come from the workers, SERVICE_REPLACED from the offering thread and SERVICE_STOPPED from
 * the removing one, never under a lock. Those that were looked at come in the order of the frames.
 * Memory: all at creation and adding; the frames are references.
 */
#pragma once

#include "detect/detector.h"
#include "detect/pace.h"

struct service_params {
	const struct detector_params *detector; /* NULL: every camera brings its own */
	int worker_count; /* 1 to 256; 0: one per core */
	int nice; /* of the workers, 0 to 19: what is to be late when the machine is full */
};

enum service_outcome {
	SERVICE_LOOKED,
	SERVICE_REPLACED, /* a newer frame took its place before a worker came */
	SERVICE_STOPPED, /* the camera was removed before a worker came */
	SERVICE_FAILED, /* the detector could not look at it */
};

/* Borrowed during the call. */
struct service_answer {
	enum service_outcome outcome;
	const struct frame *frame;
	const struct detections *detections; /* of that frame; NULL unless SERVICE_LOOKED */
	const struct err *err; /* NULL unless SERVICE_FAILED */
};

struct service_camera_params {
	struct pace_params pace;
	bool gated; /* what has not moved is looked at at pace.idle_hz only */
	struct detector *detector; /* borrowed until removed; NULL: the service's */
	void (*answer)(void *opaque, const struct service_answer *answer);
	void *opaque;
};

/* offered = taken + not_due + still, and taken = looked + replaced + stopped + failed + pending */
struct service_stats {
	int64_t offered_count, taken_count, not_due_count, still_count;
	int64_t looked_count, replaced_count, stopped_count, failed_count;
	int64_t cpu_us; /* of the detector for this camera */
	double rate_hz; /* looks a second that the machine holds now */
};

enum service_offer {
	SERVICE_TAKEN, /* there will be exactly one answer */
	SERVICE_NOT_DUE, /* too soon after the look before */
	SERVICE_STILL, /* nothing has moved since the look before */
};

struct service;
struct service_camera;

/* -EINVAL, -ENOMEM, or why the detector cannot be made, with a sentence. */
int service_create(
	const struct service_params *params, struct err *err, struct service **ret_service);
/* All cameras have been removed. */
void service_destroy(struct service **service);
int service_worker_count(const struct service *service);
/* detector_description() of the workers' detectors; "" where they have none. */
const char *service_description(const struct service *service);

/* -EINVAL where neither has a detector, -ENOMEM. */
int service_add(struct service *service, const struct service_camera_params *params,
	struct service_camera **ret_camera);
/* Waits for the worker that has its frame, if any; afterwards no answer comes. */
void service_remove(struct service_camera **camera);
/* Takes a reference to the frame where it says SERVICE_TAKEN. */
enum service_offer service_offer(struct service_camera *camera, struct frame *frame);
/* Somebody new was seen: the next frame offered is looked at, so that his motion becomes known. */
void service_hurry(struct service_camera *camera);
/* Waits until everything offered so far is answered. */
void service_drain(struct service_camera *camera);
struct service_stats service_stats(struct service_camera *camera);
