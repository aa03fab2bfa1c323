#include "measure/measures.h"

#include <string.h>

static const char *const names[SPEED_STATUS_COUNT] = {
	"ok", "uncalibrated", "too_short", "occluded", "turning", "outside_area", "implausible"};

const char *speed_status_name(enum speed_status status)
{
	return (unsigned)status < SPEED_STATUS_COUNT ? names[status] : "invalid";
}

enum speed_status speed_status_from_name(const char *name)
{
	int i = 0;
	while (i < SPEED_STATUS_COUNT && strcmp(name, names[i]) != 0)
		i++;
	return (enum speed_status)i;
}
