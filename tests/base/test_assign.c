#include "base/assign.h"
#include "test.h"

#define SIDE 6

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* The best total by trying everything. */
static double best_total(const double *benefit, int rows, int columns, int row, unsigned used)
{
	if (row == rows)
		return 0;
	double best = best_total(benefit, rows, columns, row + 1, used);
	for (int j = 0; j < columns; j++) {
		double b = benefit[row * columns + j];
		if (b <= 0 || used & 1u << j)
			continue;
		double total = b + best_total(benefit, rows, columns, row + 1, used | 1u << j);
		if (total > best)
			best = total;
	}
	return best;
}

static double total_of(const double *benefit, int rows, int columns, const int *column_of_row,
	const int *row_of_column)
{
	double total = 0;
	for (int i = 0; i < rows; i++) {
		int j = column_of_row[i];
		if (j < 0)
			continue;
		assert_true(benefit[i * columns + j] > 0);
		assert_int_equal(row_of_column[j], i);
		total += benefit[i * columns + j];
	}
	for (int j = 0; j < columns; j++)
		assert_true(row_of_column[j] < 0 || column_of_row[row_of_column[j]] == j);
	return total;
}

static void equals_exhaustive_search(void **state)
{
	(void)state;
	struct assign *assign;
	double benefit[SIDE * SIDE];
	int column_of_row[SIDE], row_of_column[SIDE];
	uint32_t random = 1;
	assert_int_equal(assign_create(SIDE, SIDE, &assign), 0);
	for (int round = 0; round < 3000; round++) {
		int rows = 1 + (int)(next_random(&random) % SIDE);
		int columns = 1 + (int)(next_random(&random) % SIDE);
		/* Coarse steps make ties, and about a third are forbidden. */
		for (int i = 0; i < rows * columns; i++)
			benefit[i] = ((int)(next_random(&random) % 12) - 3) / 8;
		assign_solve(assign, rows, columns, benefit, columns, column_of_row, row_of_column);
		double total = total_of(benefit, rows, columns, column_of_row, row_of_column);
		assert_true(total == best_total(benefit, rows, columns, 0, 0));
	}
	assign_destroy(&assign);
	assert_null(assign);
}

static void gives_up_the_greedy_pair_for_the_total(void **state)
{
	(void)state;
	struct assign *assign;
	const double benefit[] = {0.9, 0.8, 0.7, 0};
	int column_of_row[2], row_of_column[2];
	assert_int_equal(assign_create(2, 2, &assign), 0);
	assign_solve(assign, 2, 2, benefit, 2, column_of_row, row_of_column);
	assert_int_equal(column_of_row[0], 1);
	assert_int_equal(column_of_row[1], 0);
	assign_destroy(&assign);
}

static void nothing_to_match_is_fine(void **state)
{
	(void)state;
	struct assign *assign;
	int column_of_row[1] = {7}, row_of_column[1] = {7};
	const double none[1] = {0};
	assert_int_equal(assign_create(1, 1, &assign), 0);
	assign_solve(assign, 0, 1, none, 1, column_of_row, row_of_column);
	assert_int_equal(row_of_column[0], -1);
	assign_solve(assign, 1, 0, none, 1, column_of_row, row_of_column);
	assert_int_equal(column_of_row[0], -1);
	assign_solve(assign, 1, 1, none, 1, column_of_row, row_of_column);
	assert_int_equal(column_of_row[0], -1);
	assign_destroy(&assign);
}

TEST_MAIN(cmocka_unit_test(equals_exhaustive_search),
	cmocka_unit_test(gives_up_the_greedy_pair_for_the_total),
	cmocka_unit_test(nothing_to_match_is_fine))
