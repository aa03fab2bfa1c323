#include "detect/onnx.h"
#include "detect/heads.h"
#include "detect/labels.h"
#include "detect/model_size.h"
#include "detect/ort.h"
#include "pixel/half.h"
#include "pixel/letterbox.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sides of a network whose size is open are multiples of its largest stride. */
#define STRIDE_PX 32
/* The picture that such a network is shown at opening, only to see the shapes it puts out. */
#define TRIAL_SIDE_PX 128
#define OPEN_SIDE_PX 640
/* Sizes that are kept ready: cameras that share a network have few shapes of picture. */
#define SIZES_MAX 4

_Static_assert(HEAD_OUTPUTS_MAX == ORT_PORTS_MAX && HEAD_DIMS_MAX == ORT_DIMS_MAX, "same limits");

/* The network as it is bound to one size of its input. */
struct sized {
	int width_px, height_px;
	struct ort_binding *binding;
	struct head_match match;
	struct letterbox *letterbox;
	float *widened[HEAD_TENSORS_MAX]; /* where outputs are half precision: as float; else NULL
					   */
	struct candidates candidates;
};

struct onnx {
	struct onnx_params params; /* the strings are not kept */
	char name[128];
	char description[256];
	struct ort *ort;
	struct labels labels;
	bool coco_assumed;
	int *wanted; /* class ids; NULL: all */
	int wanted_count;
	bool half; /* the input's type */
	bool open_size;
	bool opened_up; /* the file says a size, which was left open here */
	int open_side_px; /* the longer side where the size is open */

	struct sized sizes[SIZES_MAX];
	int next_size; /* the one that goes for a new one */
	struct sized *size; /* the one in use */
	int frame_width_px, frame_height_px; /* that it was chosen for */

	struct onnx_times times;
};

static int64_t now_us(void)
{
	return mono_now().us;
}

