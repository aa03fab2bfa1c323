/*
 * ort.h for a build that did not find ONNX Runtime's C header: says so, and how to mend it. Only
 * ort_open() and ort_close() can be reached.
 */
#include "detect/ort.h"

#include <errno.h>
#include <stdlib.h>

int ort_open(const char *model_path, const struct ort_params *params, struct err *err,
	struct ort **ret_ort)
{
	(void)params;
	(void)ret_ort;
	return err_set(err, -ENOTSUP,
		"model %s: this gantry was built without ONNX Runtime's header: run "
		"tools/fetch-onnxruntime and build again, or use the motion detector",
		model_path);
}

void ort_close(struct ort **ort)
{
	*ort = NULL;
}

int ort_input_count(const struct ort *ort)
{
	(void)ort;
	return 0;
}

int ort_output_count(const struct ort *ort)
{
	(void)ort;
	return 0;
}

const struct ort_port *ort_input_port(const struct ort *ort, int index)
{
	(void)ort;
	(void)index;
	return NULL;
}

const struct ort_port *ort_output_port(const struct ort *ort, int index)
{
	(void)ort;
	(void)index;
	return NULL;
}

const char *ort_note(struct ort *ort, const char *key)
{
	(void)ort;
	(void)key;
	return NULL;
}

const char *ort_version(const struct ort *ort)
{
	(void)ort;
	return "none";
}

int ort_bind(struct ort *ort, const int64_t *dims, const int *outputs, int output_count,
	struct err *err, struct ort_binding **ret_binding)
{
	(void)ort;
	(void)dims;
	(void)outputs;
	(void)output_count;
	(void)ret_binding;
	return err_set(err, -ENOTSUP, "no ONNX Runtime");
}

void ort_unbind(struct ort_binding **binding)
{
	*binding = NULL;
}

void *ort_input_data(struct ort_binding *binding)
{
	(void)binding;
	return NULL;
}

int ort_run(struct ort_binding *binding, struct err *err)
{
	(void)binding;
	return err_set(err, -ENOTSUP, "no ONNX Runtime");
}

const struct ort_tensor *ort_output(const struct ort_binding *binding, int index)
{
	(void)binding;
	(void)index;
	return NULL;
}
