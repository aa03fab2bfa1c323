/* What a client may send to the RTSP server: requests one after another, and what is in them. */
#include "rtsp/auth.h"
#include "rtsp/request.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct rtsp_auth auths[] = {
		{RTSP_AUTH_BASIC, "user", "secret"}, {RTSP_AUTH_DIGEST, "user", "secret"}};
	const char *bytes = (const char *)data;
	struct rtsp_request request;
	int r;
	while ((r = rtsp_request_parse(bytes, size, &request)) > 0) {
		struct rtsp_transport transport;
		char name[64];
		if ((size_t)r > size)
			abort();
		if (rtsp_transport_parse(request.transport, &transport) == 0 &&
			(transport.rtp < 0 || transport.rtcp > 65535))
			abort();
		if (rtsp_request_mount(request.url, name, sizeof(name)) && strchr(name, '/'))
			abort();
		for (int i = 0; i < 2; i++)
			rtsp_auth_check(
				&auths[i], "nonce", request.method_name, request.authorization);
		bytes += r;
		size -= (size_t)r;
	}
	return 0;
}
