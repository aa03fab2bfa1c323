/*
 * What is said of streams and to them: the forms of resource_streams.c and resource_versions.c.
 * Sections of a scene are any JSON here: the checker of `gantry check` reads them
 * (cameras/config.h) and says more, with lines.
 *
 * Threads: constant.
 */
#pragma once

#include "serve/form.h"

extern const struct form stream_form, stream_list_form; /* replies */
extern const struct form stream_statistics_form, stream_health_form, stream_config_form;
extern const struct form stream_new_form, stream_patch_form; /* bodies */
extern const struct form stream_calibration_form, stream_zones_form, stream_rules_form;
extern const struct form_field stream_id_params[], stream_change_query[], stream_snapshot_query[];
extern const struct form_field stream_live_query[];
