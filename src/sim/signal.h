/*
 * What a signal shows at a time: a plan of phases that repeats.
 */
#pragma once

#include "sim/params.h"

/* -EINVAL with the reason: no phases, a phase without duration. */
int signal_check(const struct sim_signal_params *params, struct err *err);
enum sim_lamp signal_at(const struct sim_signal_params *params, double t_s);
/* For how long it has been red (with or without yellow) at that time, seconds; 0: it is not. */
double signal_red_for(const struct sim_signal_params *params, double t_s);
/* Length of one round of the plan, seconds. */
double signal_cycle_s(const struct sim_signal_params *params);
