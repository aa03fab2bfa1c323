#include "record/sha256.h"
#include "test.h"

#include <string.h>

/* FIPS 180-4's examples, and two lengths at the edge of a block (NIST CAVP, SHA256ShortMsg). */
static void the_standards_examples(void **state)
{
	char text[SHA256_TEXT_SIZE];
	(void)state;
	sha256_text("", 0, text);
	assert_string_equal(
		text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sha256_text("abc", 3, text);
	assert_string_equal(
		text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	const char *two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	sha256_text(two, strlen(two), text);
	assert_string_equal(
		text, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void a_million_letters_in_odd_pieces(void **state)
{
	static char letters[1000];
	uint8_t digest[SHA256_BYTES];
	static const uint8_t expected[] = {0xcd, 0xc7, 0x6e, 0x5c, 0x99, 0x14, 0xfb, 0x92, 0x81,
		0xa1, 0xc7, 0xe2, 0x84, 0xd7, 0x3e, 0x67, 0xf1, 0x80, 0x9a, 0x48, 0xa4, 0x97, 0x20,
		0x0e, 0x04, 0x6d, 0x39, 0xcc, 0xc7, 0x11, 0x2c, 0xd0};
	struct sha256 sha;
	(void)state;
	memset(letters, 'a', sizeof(letters));
	sha256_init(&sha);
	for (size_t done = 0, n = 1; done < 1000000; done += n, n = n * 7 % 997 + 1) {
		if (n > 1000000 - done)
			n = 1000000 - done;
		sha256_add(&sha, letters, n);
	}
	sha256_end(&sha, digest);
	assert_memory_equal(digest, expected, sizeof(expected));
}

/* Every length around a block's end against the same text added byte by byte. */
static void lengths_around_a_block(void **state)
{
	char text[200], one[SHA256_TEXT_SIZE];
	uint8_t digest[SHA256_BYTES];
	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t n = 50; n < 140; n++) {
		struct sha256 sha;
		sha256_text(text, n, one);
		sha256_init(&sha);
		for (size_t i = 0; i < n; i++)
			sha256_add(&sha, text + i, 1);
		sha256_end(&sha, digest);
		for (int i = 0; i < SHA256_BYTES; i++) {
			char two[3];
			snprintf(two, sizeof(two), "%02x", digest[i]);
			assert_memory_equal(one + 2 * i, two, 2);
		}
	}
}

TEST_MAIN(cmocka_unit_test(the_standards_examples),
	cmocka_unit_test(a_million_letters_in_odd_pieces), cmocka_unit_test(lengths_around_a_block))
