/* What a request brings: header fields, path, query values, body; split at newlines. */
#include "serve/endpoint.h"
#include "serve/range.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fields(const char *text)
{
	int64_t first, length;
	if (range_parse(text, 1000, &first, &length) == RANGE_PART &&
		(first < 0 || length < 1 || first + length > 1000))
		abort();
	range_etag_matches(text, "\"0123456789abcdef\"");
	range_accepts_gzip(text);
}

static void path_and_query(struct exchange *x, char *path, char *value, char *body)
{
	struct request *request = &x->request;
	char allow[80];
	snprintf(request->path, sizeof(request->path), "%s", path);
	if (endpoint_find(request, allow, sizeof(allow)) != ENDPOINT_FOUND)
		return;
	const struct form_field *query = request->endpoint->query;
	for (; query && query->name && request->query_count < REQUEST_PAIRS_MAX; query++) {
		struct request_pair *pair = &request->query[request->query_count++];
		pair->name = (char *)(uintptr_t)query->name;
		pair->value = value;
	}
	request->body = strdup(body);
	request->body_length = strlen(body);
	endpoint_check(request, &x->reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = calloc(1, size + 1), *rest = text;
	struct exchange *x = exchange_create();
	if (text && x && size > 0) {
		memcpy(text, data, size);
		x->request.method = (enum method)(text[0] & 3);
		fields(text);
		strsep(&rest, "\n");
		char *path = strsep(&rest, "\n"), *value = strsep(&rest, "\n");
		if (path && value && rest)
			path_and_query(x, path, value, rest);
	}
	exchange_destroy(&x);
	free(text);
	return 0;
}
