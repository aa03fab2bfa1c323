/*
 * Frames in, detections out. Three kinds behind one small vtable: `onnx` (a neural network),
 * `motion` (an adaptive background model; needs no model file) and `truth` (replays a truth file).
 *
 * Threads: one detector, one thread. Memory: allocates at creation; none per frame after warm-up
 * (ONNX Runtime's own arena excepted).
 */
#pragma once

#include "base/err.h"
#include "base/frame.h"
#include "base/options.h"
#include "detect/detections.h"

enum detector_kind {
	DETECTOR_AUTO, /* onnx where a model is given, else motion */
	DETECTOR_ONNX,
	DETECTOR_MOTION,
	DETECTOR_TRUTH,
};

/* Background subtraction; the fields are motion.c's own. See motion.c for what each does. */
struct motion_params {
	double learning_s; /* time constant of the background, seconds */
	double warmup_s; /* nothing is reported before the background is that old */
	double preview_s; /* that much of a file is looked at beforehand */
	double threshold_sigma; /* foreground: this many standard deviations off the background */
	double shadow_ratio; /* a shadow keeps at least this share of the background's brightness */
	double min_area_px; /* smallest blob, source pixels; 0: from the frame's size */
	int work_width_px; /* the model works on a picture of at most this width */
};

struct truth_params {
	char *file;
	double noise_px; /* standard deviation added to each side of a box */
	double miss_ratio; /* share of objects left out, 0 to 1 */
	double false_alarms_per_frame;
	int seed;
	double max_occlusion_ratio; /* objects hidden more than this are not detected */
};

struct detector_params {
	int kind; /* enum detector_kind */
	char *detection_model_path; /* the contract's name */
	char *labels_path; /* one name a line; NULL: from the model, else COCO */
	char *onnxruntime_path; /* NULL: the search order of onnx.c */
	/*
	 * Detections from confidence_threshold on are believed by themselves. Weaker ones, down to
	 * weak_confidence_threshold, are handed on too: they help a tracker to keep a road user it
	 * already knows (ByteTrack's second pass), and must not start one.
	 */
	double confidence_threshold; /* 0 to 1 */
	double weak_confidence_threshold; /* 0 to 1 */
	double nms_iou; /* 0 to 1 */
	int threads; /* of one session; 1 */
	struct motion_params motion;
	struct truth_params truth;
	/*
	 * Set by the pipeline, not by the user: image to road (metres) where the scene is
	 * calibrated, so that motion can tell classes by size. NULL: not calibrated. Borrowed until
	 * creation ends.
	 */
	const struct mat3 *road_from_image;
	/*
	 * Likewise: what a metre above the road adds to a homogeneous image point, three numbers
	 * (struct calibration's up_column). NULL: not known.
	 */
	const double *up_column;
};
extern const struct option_table detector_options;

/* What a detector of this kind remembers, and so which cameras and threads it can serve. */
enum detector_memory {
	DETECTOR_MEMORY_NONE, /* each frame by itself: one detector serves all cameras */
	DETECTOR_MEMORY_CAMERA, /* is about one camera, and need not see all its frames */
	DETECTOR_MEMORY_FRAMES, /* learns from every frame of its camera, in order */
};
enum detector_memory detector_memory(const struct detector_params *params);

struct detector;

int detector_create(
	const struct detector_params *params, struct err *err, struct detector **ret_detector);
void detector_destroy(struct detector **detector);
/* Fills `out` whole. 0, or a negative errno where the frame could not be looked at. */
int detector_detect(struct detector *detector, const struct frame *frame, struct detections *out,
	struct err *err);
/*
 * How much of a file it is good to have shown it before its first frame is asked for, seconds; 0:
 * nothing. A live camera cannot: there the detector learns as it goes.
 */
double detector_preview_s(const struct detector *detector);
/*
 * Before the first detector_detect(): a frame of that time, in order, not all of them needed.
 * Learns from it and says nothing. 0, or a negative errno as detector_detect().
 */
int detector_preview(struct detector *detector, const struct frame *frame, struct err *err);
/* "motion", "onnx: yolox_nano_416.onnx (YOLOX, 416x416)", "truth: FILE": for the person who asks.
 */
const char *detector_description(const struct detector *detector);
