#include "base/digest.h"

#include <errno.h>
#include <openssl/evp.h>

int digest_sha256(const void *bytes, size_t count, char ret_text[DIGEST_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int length = 0;
	if (EVP_Digest(bytes, count, digest, &length, EVP_sha256(), NULL) != 1 ||
		2 * length + 1 != DIGEST_TEXT_SIZE)
		return -ENOSYS;
	for (unsigned int i = 0; i < length; i++) {
		ret_text[2 * i] = digits[digest[i] >> 4];
		ret_text[2 * i + 1] = digits[digest[i] & 15];
	}
	ret_text[2 * length] = '\0';
	return 0;
}
