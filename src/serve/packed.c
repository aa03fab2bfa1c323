#include "serve/packed.h"

#include "base/gzip.h"
#include "serve/range.h"

#include <stdlib.h>

int packed_init(struct packed *packed, const char *text, size_t length)
{
	packed->text = text;
	packed->length = length;
	return gzip_pack(text, length, &packed->gzip, &packed->gzip_length);
}

void packed_finish(struct packed *packed)
{
	free(packed->gzip);
	*packed = (struct packed){0};
}

void packed_reply(const struct packed *packed, const struct request *request, struct reply *reply,
	const char *type)
{
	reply->status = 200;
	reply->content_type = type;
	reply->vary_encoding = true;
	reply->gzip = range_accepts_gzip(request->accept_encoding);
	reply->bytes = reply->gzip ? packed->gzip : packed->text;
	reply->length = reply->gzip ? packed->gzip_length : packed->length;
}
