#include "watch/backend.h"

void backend_ask(const struct backend_source *source, struct backend_state *ret_state)
{
	*ret_state = (struct backend_state){0};
	if (source->get)
		source->get(source->opaque, ret_state);
}

double backend_age_s(const struct backend_state *state, struct wall now)
{
	int64_t age_us = state->oldest_at.us > 0 ? now.us - state->oldest_at.us : 0;
	return age_us > 0 ? (double)age_us * 1e-6 : 0;
}
