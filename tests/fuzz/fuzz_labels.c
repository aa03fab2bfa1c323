/* Class names: the note inside a model, and labels of an image; both come with foreign files. */
#include "detect/labels.h"
#include "eval/yolo.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct labels labels;
	struct yolo_labels objects;
	struct err err;
	char *text = malloc(size + 1);
	memcpy(text, data, size);
	text[size] = '\0';
	if (labels_parse(text, &err, &labels) == 0)
		labels_finish(&labels);
	free(text);
	if (yolo_parse((const char *)data, size, &err, &objects) == 0)
		yolo_finish(&objects);
	return 0;
}
