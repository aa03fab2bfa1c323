/* `gantry sim --rtsp`: a simulated scene as a camera. */
#pragma once

#include "sim/params.h"

#include <stdbool.h>

struct sim_serve_args {
	int port; /* 0: the kernel chooses */
	const char *bind; /* NULL: 127.0.0.1 */
	const char *user, *password; /* NULL: everybody may watch */
	bool loop;
	const char
		*output; /* directory of truth.jsonl and scene.yaml, which is there; NULL: none */
};

/* Prints the URL, and returns the exit code after SIGINT, SIGTERM or the end of the scene. */
int sim_serve(const struct sim_params *params, const struct sim_serve_args *args);
