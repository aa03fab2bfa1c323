/*
 * Writes violations into a store, for the tests of the server: fill STORE COUNT [EVIDENCE.jpg].
 * Every third has another type, every second another device; with a file, the first has it as its
 * picture and as its clip. With FILL_OUTBOX in the environment a backend is to be told of them.
 */
#include "store/evidence_files.h"
#include "store/violation_rows.h"

#include <stdio.h>
#include <stdlib.h>

static int add(struct store *store, int number, const struct evidence_seal *seal, struct err *err)
{
	static const char *const types[] = {"speed_violation", "red_light", "wrong_way"};
	static const char *const devices[] = {"north", "south"};
	struct evidence_file files[2];
	struct violation_row row = violation_row_init();
	row.at.us = 1717200000000000 + number * 1000000LL;
	row.type = types[number % 3];
	row.device = devices[number % 2];
	row.severity = number % 4;
	row.class_name = "car";
	row.track_id = number;
	row.measured = 71.5;
	row.uncertainty = 2.25;
	row.limit = 50;
	row.tolerance = 3;
	row.unit = "km/h";
	row.plate = number % 5 == 0 ? "B-GA 123" : NULL;
	row.box = (struct box){10, 20, 110, 80};
	row.explanation = "71.5 km/h where 50 are allowed";
	if (seal) {
		files[0] = (struct evidence_file){
			.role = "scene", seal->path, seal->bytes, seal->sha256};
		files[1] = files[0];
		files[1].role = "clip";
		row.files = files;
		row.file_count = 2;
	}
	return violation_rows_add_wait(store, &row, err, NULL);
}

int main(int argc, char **argv)
{
	struct err err = {0};
	struct store *store = NULL;
	struct evidence_seal seal;
	int count = argc > 2 ? atoi(argv[2]) : 0;
	struct store_params params = {
		.path = argv[1], .group_us = 1, .outbox = getenv("FILL_OUTBOX") != NULL};
	int r = argc > 2 ? store_open(&params, &err, &store) : -1;
	if (r == 0 && argc > 3)
		r = evidence_files_seal(argv[3], &err, &seal);
	for (int i = 0; r == 0 && i < count; i++)
		r = add(store, i, argc > 3 && i == 0 ? &seal : NULL, &err);
	store_close(&store);
	if (r < 0)
		fprintf(stderr, "fill: %s\n", err.text);
	return r < 0;
}
