/*
 * The original system's example of its integration: violations sent to a backend.
 *
 *     send_to_backend STORE.db URL < violations
 *
 * Each line of standard input is one violation: its type, its device, and when it was (or "now").
 * GANTRY_BACKEND_TOKEN and GANTRY_BACKEND_SECRET in the environment hold the bearer token and the
 * key that requests are signed with. What the backend does not take waits in STORE.db and is sent
 * by the next run.
 */
#include <gantry/gantry.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WAIT_S 20

static int record_all(struct gantry_analytics *analytics, struct gantry_error *error)
{
	char type[64], device[64], timestamp[64];
	int result = 0;
	while (result == 0 && scanf("%63s %63s %63s", type, device, timestamp) == 3)
		result = gantry_analytics_record_violation(analytics, type, device,
			strcmp(timestamp, "now") == 0 ? NULL : timestamp, error);
	return result < 0 ? result : gantry_analytics_flush(analytics, error);
}

/* Until the backend has everything, or the time is up. */
static int wait_until_told(struct gantry_analytics *analytics, struct gantry_error *error)
{
	struct gantry_backend_state state = {0};
	time_t end = time(NULL) + WAIT_S;
	int result;
	do {
		struct timespec moment = {.tv_nsec = 50000000};
		result = gantry_analytics_get_backend_state(analytics, &state, error);
		nanosleep(&moment, NULL);
	} while (result == 0 && state.waiting_count > 0 && time(NULL) < end);
	printf("%lld told, %lld waiting%s%s\n", (long long)state.told_count,
		(long long)state.waiting_count, state.problem[0] ? ": " : "", state.problem);
	return result;
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: %s STORE.db URL < violations\n", argv[0]);
		return 2;
	}
	struct gantry_analytics_config config;
	gantry_analytics_config_init(&config);
	config.store_path = argv[1];
	config.backend_url = argv[2];
	config.backend_token = getenv("GANTRY_BACKEND_TOKEN");
	config.backend_secret = getenv("GANTRY_BACKEND_SECRET");
	config.backend_retry_seconds = 0.2;

	struct gantry_error error;
	struct gantry_analytics *analytics = NULL;
	int result = gantry_analytics_create(&config, &analytics, &error);
	if (result == 0)
		result = record_all(analytics, &error);
	if (result == 0)
		result = wait_until_told(analytics, &error);
	if (result < 0)
		fprintf(stderr, "%s\n", error.text);
	gantry_analytics_destroy(&analytics);
	return result < 0;
}
