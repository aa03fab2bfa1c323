/*
 * Tracks with what was measured of them on the road plane: plain values, no allocation.
 */
#pragma once

#include "track/tracks.h"

enum speed_status {
	SPEED_OK,
	SPEED_UNCALIBRATED, /* no calibration: no speed can be known */
	SPEED_TOO_SHORT, /* not enough time or distance seen yet */
	SPEED_OCCLUDED, /* the road point was hidden for too much of the window */
	SPEED_TURNING, /* the path is not straight within the window */
	SPEED_OUTSIDE_AREA, /* beyond the part of the image that the calibration covers */
	SPEED_IMPLAUSIBLE, /* a number came out, and no road user moves like that */
	SPEED_STATUS_COUNT
};

/* "ok", "uncalibrated", "too_short", "occluded", "turning", "outside_area", "implausible". */
const char *speed_status_name(enum speed_status status);
/* The reverse; SPEED_STATUS_COUNT where it is none. */
enum speed_status speed_status_from_name(const char *name);

struct measure {
	struct track track;
	struct vec2 ground_px; /* the point that stands for the vehicle on the road, image */
	bool on_road; /* road_m and its covariance are valid */
	struct vec2 road_m; /* the same on the road plane */
	double road_var_m2[3]; /* xx, xy, yy */
	enum speed_status speed_status;
	/* Below: valid where speed_status is SPEED_OK. */
	double speed_mps;
	double speed_sigma_mps; /* standard error: box noise, calibration, timing */
	double heading_rad; /* of the motion on the road plane, atan2(y, x) */
	struct vec2 velocity_mps;
	struct media window_from, window_to; /* what the fit covers */
	struct media speed_at; /* the moment within, whose speed this is */
	int window_count; /* points in it */
	/* The most certain speed of this track so far; best_count 0: none yet. */
	double best_speed_mps, best_sigma_mps;
	struct media best_from, best_to, best_at;
	int best_count;
};

struct measures {
	struct media media;
	int64_t sequence;
	unsigned flags;
	int width_px, height_px;
	bool calibrated;
	int count;
	struct measure items[TRACKS_MAX];
	int ended_count;
	uint32_t ended[TRACKS_MAX];
	bool reset;
	bool coasted; /* nobody looked: places are predicted, speeds those of the latest look */
};
