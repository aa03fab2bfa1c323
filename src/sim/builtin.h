/* etc/scenes/builtin.yaml, made part of the program by embed.py. */
#pragma once

#include <stddef.h>

extern const char builtin_yaml[];
extern const size_t builtin_yaml_size;
