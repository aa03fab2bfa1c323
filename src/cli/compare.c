#include "cli/compare.h"

#include "base/units.h"
#include "cli/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A verdict and the deed it is about may be this far apart in time. */
#define WITHIN_S 2.0
/* A road user visible for less has no claim to be found. */
#define VISIBLE_S 1.0

/* One true road user and what the run made of it. */
struct vehicle {
	int truth_id;
	const char *road_user;
	double visible_s;
	const struct passage *passage; /* the one with the surest speed; NULL: not found */
};

struct vehicles {
	int count, capacity;
	struct vehicle *items;
};

static struct vehicle *vehicle_of(struct vehicles *v, const struct truth_object *object)
{
	for (int i = 0; i < v->count; i++)
		if (v->items[i].truth_id == object->id)
			return &v->items[i];
	if (v->count == v->capacity) {
		int capacity = v->capacity ? 2 * v->capacity : 32;
		struct vehicle *items = realloc(v->items, (size_t)capacity * sizeof(*items));
		if (!items)
			return NULL;
		v->items = items;
		v->capacity = capacity;
	}
	v->items[v->count] =
		(struct vehicle){.truth_id = object->id, .road_user = object->road_user};
	return &v->items[v->count++];
}

static bool surer(const struct passage *a, const struct passage *b)
{
	bool a_ok = a->speed_status == SPEED_OK, b_ok = b->speed_status == SPEED_OK;
	if (a_ok != b_ok)
		return a_ok;
	return a_ok ? a->speed_sigma_mps < b->speed_sigma_mps : a->update_count > b->update_count;
}

static void collect(struct vehicles *v, const struct session_summary *summary,
	const struct truth *truth, const struct match *match)
{
	for (int f = 0; f < truth->frame_count; f++) {
		const struct truth_frame *frame = &truth->frames[f];
		double s = f > 0 ? media_diff_s(frame->media, frame[-1].media) : 0;
		for (int i = frame->first; i < frame->first + frame->count; i++) {
			const struct truth_object *object = &truth->objects[i];
			struct vehicle *vehicle = vehicle_of(v, object);
			bool clear = box_area(object->visible) > 0 && object->occlusion_ratio < 0.5;
			if (vehicle && clear)
				vehicle->visible_s += s;
		}
	}
	for (int i = 0; i < summary->passage_count; i++) {
		const struct passage *p = &summary->passages[i];
		int id = match_truth_id(match, p->track_id);
		for (int k = 0; k < v->count; k++)
			if (v->items[k].truth_id == id &&
				(!v->items[k].passage || surer(p, v->items[k].passage)))
				v->items[k].passage = p;
	}
}

static void print_speed(
	struct table *t, const struct vehicle *v, const struct truth *truth, struct comparison *sum)
{
	const struct passage *p = v->passage;
	if (p->speed_status != SPEED_OK) {
		table_cell(t, "-");
		table_cell(t, "%s", speed_status_name(p->speed_status));
		table_end_row(t);
		return;
	}
	double is = match_true_speed_mps(truth, v->truth_id, p->speed_at);
	double half = INTERVAL_95 * p->speed_sigma_mps;
	bool within = fabs(p->speed_mps - is) <= half;
	sum->measured_count++;
	sum->within_count += within;
	table_cell(t, "%.1f", is * KMH_PER_MPS);
	table_cell(t, "%.1f ± %.1f", p->speed_mps * KMH_PER_MPS, half * KMH_PER_MPS);
	table_cell(t, "%+.1f", (p->speed_mps - is) * KMH_PER_MPS);
	table_cell(t, "%s", within ? "yes" : "NO");
}

