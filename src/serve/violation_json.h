/*
 * A violation as JSON: the same in REST and on /ws/violations (docs/server.md).
 *
 * Threads: any. Memory: in the writer.
 */
#pragma once

#include "base/json.h"
#include "serve/form.h"
#include "store/violation_rows.h"

extern const struct form violation_form;

void violation_json_write(struct json *json, const struct violation_row *row);
