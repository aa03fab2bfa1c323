#include "sim/models.h"

#include <errno.h>

/* Paints as they are seen on roads: mostly white, grey and black. */
static const int paints[][3] = {
	{236, 238, 240},
	{236, 238, 240},
	{196, 200, 204},
	{196, 200, 204},
	{118, 122, 128},
	{62, 66, 72},
	{30, 32, 36},
	{30, 32, 36},
	{168, 24, 28},
	{36, 70, 140},
	{24, 48, 96},
	{52, 98, 74},
	{206, 150, 38},
	{120, 40, 36},
	{150, 168, 190},
	{178, 162, 134},
};

static void paint(struct mesh *m, struct random *r)
{
	int i = random_index(r, (int)(sizeof(paints) / sizeof(paints[0])));
	mesh_color(m, paints[i][0], paints[i][1], paints[i][2], MESH_PAINT);
}

static void glass(struct mesh *m)
{
	mesh_color(m, 28, 34, 40, MESH_GLASS);
}

static void wheels(struct mesh *m, const double *x, int count, double half_width, double radius)
{
	for (int i = 0; i < count; i++)
		for (int side = -1; side <= 1; side += 2) {
			double out = side * half_width, in = side * (half_width - 0.24);
			mesh_color(m, 26, 26, 28, MESH_MATT);
			mesh_cylinder(m, (struct vec3){x[i], in, radius},
				(struct vec3){x[i], out, radius}, radius, 12);
			mesh_color(m, 130, 132, 136, MESH_PAINT);
			mesh_cylinder(m, (struct vec3){x[i], out - side * 0.02, radius},
				(struct vec3){x[i], out + side * 0.01, radius}, 0.55 * radius, 10);
		}
}

/* Head and tail lights, as thin plates on both ends. */
static void lights(struct mesh *m, double length, double half_width, double z, double w, double h)
{
	for (int side = -1; side <= 1; side += 2) {
		double y0 = side * (half_width - 0.08 - w), y1 = side * (half_width - 0.08);
		double low = fmin(y0, y1), high = fmax(y0, y1), e = 0.5 * length;
		mesh_color(m, 235, 238, 230, MESH_HEADLAMP);
		mesh_box(m, (struct vec3){e - 0.05, low, z}, (struct vec3){e + 0.012, high, z + h});
		mesh_color(m, 178, 20, 22, MESH_TAILLAMP);
		mesh_box(m, (struct vec3){-e - 0.012, low, z},
			(struct vec3){-e + 0.05, high, z + h});
	}
}

static void plates(struct mesh *m, double length, double z)
{
	mesh_color(m, 230, 230, 224, MESH_MATT);
	for (int end = -1; end <= 1; end += 2) {
		double x = end * 0.5 * length;
		mesh_box(m, (struct vec3){x - 0.01, -0.26, z},
			(struct vec3){x + 0.01, 0.26, z + 0.11});
	}
}

/* Lower body, greenhouse with glass on all sides, roof. `nose` and `tail`: lengths of bonnet and
 * boot. */
