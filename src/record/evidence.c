#include "record/evidence.h"

#include "base/digest.h"
#include "base/json.h"
#include "record/fields.h"
#include "record/jpeg.h"
#include "record/overlay.h"
#include "record/wholefile.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMAT_VERSION 1
#define JPEG_QUALITY 90
/* Of the vehicle's size, on each side of it. */
#define MARGIN_RATIO 0.2
#define CROP_MIN_PX 32

struct evidence {
	char *dir;
	char *device_id;
	struct jpeg *jpeg;
	struct json json;
	bool clips; /* will be written beside the records */
	struct frame_pool *pool; /* one picture with room for the caption */
	int pool_width_px, pool_height_px;
	char name[256]; /* of the files, without directory and ending */
	char path[PATH_MAX];
};

/* One picture as the record names it. */
struct image {
	const char *role;
	struct jpeg_area area; /* of the source frame */
	int width_px, height_px;
	size_t bytes_count;
	char file[288];
	char sha256[DIGEST_TEXT_SIZE];
};

static int make_dir(const char *dir, struct err *err)
{
	if (mkdir(dir, 0777) < 0 && errno != EEXIST)
		return err_set(
			err, -errno, "%s: this directory cannot be made: %s", dir, strerror(errno));
	struct stat st;
	if (stat(dir, &st) < 0 || !S_ISDIR(st.st_mode))
		return err_set(err, -ENOTDIR, "%s: is not a directory; evidence needs one", dir);
	if (access(dir, W_OK | X_OK) < 0)
		return err_set(err, -errno, "%s: cannot be written to: %s", dir, strerror(errno));
	return 0;
}

int evidence_open(
	const char *dir, const char *device_id, struct err *err, struct evidence **ret_evidence)
{
	int r = make_dir(dir, err);
	if (r < 0)
		return r;
	struct evidence *e = calloc(1, sizeof(*e));
	if (!e || !(e->dir = strdup(dir)) || !(e->device_id = strdup(device_id ? device_id : "")) ||
		jpeg_create(&e->jpeg) < 0) {
		evidence_close(&e);
		return err_set(err, -ENOMEM, "%s: out of memory", dir);
	}
	*ret_evidence = e;
	return 0;
}

void evidence_close(struct evidence **evidence)
{
	struct evidence *e = *evidence;
	*evidence = NULL;
	if (!e)
		return;
	frame_pool_destroy(&e->pool);
	jpeg_destroy(&e->jpeg);
	json_finish(&e->json);
	free(e->device_id);
	free(e->dir);
	free(e);
}

void evidence_name_clips(struct evidence *evidence)
{
	evidence->clips = true;
}

