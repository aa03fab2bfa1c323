#include "measure/measures.h"

const char *speed_status_name(enum speed_status status)
{
	static const char *const names[SPEED_STATUS_COUNT] = {"ok", "uncalibrated", "too_short",
		"occluded", "turning", "outside_area", "implausible"};
	return (unsigned)status < SPEED_STATUS_COUNT ? names[status] : "invalid";
}
