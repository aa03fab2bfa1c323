/*
 * gantry eval detect: the average precision of a model over labelled images.
 */
#include "av/reader.h"
#include "base/json.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "detect/detections.h"
#include "detect/labels.h"
#include "detect/onnx.h"
#include "eval/ap.h"
#include "eval/barplot.h"
#include "eval/yolo.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct eval_args {
	const char *model, *images, *labels, *names, *runtime, *json, *plot;
	bool vehicles, classes;
	double confidence, nms_iou;
};

static const struct arg arg_list[] = {
	{"model", 'm', ARG_TEXT, offsetof(struct eval_args, model), "FILE",
		.help = "the ONNX model"},
	{"images", 'i', ARG_TEXT, offsetof(struct eval_args, images), "DIR",
		.help = "the images: every file in it"},
	{"labels", 'l', ARG_TEXT, offsetof(struct eval_args, labels), "DIR",
		.help = "NAME.txt for an image NAME.jpg, in YOLO's format; none: no objects"},
	{"names", 0, ARG_TEXT, offsetof(struct eval_args, names), "FILE",
		.help = "class names of the model, one a line (default: from the model)"},
	{"onnxruntime", 0, ARG_TEXT, offsetof(struct eval_args, runtime), "FILE",
		.help = "the ONNX Runtime library to load (default: the usual places)"},
	{"vehicles", 0, ARG_FLAG, offsetof(struct eval_args, vehicles),
		.help = "all labels are vehicles, and so is every car, truck, bus and motorcycle "
			"found"},
	{"per-class", 0, ARG_FLAG, offsetof(struct eval_args, classes),
		.help = "a row for each class that has objects"},
	{"confidence", 0, ARG_REAL, offsetof(struct eval_args, confidence), "RATIO", .min = 0,
		.max = 1, .help = "detections from here on (default 0.01)"},
	{"nms-iou", 0, ARG_REAL, offsetof(struct eval_args, nms_iou), "RATIO", .min = 0, .max = 1,
		.help = "boxes of a class that overlap more than this are one (default 0.65)"},
	{"json", 0, ARG_TEXT, offsetof(struct eval_args, json), "FILE",
		.help = "the result as JSON, too; - for standard output instead of the table"},
	{"plot", 0, ARG_TEXT, offsetof(struct eval_args, plot), "FILE.svg",
		.help = "AP50 and AP of every class that has objects, as an SVG picture"},
};

static const struct arg_table arg_table = {
	.about = "score a detection model against labelled images (AP50 and AP as COCO defines "
		 "them)",
	.args = arg_list,
	.count = ARG_COUNT(arg_list),
	.more = "example:\n"
		"  gantry eval detect --model yolox_nano_416.onnx --images val/images --labels "
		"val/labels\n",
};

struct evaluation {
	const struct eval_args *args;
	struct onnx *onnx;
	struct ap *ap;
	int *as_class; /* by class id, with --vehicles: all the same */
	int image_count;
	struct onnx_times times;
};

static bool is_vehicle(const char *class_name)
{
	enum road_user user = road_user_from_name(class_name);
	return user != ROAD_USER_COUNT && user != ROAD_USER_PERSON && user != ROAD_USER_BICYCLE;
}

/* With --vehicles, the model chooses among its vehicles only. */
static int want_vehicles(struct evaluation *e, struct err *err)
{
	int wanted[LABELS_MAX], count = 0;
	for (int i = 0; i < onnx_class_count(e->onnx); i++)
		if (is_vehicle(onnx_class_name(e->onnx, i)))
			wanted[count++] = i;
	int r = onnx_want(e->onnx, wanted, count);
	return r == -EINVAL ? err_set(err, r, "the model has no class that is a vehicle")
	       : r < 0      ? err_set(err, r, "no memory for the evaluation")
			    : 0;
}

static int prepare(struct evaluation *e, struct err *err)
{
	int count = onnx_class_count(e->onnx);
	e->as_class = calloc((size_t)count, sizeof(*e->as_class));
	if (!e->as_class || ap_create(e->args->vehicles ? 1 : count, &e->ap) < 0)
		return err_set(err, -ENOMEM, "no memory for the evaluation");
	return e->args->vehicles ? want_vehicles(e, err) : 0;
}

