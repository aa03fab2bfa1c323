/*
 * One row per road user that passed: collected while its track lives, given out when it ends.
 *
 * The speed of a passage is the best of the track (measures.h): chosen by how sure it is, never by
 * how fast. Where there was none, the status says why.
 *
 * Threads: one owner. Memory: all at creation.
 */
#pragma once

#include "judge/violations.h"

struct passage {
	uint32_t track_id;
	enum road_user road_user;
	float road_user_share;
	int truth_id; /* whose speed it is; without a speed, whom the track followed last */
	struct media first, last; /* media time of first and last detection */
	int update_count;
	struct vec2 from_px, to_px; /* ground point at both ends */
	enum speed_status speed_status;
	double speed_mps, speed_sigma_mps; /* valid where speed_status is SPEED_OK */
	struct media speed_from, speed_to; /* window of that measurement */
	struct media speed_at; /* the moment within, whose speed it is */
	unsigned violation_kinds; /* bit 1 << enum violation_kind */
};

struct passage_list {
	int count;
	struct passage items[TRACKS_MAX];
};

struct passages;

int passages_create(struct passages **ret_passages);
void passages_destroy(struct passages **passages);
/*
 * One frame; `ret_ended` gets the rows of the tracks that ended with it. Tracks that were never
 * confirmed give no row.
 */
void passages_step(struct passages *passages, const struct measures *measures,
	const struct violations *violations, struct passage_list *ret_ended);
/* At the end of the source, with the verdicts that came only then: the rows of all still there. */
void passages_finish(
	struct passages *passages, const struct violations *late, struct passage_list *ret_ended);
