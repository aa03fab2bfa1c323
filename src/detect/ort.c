#include "detect/ort.h"
#include "base/log.h"

#include <dlfcn.h>
#include <errno.h>
#include <onnxruntime_c_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The API of 1.21: every later release still gives it out. It is named rather than taken from the
 * header, so that building with a newer header does not shut out older libraries. Asking for
 * a higher version to find out what is there would make the library complain on standard error.
 */
#define API_VERSION 21

#define NOTES_MAX 16

struct ort {
	void *library;
	const OrtApi *api;
	char version[32];
	OrtEnv *env;
	OrtSession *session;
	OrtAllocator *allocator; /* ONNX Runtime's own; not freed */
	OrtMemoryInfo *memory;

	int input_count, output_count;
	struct ort_port inputs[ORT_PORTS_MAX], outputs[ORT_PORTS_MAX];
	char *notes[NOTES_MAX]; /* what ort_note() gave out */
	int note_count;
};

struct ort_binding {
	struct ort *ort;
	OrtValue *in_value;
	void *in_data;
	int count;
	int outputs[ORT_PORTS_MAX];
	OrtValue *out_values[ORT_PORTS_MAX]; /* NULL until the first run told their sizes */
	struct ort_tensor out[ORT_PORTS_MAX];
};

/* Turns ONNX Runtime's status into ours; the sentence is one line. */
static int check(struct ort *o, OrtStatus *status, struct err *err, const char *what)
{
	if (!status)
		return 0;
	char text[384];
	snprintf(text, sizeof(text), "%s", o->api->GetErrorMessage(status));
	text[strcspn(text, "\r\n")] = '\0';
	o->api->ReleaseStatus(status);
	return err_set(err, -EINVAL, "%s: %s", what, text);
}

static void ORT_API_CALL log_line(void *opaque, OrtLoggingLevel level, const char *category,
	const char *id, const char *location, const char *message)
{
	(void)opaque;
	(void)category;
	(void)id;
	(void)location;
	if (level >= ORT_LOGGING_LEVEL_ERROR)
		log_debug("ONNX Runtime: %s", message);
}

static void *load_named(const char *path)
{
	/* Its threads and thread-local destructors do not survive being unloaded. */
	return dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
}

static void *load_near(const char *directory)
{
	static const char *const places[] = {
		"", "gantry/", "../lib/gantry/", "../gantry/", "../.deps/onnxruntime/lib/"};
	char path[4096];
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		int n = snprintf(
			path, sizeof(path), "%s/%slibonnxruntime.so.1", directory, places[i]);
		void *library =
			n < (int)sizeof(path) && access(path, R_OK) == 0 ? load_named(path) : NULL;
		if (library)
			return library;
	}
	return NULL;
}

/* Next to the file this code is in (libgantry.so, or the program it is linked into). */
static void *load_private(void)
{
	static const char here;
	char path[4096];
	Dl_info info;
	if (dladdr(&here, &info) && info.dli_fname && strchr(info.dli_fname, '/')) {
		snprintf(path, sizeof(path), "%s", info.dli_fname);
		*strrchr(path, '/') = '\0';
		void *library = load_near(path);
		if (library)
			return library;
	}
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (n <= 0)
		return NULL;
	path[n] = '\0';
	*strrchr(path, '/') = '\0';
	return load_near(path);
}

static int load(struct ort *o, const char *configured, struct err *err)
{
	static const char *const names[] = {
		"libonnxruntime.so.1", "libonnxruntime.so.1.21", "libonnxruntime.so"};
	if (!configured || !*configured)
		configured = getenv("GANTRY_ONNXRUNTIME");
	if (configured && *configured) {
		o->library = load_named(configured);
		return o->library ? 0
				  : err_set(err, -ENOTSUP, "ONNX Runtime cannot be loaded: %s",
					    dlerror());
	}
	o->library = load_private();
	for (size_t i = 0; !o->library && i < sizeof(names) / sizeof(names[0]); i++)
		o->library = load_named(names[i]);
	if (o->library)
		return 0;
	return err_set(err, -ENOTSUP,
		"ONNX Runtime (libonnxruntime.so.1) is not on this machine, and the onnx detector "
		"needs "
		"it: run tools/fetch-onnxruntime, or name the library in onnxruntime_path");
}

