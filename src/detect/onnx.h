/*
 * A detection network from an ONNX file: frame in, boxes with the model's own classes out. The
 * `onnx` detector reduces these to road users; the evaluation wants them all.
 *
 * The family is recognised from the shapes (heads.h), the class names come from `labels_path`, else
 * from the model's own note, else they are COCO's where the model has 80 classes. A network that
 * leaves its input size open is fed the smallest picture with the frame's shape whose longer side
 * is the one it was trained for.
 *
 * Threads: one network, one thread. Memory: at opening, and where the size of the frames changes.
 */
#pragma once

#include "base/err.h"
#include "base/frame.h"
#include "detect/candidates.h"

struct onnx_params {
	const char *model_path;
	const char *labels_path; /* NULL: see above */
	const char *onnxruntime_path; /* NULL: the search order of ort.h */
	float threshold; /* 0 to 1: boxes from this score on */
	float nms_iou; /* 0 to 1; not used for networks that choose themselves */
	int threads; /* of one inference */
};

/* What the last frame took, for whoever asks where the time goes. */
struct onnx_times {
	int64_t tensor_us, session_us, decode_us;
};

struct onnx;

int onnx_open(const struct onnx_params *params, struct err *err, struct onnx **ret_onnx);
void onnx_close(struct onnx **onnx);

/* From now on only these of its classes, in any order. -EINVAL for one it has not, -ENOMEM. */
int onnx_want(struct onnx *onnx, const int *class_ids, int count);

/* Boxes in pixels of the frame, not clipped, strongest first; valid until the next call. */
int onnx_run(struct onnx *onnx, const struct frame *frame, struct err *err,
	struct candidates **ret_candidates);

int onnx_class_count(const struct onnx *onnx);
const char *onnx_class_name(const struct onnx *onnx, int class_id);
/* "yolox_nano_416.onnx (YOLOX, 416x416, 80 classes)" */
const char *onnx_description(const struct onnx *onnx);
struct onnx_times onnx_times(const struct onnx *onnx);
