/*
 * What a run found, as tables for a person: vehicles by class, speeds, counting lines, violations.
 */
#pragma once

#include "pipeline/session.h"

#include <stdio.h>

void summary_print(const struct session_summary *summary, FILE *out);
