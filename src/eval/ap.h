/*
 * Average precision of a detector over labelled images, as COCO defines it (Lin et al. 2014): for
 * each class the detections of all images by falling score, each matched to the free object it
 * covers best, if at least by the threshold; the precision at 101 recalls, made monotonous, is
 * averaged. AP50: at IoU 0.5. AP: the mean over IoU 0.50, 0.55, ... 0.95. Both are means over the
 * classes that have at least one object. There are no "crowd" regions, and no limit on detections.
 *
 * Memory: grows with what is added. Threads: one owner.
 */
#pragma once

#include "base/geometry.h"

struct ap;

struct ap_scores {
	int object_count, detection_count;
	int class_count; /* classes with objects; 1 for a single class */
	double ap50, ap; /* 0 to 1; NAN where there are no objects */
};

/* `class_count` 1 to 65536. 0 or -ENOMEM. */
int ap_create(int class_count, struct ap **ret_ap);
void ap_destroy(struct ap **ap);

/* `image`: any number that names it. -EINVAL for a class out of range, -ENOMEM. */
int ap_add_object(struct ap *ap, int image, int class_id, struct box box);
int ap_add_detection(struct ap *ap, int image, int class_id, struct box box, float score_ratio);

/* Over all classes, or one. May be called again after more was added. -ENOMEM. */
int ap_compute(struct ap *ap, struct ap_scores *ret_scores);
int ap_compute_class(struct ap *ap, int class_id, struct ap_scores *ret_scores);
