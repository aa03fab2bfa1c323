/*
 * Who belongs to whom: the matching of rows to columns with the greatest total benefit.
 *
 * Pairs of benefit <= 0 are never made, and a row stays alone where that serves the total, so the
 * caller's threshold is the zero of its benefit. Exact: shortest augmenting paths with dual prices
 * (Jonker and Volgenant 1987; the rectangular form of Crouse 2016), where each row also owns a
 * private column of benefit 0. Ties go to the lower index, so that two runs agree.
 *
 * Threads: one solver, one thread. Memory: all at creation. Hot: a row with few rivals costs one
 * pass over the columns.
 */
#pragma once

struct assign;

/* Sides of 1 to 65536. 0 or -ENOMEM. */
int assign_create(int rows_max, int columns_max, struct assign **ret_assign);
void assign_destroy(struct assign **assign);

/*
 * `benefit[row * stride + column]`, finite. Writes to `column_of_row` (`rows` of them) the column
 * or -1, and to `row_of_column` the reverse.
 */
void assign_solve(struct assign *assign, int rows, int columns, const double *benefit, int stride,
	int *column_of_row, int *row_of_column);