static int find_api(struct ort *o, struct err *err)
{
	union {
		void *object;
		const OrtApiBase *(*function)(void);
	} symbol = {.object = dlsym(o->library, "OrtGetApiBase")};
	if (!symbol.object)
		return err_set(err, -ENOTSUP,
			"the library loaded as ONNX Runtime is another one: no OrtGetApiBase");
	const OrtApiBase *base = symbol.function();
	snprintf(o->version, sizeof(o->version), "%s", base->GetVersionString());
	o->api = base->GetApi(API_VERSION);
	if (!o->api)
		return err_set(err, -ENOTSUP,
			"ONNX Runtime %s is too old: gantry needs 1.%d or newer", o->version,
			API_VERSION);
	return 0;
}

/* ONNX Runtime's own words for these are long and name its sources. */
static int check_file(const char *path, struct err *err)
{
	struct stat st;
	FILE *file = fopen(path, "rb");
	if (!file)
		return err_set(
			err, -errno, "model %s: cannot be opened: %s", path, strerror(errno));
	int r = 0;
	if (fstat(fileno(file), &st) < 0)
		r = err_set(err, -errno, "model %s: %s", path, strerror(errno));
	else if (S_ISDIR(st.st_mode))
		r = err_set(err, -EISDIR, "model %s: is a folder, not an ONNX file", path);
	else if (S_ISREG(st.st_mode) && st.st_size == 0)
		r = err_set(err, -EINVAL, "model %s: is empty", path);
	fclose(file);
	return r;
}

static OrtStatus *configure(struct ort *o, OrtSessionOptions *options, int threads)
{
	/* Debian's 1.21 makes models with SiLU twice as slow with that fusion. */
	bool no_quick_gelu = !strncmp(o->version, "1.21.", 5);
	/*
	 * Before AVX-VNNI, x86 multiplies bytes in pairs that saturate at 16 bits (vpmaddubsw of
	 * unsigned activations and signed weights), which costs models of quantised weights and
	 * activations 5 points of AP50. With this, such processors, and only they, turn the weights
	 * unsigned and multiply exactly.
	 */
	const char *const entries[][2] = {
		{"session.x64quantprecision", "1"},
		{"session.intra_op.allow_spinning", "0"},
		{"session.inter_op.allow_spinning", "0"},
		{"session.set_denormal_as_zero", "1"},
		{"optimization.disable_specified_optimizers",
			no_quick_gelu ? "QuickGeluFusion" : ""},
	};
	/* A plan of the memory made in advance holds more of it at once, and is no faster. */
	OrtStatus *s = o->api->DisableMemPattern(options);
	if (!s)
		s = o->api->SetIntraOpNumThreads(options, threads);
	if (!s)
		s = o->api->SetInterOpNumThreads(options, 1);
	if (!s)
		s = o->api->SetSessionExecutionMode(options, ORT_SEQUENTIAL);
	if (!s)
		s = o->api->SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL);
	for (size_t i = 0; !s && i < sizeof(entries) / sizeof(entries[0]); i++)
		if (*entries[i][1])
			s = o->api->AddSessionConfigEntry(options, entries[i][0], entries[i][1]);
	return s;
}

