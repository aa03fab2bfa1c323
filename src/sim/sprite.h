/*
 * A body as the camera sees it, cut out: brightness, colour and coverage of every pixel.
 *
 * Threads: one stage, one thread. Memory: a stage's lists grow to what the largest body needs and
 * are kept; a sprite made by sprite_keep() owns its pixels.
 */
#pragma once

#include "sim/camera.h"
#include "sim/light.h"
#include "sim/raster.h"

/* Limited-range BT.601 planes of a picture; rows of chroma are half as long. */
struct sprite_target {
	int width_px, height_px; /* even */
	uint8_t *y, *u, *v;
};

/* Black planes in one piece of memory, which starts at `y`. -ENOMEM. */
int sprite_target_alloc(int width_px, int height_px, struct sprite_target *ret_target);

/* The rectangle starts and ends on even pixels and lies inside the picture. */
struct sprite {
	int x_px, y_px, width_px, height_px;
	uint8_t *luma, *cover; /* cover: 0 to 255 */
	uint8_t *u, *v, *chroma_cover; /* of two by two pixels */
	double distance_m;
};

struct sprite_triangle {
	struct raster_vertex v[3];
	uint32_t value;
};

#define STAGE_POSES_MAX 8

/* The samples of a pixel, summed. */
struct sprite_sum {
	uint16_t count, red, green, blue;
};

/* Where bodies are made into sprites, one after another. */
struct stage {
	const struct camera *camera;
	const struct light *light;
	int width_px, height_px;
	struct raster raster;
	struct sprite_triangle *triangles;
	int count, capacity;
	struct sprite_sum *sums; /* of a tile */
	double x1, y1, x2, y2; /* bounds of the triangles */
	struct sprite sprite; /* the latest one; as large as the picture */
	bool failed;
};

int stage_init(struct stage *stage, const struct camera *camera, const struct light *light,
	int width_px, int height_px);
void stage_finish(struct stage *stage);

/* A body on the ground at a place, or where it is (NULL). */
struct placement {
	struct vec2 at;
	double heading_rad;
	double sunlit; /* 0 in the shadow of something, 1 in the sun */
	float lamplight; /* of street lamps */
	bool braking;
};

/*
 * Draws a body into `stage->sprite`, blurred evenly over `count` (1 to STAGE_POSES_MAX) placements;
 * false where nothing of it is in the picture. Stays valid until the next call.
 */
bool stage_draw(struct stage *stage, const struct mesh *mesh, const struct placement *placements,
	int count);
/*
 * The box around everything of a body, not clipped; false where a part of it is behind the camera.
 */
bool stage_box(const struct stage *stage, const struct mesh *mesh,
	const struct placement *placement, struct box *ret_box);
/*
 * The shadow on the ground: raises `mask` (a byte a pixel of the picture) to how much of the sun
 * is taken away, 255 being all. Gives the rectangle touched; false where there is none.
 */
bool stage_shadow(struct stage *stage, const struct mesh *mesh, const struct placement *placement,
	uint8_t *mask, struct sprite *ret_touched);

/* The same for the light of a vehicle's head lamps: raises `mask` to how much falls there. */
bool stage_head_light(struct stage *stage, double length_m, const struct placement *placement,
	uint8_t *mask, struct sprite *ret_touched);

/* A triangle of the ground that covers what was there before: for the backdrop. */
void stage_ground(struct stage *stage, const struct vec2 corners[3], uint32_t value);
/* Starts a new list of triangles. */
void stage_clear(struct stage *stage);

void sprite_blend(const struct sprite *sprite, struct sprite_target *picture);
/* A copy with its own memory, cut to what is covered. -ENOMEM. */
int sprite_keep(const struct sprite *sprite, struct sprite *ret_copy);
void sprite_finish(struct sprite *sprite);
