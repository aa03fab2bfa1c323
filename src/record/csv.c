#include "record/csv.h"

#include "base/json.h"
#include "base/units.h"
#include "record/fields.h"
#include "record/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char header[] = "device_id,track_id,class_name,class_share,first_seen,last_seen,first_"
			     "s,last_s,detection_count,"
			     "from_x_px,from_y_px,to_x_px,to_y_px,speed_status,speed_kmh,speed_"
			     "uncertainty_kmh,speed_at_s,violations,truth_id\n";

struct csv {
	struct lines *lines;
	/* Only its growing text and its way of writing numbers are used. */
	struct json row;
};

int csv_open(const char *path, struct err *err, struct csv **ret_csv)
{
	struct csv *c = calloc(1, sizeof(*c));
	if (!c)
		return err_set(err, -ENOMEM, "%s: out of memory", path);
	int r = lines_open(path, err, &c->lines);
	if (r == 0)
		r = lines_write(c->lines, header, strlen(header), err);
	if (r < 0) {
		csv_close(&c, NULL);
		return r;
	}
	*ret_csv = c;
	return 0;
}

int csv_close(struct csv **csv, struct err *err)
{
	struct csv *c = *csv;
	*csv = NULL;
	if (!c)
		return 0;
	int r = lines_close(&c->lines, err);
	json_finish(&c->row);
	free(c);
	return r;
}

static void comma(struct csv *c)
{
	json_raw(&c->row, ",", 1);
}

static void text(struct csv *c, const char *value)
{
	if (!value[strcspn(value, ",\"\r\n")]) {
		json_raw(&c->row, value, strlen(value));
		return;
	}
	json_raw(&c->row, "\"", 1);
	for (; *value; value++)
		json_raw(&c->row, *value == '"' ? "\"\"" : value, *value == '"' ? 2 : 1);
	json_raw(&c->row, "\"", 1);
}

static void number(struct csv *c, double value, int decimals)
{
	comma(c);
	json_real(&c->row, value, decimals);
}

static void wall(struct csv *c, struct wall start, struct media at)
{
	char time[WALL_TEXT_SIZE];
	wall_format((struct wall){start.us + at.us}, time, sizeof(time));
	comma(c);
	text(c, time);
}

static void speed(struct csv *c, const struct passage *p)
{
	comma(c);
	text(c, speed_status_name(p->speed_status));
	if (p->speed_status == SPEED_OK) {
		number(c, p->speed_mps * KMH_PER_MPS, 2);
		number(c, INTERVAL_95 * p->speed_sigma_mps * KMH_PER_MPS, 2);
		number(c, media_seconds(p->speed_at), 6);
	} else {
		json_raw(&c->row, ",,,", 3);
	}
}

static void violations(struct csv *c, unsigned kinds)
{
	bool first = true;
	comma(c);
	for (int i = 0; i < VIOLATION_KIND_COUNT; i++) {
		if (!(kinds & 1u << i))
			continue;
		if (!first)
			json_raw(&c->row, ";", 1);
		text(c, violation_kind_name((enum violation_kind)i));
		first = false;
	}
}

int csv_passage(struct csv *csv, const char *device_id, struct wall start,
	const struct passage *passage, struct err *err)
{
	const struct passage *p = passage;
	json_reset(&csv->row);
	text(csv, device_id ? device_id : "");
	number(csv, p->track_id, 0);
	comma(csv);
	text(csv, road_user_name(p->road_user));
	number(csv, (double)p->road_user_share, 3);
	wall(csv, start, p->first);
	wall(csv, start, p->last);
	number(csv, media_seconds(p->first), 6);
	number(csv, media_seconds(p->last), 6);
	number(csv, p->update_count, 0);
	number(csv, p->from_px.x, 1);
	number(csv, p->from_px.y, 1);
	number(csv, p->to_px.x, 1);
	number(csv, p->to_px.y, 1);
	speed(csv, p);
	violations(csv, p->violation_kinds);
	if (p->truth_id >= 0)
		number(csv, p->truth_id, 0);
	else
		comma(csv);
	json_raw(&csv->row, "\n", 1);
	if (csv->row.failed)
		return err_set(err, -ENOMEM, "CSV: out of memory");
	return lines_write(csv->lines, csv->row.text, csv->row.length, err);
}