static void print_vehicles(
	const struct vehicles *v, const struct truth *truth, struct comparison *sum, FILE *out)
{
	static const struct table_column columns[] = {{"truth", TABLE_RIGHT}, {"is", TABLE_LEFT},
		{"found as", TABLE_RIGHT}, {"class", TABLE_LEFT}, {"true km/h", TABLE_RIGHT},
		{"measured", TABLE_RIGHT}, {"error", TABLE_RIGHT}, {"in the interval", TABLE_LEFT}};
	struct table t;
	table_init(&t, columns, 8);
	for (int i = 0; i < v->count; i++) {
		const struct vehicle *vehicle = &v->items[i];
		if (!vehicle->passage && vehicle->visible_s < VISIBLE_S)
			continue;
		table_cell(&t, "%d", vehicle->truth_id);
		table_cell(&t, "%s", vehicle->road_user);
		if (!vehicle->passage) {
			table_cell(&t, "not found");
			table_end_row(&t);
			sum->unfound_count++;
			continue;
		}
		sum->vehicle_count++;
		table_cell(&t, "#%u", vehicle->passage->track_id);
		table_cell(&t, "%s", road_user_name(vehicle->passage->road_user));
		print_speed(&t, vehicle, truth, sum);
	}
	table_print(&t, out);
	table_finish(&t);
}

static bool is_same(
	const struct violation *found, const struct truth_violation *is, const struct match *match)
{
	return strcmp(violation_kind_name(found->kind), is->type) == 0 &&
	       match_truth_id(match, found->track_id) == is->id &&
	       fabs(media_diff_s(found->at, is->at)) <= WITHIN_S;
}

static const struct violation *find(const struct session_summary *s,
	const struct truth_violation *is, const struct match *match)
{
	for (int i = 0; i < s->violation_count; i++)
		if (is_same(&s->violations[i], is, match))
			return &s->violations[i];
	return NULL;
}

static bool is_true(
	const struct violation *found, const struct truth *truth, const struct match *match)
{
	for (int i = 0; i < truth->violation_count; i++)
		if (is_same(found, &truth->violations[i], match))
			return true;
	return false;
}

static void print_violations(const struct session_summary *s, const struct truth *truth,
	const struct match *match, struct comparison *sum, FILE *out)
{
	static const struct table_column columns[] = {{"truth", TABLE_RIGHT},
		{"violation", TABLE_LEFT}, {"true time", TABLE_RIGHT}, {"found at", TABLE_RIGHT},
		{"vehicle", TABLE_RIGHT}, {"", TABLE_LEFT}};
	struct table t;
	table_init(&t, columns, 6);
	for (int i = 0; i < truth->violation_count; i++) {
		const struct truth_violation *is = &truth->violations[i];
		const struct violation *found = find(s, is, match);
		table_cell(&t, "%d", is->id);
		table_cell(&t, "%s", is->type);
		table_cell(&t, "%.2f s", media_seconds(is->at));
		table_cell(&t, found ? "%.2f s" : "-", found ? media_seconds(found->at) : 0.0);
		table_cell(&t, found ? "#%u" : "-", found ? found->track_id : 0);
		table_cell(&t, "%s", found ? "found" : "MISSED");
		sum->violation_count++;
		sum->found_count += found != NULL;
	}
	for (int i = 0; i < s->violation_count; i++) {
		const struct violation *found = &s->violations[i];
		if (is_true(found, truth, match))
			continue;
		table_cell(&t, "-");
		table_cell(&t, "%s", violation_kind_name(found->kind));
		table_cell(&t, "-");
		table_cell(&t, "%.2f s", media_seconds(found->at));
		table_cell(&t, "#%u", found->track_id);
		table_cell(&t, "INVENTED");
		sum->invented_count++;
	}
	fputc('\n', out);
	table_print(&t, out);
	table_finish(&t);
}

struct comparison compare_print(const struct session_summary *summary, const struct truth *truth,
	const struct match *match, FILE *out)
{
	struct comparison sum = {0};
	struct vehicles vehicles = {0};
	collect(&vehicles, summary, truth, match);
	fputs("\nNext to the truth\n\n", out);
	print_vehicles(&vehicles, truth, &sum, out);
	print_violations(summary, truth, match, &sum, out);
	fprintf(out,
		"\n%d of %d violations found, %d invented; %d of %d road users found; %d speeds, "
		"%d of them with the truth inside the 95 %% interval\n",
		sum.found_count, sum.violation_count, sum.invented_count, sum.vehicle_count,
		sum.vehicle_count + sum.unfound_count, sum.measured_count, sum.within_count);
	free(vehicles.items);
	return sum;
}
