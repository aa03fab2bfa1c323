/*
 * The tables of endpoints, one per file, each ended by {0}. Adding a resource is one file, one line
 * here and one in endpoint.c.
 */
#pragma once

#include "serve/endpoint.h"

extern const char resource_about_page[], resource_about_script[]; /* HTML, and JavaScript for it */
extern const struct endpoint resource_about_endpoints[]; /* /docs, /openapi.json */
extern const struct endpoint resource_alerts_endpoints[];
extern const struct endpoint resource_analytics_endpoints[];
extern const struct endpoint resource_dashboard_endpoints[]; /* / and /dashboard/... */
extern const struct endpoint resource_health_endpoints[];
extern const struct endpoint resource_live_endpoints[]; /* of streams, for people */
extern const struct endpoint resource_monitoring_endpoints[];
extern const struct endpoint resource_sockets_endpoints[]; /* /ws/... */
extern const struct endpoint resource_streams_endpoints[];
extern const struct endpoint resource_versions_endpoints[]; /* of streams */
extern const struct endpoint resource_tokens_endpoints[]; /* and /me, /audit */
extern const struct endpoint resource_traffic_endpoints[]; /* /flow, and analytics of traffic */
extern const struct endpoint resource_violations_endpoints[];
