/*
 * Files of boxes over time, as tracking benchmarks write them: ground truth, a tracker's result,
 * or a detector's output.
 *
 *   MOTChallenge     "frame,id,x,y,width,height[,confidence,class,visibility,...]", frames from 1
 *   KITTI tracking   "frame id type truncated occluded alpha x1 y1 x2 y2 ... [score]", frames from
 * 0 KITTI detections "frame,type,x1,y1,x2,y2,score,...", frames from 0 Gantry           truth files
 * (truth/truth.h) and the lines of `gantry run --events`
 *
 * A malformed line is refused with its number and the reason.
 *
 * Memory: a struct mot owns its items. Threads: none of its own.
 */
#pragma once

#include "base/clock.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define MOT_BOXES_PER_FRAME_MAX 4096

enum mot_format {
	MOT_FORMAT_AUTO, /* by what the first line looks like */
	MOT_FORMAT_CHALLENGE,
	MOT_FORMAT_KITTI,
	MOT_FORMAT_KITTI_DETECTIONS,
	MOT_FORMAT_GANTRY,
};

/* What a box counts for. */
enum mot_role {
	MOT_TARGET,
	MOT_HARD, /* KITTI: a target that need not be found, truncated or mostly hidden */
	MOT_DISTRACTOR, /* KITTI: looks like one, so that finding it is no mistake */
	MOT_REGION, /* KITTI: in here nothing was labelled */
	MOT_UNASKED, /* MOTChallenge: its confidence is zero, in truth "not to be evaluated" */
	MOT_OTHER, /* of another class */
};

struct mot_item {
	int frame; /* as in the file */
	int id; /* -1: none */
	int line; /* of the file, from 1 */
	enum mot_role role;
	double x1, y1, x2, y2; /* px */
	double confidence; /* as in the file; 1 where it has none */
	double t_s; /* media time where the file knows it, else NAN */
};

struct mot {
	enum mot_format format; /* never MOT_FORMAT_AUTO */
	struct mot_item *items; /* by frame, in the order of the file within each */
	int count;
	int first_frame, last_frame; /* of the items; 0 and -1 where there are none */
};

/* -EINVAL with "NAME:LINE: reason", -ENOMEM. `target` is the KITTI type that counts ("Car"). */
int mot_parse(const char *text, size_t length, const char *name, enum mot_format format,
	const char *target, struct err *err, struct mot **ret_mot);
/* The same from a file; or -errno of opening it. */
int mot_load(const char *path, enum mot_format format, const char *target, struct err *err,
	struct mot **ret_mot);
void mot_free(struct mot **mot);
/* In MOTChallenge's format. 0 or -EIO. */
int mot_write(FILE *file, const struct mot *mot);

/* Index of the first item of `frame` or later. */
int mot_find(const struct mot *mot, int frame);

/* A sequence's seqinfo.ini. */
struct mot_info {
	char name[64];
	double fps;
	int frame_count, width_px, height_px; /* 0 where not given */
};
/* -EINVAL where frameRate is missing or not positive, or -errno. */
int mot_info_load(const char *path, struct err *err, struct mot_info *ret_info);
int mot_info_parse(char *text, const char *name, struct err *err, struct mot_info *ret_info);
