#include "eval/trackscore.h"

int trackscore_count(const struct pairs *pairs, struct trackscore *ret_score)
{
	struct trackscore s = {
		.truth_boxes = pairs->truth_count,
		.result_boxes = pairs->result_count,
		.truth_ids = pairs->truth_id_count,
		.result_ids = pairs->result_id_count,
	};
	int rc = hota_count(pairs, &s.hota);
	if (rc == 0)
		rc = clear_count(pairs, &s.clear);
	if (rc == 0)
		rc = identity_count(pairs, &s.identity);
	if (rc == 0)
		*ret_score = s;
	return rc;
}

void trackscore_add(struct trackscore *score, const struct trackscore *more)
{
	hota_add(&score->hota, &more->hota);
	clear_add(&score->clear, &more->clear);
	identity_add(&score->identity, &more->identity);
	score->truth_boxes += more->truth_boxes;
	score->result_boxes += more->result_boxes;
	score->truth_ids += more->truth_ids;
	score->result_ids += more->result_ids;
}

static void real(struct json *j, const char *key, double value)
{
	json_member_real(j, key, value, 6);
}

static void count(struct json *j, const char *key, double value)
{
	json_member_int(j, key, (int64_t)value);
}

void trackscore_json(struct json *j, const char *name, const struct trackscore *score)
{
	struct hota h = hota_score(&score->hota);
	struct clear c = clear_score(&score->clear);
	struct identity i = identity_score(&score->identity);
	json_object(j);
	json_member_string(j, "sequence", name);
	real(j, "hota", h.hota);
	real(j, "deta", h.deta);
	real(j, "assa", h.assa);
	real(j, "loca", h.loca);
	real(j, "mota", c.mota);
	real(j, "motp", c.motp);
	real(j, "precision", c.precision);
	real(j, "recall", c.recall);
	real(j, "idf1", i.f1);
	real(j, "id_precision", i.precision);
	real(j, "id_recall", i.recall);
	count(j, "id_switches", score->clear.switches);
	count(j, "fragments", score->clear.fragments);
	count(j, "mostly_tracked", score->clear.mostly_tracked);
	count(j, "partly_tracked", score->clear.partly_tracked);
	count(j, "mostly_lost", score->clear.mostly_lost);
	count(j, "true_positives", score->clear.tp);
	count(j, "false_negatives", score->clear.fn);
	count(j, "false_positives", score->clear.fp);
	count(j, "truth_boxes", score->truth_boxes);
	count(j, "result_boxes", score->result_boxes);
	count(j, "truth_ids", score->truth_ids);
	count(j, "result_ids", score->result_ids);
	json_key(j, "hota_by_threshold");
	json_array(j);
	for (int a = 0; a < HOTA_THRESHOLD_COUNT; a++)
		json_real(j, h.by_threshold[a], 6);
	json_array_end(j);
	json_object_end(j);
}
