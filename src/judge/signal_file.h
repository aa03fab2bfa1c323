/*
 * Signal files: what a controller logged, as JSON Lines. Private to src/judge.
 *
 *     {"t": 12.4, "lamp": "red"}
 *     {"t": 40.0, "lamp": "green", "signal": "main"}
 *
 * t: media time in seconds, from which on the lamp is lit; not before that of the line before.
 * lamp ("state" is understood too): red, red_yellow, yellow, green or unknown. Lines that name
 * another signal are for that one.
 */
#pragma once

#include "judge/lights.h"

/* -EINVAL with FILE:LINE: reason, -errno of opening, -ENOMEM. The caller frees `*ret_plan`. */
int signal_file_load(const char *path, const char *signal, struct err *err,
	struct lights_change **ret_plan, int *ret_count);
/* The same from memory; `name` stands for the file in messages. */
int signal_file_parse(const char *text, size_t length, const char *name, const char *signal,
	struct err *err, struct lights_change **ret_plan, int *ret_count);
