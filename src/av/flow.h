/* What something that gives one thing after the other says. */
#pragma once

enum flow {
	FLOW_MORE = 1, /* something was given */
	FLOW_END = 0, /* nothing more will come */
	/* negative: errno of a failure */
};
