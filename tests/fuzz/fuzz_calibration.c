/* A scene's calibration as YAML, solved for 1920x1080 and used. */
#include "measure/calibration.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A refused calibration says why; one that was solved answers for the whole image. */
static void use(const struct calibration_params *params)
{
	struct err err = {{0}};
	struct calibration c;
	if (!calibration_is_given(params))
		return;
	if (calibration_solve(params, 1920, 1080, &err, &c) < 0) {
		if (!err.text[0])
			abort();
		return;
	}
	const double px[3] = {1, 0, 1};
	for (int i = 0; i < 9; i++) {
		struct vec2 at = {960.0 * (i % 3), 540.0 * (i / 3)}, road, image;
		double var[3];
		calibration_covers(&c, at);
		if (calibration_to_road(&c, at, px, &road, var) &&
			!(var[0] >= 0 || var[0] != var[0]))
			abort();
		if (calibration_to_road(&c, at, NULL, &road, NULL))
			calibration_to_image(&c, road, &image);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct calibration_params params;
	struct problems problems = {0};
	options_defaults(&calibration_options, &params);
	options_read(&calibration_options, (const char *)data, size, &params, &problems);
	if (problems.error_count == 0)
		use(&params);
	problems_finish(&problems);
	options_free(&calibration_options, &params);
	return 0;
}