static void car(struct mesh *m, const struct mover *v, struct random *r)
{
	double l = v->length_m, w = 0.5 * v->width_m, h = v->height_m, e = 0.5 * l;
	bool estate = random_unit(r) < 0.45;
	double belt = 0.60 * h, bonnet = 0.27 * l, boot = estate ? 0.05 * l : 0.16 * l;
	paint(m, r);
	mesh_loft(m,
		(struct mesh_station[]){{-e, 0.22, 0.50 * h, w - 0.10, w - 0.14},
			{-e + 0.12, 0.18, belt, w - 0.02, w - 0.08},
			{-e + boot, 0.17, belt + 0.02, w, w - 0.06},
			{e - bonnet, 0.17, belt, w, w - 0.06},
			{e - 0.35, 0.17, 0.54 * h, w - 0.02, w - 0.10},
			{e, 0.20, 0.44 * h, w - 0.14, w - 0.20}},
		6);
	double roof = w - 0.26, low = w - 0.09, rake = estate ? 0.10 * l : 0.15 * l;
	double back = -e + boot, front = e - bonnet;
	double roof_back = back + rake, roof_front = front - 0.17 * l;
	glass(m);
	mesh_loft(m,
		(struct mesh_station[]){{back, belt - 0.02, belt, low, low},
			{roof_back, belt - 0.02, h - 0.05, low, roof},
			{roof_front, belt - 0.02, h - 0.05, low, roof},
			{front, belt - 0.02, belt, low, low}},
		4);
	mesh_color(m, 0, 0, 0, MESH_PAINT);
	for (int c = 0; c < 3; c++)
		m->rgb[c] = m->faces[0].rgb[c];
	mesh_loft(m,
		(struct mesh_station[]){{roof_back - 0.06, h - 0.07, h - 0.05, roof + 0.02, roof},
			{0.5 * (roof_back + roof_front), h - 0.05, h, roof + 0.02, roof - 0.04},
			{roof_front + 0.04, h - 0.07, h - 0.05, roof + 0.02, roof}},
		3);
	/* The posts between the windows. */
	double post = roof_back + 0.45 * (roof_front - roof_back);
	mesh_loft(m,
		(struct mesh_station[]){{post - 0.05, belt, h - 0.05, low + 0.01, roof + 0.01},
			{post + 0.05, belt, h - 0.05, low + 0.01, roof + 0.01}},
		2);
	lights(m, l, w - 0.06, 0.39 * h, 0.34, 0.12);
	plates(m, l, 0.33 * h);
	wheels(m, (double[]){-0.5 * v->axles_m, 0.5 * v->axles_m}, 2, w, 0.31);
}

static void van(struct mesh *m, const struct mover *v, struct random *r)
{
	double l = v->length_m, w = 0.5 * v->width_m, h = v->height_m, e = 0.5 * l;
	if (random_unit(r) < 0.6)
		mesh_color(m, 238, 238, 236, MESH_PAINT);
	else
		paint(m, r);
	mesh_loft(m,
		(struct mesh_station[]){{-e, 0.26, h - 0.04, w - 0.02, w - 0.14},
			{e - 1.75, 0.25, h, w, w - 0.12}, {e - 1.0, 0.25, 0.56 * h, w, w - 0.06},
			{e - 0.15, 0.22, 0.46 * h, w - 0.05, w - 0.12},
			{e, 0.24, 0.38 * h, w - 0.12, w - 0.16}},
		5);
	glass(m);
	mesh_loft(m,
		(struct mesh_station[]){{e - 1.70, 0.58 * h, h - 0.10, w - 0.12, w - 0.20},
			{e - 0.93, 0.55 * h, 0.60 * h, w - 0.12, w - 0.14}},
		2);
	mesh_loft(m,
		(struct mesh_station[]){{e - 2.05, 0.58 * h, 0.86 * h, w + 0.005, w - 0.075},
			{e - 1.25, 0.58 * h, 0.72 * h, w + 0.005, w - 0.04}},
		2);
	for (int side = -1; side <= 1; side += 2) {
		double a = side * 0.08, b = side * (w - 0.22);
		mesh_box(m, (struct vec3){-e - 0.01, fmin(a, b), 0.60 * h},
			(struct vec3){-e + 0.05, fmax(a, b), 0.86 * h});
	}
	lights(m, l, w - 0.02, 0.34 * h, 0.16, 0.28);
	plates(m, l, 0.22 * h);
	wheels(m, (double[]){-0.5 * v->axles_m, 0.5 * v->axles_m}, 2, w, 0.35);
}

