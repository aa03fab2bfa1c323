/* The three texts of one video, parted by a line of its own that says "---"; where they parse, the
 * whole evaluation runs over them. */
#include "eval/brno_measure.h"
#include "eval/brno_protocol.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t part(const char *text, size_t length)
{
	const char *end = memmem(text, length, "\n---\n", 5);
	return end ? (size_t)(end - text) : length;
}

static void evaluate(const struct brno_video *video)
{
	struct brno_measurement *list;
	struct brno_score score;
	struct calibration calibration;
	struct err err;
	int count, failed;
	if (video->published_count &&
		brno_protocol_measure(video, &video->published[0], &list, &count, &failed) == 0) {
		if (brno_score_count(video, list, count, failed, &score) == 0)
			brno_score_finish(&score);
		free(list);
	}
	if (brno_measure_calibrate(video, &brno_measure_defaults, &err, &calibration) == 0 &&
		brno_measure_run(video, &brno_measure_defaults, &calibration, &list, &count) == 0)
		free(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *texts[3];
	size_t lengths[3];
	const char *at = (const char *)data, *end = at + size;
	for (int i = 0; i < 3; i++) {
		size_t left = (size_t)(end - at);
		texts[i] = at;
		lengths[i] = part(at, left);
		at = left - lengths[i] >= 5 ? at + lengths[i] + 5 : end;
	}
	struct err err;
	struct brno_video *video;
	if (brno_parse("fuzz", texts[0], lengths[0], texts[1], lengths[1], texts[2], lengths[2],
		    &err, &video) == 0) {
		evaluate(video);
		brno_free(&video);
	}
	return 0;
}
