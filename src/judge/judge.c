#include "judge/judge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct judge {
	const struct judge_params *params;
};

const struct option_table judge_options = {"judge", sizeof(struct judge_params), OPTION_NOWHERE,
	NULL, 0, "lines, zones, signals and rules"};

void judge_check(const struct judge_params *params, int width_px, int height_px, bool calibrated,
	struct problems *problems)
{
	(void)params, (void)width_px, (void)height_px, (void)calibrated, (void)problems;
}

int judge_create(const struct judge_params *params, struct err *err, struct judge **ret_judge)
{
	struct judge *judge = calloc(1, sizeof(*judge));
	if (!judge)
		return err_set(err, -ENOMEM, "no memory for a judge");
	judge->params = params;
	*ret_judge = judge;
	return 0;
}

void judge_destroy(struct judge **judge)
{
	free(*judge);
	*judge = NULL;
}

int judge_step(struct judge *judge, const struct frame *frame, const struct measures *measures,
	struct violations *out, struct counts *counts)
{
	(void)judge, (void)frame;
	out->media = measures->media;
	out->sequence = measures->sequence;
	out->count = out->dropped_count = out->signal_count = 0;
	counts->line_count = counts->crossing_count = 0;
	return 0;
}

void judge_flush(struct judge *judge, struct violations *out)
{
	(void)judge;
	out->count = out->dropped_count = 0;
}