static void truck(struct mesh *m, const struct mover *v, struct random *r)
{
	static const int covers[][3] = {
		{226, 228, 230}, {226, 228, 230}, {48, 84, 150}, {178, 60, 44}, {74, 118, 84}};
	double l = v->length_m, w = 0.5 * v->width_m, h = v->height_m, e = 0.5 * l;
	double cab = 1.9;
	mesh_color(m, 44, 46, 50, MESH_MATT);
	mesh_box(m, (struct vec3){-e + 0.1, -0.5, 0.55}, (struct vec3){e - 0.4, 0.5, 0.95});
	paint(m, r);
	mesh_loft(m,
		(struct mesh_station[]){{e - cab, 0.45, 0.84 * h, w - 0.06, w - 0.10},
			{e - 0.35, 0.45, 0.84 * h, w - 0.06, w - 0.10},
			{e, 0.40, 0.48 * h, w - 0.08, w - 0.10}},
		3);
	glass(m);
	mesh_loft(m,
		(struct mesh_station[]){{e - 0.32, 0.50 * h, 0.79 * h, w - 0.16, w - 0.18},
			{e + 0.015, 0.49 * h, 0.52 * h, w - 0.16, w - 0.16}},
		2);
	mesh_box(m, (struct vec3){e - 1.2, -w + 0.05, 0.52 * h},
		(struct vec3){e - 0.5, w - 0.05, 0.74 * h});
	int c = random_index(r, 5);
	mesh_color(m, covers[c][0], covers[c][1], covers[c][2], MESH_PAINT);
	mesh_box(m, (struct vec3){-e, -w, 0.95}, (struct vec3){e - cab - 0.15, w, h});
	mesh_color(m, 70, 72, 76, MESH_MATT);
	mesh_box(m, (struct vec3){-e, -w, 0.86}, (struct vec3){e - cab - 0.15, w, 0.96});
	mesh_box(m, (struct vec3){-e - 0.01, -w + 0.1, 0.48},
		(struct vec3){-e + 0.1, w - 0.1, 0.60});
	lights(m, l, w - 0.04, 0.62, 0.26, 0.14);
	plates(m, l, 0.5);
	wheels(m, (double[]){-0.5 * v->axles_m, 0.5 * v->axles_m}, 2, w - 0.02, 0.48);
}

static void bus(struct mesh *m, const struct mover *v, struct random *r)
{
	static const int liveries[][3] = {
		{198, 168, 30}, {178, 34, 38}, {40, 92, 160}, {226, 228, 230}};
	double l = v->length_m, w = 0.5 * v->width_m, h = v->height_m, e = 0.5 * l;
	int c = random_index(r, 4);
	mesh_color(m, liveries[c][0], liveries[c][1], liveries[c][2], MESH_PAINT);
	mesh_loft(m,
		(struct mesh_station[]){{-e, 0.35, h - 0.12, w - 0.05, w - 0.12},
			{-e + 0.3, 0.32, h, w, w - 0.07}, {e - 0.3, 0.32, h, w, w - 0.07},
			{e, 0.35, h - 0.15, w - 0.05, w - 0.14}},
		4);
	glass(m);
	for (double x = -e + 0.5; x + 1.3 < e; x += 1.5)
		mesh_loft(m,
			(struct mesh_station[]){{x, 1.25, h - 0.55, w + 0.008, w - 0.035},
				{x + 1.36, 1.25, h - 0.55, w + 0.008, w - 0.035}},
			2);
	mesh_box(m, (struct vec3){e - 0.1, -w + 0.18, 1.05},
		(struct vec3){e + 0.01, w - 0.18, h - 0.5});
	mesh_box(m, (struct vec3){-e - 0.01, -w + 0.3, 1.5},
		(struct vec3){-e + 0.1, w - 0.3, h - 0.55});
	mesh_color(m, 214, 216, 218, MESH_PAINT);
	mesh_box(m, (struct vec3){-2.6, -0.8, h - 0.02}, (struct vec3){0.4, 0.8, h + 0.14});
	lights(m, l, w - 0.05, 0.62, 0.26, 0.16);
	plates(m, l, 0.45);
	wheels(m, (double[]){-0.5 * v->axles_m, 0.5 * v->axles_m}, 2, w - 0.01, 0.48);
}

