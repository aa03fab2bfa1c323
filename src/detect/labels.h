/*
 * Names of a model's classes, by class id.
 *
 * Memory: labels_finish() frees what the readers allocated. Threads: none.
 */
#pragma once

#include "base/err.h"

#define LABELS_MAX 4096

struct labels {
	char **names;
	int count;
};

/*
 * From the note that Ultralytics leaves in its exports: {0: 'person', 1: "driver's cab", ...}. The
 * ids must be 0, 1, 2 and so on. -EINVAL where it is something else.
 */
int labels_parse(const char *text, struct err *err, struct labels *ret_labels);
/* One name a line; empty lines at the end do not count. */
int labels_read_file(const char *path, struct err *err, struct labels *ret_labels);
/* The 80 classes of COCO, which a model without names and with 80 classes was trained on. */
int labels_coco(struct labels *ret_labels);
void labels_finish(struct labels *labels);