static int create_session(
	struct ort *o, const char *model_path, const struct ort_params *params, struct err *err)
{
	OrtSessionOptions *options = NULL;
	int r = check(o,
		o->api->CreateEnvWithCustomLogger(
			log_line, NULL, ORT_LOGGING_LEVEL_ERROR, "gantry", &o->env),
		err, "ONNX Runtime does not start");
	if (r == 0)
		r = check(o, o->api->GetAllocatorWithDefaultOptions(&o->allocator), err,
			"ONNX Runtime");
	if (r == 0)
		r = check(o,
			o->api->CreateMemoryInfo(
				"Cpu", OrtArenaAllocator, 0, OrtMemTypeDefault, &o->memory),
			err, "ONNX Runtime");
	if (r == 0)
		r = check(o, o->api->CreateSessionOptions(&options), err, "ONNX Runtime");
	if (r == 0)
		r = check(o, configure(o, options, params->threads), err, "ONNX Runtime");
	if (r == 0) {
		OrtStatus *s = params->model ? o->api->CreateSessionFromArray(o->env, params->model,
						       params->model_size, options, &o->session)
					     : o->api->CreateSession(
						       o->env, model_path, options, &o->session);
		bool foreign = s && o->api->GetErrorCode(s) == ORT_INVALID_PROTOBUF;
		r = check(o, s, err, "ONNX Runtime refuses it");
		if (foreign)
			r = err_set(err, r, "is not an ONNX model, or a damaged one");
		if (r < 0)
			err_prefix(err, r, "model %s", model_path);
	}
	if (options)
		o->api->ReleaseSessionOptions(options);
	return r;
}

static void set_type(struct ort_port *port, ONNXTensorElementDataType type)
{
	static const char *const names[] = {"undefined", "float", "uint8", "int8", "uint16",
		"int16", "int32", "int64", "string", "bool", "float16", "double", "uint32",
		"uint64"};
	bool known = (size_t)type < sizeof(names) / sizeof(names[0]);
	snprintf(port->type_name, sizeof(port->type_name), "%s", known ? names[type] : "other");
	port->type = type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT     ? ORT_TYPE_F32
		     : type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16 ? ORT_TYPE_F16
								     : ORT_TYPE_OTHER;
}

static OrtStatus *read_tensor_info(
	struct ort *o, const OrtTensorTypeAndShapeInfo *info, struct ort_port *port)
{
	ONNXTensorElementDataType type;
	size_t dim_count = 0;
	OrtStatus *s = o->api->GetTensorElementType(info, &type);
	if (s)
		return s;
	set_type(port, type);
	s = o->api->GetDimensionsCount(info, &dim_count);
	if (s)
		return s;
	if (dim_count > ORT_DIMS_MAX)
		dim_count = ORT_DIMS_MAX;
	port->dim_count = (int)dim_count;
	return o->api->GetDimensions(info, port->dims, dim_count);
}

static OrtStatus *read_port(struct ort *o, bool input, size_t index, struct ort_port *port)
{
	OrtTypeInfo *info = NULL;
	const OrtTensorTypeAndShapeInfo *tensor = NULL; /* part of info */
	char *name = NULL;
	OrtStatus *s = input ? o->api->SessionGetInputName(o->session, index, o->allocator, &name)
			     : o->api->SessionGetOutputName(o->session, index, o->allocator, &name);
	if (s)
		return s;
	snprintf(port->name, sizeof(port->name), "%s", name);
	s = o->api->AllocatorFree(o->allocator, name);
	if (!s)
		s = input ? o->api->SessionGetInputTypeInfo(o->session, index, &info)
			  : o->api->SessionGetOutputTypeInfo(o->session, index, &info);
	if (!s)
		s = o->api->CastTypeInfoToTensorInfo(info, &tensor);
	if (!s && tensor)
		s = read_tensor_info(o, tensor, port);
	else if (!s)
		set_type(port, ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED);
	if (info)
		o->api->ReleaseTypeInfo(info);
	return s;
}

