/* A whole scene file, with everything that is checked beyond the tables. */
#include "pipeline/scene.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scene scene;
	struct problems problems = {.file = "fuzz"};
	struct err err;
	scene_defaults(&scene);
	if (scene_parse((const char *)data, size, &scene, &problems) == 0)
		scene_check_size(&scene, 1280, 720, &err);
	problems_finish(&problems);
	scene_free(&scene);
	return 0;
}
