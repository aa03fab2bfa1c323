/*
 * What a run found, as tables for a person: vehicles by class, speeds, counting lines, violations.
 */
#pragma once

#include "cli/cli.h"
#include "pipeline/session.h"

#include <stdio.h>

void summary_print(const struct session_summary *summary, FILE *out);
/* With which code a run ends that failed so. */
enum cli_exit summary_exit(enum session_failure failure);
