#include "rtsp/auth.h"
#include "test.h"

/* Answers computed independently, by the formulas of RFC 2069 and RFC 7616. */
#define RESPONSE "78cc21b702564d79eaf21dcd7b17d974"
#define RESPONSE_QOP "b5489d9d4db071be0f5929854c7af04e"
#define START "Digest username=\"admin\", realm=\"Gantry\", nonce=\"abc\", uri=\"rtsp://h/cam\", "

static const struct rtsp_auth digest = {RTSP_AUTH_DIGEST, "admin", "se:cret"};
static const struct rtsp_auth basic = {RTSP_AUTH_BASIC, "admin", "se:cret"};

static bool opens(const struct rtsp_auth *auth, const char *authorization)
{
	return rtsp_auth_check(auth, "abc", "DESCRIBE", authorization);
}

static void digest_opens_with_the_right_answer(void **state)
{
	(void)state;
	assert_true(opens(&digest, START "response=\"" RESPONSE "\""));
	assert_true(opens(&digest, START "algorithm=MD5, response=\"" RESPONSE "\""));
	assert_true(opens(&digest, START "qop=auth, nc=00000001, cnonce=\"xy\", "
					 "response=\"" RESPONSE_QOP "\""));
}

static void digest_stays_shut(void **state)
{
	(void)state;
	assert_false(opens(&digest, ""));
	assert_false(opens(&digest, "Digest "));
	assert_false(opens(&digest, "Basic YWRtaW46c2U6Y3JldA=="));
	assert_false(opens(&digest, START "response=\"\""));
	assert_false(opens(&digest, START "qop=auth, response=\"" RESPONSE_QOP "\""));
	assert_false(
		rtsp_auth_check(&digest, "abd", "DESCRIBE", START "response=\"" RESPONSE "\""));
	assert_false(rtsp_auth_check(&digest, "abc", "SETUP", START "response=\"" RESPONSE "\""));
}

static void basic_opens_and_stays_shut(void **state)
{
	(void)state;
	assert_true(opens(&basic, "Basic YWRtaW46c2U6Y3JldA=="));
	assert_false(opens(&basic, "Basic YWRtaW46c2U6Y3JldB=="));
	assert_false(opens(&basic, "Basic YWRtaW46c2U6Y3JldA"));
	assert_false(opens(&basic, ""));
}

static void without_a_password_everybody_may(void **state)
{
	const struct rtsp_auth none = {0};
	(void)state;
	assert_true(opens(&none, ""));
}

static void a_challenge_has_a_nonce_of_its_own(void **state)
{
	char a[RTSP_NONCE_SIZE], b[RTSP_NONCE_SIZE], text[256];
	(void)state;
	assert_int_equal(rtsp_auth_nonce(a), 0);
	assert_int_equal(rtsp_auth_nonce(b), 0);
	assert_string_not_equal(a, b);
	rtsp_auth_challenge(&digest, a, text, sizeof(text));
	assert_non_null(strstr(text, a));
	rtsp_auth_challenge(&basic, a, text, sizeof(text));
	assert_string_equal(text, "Basic realm=\"Gantry\"");
}

TEST_MAIN(cmocka_unit_test(digest_opens_with_the_right_answer), cmocka_unit_test(digest_stays_shut),
	cmocka_unit_test(basic_opens_and_stays_shut),
	cmocka_unit_test(without_a_password_everybody_may),
	cmocka_unit_test(a_challenge_has_a_nonce_of_its_own))
