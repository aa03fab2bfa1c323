/* The lines, zones and rules of a site: the second half of site.c. */
#pragma once

#include "sim/site.h"

/* Adds all of them to a site whose area is known. -EINVAL with the reason. */
int site_rules_lay(const struct world *world, struct err *err, struct site *site);
