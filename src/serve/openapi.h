/*
 * /openapi.json: OpenAPI 3.1, written from the table that routes, so that it cannot lie about what
 * is there. Threads: any. Memory: in the writer.
 */
#pragma once

#include "base/json.h"

void openapi_write(struct json *json);
