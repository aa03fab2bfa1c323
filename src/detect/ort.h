/*
 * The only door to ONNX Runtime, which is loaded when the first model is opened: the program starts
 * without it, and a build of it with other execution providers can be put in its place.
 *
 * Looked for, in this order: `library_path`, the environment's GANTRY_ONNXRUNTIME, the private
 * places next to this program (or library) and in its source tree's .deps, then by the names
 * libonnxruntime.so.1, .so.1.21 and .so wherever the system's loader looks. Any release from 1.21
 * on will do: that is the version of the C API asked for.
 *
 *     ort_open("model.onnx", &(struct ort_params){.threads = 1}, &err, &ort);
 *     ort_bind(ort, (int64_t[]){1, 3, 416, 416}, outputs, 1, &err, &binding);
 *     fill(ort_input_data(binding));  ort_run(binding, &err);  read(ort_output(binding, 0));
 *
 * Threads: one session, one thread; with `threads` 1 it starts none of its own.
 * Memory: input and output tensors are allocated by ort_bind() and the first ort_run() of that
 * binding; later runs reuse them. What ONNX Runtime allocates inside a run comes from its arena.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define ORT_DIMS_MAX 8
#define ORT_PORTS_MAX 16

enum ort_type {
	ORT_TYPE_F32,
	ORT_TYPE_F16,
	ORT_TYPE_OTHER,
};

/* One input or output as the model declares it. */
struct ort_port {
	char name[128];
	char type_name[16]; /* "float", "float16", "uint8", ... */
	enum ort_type type;
	int dim_count;
	int64_t dims[ORT_DIMS_MAX]; /* -1 where the model leaves the size open */
};

/* A tensor as it was computed. `data` belongs to the binding. */
struct ort_tensor {
	enum ort_type type;
	int dim_count;
	int64_t dims[ORT_DIMS_MAX];
	size_t element_count;
	void *data;
};

struct ort_params {
	const char *library_path; /* NULL: the search order above */
	int threads; /* 1 to 64 */
	/* The model, where it is not the file as it is; borrowed during ort_open(). */
	const void *model;
	size_t model_size;
};

struct ort;

/*
 * -ENOTSUP where ONNX Runtime is missing, too old or not what it claims to be; -ENOENT and the like
 * where the file cannot be read; -EINVAL where it is not an ONNX model or one that this ONNX
 * Runtime cannot execute.
 */
int ort_open(const char *model_path, const struct ort_params *params, struct err *err,
	struct ort **ret_ort);
void ort_close(struct ort **ort);

/* What the model declares; at most ORT_PORTS_MAX of each (more: -EINVAL from ort_open). */
int ort_input_count(const struct ort *ort);
int ort_output_count(const struct ort *ort);
const struct ort_port *ort_input_port(const struct ort *ort, int index);
const struct ort_port *ort_output_port(const struct ort *ort, int index);
/* The model's own note under `key`, NULL where there is none. Lives as long as the session. */
const char *ort_note(struct ort *ort, const char *key);
/* Version of the library that was loaded, such as "1.30.0". */
const char *ort_version(const struct ort *ort);

/*
 * A size of the first input (as many dims as it declares) and the outputs wanted, in that order.
 * There may be several for one session.
 */
struct ort_binding;
int ort_bind(struct ort *ort, const int64_t *dims, const int *outputs, int output_count,
	struct err *err, struct ort_binding **ret_binding);
/* Before the session is closed. */
void ort_unbind(struct ort_binding **binding);
/* Where the caller writes the input; 64-byte aligned, zero after ort_bind(). */
void *ort_input_data(struct ort_binding *binding);
int ort_run(struct ort_binding *binding, struct err *err);
/* The index-th of the outputs wanted; valid after ort_run(), until the next one. */
const struct ort_tensor *ort_output(const struct ort_binding *binding, int index);
