/*
 * What `gantry serve --demo` serves: simulated cameras, one for each world that is built in, with
 * the rules that fit them, in a folder of their own below /tmp that leaves with the program.
 */
#pragma once

#include "serve/settings.h"

struct serve_demo {
	char dir[64];
};

/*
 * Makes the folder, and settings that say what is in it: streams, and the store where the user
 * named none. -EINVAL where there are streams already; -errno.
 */
int serve_demo_prepare(struct serve_demo *demo, struct settings *settings, struct err *err);
/* The folder and all that is in it; nothing where there is none. */
void serve_demo_remove(const struct serve_demo *demo);
/* Where to look and with which token, on standard output. */
void serve_demo_say(int port, const char *token);
