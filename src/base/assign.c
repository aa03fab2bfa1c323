#include "base/assign.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

struct assign {
	int rows_max, columns_max;
	double *row_price, *column_price;
	double *distance; /* of the cheapest path found to a column */
	int *came_from; /* the row before that column on the path */
	bool *done; /* the column's distance is final */
};

int assign_create(int rows_max, int columns_max, struct assign **ret_assign)
{
	struct assign *a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	size_t rows = (size_t)rows_max, columns = (size_t)columns_max;
	a->rows_max = rows_max;
	a->columns_max = columns_max;
	a->row_price = calloc(rows, sizeof(*a->row_price));
	a->column_price = calloc(columns, sizeof(*a->column_price));
	a->distance = calloc(columns, sizeof(*a->distance));
	a->came_from = calloc(columns, sizeof(*a->came_from));
	a->done = calloc(columns, sizeof(*a->done));
	if (!a->row_price || !a->column_price || !a->distance || !a->came_from || !a->done) {
		assign_destroy(&a);
		return -ENOMEM;
	}
	*ret_assign = a;
	return 0;
}

void assign_destroy(struct assign **assign)
{
	struct assign *a = *assign;
	if (!a)
		return;
	free(a->row_price);
	free(a->column_price);
	free(a->distance);
	free(a->came_from);
	free(a->done);
	free(a);
	*assign = NULL;
}

struct problem {
	int columns, stride;
	const double *benefit;
	int *column_of_row, *row_of_column;
};

/* Lowers the distances of the columns that `row`, reached at `reached`, leads to. */
static void relax(struct assign *a, const struct problem *p, int row, double reached)
{
	const double *benefit = p->benefit + (size_t)row * (size_t)p->stride;
	for (int j = 0; j < p->columns; j++) {
		if (a->done[j] || !(benefit[j] > 0))
			continue;
		double d = reached - benefit[j] - a->row_price[row] - a->column_price[j];
		if (d < a->distance[j]) {
			a->distance[j] = d;
			a->came_from[j] = row;
		}
	}
}

static int nearest_column(const struct assign *a, int columns)
{
	int best = -1;
	double least = INFINITY;
	for (int j = 0; j < columns; j++)
		if (!a->done[j] && a->distance[j] < least) {
			least = a->distance[j];
			best = j;
		}
	return best;
}

/* Keeps the prices such that no pair costs less than its two prices. */
static void reprice(struct assign *a, const struct problem *p, int row, double length)
{
	a->row_price[row] += length;
	for (int j = 0; j < p->columns; j++) {
		if (!a->done[j])
			continue;
		double slack = length - a->distance[j];
		a->column_price[j] -= slack;
		a->row_price[p->row_of_column[j]] += slack;
	}
}

/* Gives `column` to the row it was reached from, and that row's old column likewise. */
static void flip(const struct assign *a, const struct problem *p, int row, int column)
{
	for (;;) {
		int from = a->came_from[column], next = p->column_of_row[from];
		p->column_of_row[from] = column;
		p->row_of_column[column] = from;
		if (from == row)
			return;
		column = next;
	}
}

/* The cheapest column for a row without a price; -1 where being alone (cost 0) is no dearer. */
static int cheapest_column(
	const struct assign *a, const struct problem *p, int row, double *ret_cost)
{
	const double *benefit = p->benefit + (size_t)row * (size_t)p->stride;
	int best = -1;
	*ret_cost = 0;
	for (int j = 0; j < p->columns; j++) {
		double cost = -benefit[j] - a->column_price[j];
		if (benefit[j] > 0 && cost < *ret_cost) {
			*ret_cost = cost;
			best = j;
		}
	}
	return best;
}

/*
 * Finds the cheapest way to place `row`: a path that ends in a free column, or in a row that gives
 * up its column for its private one (being alone, cost 0).
 */
static void search(struct assign *a, const struct problem *p, int row)
{
	for (int j = 0; j < p->columns; j++) {
		a->distance[j] = INFINITY;
		a->done[j] = false;
	}
	double alone = -a->row_price[row];
	int loner = row, column = -1;
	relax(a, p, row, 0);
	while ((column = nearest_column(a, p->columns)) >= 0 && a->distance[column] < alone) {
		int owner = p->row_of_column[column];
		if (owner < 0) {
			reprice(a, p, row, a->distance[column]);
			flip(a, p, row, column);
			return;
		}
		a->done[column] = true;
		relax(a, p, owner, a->distance[column]);
		if (a->distance[column] - a->row_price[owner] < alone) {
			alone = a->distance[column] - a->row_price[owner];
			loner = owner;
		}
	}
	reprice(a, p, row, alone);
	if (loner != row) {
		column = p->column_of_row[loner];
		p->column_of_row[loner] = -1;
		flip(a, p, row, column);
	}
}

/* Where boxes are boxes of different things, nearly every row gets the first column it asks for. */
static void place(struct assign *a, const struct problem *p, int row)
{
	double cost;
	int column = cheapest_column(a, p, row, &cost);
	if (column < 0)
		return;
	if (p->row_of_column[column] >= 0) {
		search(a, p, row);
		return;
	}
	a->row_price[row] = cost;
	p->column_of_row[row] = column;
	p->row_of_column[column] = row;
}

void assign_solve(struct assign *assign, int rows, int columns, const double *benefit, int stride,
	int *column_of_row, int *row_of_column)
{
	struct problem p = {columns, stride, benefit, column_of_row, row_of_column};
	assert(rows <= assign->rows_max && columns <= assign->columns_max);
	for (int i = 0; i < rows; i++) {
		assign->row_price[i] = 0;
		column_of_row[i] = -1;
	}
	for (int j = 0; j < columns; j++) {
		assign->column_price[j] = 0;
		row_of_column[j] = -1;
	}
	for (int i = 0; i < rows; i++)
		place(assign, &p, i);
}
