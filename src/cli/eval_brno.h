/* A report on BrnoCompSpeed for people, and as JSON. */
#pragma once

#include "base/json.h"
#include "eval/brno_report.h"

void eval_brno_print(const struct brno_report *report, bool each_video);
void eval_brno_json(const struct brno_report *report, struct json *j);
