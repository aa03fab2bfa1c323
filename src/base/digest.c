#include "base/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

static int write_text(const unsigned char *digest, unsigned int length, char *text, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	if (2 * length + 1 != size)
		return -ENOSYS;
	for (unsigned int i = 0; i < length; i++) {
		text[2 * i] = digits[digest[i] >> 4];
		text[2 * i + 1] = digits[digest[i] & 15];
	}
	text[2 * length] = '\0';
	return 0;
}

static int digest(const EVP_MD *kind, const void *bytes, size_t count, char *text, size_t size)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int length = 0;
	if (EVP_Digest(bytes, count, digest, &length, kind, NULL) != 1)
		return -ENOSYS;
	return write_text(digest, length, text, size);
}

int digest_sha256(const void *bytes, size_t count, char ret_text[DIGEST_TEXT_SIZE])
{
	return digest(EVP_sha256(), bytes, count, ret_text, DIGEST_TEXT_SIZE);
}

int digest_md5(const void *bytes, size_t count, char ret_text[DIGEST_MD5_TEXT_SIZE])
{
	return digest(EVP_md5(), bytes, count, ret_text, DIGEST_MD5_TEXT_SIZE);
}

int digest_hmac_sha256(const void *key, size_t key_count, const void *bytes, size_t count,
	char ret_text[DIGEST_TEXT_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int length = 0;
	if (!HMAC(EVP_sha256(), key, (int)key_count, bytes, count, digest, &length))
		return -ENOSYS;
	return write_text(digest, length, ret_text, DIGEST_TEXT_SIZE);
}