/* Somebody sitting or standing: legs, trunk, arms, head, from the hips at `hip`. */
static void rider(struct mesh *m, struct vec3 hip, double lean, double shoulder, struct random *r,
	bool helmet)
{
	struct vec3 neck = {hip.x + lean, 0, hip.z + shoulder};
	paint(m, r);
	m->surface = MESH_MATT;
	mesh_loft(m,
		(struct mesh_station[]){{hip.x - 0.14, hip.z - 0.05, neck.z, 0.17, 0.22},
			{hip.x + lean + 0.12, hip.z + 0.05, neck.z - 0.03, 0.16, 0.21}},
		2);
	if (helmet)
		mesh_color(m, 40, 40, 44, MESH_PAINT);
	else
		mesh_color(m, 150, 104, 82, MESH_MATT);
	mesh_ball(m, (struct vec3){neck.x, 0, neck.z + 0.16}, (struct vec3){0.13, 0.12, 0.16}, 0.08,
		r);
}

static void two_wheeler(struct mesh *m, const struct mover *v, struct random *r, bool engine)
{
	double e = 0.5 * v->length_m, radius = engine ? 0.31 : 0.34, thick = engine ? 0.07 : 0.025;
	for (int end = -1; end <= 1; end += 2) {
		double x = end * (e - radius);
		mesh_color(m, 26, 26, 28, MESH_MATT);
		mesh_cylinder(m, (struct vec3){x, -thick, radius}, (struct vec3){x, thick, radius},
			radius, 14);
	}
	paint(m, r);
	double seat = engine ? 0.80 : 0.92;
	if (engine) {
		mesh_loft(m,
			(struct mesh_station[]){{-0.75, 0.55, seat, 0.12, 0.13},
				{0.1, 0.30, seat, 0.20, 0.14},
				{0.45, 0.35, seat + 0.14, 0.18, 0.14},
				{0.75, 0.70, seat + 0.1, 0.12, 0.10}},
			4);
		mesh_color(m, 235, 238, 230, MESH_HEADLAMP);
		mesh_box(m, (struct vec3){0.74, -0.09, 0.75}, (struct vec3){0.80, 0.09, 0.92});
		mesh_color(m, 178, 20, 22, MESH_TAILLAMP);
		mesh_box(m, (struct vec3){-0.80, -0.08, 0.66}, (struct vec3){-0.74, 0.08, 0.76});
	} else {
		mesh_box(m, (struct vec3){-0.5, -0.02, 0.5}, (struct vec3){0.45, 0.02, 0.56});
		mesh_box(m, (struct vec3){0.40, -0.24, 1.0}, (struct vec3){0.44, 0.24, 1.04});
	}
	mesh_color(m, 40, 48, 66, MESH_MATT);
	mesh_box(m, (struct vec3){-0.25, -0.24, 0.40}, (struct vec3){0.25, 0.24, seat + 0.05});
	double shoulder = v->height_m - seat - 0.32;
	rider(m, (struct vec3){-0.2, 0, seat}, engine ? 0.16 : 0.22, shoulder, r, engine);
}

static void pedestrian(struct mesh *m, const struct mover *v, struct random *r)
{
	double hip = 0.5 * v->height_m;
	mesh_color(m, 44, 50, 70, MESH_MATT);
	for (int side = -1; side <= 1; side += 2)
		mesh_cylinder(m, (struct vec3){side * 0.12, side * 0.09, 0},
			(struct vec3){0, side * 0.09, hip}, 0.085, 7);
	rider(m, (struct vec3){0, 0, hip}, 0.0, v->height_m - hip - 0.32, r, false);
}

int model_mover(const struct mover *v, uint64_t look, struct mesh *ret_mesh)
{
	struct random r = random_at(look, 0, 0, 'M');
	struct mesh m = {0};
	switch ((enum sim_kind)v->params->kind) {
	case SIM_VAN:
		van(&m, v, &r);
		break;
	case SIM_TRUCK:
		truck(&m, v, &r);
		break;
	case SIM_BUS:
		bus(&m, v, &r);
		break;
	case SIM_MOTORCYCLE:
		two_wheeler(&m, v, &r, true);
		break;
	case SIM_BICYCLE:
		two_wheeler(&m, v, &r, false);
		break;
	case SIM_PERSON:
		pedestrian(&m, v, &r);
		break;
	case SIM_CAR:
	case SIM_KIND_COUNT:
		car(&m, v, &r);
		break;
	}
	if (m.failed) {
		mesh_finish(&m);
		return -ENOMEM;
	}
	*ret_mesh = m;
	return 0;
}

