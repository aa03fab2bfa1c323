/* Some of etc/scenes/, made part of the program by embed.py. */
#pragma once

#include <stddef.h>

extern const char builtin_yaml[], illegal_turn_yaml[], rolling_stop_yaml[], zebra_ignored_yaml[];
extern const size_t builtin_yaml_size, illegal_turn_yaml_size, rolling_stop_yaml_size,
	zebra_ignored_yaml_size;