/* What is safe and plain in a file name; the rest, path separators above all, becomes '_'. */
static void make_plain(char *text)
{
	for (char *c = text; *c; c++) {
		bool plain = (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
			     (*c >= 'A' && *c <= 'Z') || *c == '-' || *c == '.';
		if (!plain || (c == text && *c == '.'))
			*c = '_';
	}
}

/* "north-gate_2024-05-01T12.00.00.040Z_red_light_7" */
static void name_files(struct evidence *e, const struct violation *v, struct wall start)
{
	char time[WALL_TEXT_SIZE], device[64];
	wall_format((struct wall){start.us + v->at.us}, time, sizeof(time));
	for (char *c = time; *c; c++)
		*c = *c == ':' ? '.' : *c;
	snprintf(device, sizeof(device), "%s", e->device_id[0] ? e->device_id : "device");
	snprintf(e->name, sizeof(e->name), "%s_%s_%s_%u", device, time,
		v->rule_name[0] ? v->rule_name : violation_kind_name(v->kind),
		(unsigned)v->track_id);
	make_plain(e->name);
}

static int path_of(struct evidence *e, const char *ending, struct err *err)
{
	int n = snprintf(e->path, sizeof(e->path), "%s/%s%s", e->dir, e->name, ending);
	if (n >= (int)sizeof(e->path))
		return err_set(err, -ENAMETOOLONG, "%s: path is too long", e->dir);
	return 0;
}

static int write_jpeg(struct evidence *e, const struct frame *frame, struct jpeg_area area,
	struct image *image, struct err *err)
{
	const unsigned char *bytes;
	char ending[32];
	int r = jpeg_encode(e->jpeg, frame, area, JPEG_QUALITY, err, &bytes, &image->bytes_count);
	if (r < 0)
		return r;
	snprintf(ending, sizeof(ending), "_%s.jpg", image->role);
	snprintf(image->file, sizeof(image->file), "%s%s", e->name, ending);
	if (digest_sha256(bytes, image->bytes_count, image->sha256) < 0)
		return err_set(
			err, -ENOSYS, "%s: cannot be sealed: OpenSSL refuses SHA-256", image->file);
	image->width_px = area.width_px;
	image->height_px = area.height_px;
	r = path_of(e, ending, err);
	return r < 0 ? r : wholefile_write(e->path, bytes, image->bytes_count, err);
}

static int get_canvas(
	struct evidence *e, int width_px, int height_px, struct err *err, struct frame **ret_frame)
{
	int r = 0;
	if (!e->pool || e->pool_width_px != width_px || e->pool_height_px != height_px) {
		frame_pool_destroy(&e->pool);
		r = frame_pool_create(width_px, height_px, 1, &e->pool);
		e->pool_width_px = width_px;
		e->pool_height_px = height_px;
	}
	if (r < 0)
		return err_set(
			err, r, "a picture of %dx%d pixels cannot be made", width_px, height_px);
	*ret_frame = frame_pool_get(e->pool);
	return 0;
}

struct caption {
	char headline[320];
	const char *text;
	int scale, margin_px, line_px, headline_count, text_count;
};

static struct caption make_caption(const struct evidence *e, const struct frame *frame,
	const struct violation *v, struct wall start)
{
	struct caption c = {.text = v->explanation};
	char time[WALL_TEXT_SIZE];
	wall_format((struct wall){start.us + v->at.us}, time, sizeof(time));
	snprintf(c.headline, sizeof(c.headline), "%s  %s  %s (%s)  #%u %s", e->device_id, time,
		v->rule_name[0] ? v->rule_name : violation_kind_name(v->kind),
		severity_name(v->severity), (unsigned)v->track_id, road_user_name(v->road_user));
	c.scale = frame->width_px / 700 + 1;
	c.margin_px = 4 * c.scale;
	c.line_px = draw_text_height(c.scale) + 2 * c.scale;
	int width = frame->width_px - 2 * c.margin_px;
	c.headline_count = overlay_paragraph(NULL, 0, 0, width, c.scale, INK_WHITE, c.headline);
	c.text_count = overlay_paragraph(NULL, 0, 0, width, c.scale, INK_WHITE, c.text);
	return c;
}

static int caption_height(const struct caption *c)
{
	return 2 * c->margin_px + (c->headline_count + c->text_count) * c->line_px;
}

static void draw_caption(struct overlay *o, const struct caption *c, int top)
{
	int width = o->canvas.width_px - 2 * c->margin_px, y = top + c->margin_px;
	struct box ground = {0, (float)top, (float)o->canvas.width_px, (float)o->canvas.height_px};
	draw_fill(&o->canvas, ground, o->inks[INK_BLACK], 1);
	overlay_paragraph(o, c->margin_px, y, width, c->scale, INK_YELLOW, c->headline);
	overlay_paragraph(o, c->margin_px, y + c->headline_count * c->line_px, width, c->scale,
		INK_WHITE, c->text);
}

static int write_scene(struct evidence *e, const struct frame *frame, const struct violation *v,
	struct wall start, struct image *image, struct err *err)
{
	struct caption caption = make_caption(e, frame, v, start);
	struct frame *drawn = NULL;
	int height = frame->height_px + caption_height(&caption);
	int r = get_canvas(e, frame->width_px, height, err, &drawn);
	if (r < 0)
		return r;
	struct overlay o = overlay_begin(frame, drawn);
	/* Around the box, so that nothing of the vehicle is covered. */
	float t = (float)(o.scale + 1);
	struct box around = {v->box.x1 - t, v->box.y1 - t, v->box.x2 + t, v->box.y2 + t};
	draw_box(&o.canvas, around, o.scale + 1, o.inks[INK_RED]);
	draw_caption(&o, &caption, frame->height_px);
	image->role = "scene";
	image->area = (struct jpeg_area){0, 0, frame->width_px, frame->height_px};
	r = write_jpeg(
		e, drawn, (struct jpeg_area){0, 0, drawn->width_px, drawn->height_px}, image, err);
	frame_unref(&drawn);
	return r;
}

/* One side of the crop: around from..to with a margin, at least CROP_MIN_PX, inside the frame. */
static void crop_side(double from, double to, int size, int *ret_from, int *ret_count)
{
	double margin = fmax(MARGIN_RATIO * (to - from), 0.5 * (CROP_MIN_PX - (to - from)));
	double a = fmin(fmax(floor(from - margin), 0), size - 1);
	double b = fmin(fmax(ceil(to + margin), a + 1), size);
	int first = (int)a & ~1;
	*ret_from = first;
	*ret_count = (int)b - first;
}

static int write_vehicle(struct evidence *e, const struct frame *frame, const struct violation *v,
	struct image *image, struct err *err)
{
	struct jpeg_area area;
	crop_side((double)v->box.x1, (double)v->box.x2, frame->width_px, &area.x, &area.width_px);
	crop_side((double)v->box.y1, (double)v->box.y2, frame->height_px, &area.y, &area.height_px);
	image->role = "vehicle";
	image->area = area;
	return write_jpeg(e, frame, area, image, err);
}

static void describe_image(struct json *j, const struct image *image)
{
	const int area[] = {image->area.x, image->area.y, image->area.x + image->area.width_px,
		image->area.y + image->area.height_px};
	json_object(j);
	json_member_string(j, "role", image->role);
	json_member_string(j, "file", image->file);
	json_member_int(j, "width_px", image->width_px);
	json_member_int(j, "height_px", image->height_px);
	json_key(j, "area_px");
	json_array(j);
	for (int i = 0; i < 4; i++)
		json_int(j, area[i]);
	json_array_end(j);
	json_member_int(j, "bytes", (int64_t)image->bytes_count);
	json_member_string(j, "sha256", image->sha256);
	json_object_end(j);
}

static void describe_frame(struct json *j, const struct frame *frame, struct wall start)
{
	json_key(j, "frame");
	json_object(j);
	json_member_int(j, "sequence", frame->sequence);
	fields_seconds(j, "media_s", frame->media);
	fields_time(j, "timestamp", start, frame->media);
	json_member_int(j, "width_px", frame->width_px);
	json_member_int(j, "height_px", frame->height_px);
	json_member_bool(j, "corrupt", frame->flags & FRAME_CORRUPT);
	json_object_end(j);
}

static void describe_clip(struct evidence *e)
{
	char file[sizeof(e->name) + 8];
	snprintf(file, sizeof(file), "%s.mp4", e->name);
	json_member_string(&e->json, "clip", e->clips ? file : NULL);
}

static int write_record(struct evidence *e, const struct frame *frame, const struct violation *v,
	struct wall start, const struct image images[2], struct err *err)
{
	struct json *j = &e->json;
	json_reset(j);
	json_object(j);
	json_member_int(j, "format", FORMAT_VERSION);
	json_member_string(j, "gantry", GANTRY_VERSION);
	fields_violation(j, v, e->device_id, start);
	describe_frame(j, frame, start);
	json_key(j, "images");
	json_array(j);
	for (int i = 0; i < 2; i++)
		describe_image(j, &images[i]);
	json_array_end(j);
	describe_clip(e);
	json_object_end(j);
	json_raw(j, "\n", 1);
	if (j->failed)
		return err_set(err, -ENOMEM, "%s: out of memory", e->dir);
	int r = path_of(e, ".json", err);
	return r < 0 ? r : wholefile_write(e->path, j->text, j->length, err);
}

/* Nothing names pictures without a record, but those that an earlier run's record names stay. */
static void remove_pictures(struct evidence *e, const struct image images[2])
{
	if (path_of(e, ".json", NULL) < 0 || access(e->path, F_OK) == 0)
		return;
	for (int i = 0; i < 2; i++)
		if (images[i].file[0] && path_of(e, images[i].file + strlen(e->name), NULL) == 0)
			unlink(e->path);
}

int evidence_write(struct evidence *evidence, const struct frame *frame,
	const struct violation *violation, struct wall start, struct err *err,
	const char **ret_path)
{
	struct evidence *e = evidence;
	struct image images[2] = {0};
	name_files(e, violation, start);
	int r = write_scene(e, frame, violation, start, &images[0], err);
	if (r == 0)
		r = write_vehicle(e, frame, violation, &images[1], err);
	if (r == 0)
		r = write_record(e, frame, violation, start, images, err);
	if (r == 0)
		*ret_path = e->path;
	else
		remove_pictures(e, images);
	return r;
}
