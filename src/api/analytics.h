/* An open gantry_analytics, for the files of this room that answer from it. */
#pragma once

#include "gantry/analytics.h"
#include "store/store.h"

struct gantry_analytics {
	struct store *store;
	struct sink *sink; /* NULL: no backend */
	int retention_days;
};

/* What comes before every answer: what was recorded is in, what is too old is out. */
int analytics_settle(struct gantry_analytics *analytics, struct err *err);
/* `r`, with its sentence in `error` where it is negative. */
int analytics_give(struct gantry_error *error, int r, const struct err *err);
