/*
 * The live half of session.h: session_run() for cameras.
 */
#pragma once

#include "pipeline/session.h"

/* As session_run(); the summary is zeroed and knows its device. */
int session_live_run(const struct session_params *params, struct err *err,
	struct session_summary *summary, enum session_failure *ret_failure);
