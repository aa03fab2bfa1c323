/*
 * What an examination means, in sentences for a person: what was found, and what to change. The
 * thresholds are those of this program's own stages, and of cameras as they are sold.
 *
 * Threads: any. Memory: plain values.
 */
#pragma once

#include "ingest/examine.h"

enum finding_level {
	FINDING_FINE,
	FINDING_NOTE, /* worth knowing */
	FINDING_PROBLEM, /* should be changed */
};
extern const char *const finding_level_names[]; /* "fine", "note", "problem" */

struct finding {
	enum finding_level level;
	const char *about; /* "video", "frame_rate", "jitter", ...: a fixed word for programs */
	char text[240]; /* what was found */
	char advice[240]; /* what to change; "" for nothing */
};

#define FINDINGS_MAX 16

struct diagnosis {
	int count;
	struct finding findings[FINDINGS_MAX];
	bool browser_shows; /* as it is, without encoding it again */
};

void diagnose(const struct examination *examination, struct diagnosis *ret_diagnosis);
/* The worst level. */
enum finding_level diagnosis_level(const struct diagnosis *diagnosis);
