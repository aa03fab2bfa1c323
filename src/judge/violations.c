#include "judge/violations.h"

#include "judge/counts.h"

#include <string.h>

static const char *const kinds[VIOLATION_KIND_COUNT] = {
	[VIOLATION_SPEED] = "speed_violation",
	[VIOLATION_RED_LIGHT] = "red_light",
	[VIOLATION_LANE] = "lane_violation",
	[VIOLATION_WRONG_WAY] = "wrong_way",
	[VIOLATION_ILLEGAL_TURN] = "illegal_turn",
	[VIOLATION_ILLEGAL_U_TURN] = "illegal_u_turn",
	[VIOLATION_ILLEGAL_PARKING] = "illegal_parking",
	[VIOLATION_STOPPED_IN_JUNCTION] = "stopped_in_junction",
	[VIOLATION_STOP_SIGN] = "stop_sign",
	[VIOLATION_TAILGATING] = "tailgating",
	[VIOLATION_PEDESTRIAN_RIGHT_OF_WAY] = "pedestrian_right_of_way",
};

static const char *const severities[] = {
	[SEVERITY_LOW] = "low",
	[SEVERITY_MEDIUM] = "medium",
	[SEVERITY_HIGH] = "high",
	[SEVERITY_CRITICAL] = "critical",
};

static const char *const lamps[] = {
	[LAMP_UNKNOWN] = "unknown",
	[LAMP_RED] = "red",
	[LAMP_RED_YELLOW] = "red_yellow",
	[LAMP_YELLOW] = "yellow",
	[LAMP_GREEN] = "green",
};

const char *violation_kind_name(enum violation_kind kind)
{
	return (unsigned)kind < VIOLATION_KIND_COUNT ? kinds[kind] : "unknown";
}

enum violation_kind violation_kind_from_name(const char *name)
{
	for (int i = 0; i < VIOLATION_KIND_COUNT; i++)
		if (!strcmp(name, kinds[i]))
			return (enum violation_kind)i;
	return VIOLATION_KIND_COUNT;
}

const char *severity_name(enum severity severity)
{
	return (unsigned)severity <= SEVERITY_CRITICAL ? severities[severity] : "unknown";
}

const char *lamp_name(enum lamp lamp)
{
	return (unsigned)lamp < LAMP_COUNT ? lamps[lamp] : lamps[LAMP_UNKNOWN];
}

enum lamp lamp_from_name(const char *name)
{
	for (int i = 0; i < LAMP_COUNT; i++)
		if (!strcmp(name, lamps[i]))
			return (enum lamp)i;
	return LAMP_COUNT;
}

const char *crossing_direction_name(enum crossing_direction direction)
{
	return direction == CROSSING_FORWARD ? "forward" : "backward";
}