static int add_objects(
	struct evaluation *e, const char *labels_path, const struct frame *frame, struct err *err)
{
	struct yolo_labels labels;
	int r = yolo_read(labels_path, err, &labels);
	for (int i = 0; r == 0 && i < labels.count; i++) {
		struct box b = labels.items[i].box;
		float w = (float)frame->width_px, h = (float)frame->height_px;
		int class_id = e->args->vehicles ? 0 : labels.items[i].class_id;
		r = ap_add_object(e->ap, e->image_count, class_id,
			(struct box){b.x1 * w, b.y1 * h, b.x2 * w, b.y2 * h});
		if (r < 0)
			err_set(err, r, "%s: class %d, but the model has %d classes", labels_path,
				class_id, onnx_class_count(e->onnx));
	}
	if (r == 0)
		yolo_finish(&labels);
	return r;
}

static int add_detections(struct evaluation *e, const struct frame *frame, struct err *err)
{
	struct candidates *found;
	int r = onnx_run(e->onnx, frame, err, &found);
	if (r < 0)
		return r;
	struct onnx_times t = onnx_times(e->onnx);
	e->times.tensor_us += t.tensor_us;
	e->times.session_us += t.session_us;
	e->times.decode_us += t.decode_us;
	if (e->args->vehicles)
		candidates_suppress(found, (float)e->args->nms_iou, e->as_class);
	for (int i = 0; r == 0 && i < found->count; i++) {
		const struct candidate *c = &found->items[i];
		r = ap_add_detection(e->ap, e->image_count, e->args->vehicles ? 0 : c->class_id,
			box_clip(c->box, frame->width_px, frame->height_px), c->score_ratio);
	}
	return r < 0 ? err_set(err, r, "no memory for the evaluation") : 0;
}

