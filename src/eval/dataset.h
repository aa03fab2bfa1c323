/*
 * Benchmarks on disk as lists of sequences: truth, detections, frame rate and size.
 *
 *   kitti    DIR/gt/NAME.txt and DIR/det_DETECTOR/NAME.txt; 10 frames/s
 *   mot15    DIR/NAME/gt/gt.txt, det/det.txt, seqinfo.ini
 *   aicity   DIR/NAME/gt/gt.txt, det/DETECTOR.txt, seqinfo.ini
 *
 * Memory: a struct dataset owns its sequences. Threads: read-only once loaded.
 */
#pragma once

#include "eval/mot.h"
#include "eval/replay.h"

struct sequence {
	char name[64];
	struct mot *truth, *detections;
	struct mot_info info;
	int first_frame;
};

struct dataset_detector {
	const char *name;
	enum road_user road_user; /* that it finds */
	struct replay_scores scores;
};

struct dataset_kind {
	const char *name;
	struct dataset_detector detectors[4]; /* the first is the default; ended by a NULL name */
	bool kitti; /* truth and scoring follow KITTI's rules */
	bool moving_only; /* parked vehicles are not labelled */
};
/* Ended by a NULL name. */
extern const struct dataset_kind dataset_kinds[];

struct dataset {
	const struct dataset_kind *kind;
	const struct dataset_detector *detector;
	struct sequence *sequences; /* by name */
	int count;
};

/*
 * `kind` and `detector` (NULL: the kind's default) by name. -EINVAL with the reason, the file and
 * the line in `err`; -ENOENT where DIR has no sequence; -ENOMEM.
 */
int dataset_load(const char *kind, const char *directory, const char *detector, struct err *err,
	struct dataset **ret_dataset);
void dataset_free(struct dataset **dataset);