static int describe(struct ort *o, const char *model_path, struct err *err)
{
	size_t inputs = 0, outputs = 0;
	OrtStatus *s = o->api->SessionGetInputCount(o->session, &inputs);
	if (!s)
		s = o->api->SessionGetOutputCount(o->session, &outputs);
	if (!s && (inputs > ORT_PORTS_MAX || outputs > ORT_PORTS_MAX))
		return err_set(err, -EINVAL,
			"model %s: has %zu inputs and %zu outputs, which no detection model has",
			model_path, inputs, outputs);
	o->input_count = (int)inputs;
	o->output_count = (int)outputs;
	for (size_t i = 0; !s && i < inputs; i++)
		s = read_port(o, true, i, &o->inputs[i]);
	for (size_t i = 0; !s && i < outputs; i++)
		s = read_port(o, false, i, &o->outputs[i]);
	int r = check(o, s, err, "cannot be described");
	return r < 0 ? err_prefix(err, r, "model %s", model_path) : 0;
}

int ort_open(const char *model_path, const struct ort_params *params, struct err *err,
	struct ort **ret_ort)
{
	struct ort *o = calloc(1, sizeof(*o));
	if (!o)
		return err_set(err, -ENOMEM, "no memory for a model");
	int r = check_file(model_path, err);
	if (r < 0)
		goto fail;
	r = load(o, params->library_path, err);
	if (r < 0)
		goto fail;
	r = find_api(o, err);
	if (r < 0)
		goto fail;
	r = create_session(o, model_path, params, err);
	if (r < 0)
		goto fail;
	r = describe(o, model_path, err);
	if (r < 0)
		goto fail;
	*ret_ort = o;
	return 0;
fail:
	ort_close(&o);
	return r;
}

void ort_close(struct ort **ort)
{
	struct ort *o = *ort;
	*ort = NULL;
	if (!o)
		return;
	for (int i = 0; i < o->note_count; i++)
		free(o->notes[i]);
	if (o->session)
		o->api->ReleaseSession(o->session);
	if (o->memory)
		o->api->ReleaseMemoryInfo(o->memory);
	if (o->env)
		o->api->ReleaseEnv(o->env);
	if (o->library)
		dlclose(o->library);
	free(o);
}

int ort_input_count(const struct ort *ort)
{
	return ort->input_count;
}

int ort_output_count(const struct ort *ort)
{
	return ort->output_count;
}

const struct ort_port *ort_input_port(const struct ort *ort, int index)
{
	return &ort->inputs[index];
}

const struct ort_port *ort_output_port(const struct ort *ort, int index)
{
	return &ort->outputs[index];
}

const char *ort_version(const struct ort *ort)
{
	return ort->version;
}

const char *ort_note(struct ort *ort, const char *key)
{
	OrtModelMetadata *metadata = NULL;
	char *value = NULL, *kept = NULL;
	if (ort->note_count == NOTES_MAX)
		return NULL;
	OrtStatus *s = ort->api->SessionGetModelMetadata(ort->session, &metadata);
	if (!s)
		s = ort->api->ModelMetadataLookupCustomMetadataMap(
			metadata, ort->allocator, key, &value);
	if (!s && value) {
		kept = strdup(value);
		s = ort->api->AllocatorFree(ort->allocator, value);
	}
	if (s)
		ort->api->ReleaseStatus(s);
	if (metadata)
		ort->api->ReleaseModelMetadata(metadata);
	if (kept)
		ort->notes[ort->note_count++] = kept;
	return kept;
}

static size_t type_size(enum ort_type type)
{
	return type == ORT_TYPE_F16 ? 2 : 4;
}

static ONNXTensorElementDataType onnx_type(enum ort_type type)
{
	return type == ORT_TYPE_F16 ? ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16
				    : ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
}

