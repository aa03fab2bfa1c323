#include "serve/tokens.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct gathered {
	struct guard_token *items;
	int count;
	bool has_admin;
	int64_t now_us;
};

static int gather(void *opaque, const struct token_row *row)
{
	struct gathered *g = opaque;
	if (row->revoked.us || (row->expires.us && row->expires.us <= g->now_us))
		return 0;
	if (g->count == GUARD_TOKENS_MAX)
		return -E2BIG;
	struct guard_token *token = &g->items[g->count++];
	token->id = row->id;
	token->role = role_from_name(row->role);
	token->expires_us = row->expires.us;
	snprintf(token->name, sizeof(token->name), "%s", row->name);
	snprintf(token->hash, sizeof(token->hash), "%.64s", row->hash);
	g->has_admin |= token->role == ROLE_ADMIN;
	return 0;
}

static int load(struct store *store, struct guard *guard, struct err *err, bool *ret_has_admin)
{
	struct gathered g = {.now_us = wall_now().us};
	g.items = calloc(GUARD_TOKENS_MAX, sizeof(*g.items));
	if (!g.items)
		return err_set(err, -ENOMEM, "tokens: out of memory");
	int r = token_rows_list(store, gather, &g, err);
	if (r == -E2BIG)
		err_set(err, r, "more than %d tokens are valid: revoke some", GUARD_TOKENS_MAX);
	if (r == 0)
		r = guard_set_tokens(guard, g.items, g.count);
	free(g.items);
	*ret_has_admin = g.has_admin;
	return r;
}

int tokens_load(struct store *store, struct guard *guard, struct err *err)
{
	bool has_admin;
	return load(store, guard, err, &has_admin);
}

int tokens_create(struct store *store, struct guard *guard, struct token_row *row,
	const char *actor, const char *address, struct err *err, char ret_token[GUARD_TOKEN_SIZE])
{
	char hash[GUARD_HASH_SIZE];
	int r = guard_make_token(ret_token, hash);
	if (r < 0)
		return err_set(err, r, "tokens: this machine has no random numbers or no SHA-256");
	snprintf(row->hash, sizeof(row->hash), "%s", hash);
	r = token_rows_add(store, row, actor, address, err, &row->id);
	return r < 0 ? r : tokens_load(store, guard, err);
}

int tokens_create_first(
	struct store *store, struct guard *guard, struct err *err, char ret_token[GUARD_TOKEN_SIZE])
{
	struct token_row row = {.name = "first", .role = "admin", .created = wall_now()};
	bool has_admin;
	ret_token[0] = '\0';
	int r = load(store, guard, err, &has_admin);
	if (r < 0 || has_admin)
		return r;
	return tokens_create(store, guard, &row, "console", NULL, err, ret_token);
}
