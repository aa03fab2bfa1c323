#include "base/digest.h"
#include "test.h"

#include <string.h>

/* The examples of FIPS 180-4. */
static void the_standards_examples(void **state)
{
	static const struct {
		const char *text, *digest;
	} cases[] = {
		{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
			"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[DIGEST_TEXT_SIZE];
		assert_int_equal(digest_sha256(cases[i].text, strlen(cases[i].text), text), 0);
		assert_string_equal(text, cases[i].digest);
	}
}

/* From the test suite of RFC 1321. */
static void md5_as_in_its_rfc(void **state)
{
	char text[DIGEST_MD5_TEXT_SIZE];
	(void)state;
	assert_int_equal(digest_md5("", 0, text), 0);
	assert_string_equal(text, "d41d8cd98f00b204e9800998ecf8427e");
	assert_int_equal(digest_md5("message digest", 14, text), 0);
	assert_string_equal(text, "f96b697d7cb7938d525a2f31aaf161d0");
}

/* From the test cases of RFC 4231. */
static void hmac_as_in_its_rfc(void **state)
{
	char text[DIGEST_TEXT_SIZE];
	(void)state;
	assert_int_equal(
		digest_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, text), 0);
	assert_string_equal(
		text, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_MAIN(cmocka_unit_test(the_standards_examples), cmocka_unit_test(md5_as_in_its_rfc),
	cmocka_unit_test(hmac_as_in_its_rfc))
