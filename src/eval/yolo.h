/*
 * Labels of one image as YOLO data sets write them: a text file beside the image, a line for each
 * object, "CLASS CENTRE_X CENTRE_Y WIDTH HEIGHT", all but the class as a share of the image's size.
 *
 * Memory: yolo_finish() frees what yolo_read() allocated.
 */
#pragma once

#include "base/err.h"
#include "base/geometry.h"

#include <stddef.h>

struct yolo_object {
	int class_id;
	struct box box; /* shares of the image, 0 to 1 */
};

struct yolo_labels {
	struct yolo_object *items;
	int count;
};

/* A file that is not there is an image without objects. -EINVAL, with the line, for other text. */
int yolo_read(const char *path, struct err *err, struct yolo_labels *ret_labels);
int yolo_parse(const char *text, size_t length, struct err *err, struct yolo_labels *ret_labels);
void yolo_finish(struct yolo_labels *labels);