static void append(char *text, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void append(char *text, size_t size, const char *fmt, ...)
{
	size_t length = strlen(text);
	va_list args;
	va_start(args, fmt);
	vsnprintf(text + length, size - length, fmt, args);
	va_end(args);
}

static void append_dims(char *text, size_t size, int count, const int64_t *dims)
{
	append(text, size, "[");
	for (int i = 0; i < count; i++) {
		append(text, size, i ? "," : "");
		if (dims[i] < 0)
			append(text, size, "?");
		else
			append(text, size, "%lld", (long long)dims[i]);
	}
	append(text, size, "]");
}

static void append_port(char *text, size_t size, const struct ort_port *port)
{
	append(text, size, "%s %s ", port->name, port->type_name);
	append_dims(text, size, port->dim_count, port->dims);
}

/* The one input must be [1, 3, height, width] of float or half; sizes may be open. */
static int check_input(struct onnx *o, struct err *err)
{
	const struct ort_port *in = ort_input_port(o->ort, 0);
	char seen[256] = "";
	append_port(seen, sizeof(seen), in);
	if (ort_input_count(o->ort) != 1)
		return err_set(err, -EINVAL, "model %s: has %d inputs; a detection model has one",
			o->name, ort_input_count(o->ort));
	if (in->dim_count != 4 || in->dims[1] != 3)
		return err_set(err, -EINVAL,
			"model %s: its input is %s; gantry feeds [1,3,height,width]", o->name,
			seen);
	if (in->type == ORT_TYPE_OTHER)
		return err_set(err, -EINVAL,
			"model %s: its input is %s; gantry feeds float or float16", o->name, seen);
	if (in->dims[0] > 1)
		return err_set(err, -EINVAL,
			"model %s: its input is %s, a batch of %lld; export it with a batch of 1",
			o->name, seen, (long long)in->dims[0]);
	if (in->dims[2] > 4096 || in->dims[3] > 4096)
		return err_set(
			err, -EINVAL, "model %s: its input is %s, larger than 4096", o->name, seen);
	o->half = in->type == ORT_TYPE_F16;
	o->open_size = in->dims[2] < 1 || in->dims[3] < 1;
	return 0;
}

static int check_output_types(struct onnx *o, const struct head_match *match, struct err *err)
{
	for (int i = 0; i < match->output_count; i++) {
		const struct ort_port *port = ort_output_port(o->ort, match->outputs[i]);
		if (port->type == ORT_TYPE_OTHER)
			return err_set(err, -EINVAL,
				"model %s: its output %s is %s; gantry reads float or float16",
				o->name, port->name, port->type_name);
	}
	return 0;
}

static int unknown_layout(struct onnx *o, const struct head_facts *facts, struct err *err)
{
	char seen[320] = "";
	append_port(seen, sizeof(seen), ort_input_port(o->ort, 0));
	append(seen, sizeof(seen), " in,");
	for (int i = 0; i < facts->output_count; i++) {
		append(seen, sizeof(seen), " %s ", ort_output_port(o->ort, i)->name);
		append_dims(
			seen, sizeof(seen), facts->outputs[i].dim_count, facts->outputs[i].dims);
	}
	if (facts->named_class_count > 0)
		append(seen, sizeof(seen), " out, %d class names", facts->named_class_count);
	else
		append(seen, sizeof(seen), " out, no class names");
	return err_set(err, -EINVAL, "model %s: not a layout that gantry knows: %s. Known are %s",
		o->name, seen, head_known_names());
}

/*
 * A labels file that does not fit looks like an unknown layout; without the labels, the layout says
 * how many classes there are.
 */
static int unrecognised(struct onnx *o, struct head_facts *facts, struct err *err)
{
	struct head_facts unnamed = *facts;
	unnamed.named_class_count = 0;
	struct head_match match;
	if (facts->named_class_count == 0 || head_recognise(&unnamed, &match) < 0)
		return unknown_layout(o, facts, err);
	return err_set(err, -EINVAL, "model %s: has %d classes (%s), but %s %d", o->name,
		match.shape.class_count, match.head->name,
		o->params.labels_path ? "the labels file names" : "its own note names",
		facts->named_class_count);
}

static int settle_classes(
	struct onnx *o, struct head_facts *facts, struct head_match *match, struct err *err)
{
	int count = match->shape.class_count;
	if (o->labels.count > 0)
		return 0;
	if (count != 0 && count != 80)
		return err_set(err, -EINVAL,
			"model %s: has %d classes and does not name them: give their names in "
			"labels_path",
			o->name, count);
	o->coco_assumed = true;
	if (labels_coco(&o->labels) < 0)
		return err_set(err, -ENOMEM, "no memory for the class names");
	facts->named_class_count = o->labels.count;
	return head_recognise(facts, match);
}

/* After a run with every output bound: what the network is. */
static int recognise(struct onnx *o, struct sized *z, struct err *err)
{
	struct head_facts facts = {
		.width_px = z->width_px,
		.height_px = z->height_px,
		.output_count = ort_output_count(o->ort),
		.named_class_count = o->labels.count,
	};
	for (int i = 0; i < facts.output_count; i++) {
		const struct ort_tensor *t = ort_output(z->binding, i);
		facts.outputs[i].dim_count = t->dim_count;
		memcpy(facts.outputs[i].dims, t->dims, sizeof(t->dims));
	}
	if (head_recognise(&facts, &z->match) < 0)
		return unrecognised(o, &facts, err);
	int r = settle_classes(o, &facts, &z->match, err);
	z->match.shape.wanted = o->wanted;
	z->match.shape.wanted_count = o->wanted_count;
	return r < 0 ? r : check_output_types(o, &z->match, err);
}

static void free_size(struct sized *z)
{
	ort_unbind(&z->binding);
	letterbox_destroy(&z->letterbox);
	free(z->candidates.items);
	for (int i = 0; i < HEAD_TENSORS_MAX; i++)
		free(z->widened[i]);
	*z = (struct sized){0};
}

static int make_buffers(struct onnx *o, struct sized *z, struct err *err)
{
	const struct head *head = z->match.head;
	struct letterbox_params params = {
		.width_px = z->width_px,
		.height_px = z->height_px,
		.fit = head->fit,
		.bgr = head->bgr,
		.half = o->half,
		.pad = 114,
	};
	memcpy(params.scale, head->scale, sizeof(params.scale));
	memcpy(params.offset, head->offset, sizeof(params.offset));
	int r = letterbox_create(&params, NULL, err, &z->letterbox);
	if (r < 0)
		return r;
	z->candidates.capacity = z->match.shape.row_count;
	z->candidates.items = calloc((size_t)z->candidates.capacity, sizeof(*z->candidates.items));
	bool failed = !z->candidates.items;
	for (int i = 0; i < z->match.output_count; i++) {
		if (ort_output_port(o->ort, z->match.outputs[i])->type != ORT_TYPE_F16)
			continue;
		z->widened[i] = calloc(z->match.element_count[i], sizeof(float));
		failed |= !z->widened[i];
	}
	return failed ? err_set(err, -ENOMEM, "no memory for the model's output") : 0;
}

static int bind_and_run(
	struct onnx *o, struct sized *z, const int *outputs, int count, struct err *err)
{
	const int64_t dims[4] = {1, 3, z->height_px, z->width_px};
	ort_unbind(&z->binding);
	int r = ort_bind(o->ort, dims, outputs, count, err, &z->binding);
	if (r == 0)
		r = ort_run(z->binding, err);
	return r < 0 ? err_prefix(err, r, "model %s", o->name) : 0;
}

static int fill_size(struct onnx *o, struct sized *z, struct err *err)
{
	int all[ORT_PORTS_MAX];
	for (int i = 0; i < ort_output_count(o->ort); i++)
		all[i] = i;
	int r = bind_and_run(o, z, all, ort_output_count(o->ort), err);
	if (r == 0)
		r = recognise(o, z, err);
	if (r == 0)
		r = bind_and_run(o, z, z->match.outputs, z->match.output_count, err);
	return r < 0 ? r : make_buffers(o, z, err);
}

/* Prepares the network for pictures of this size, unless it is, and everything that depends on it.
 */
static int use_size(struct onnx *o, int width_px, int height_px, struct err *err)
{
	for (int i = 0; i < SIZES_MAX; i++)
		if (o->sizes[i].width_px == width_px && o->sizes[i].height_px == height_px) {
			o->size = &o->sizes[i];
			return 0;
		}
	struct sized *z = &o->sizes[o->next_size];
	o->next_size = (o->next_size + 1) % SIZES_MAX;
	free_size(z);
	z->width_px = width_px;
	z->height_px = height_px;
	int r = fill_size(o, z, err);
	if (r < 0)
		free_size(z);
	else
		o->size = z;
	return r;
}

/* The side that the network was trained for, from the note imgsz: [640, 640]. */
static int trained_side(struct onnx *o)
{
	const char *note = ort_note(o->ort, "imgsz");
	int a = 0, b = 0;
	if (!note || sscanf(note, "[%d, %d]", &a, &b) != 2)
		return OPEN_SIDE_PX;
	int side = a > b ? a : b;
	return side >= STRIDE_PX && side <= 4096 ? side : OPEN_SIDE_PX;
}

static int read_labels(struct onnx *o, struct err *err)
{
	if (o->params.labels_path)
		return labels_read_file(o->params.labels_path, err, &o->labels);
	const char *note = ort_note(o->ort, "names");
	int r = note ? labels_parse(note, err, &o->labels) : 0;
	return r < 0 ? err_prefix(err, r, "model %s", o->name) : 0;
}

static void describe(struct onnx *o)
{
	char size[32];
	if (o->opened_up)
		snprintf(size, sizeof(size), "up to %dx%d", o->open_side_px, o->open_side_px);
	else if (o->open_size)
		snprintf(size, sizeof(size), "open size, %d", o->open_side_px);
	else
		snprintf(size, sizeof(size), "%dx%d", o->size->width_px, o->size->height_px);
	snprintf(o->description, sizeof(o->description), "%s (%s, %s, %d classes%s)", o->name,
		o->size->match.head->name, size, o->labels.count,
		o->coco_assumed ? " taken for COCO's" : "");
}

/* `model`: instead of what is in the file; `size`: of that. */
static int open_network(const struct onnx_params *params, const uint8_t *model, size_t size,
	struct err *err, struct onnx **ret_onnx)
{
	struct onnx *o = calloc(1, sizeof(*o));
	if (!o)
		return err_set(err, -ENOMEM, "no memory for a model");
	o->params = *params;
	const char *slash = strrchr(params->model_path, '/');
	snprintf(o->name, sizeof(o->name), "%s", slash ? slash + 1 : params->model_path);
	const struct ort_params ort_params = {
		.library_path = params->onnxruntime_path,
		.threads = params->threads,
		.model = model,
		.model_size = size,
	};
	int r = ort_open(params->model_path, &ort_params, err, &o->ort);
	if (r == 0)
		r = check_input(o, err);
	if (r == 0)
		r = read_labels(o, err);
	if (r < 0)
		goto fail;
	const int64_t *dims = ort_input_port(o->ort, 0)->dims;
	o->open_side_px = trained_side(o);
	r = o->open_size ? use_size(o, TRIAL_SIDE_PX, TRIAL_SIDE_PX, err)
			 : use_size(o, (int)dims[3], (int)dims[2], err);
	if (r < 0)
		goto fail;
	*ret_onnx = o;
	return 0;
fail:
	onnx_close(&o);
	return r;
}

/*
 * Whether a picture of another shape would save anything, and what comes out would tell that the
 * network follows it: the number of boxes does, but not where the network chooses among them.
 */
static bool wants_opening(const struct onnx *o)
{
	const struct head *head = o->size->match.head;
	return !o->open_size && o->size->width_px == o->size->height_px &&
	       o->size->width_px >= 2 * STRIDE_PX && head->fit != LETTERBOX_STRETCH &&
	       !head->end_to_end;
}

/* Two sizes that are not the file's, one no square: boxes of the same kind, as many as fit. */
static bool is_the_same(const struct onnx *fixed, struct onnx *open)
{
	struct err err;
	int side = fixed->size->width_px;
	const struct head_match *a = &fixed->size->match, *b = &open->size->match;
	return a->head == b->head && a->shape.class_count == b->shape.class_count &&
	       use_size(open, side, side / (2 * STRIDE_PX) * STRIDE_PX, &err) == 0;
}

/*
 * A camera's picture fills a square to 9/16, and the rest is computed in vain. Where the network
 * can do without, it is exchanged for one of open size; else it stays what it is.
 */
static void open_up(const struct onnx_params *params, struct onnx **onnx)
{
	struct err err;
	struct onnx *open = NULL;
	uint8_t *model = NULL;
	size_t size;
	if (!wants_opening(*onnx) || model_size_open_file(params->model_path, &model, &size) < 0)
		return;
	if (open_network(params, model, size, &err, &open) == 0 && is_the_same(*onnx, open)) {
		struct onnx *fixed = *onnx;
		open->opened_up = true;
		open->open_side_px = fixed->size->width_px;
		*onnx = open;
		open = fixed;
	}
	onnx_close(&open);
	free(model);
}

int onnx_open(const struct onnx_params *params, struct err *err, struct onnx **ret_onnx)
{
	struct onnx *o;
	int r = open_network(params, NULL, 0, err, &o);
	if (r < 0)
		return r;
	open_up(params, &o);
	describe(o);
	o->params.model_path = o->params.labels_path = o->params.onnxruntime_path = NULL;
	*ret_onnx = o;
	return 0;
}

void onnx_close(struct onnx **onnx)
{
	struct onnx *o = *onnx;
	*onnx = NULL;
	if (!o)
		return;
	for (int i = 0; i < SIZES_MAX; i++)
		free_size(&o->sizes[i]);
	ort_close(&o->ort);
	labels_finish(&o->labels);
	free(o->wanted);
	free(o);
}

static int whole_strides(double px)
{
	int n = (int)ceil(px / STRIDE_PX - 1e-9);
	return (n < 1 ? 1 : n) * STRIDE_PX;
}

/* Where the size is open: the smallest tensor that holds the frame at the trained scale. */
static int follow_frame_size(struct onnx *o, const struct frame *frame, struct err *err)
{
	if (!o->open_size ||
		(o->frame_width_px == frame->width_px && o->frame_height_px == frame->height_px))
		return 0;
	double longer = fmax(frame->width_px, frame->height_px);
	int width = whole_strides(floor(frame->width_px * (o->open_side_px / longer) + 0.5));
	int height = whole_strides(floor(frame->height_px * (o->open_side_px / longer) + 0.5));
	int r = use_size(o, width, height, err);
	if (r < 0)
		return r;
	o->frame_width_px = frame->width_px;
	o->frame_height_px = frame->height_px;
	return 0;
}

static void decode(struct onnx *o)
{
	struct sized *z = o->size;
	const float *tensors[HEAD_TENSORS_MAX];
	for (int i = 0; i < z->match.output_count; i++) {
		const struct ort_tensor *t = ort_output(z->binding, i);
		tensors[i] = t->data;
		if (z->widened[i]) {
			half_to_float_n(z->widened[i], t->data, z->match.element_count[i]);
			tensors[i] = z->widened[i];
		}
	}
	struct candidates *c = &z->candidates;
	c->count = 0;
	z->match.head->decode(&z->match.shape, tensors, o->params.threshold, c);
	candidates_sort(c);
	if (!z->match.head->end_to_end)
		candidates_suppress(c, o->params.nms_iou, NULL);
	for (int i = 0; i < c->count; i++)
		c->items[i].box = letterbox_to_frame(z->letterbox, c->items[i].box);
}

int onnx_run(struct onnx *onnx, const struct frame *frame, struct err *err,
	struct candidates **ret_candidates)
{
	int r = follow_frame_size(onnx, frame, err);
	if (r < 0)
		return r;
	struct sized *z = onnx->size;
	int64_t start = now_us();
	r = letterbox_run(z->letterbox, frame, ort_input_data(z->binding), err);
	if (r < 0)
		return r;
	int64_t fed = now_us();
	r = ort_run(z->binding, err);
	if (r < 0)
		return err_prefix(err, r, "model %s", onnx->name);
	for (int i = 0; i < z->match.output_count; i++)
		if (ort_output(z->binding, i)->element_count != z->match.element_count[i])
			return err_set(
				err, -EINVAL, "model %s: its output changes size", onnx->name);
	int64_t inferred = now_us();
	decode(onnx);
	onnx->times = (struct onnx_times){fed - start, inferred - fed, now_us() - inferred};
	*ret_candidates = &z->candidates;
	return 0;
}

int onnx_want(struct onnx *onnx, const int *class_ids, int count)
{
	for (int i = 0; i < count; i++)
		if (class_ids[i] < 0 || class_ids[i] >= onnx->labels.count)
			return -EINVAL;
	int *wanted = count > 0 ? malloc((size_t)count * sizeof(*wanted)) : NULL;
	if (!wanted)
		return count > 0 ? -ENOMEM : -EINVAL;
	memcpy(wanted, class_ids, (size_t)count * sizeof(*wanted));
	free(onnx->wanted);
	onnx->wanted = wanted;
	onnx->wanted_count = count;
	for (int i = 0; i < SIZES_MAX; i++) {
		onnx->sizes[i].match.shape.wanted = wanted;
		onnx->sizes[i].match.shape.wanted_count = count;
	}
	return 0;
}

int onnx_class_count(const struct onnx *onnx)
{
	return onnx->labels.count;
}

const char *onnx_class_name(const struct onnx *onnx, int class_id)
{
	return onnx->labels.names[class_id];
}

const char *onnx_description(const struct onnx *onnx)
{
	return onnx->description;
}

struct onnx_times onnx_times(const struct onnx *onnx)
{
	return onnx->times;
}