static int evaluate_image(struct evaluation *e, const char *name, struct err *err)
{
	char image[4096], labels[4096];
	struct frame *frame;
	const char *dot = strrchr(name, '.');
	int stem = dot ? (int)(dot - name) : (int)strlen(name);
	snprintf(image, sizeof(image), "%s/%s", e->args->images, name);
	snprintf(labels, sizeof(labels), "%s/%.*s.txt", e->args->labels, stem, name);
	int r = av_reader_read_picture(image, err, &frame);
	if (r < 0)
		return r;
	r = add_objects(e, labels, frame, err);
	if (r == 0)
		r = add_detections(e, frame, err);
	frame_unref(&frame);
	e->image_count++;
	return r;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int evaluate(struct evaluation *e, struct err *err)
{
	struct dirent **names;
	int count = scandir(e->args->images, &names, is_visible, alphasort);
	if (count < 0)
		return err_set(
			err, -errno, "%s: cannot be read: %s", e->args->images, strerror(errno));
	int r = count == 0 ? err_set(err, -ENODATA, "%s: holds no images", e->args->images) : 0;
	for (int i = 0; i < count; i++) {
		if (r == 0)
			r = evaluate_image(e, names[i]->d_name, err);
		free(names[i]);
	}
	free(names);
	return r;
}

static void add_row(struct table *table, const char *name, const struct ap_scores *s)
{
	table_cell(table, "%s", name);
	table_cell(table, "%d", s->object_count);
	table_cell(table, "%d", s->detection_count);
	table_cell(table, "%.3f", s->ap50);
	table_cell(table, "%.3f", s->ap);
}

static void print_table(struct evaluation *e, const struct ap_scores *all)
{
	static const struct table_column columns[] = {{"class", TABLE_LEFT},
		{"objects", TABLE_RIGHT}, {"detections", TABLE_RIGHT}, {"AP50", TABLE_RIGHT},
		{"AP", TABLE_RIGHT}};
	struct table table;
	struct ap_scores one;
	printf("%s\n%d images, %.1f ms of inference each\n\n", onnx_description(e->onnx),
		e->image_count, (double)e->times.session_us / 1e3 / e->image_count);
	table_init(&table, columns, 5);
	for (int c = 0; e->args->classes && !e->args->vehicles && c < onnx_class_count(e->onnx);
		c++)
		if (ap_compute_class(e->ap, c, &one) == 0 && one.object_count > 0)
			add_row(&table, onnx_class_name(e->onnx, c), &one);
	if (e->args->classes)
		table_rule(&table);
	char label[64];
	snprintf(label, sizeof(label), e->args->vehicles ? "vehicle" : "all %d classes",
		all->class_count);
	add_row(&table, label, all);
	table_print(&table, stdout);
	table_finish(&table);
}

static void write_scores(struct json *j, const struct ap_scores *s)
{
	json_member_int(j, "objects", s->object_count);
	json_member_int(j, "detections", s->detection_count);
	json_member_real(j, "ap50", s->ap50, 4);
	json_member_real(j, "ap", s->ap, 4);
}

static void write_times(struct json *j, const struct evaluation *e)
{
	static const char *const names[] = {"tensor_us", "session_us", "decode_us"};
	const int64_t sums[] = {e->times.tensor_us, e->times.session_us, e->times.decode_us};
	json_key(j, "mean_times");
	json_object(j);
	for (int i = 0; i < 3; i++) {
		json_key(j, names[i]);
		json_real(j, (double)sums[i] / e->image_count, 1);
	}
	json_object_end(j);
}

static int write_json(struct evaluation *e, const struct ap_scores *all, struct err *err)
{
	struct json j = {0};
	struct ap_scores one;
	json_object(&j);
	json_member_string(&j, "model", onnx_description(e->onnx));
	json_member_int(&j, "images", e->image_count);
	write_scores(&j, all);
	write_times(&j, e);
	json_key(&j, "classes");
	json_array(&j);
	for (int c = 0; !e->args->vehicles && c < onnx_class_count(e->onnx); c++) {
		if (ap_compute_class(e->ap, c, &one) < 0 || one.object_count == 0)
			continue;
		json_object(&j);
		json_member_string(&j, "class", onnx_class_name(e->onnx, c));
		write_scores(&j, &one);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_object_end(&j);
	json_raw(&j, "\n", 1);

	bool to_stdout = !strcmp(e->args->json, "-");
	FILE *file = to_stdout ? stdout : fopen(e->args->json, "w");
	bool failed = !file || j.failed || fwrite(j.text, 1, j.length, file) != j.length;
	if (file && !to_stdout)
		failed |= fclose(file) != 0;
	json_finish(&j);
	return failed ? err_set(err, -EIO, "%s: cannot be written: %s", e->args->json,
				strerror(errno))
		      : 0;
}

static void add_bars(struct barplot *plot, const char *name, const struct ap_scores *scores)
{
	barplot_add(plot, name, (double[]){scores->ap50, scores->ap});
}

static int write_plot(struct evaluation *e, const struct ap_scores *all)
{
	static const char *const series[] = {"AP50", "AP"};
	const int classes = e->args->vehicles ? 0 : onnx_class_count(e->onnx);
	struct barplot plot;
	struct ap_scores one;
	barplot_begin(&plot, "Average precision", series, 2, 1, all->class_count + 1);
	for (int c = 0; c < classes; c++)
		if (ap_compute_class(e->ap, c, &one) == 0 && one.object_count > 0)
			add_bars(&plot, onnx_class_name(e->onnx, c), &one);
	add_bars(&plot, e->args->vehicles ? "vehicle" : "all", all);
	int code = barplot_end(&plot) < 0
			   ? cli_failf(CLI_RUNTIME, "no memory for the plot")
			   : cli_write_text(e->args->plot, plot.svg.text, plot.svg.length);
	barplot_finish(&plot);
	return code;
}

static int report(struct evaluation *e)
{
	struct ap_scores all;
	struct err err;
	if (ap_compute(e->ap, &all) < 0)
		return cli_failf(CLI_RUNTIME, "no memory for the evaluation");
	if (!e->args->json || strcmp(e->args->json, "-") != 0)
		print_table(e, &all);
	if (e->args->json && write_json(e, &all, &err) < 0)
		return cli_fail(CLI_OUTPUT, &err);
	int code = e->args->plot ? write_plot(e, &all) : CLI_OK;
	return code == CLI_OK ? cli_flush() : code;
}

int cli_eval_detect(int argc, char **argv)
{
	struct eval_args args = {.confidence = 0.01, .nms_iou = 0.65};
	int code = args_read(&arg_table, argc, argv, &args, NULL);
	if (code != ARGS_GO_ON)
		return code;
	if (!args.model || !args.images || !args.labels)
		return cli_failf(CLI_USAGE, "--model, --images and --labels are needed");

	struct evaluation e = {.args = &args};
	struct err err;
	const struct onnx_params params = {
		.model_path = args.model,
		.labels_path = args.names,
		.onnxruntime_path = args.runtime,
		.threshold = (float)args.confidence,
		.nms_iou = (float)args.nms_iou,
		.threads = 1,
	};
	if (onnx_open(&params, &err, &e.onnx) < 0) {
		code = cli_fail(CLI_MODEL, &err);
	} else if (prepare(&e, &err) < 0) {
		code = cli_fail(CLI_MODEL, &err);
	} else if (evaluate(&e, &err) < 0) {
		code = cli_fail(CLI_DATA, &err);
	} else {
		code = report(&e);
	}
	ap_destroy(&e.ap);
	free(e.as_class);
	onnx_close(&e.onnx);
	return code;
}
