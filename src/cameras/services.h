/*
 * The detection services that cameras share: one for each detector that they ask for, made when the
 * first camera asks and kept while one uses it.
 *
 * Threads: any; one lock inside, held while a network is loaded. Memory: an entry for each
 * detector.
 */
#pragma once

#include "detect/service.h"

struct services;

int services_create(struct services **ret_services);
/* Nobody uses any of them. */
void services_destroy(struct services **services);
/*
 * The one for this detector; NULL where the camera's own thread has to look (motion). -errno with
 * a sentence where the detector cannot be made. Give it back with services_put().
 */
int services_get(struct services *services, const struct detector_params *params, struct err *err,
	struct service **ret_service);
void services_put(struct services *services, struct service **service);