static void building(struct mesh *m, const struct sim_prop_params *p, struct random *r)
{
	static const int walls[][3] = {
		{176, 164, 148}, {150, 112, 92}, {190, 186, 178}, {128, 128, 132}, {172, 140, 108}};
	double w = 0.5 * p->width_m, d = 0.5 * p->depth_m, h = p->height_m;
	int c = random_index(r, 5);
	mesh_color(m, walls[c][0], walls[c][1], walls[c][2], MESH_MATT);
	mesh_box(m, (struct vec3){-w, -d, 0}, (struct vec3){w, d, h});
	mesh_color(m, walls[c][0] / 2, walls[c][1] / 2, walls[c][2] / 2, MESH_MATT);
	mesh_box(m, (struct vec3){-w - 0.15, -d - 0.15, h},
		(struct vec3){w + 0.15, d + 0.15, h + 0.5});
	mesh_color(m, 52, 60, 70, MESH_GLASS);
	for (double z = 1.0; z + 1.6 < h; z += 3.0) {
		for (double x = -w + 0.9; x + 1.2 < w; x += 2.4)
			for (int side = -1; side <= 1; side += 2) {
				double a = side * (d - 0.1), b = side * (d + 0.03);
				mesh_box(m, (struct vec3){x, fmin(a, b), z},
					(struct vec3){x + 1.2, fmax(a, b), z + 1.5});
			}
		for (double y = -d + 0.9; y + 1.2 < d; y += 2.4)
			for (int side = -1; side <= 1; side += 2) {
				double a = side * (w - 0.1), b = side * (w + 0.03);
				mesh_box(m, (struct vec3){fmin(a, b), y, z},
					(struct vec3){fmax(a, b), y + 1.2, z + 1.5});
			}
	}
}

static void tree(struct mesh *m, const struct sim_prop_params *p, struct random *r)
{
	double h = p->height_m, spread = 0.5 * p->width_m;
	mesh_color(m, 84, 66, 50, MESH_MATT);
	mesh_cylinder(
		m, (struct vec3){0, 0, 0}, (struct vec3){0, 0, 0.55 * h}, 0.05 * spread + 0.1, 8);
	int green = 80 + random_index(r, 30);
	mesh_color(m, green - 26, green + 6, 44, MESH_MATT);
	for (int i = 0; i < 9; i++) {
		double size = random_range(r, 0.40, 0.62) * spread,
		       round = random_range(r, 0, 6.283);
		double out = i == 0 ? 0 : random_range(r, 0.25, 0.60) * spread;
		double z = random_range(r, 0.42, 0.86) * h;
		mesh_ball(m, (struct vec3){out * cos(round), out * sin(round), z},
			(struct vec3){size, size, 0.8 * size}, 0.3, r);
	}
}

static void lamp_post(struct mesh *m, const struct sim_prop_params *p)
{
	mesh_color(m, 112, 116, 120, MESH_MATT);
	mesh_cylinder(m, (struct vec3){0, 0, 0}, (struct vec3){0, 0, p->height_m}, 0.09, 8);
	mesh_cylinder(m, (struct vec3){0, 0, p->height_m},
		(struct vec3){p->width_m, 0, p->height_m + 0.3}, 0.06, 6);
	mesh_color(m, 200, 200, 190, MESH_HEADLAMP);
	mesh_box(m, (struct vec3){p->width_m - 0.35, -0.14, p->height_m + 0.22},
		(struct vec3){p->width_m + 0.35, 0.14, p->height_m + 0.36});
}

