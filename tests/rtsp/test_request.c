#include "rtsp/request.h"
#include "test.h"

#include <errno.h>

static int parse(const char *text, struct rtsp_request *req)
{
	return rtsp_request_parse(text, strlen(text), req);
}

static void a_request_of_a_camera_client(void **state)
{
	static const char text[] = "SETUP rtsp://10.0.0.1:554/cam/track1 RTSP/1.0\r\n"
				   "cseq:  3 \r\nUser-Agent: x\r\n"
				   "Transport: RTP/AVP;unicast;client_port=5000-5001\r\n"
				   "Session: 12ab;timeout=60\r\n\r\nOPTIONS";
	struct rtsp_request req;
	(void)state;
	assert_int_equal(parse(text, &req), (int)strlen(text) - 7);
	assert_int_equal(req.method, RTSP_SETUP);
	assert_string_equal(req.url, "rtsp://10.0.0.1:554/cam/track1");
	assert_int_equal(req.cseq, 3);
	assert_string_equal(req.session, "12ab");
	assert_string_equal(req.transport, "RTP/AVP;unicast;client_port=5000-5001");
	assert_string_equal(req.authorization, "");
}

static void what_is_not_all_there_waits(void **state)
{
	static const char text[] = "SET_PARAMETER * RTSP/1.0\r\nContent-Length: 4\r\n\r\nabcd";
	struct rtsp_request req;
	(void)state;
	for (size_t n = 0; n < strlen(text); n++)
		assert_int_equal(rtsp_request_parse(text, n, &req), -EAGAIN);
	assert_int_equal(parse(text, &req), (int)strlen(text));
	assert_int_equal(req.method, RTSP_SET_PARAMETER);
	assert_int_equal(req.cseq, -1);
}

static void nonsense_is_refused(void **state)
{
	static const char *const texts[] = {
		"GET / HTTP/1.1\r\n\r\n",
		"OPTIONS\r\n\r\n",
		"OPTIONS * RTSP/2.0\r\n\r\n",
		"OPTIONS  RTSP/1.0\r\n\r\n",
		"options * RTSP/1.0\r\n\r\n",
		"OPTIONS * RTSP/1.0\r\nCSeq: x\r\n\r\n",
		"OPTIONS * RTSP/1.0\r\nCSeq: 99999999999\r\n\r\n",
		"OPTIONS * RTSP/1.0\r\nCSeq: -1\r\n\r\n",
		"OPTIONS * RTSP/1.0\r\nno colon\r\n\r\n",
	};
	struct rtsp_request req;
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(parse(texts[i], &req), -EBADMSG);
}

static void what_is_too_long_is_refused(void **state)
{
	static char text[RTSP_REQUEST_MAX_BYTES + 1];
	struct rtsp_request req;
	(void)state;
	memset(text, 'A', sizeof(text));
	assert_int_equal(rtsp_request_parse(text, RTSP_REQUEST_MAX_BYTES, &req), -EMSGSIZE);
	assert_int_equal(parse("PLAY * RTSP/1.0\r\nContent-Length: 9000\r\n\r\n", &req), -EMSGSIZE);
	snprintf(text, sizeof(text), "PLAY * RTSP/1.0\r\nSession: %0100d\r\n\r\n", 1);
	assert_int_equal(parse(text, &req), -EBADMSG);
}

static void a_method_of_later_days_is_told_apart(void **state)
{
	struct rtsp_request req;
	(void)state;
	assert_true(parse("RECORD * RTSP/1.0\r\n\r\n", &req) > 0);
	assert_int_equal(req.method, RTSP_METHOD_OTHER);
	assert_string_equal(req.method_name, "RECORD");
}

static void a_url_names_a_mount(void **state)
{
	static const char *const cases[][2] = {
		{"rtsp://host:554/cam/track1", "cam"},
		{"rtsp://host/cam?user=x", "cam"},
		{"rtsp://host/cam/", "cam"},
		{"rtsp://host", ""},
		{"/cam", "cam"},
		{"*", "*"},
	};
	char name[8];
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(rtsp_request_mount(cases[i][0], name, sizeof(name)));
		assert_string_equal(name, cases[i][1]);
	}
	assert_false(rtsp_request_mount("rtsp://host/a_long_name", name, sizeof(name)));
}

static void the_first_transport_that_can_be_done(void **state)
{
	struct rtsp_transport t;
	(void)state;
	assert_int_equal(rtsp_transport_parse("RTP/AVP/TCP;unicast;interleaved=2-3", &t), 0);
	assert_true(t.tcp && t.rtp == 2 && t.rtcp == 3);
	assert_int_equal(rtsp_transport_parse("RTP/AVP/TCP", &t), 0);
	assert_true(t.tcp && t.rtp == 0 && t.rtcp == 1);
	assert_int_equal(rtsp_transport_parse("RTP/AVP;multicast;client_port=1-2,"
					      "RTP/AVP/UDP;unicast;client_port=5000",
				 &t),
		0);
	assert_true(!t.tcp && t.rtp == 5000 && t.rtcp == 5001);
}

static void transports_that_cannot_be_done(void **state)
{
	static const char *const texts[] = {"", "RTP/SAVP;unicast;client_port=1-2", "RTP/AVP",
		"RTP/AVP;multicast", "RTP/AVP;client_port=0-1", "RTP/AVP;client_port=65535",
		"RTP/AVP;client_port=7-7", "RTP/AVP;client_port=70000-70001",
		"RTP/AVP/TCP;interleaved=255-256", "RTP/AVP/TCP;interleaved=a-b"};
	struct rtsp_transport t;
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(rtsp_transport_parse(texts[i], &t), -ENOTSUP);
}

TEST_MAIN(cmocka_unit_test(a_request_of_a_camera_client),
	cmocka_unit_test(what_is_not_all_there_waits), cmocka_unit_test(nonsense_is_refused),
	cmocka_unit_test(what_is_too_long_is_refused),
	cmocka_unit_test(a_method_of_later_days_is_told_apart),
	cmocka_unit_test(a_url_names_a_mount),
	cmocka_unit_test(the_first_transport_that_can_be_done),
	cmocka_unit_test(transports_that_cannot_be_done))
