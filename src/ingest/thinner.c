#include "ingest/thinner.h"

#include <math.h>

void thinner_init(struct thinner *thinner, double target_fps)
{
	*thinner = (struct thinner){.target_fps = target_fps, .slot = -1};
}

bool thinner_leaves_out(struct thinner *thinner, struct media media)
{
	if (thinner->target_fps <= 0)
		return false;
	int64_t slot = (int64_t)floor(media_seconds(media) * thinner->target_fps + 0.25);
	if (slot <= thinner->slot)
		return true;
	thinner->slot = slot;
	return false;
}