static int bind_input(struct ort_binding *b, const int64_t *dims, struct err *err)
{
	struct ort *o = b->ort;
	const struct ort_port *port = &o->inputs[0];
	size_t bytes = type_size(port->type);
	for (int i = 0; i < port->dim_count; i++) {
		if (dims[i] < 1 || dims[i] > 1 << 16 ||
			(bytes *= (size_t)dims[i]) > (size_t)1 << 31)
			return err_set(err, -EINVAL, "the model's input would be too large");
	}
	bytes = (bytes + 63) & ~(size_t)63;
	b->in_data = aligned_alloc(64, bytes);
	if (!b->in_data)
		return err_set(err, -ENOMEM, "no memory for the model's input");
	memset(b->in_data, 0, bytes);
	return check(o,
		o->api->CreateTensorWithDataAsOrtValue(o->memory, b->in_data, bytes, dims,
			(size_t)port->dim_count, onnx_type(port->type), &b->in_value),
		err, "the model's input");
}

int ort_bind(struct ort *ort, const int64_t *dims, const int *outputs, int output_count,
	struct err *err, struct ort_binding **ret_binding)
{
	struct ort_binding *b = calloc(1, sizeof(*b));
	if (!b)
		return err_set(err, -ENOMEM, "no memory for the model's input");
	b->ort = ort;
	b->count = output_count;
	for (int i = 0; i < output_count; i++)
		b->outputs[i] = outputs[i];
	int r = bind_input(b, dims, err);
	if (r < 0) {
		ort_unbind(&b);
		return r;
	}
	*ret_binding = b;
	return 0;
}

void ort_unbind(struct ort_binding **binding)
{
	struct ort_binding *b = *binding;
	*binding = NULL;
	if (!b)
		return;
	if (b->in_value)
		b->ort->api->ReleaseValue(b->in_value);
	free(b->in_data);
	for (int i = 0; i < b->count; i++)
		if (b->out_values[i])
			b->ort->api->ReleaseValue(b->out_values[i]);
	free(b);
}

void *ort_input_data(struct ort_binding *binding)
{
	return binding->in_data;
}

/* After the first run: where its outputs lie, and how large they are. */
static int read_outputs(struct ort_binding *b, struct err *err)
{
	struct ort *o = b->ort;
	OrtStatus *s = NULL;
	for (int i = 0; !s && i < b->count; i++) {
		struct ort_tensor *t = &b->out[i];
		struct ort_port seen = {0};
		OrtTensorTypeAndShapeInfo *info = NULL;
		s = o->api->GetTensorTypeAndShape(b->out_values[i], &info);
		if (!s)
			s = read_tensor_info(o, info, &seen);
		if (!s)
			s = o->api->GetTensorShapeElementCount(info, &t->element_count);
		if (!s)
			s = o->api->GetTensorMutableData(b->out_values[i], &t->data);
		if (info)
			o->api->ReleaseTensorTypeAndShapeInfo(info);
		t->type = seen.type;
		t->dim_count = seen.dim_count;
		memcpy(t->dims, seen.dims, sizeof(t->dims));
	}
	return check(o, s, err, "the model's output");
}

/*
 * The first run lets ONNX Runtime allocate the outputs; they are kept and given back to it, so that
 * later runs write into the same memory.
 */
int ort_run(struct ort_binding *binding, struct err *err)
{
	struct ort_binding *b = binding;
	struct ort *o = b->ort;
	const char *in_names[] = {o->inputs[0].name};
	const char *out_names[ORT_PORTS_MAX];
	const OrtValue *in_values[] = {b->in_value};
	bool first = !b->out_values[0];
	for (int i = 0; i < b->count; i++)
		out_names[i] = o->outputs[b->outputs[i]].name;
	OrtStatus *s = o->api->Run(o->session, NULL, in_names, in_values, 1, out_names,
		(size_t)b->count, b->out_values);
	int r = check(o, s, err, "the model cannot be run");
	return r == 0 && first ? read_outputs(b, err) : r;
}

const struct ort_tensor *ort_output(const struct ort_binding *binding, int index)
{
	return &binding->out[index];
}
