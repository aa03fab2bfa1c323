#include "base/json.h"
#include "truth/truth.h"

#include <errno.h>

static void write_numbers(struct json *j, const char *key, const double *v, int count, int decimals)
{
	json_key(j, key);
	json_array(j);
	for (int i = 0; i < count; i++)
		json_real(j, v[i], decimals);
	json_array_end(j);
}

static void write_box(struct json *j, const char *key, struct box b)
{
	write_numbers(j, key, (double[]){b.x1, b.y1, b.x2, b.y2}, 4, 3);
}

static void write_object(struct json *j, const struct truth_object *o)
{
	json_object(j);
	json_member_int(j, "id", o->id);
	json_member_string(j, "class", o->road_user);
	write_box(j, "bbox", o->full);
	write_box(j, "visible", o->visible);
	json_member_real(j, "occlusion", o->occlusion_ratio, 4);
	if (o->has_road) {
		write_numbers(j, "ground", (double[]){o->ground_m.x, o->ground_m.y}, 2, 4);
		json_member_real(j, "heading", o->heading_rad, 5);
		json_member_real(j, "speed_mps", o->speed_mps, 4);
		json_member_bool(j, "measurable", o->measurable);
	}
	if (o->plate[0])
		json_member_string(j, "plate", o->plate);
	json_object_end(j);
}

/* Ends the line, writes it, and frees the writer. */
static int put_line(FILE *file, struct json *j)
{
	json_raw(j, "\n", 1);
	int r = j->failed ? -ENOMEM : 0;
	if (r == 0 && fwrite(j->text, 1, j->length, file) != j->length)
		r = -errno;
	json_finish(j);
	return r;
}

int truth_write_header(FILE *file, int width_px, int height_px)
{
	struct json j = {0};
	json_object(&j);
	json_member_int(&j, "gantry_truth", 1);
	json_member_int(&j, "width", width_px);
	json_member_int(&j, "height", height_px);
	json_object_end(&j);
	return put_line(file, &j);
}

int truth_write_frame(
	FILE *file, const struct truth_frame *frame, const struct truth_object *objects)
{
	struct json j = {0};
	json_object(&j);
	json_member_int(&j, "frame", frame->frame);
	json_member_real(&j, "t", media_seconds(frame->media), 6);
	json_key(&j, "objects");
	json_array(&j);
	for (int i = 0; i < frame->count; i++)
		write_object(&j, &objects[i]);
	json_array_end(&j);
	if (frame->signal_count > 0) {
		json_key(&j, "signals");
		json_object(&j);
		for (int i = 0; i < frame->signal_count; i++)
			json_member_string(&j, frame->signals[i].name, frame->signals[i].lamp);
		json_object_end(&j);
	}
	if (frame->wall.us != 0) {
		char text[WALL_TEXT_SIZE];
		wall_format(frame->wall, text, sizeof(text));
		json_member_string(&j, "wall", text);
	}
	json_object_end(&j);
	return put_line(file, &j);
}

int truth_write_violation(FILE *file, const struct truth_violation *violation)
{
	struct json j = {0};
	json_object(&j);
	json_key(&j, "violation");
	json_object(&j);
	json_member_string(&j, "type", violation->type);
	json_member_int(&j, "id", violation->id);
	json_member_real(&j, "t", media_seconds(violation->at), 6);
	if (isfinite(violation->measured))
		json_member_real(&j, "measured", violation->measured, 4);
	if (isfinite(violation->limit))
		json_member_real(&j, "limit", violation->limit, 4);
	json_object_end(&j);
	json_object_end(&j);
	return put_line(file, &j);
}

int truth_write_count(FILE *file, const struct truth_count *count)
{
	struct json j = {0};
	json_object(&j);
	json_key(&j, "count");
	json_object(&j);
	json_member_string(&j, "line", count->line);
	if (count->lane[0] != '\0')
		json_member_string(&j, "lane", count->lane);
	json_member_string(&j, "direction", count->direction);
	json_member_string(&j, "class", count->road_user);
	json_member_int(&j, "n", count->count);
	json_object_end(&j);
	json_object_end(&j);
	return put_line(file, &j);
}