/* Round with a red rim, facing along -y before it is turned. */
static void sign(struct mesh *m, const struct sim_prop_params *p)
{
	double z = p->height_m > 3 ? 2.4 : p->height_m;
	mesh_color(m, 130, 134, 138, MESH_MATT);
	mesh_cylinder(m, (struct vec3){0, 0, 0}, (struct vec3){0, 0, z + 0.3}, 0.04, 8);
	mesh_color(m, 190, 22, 30, MESH_MATT);
	mesh_cylinder(m, (struct vec3){0, -0.06, z}, (struct vec3){0, -0.04, z}, 0.32, 16);
	mesh_color(m, 238, 238, 234, MESH_MATT);
	mesh_cylinder(m, (struct vec3){0, -0.07, z}, (struct vec3){0, -0.05, z}, 0.23, 16);
}

int model_prop(const struct sim_prop_params *p, uint64_t look, struct mesh *ret_mesh)
{
	struct random r = random_at(look, 0, 0, 'P');
	struct mesh m = {0};
	switch ((enum sim_prop_kind)p->kind) {
	case SIM_PROP_BUILDING:
		building(&m, p, &r);
		break;
	case SIM_PROP_TREE:
		tree(&m, p, &r);
		break;
	case SIM_PROP_LAMP_POST:
		lamp_post(&m, p);
		break;
	case SIM_PROP_SIGN:
		sign(&m, p);
		break;
	}
	mesh_place(
		&m, 0, 0, (struct vec3){p->position.x, p->position.y, 0}, p->turn_deg * M_PI / 180);
	if (m.failed) {
		mesh_finish(&m);
		return -ENOMEM;
	}
	*ret_mesh = m;
	return 0;
}

#define LAMP_PITCH_M 0.42

struct vec3 model_signal_lamp(struct vec2 at, double facing_rad, double height_m, int index)
{
	double front = 0.17;
	return (struct vec3){at.x + front * cos(facing_rad), at.y + front * sin(facing_rad),
		height_m + (1 - index) * LAMP_PITCH_M};
}

int model_signal(struct vec2 at, double facing_rad, double height_m, enum sim_lamp lamp,
	struct mesh *ret_mesh)
{
	static const int lit[3][3] = {{255, 38, 26}, {255, 190, 30}, {40, 245, 130}};
	static const int dark[3][3] = {{58, 16, 14}, {58, 44, 12}, {12, 48, 30}};
	const bool on[3] = {lamp == SIM_LAMP_RED || lamp == SIM_LAMP_RED_YELLOW,
		lamp == SIM_LAMP_YELLOW || lamp == SIM_LAMP_RED_YELLOW, lamp == SIM_LAMP_GREEN};
	struct mesh m = {0};
	double half = 1.5 * LAMP_PITCH_M + 0.06, top = height_m + half;
	mesh_color(&m, 96, 100, 104, MESH_MATT);
	mesh_cylinder(&m, (struct vec3){-0.1, 0, 0}, (struct vec3){-0.1, 0, top}, 0.08, 10);
	mesh_color(&m, 24, 26, 26, MESH_MATT);
	mesh_box(&m, (struct vec3){-0.14, -0.26, height_m - half}, (struct vec3){0.14, 0.26, top});
	/* The dark board behind it against the sky. */
	mesh_box(&m, (struct vec3){-0.06, -0.42, height_m - half - 0.15},
		(struct vec3){-0.03, 0.42, top + 0.15});
	for (int i = 0; i < 3; i++) {
		double z = height_m + (1 - i) * LAMP_PITCH_M;
		const int *c = on[i] ? lit[i] : dark[i];
		mesh_color(&m, c[0], c[1], c[2], on[i] ? MESH_LIGHT : MESH_MATT);
		mesh_cylinder(&m, (struct vec3){0.13, 0, z}, (struct vec3){0.17, 0, z},
			MODEL_LAMP_RADIUS_M, 14);
	}
	mesh_place(&m, 0, 0, (struct vec3){at.x, at.y, 0}, facing_rad);
	if (m.failed) {
		mesh_finish(&m);
		return -ENOMEM;
	}
	*ret_mesh = m;
	return 0;
}
