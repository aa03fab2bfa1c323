/*
 * SHA-256 (FIPS 180-4): the seal on evidence; MD5 (RFC 1321): what cameras ask passwords with,
 * nothing more. The only door to OpenSSL's libcrypto.
 *
 * Threads: any. Memory: none that stays.
 */
#pragma once

#include <stddef.h>

#define DIGEST_TEXT_SIZE 65

/*
 * The digest of `bytes` as 64 lower-case hexadecimal digits and a NUL. 0, or -ENOSYS where this
 * machine's OpenSSL cannot (no memory, no SHA-256).
 */
int digest_sha256(const void *bytes, size_t count, char ret_text[DIGEST_TEXT_SIZE]);

#define DIGEST_MD5_TEXT_SIZE 33
/* The same by MD5: 32 digits and a NUL. */
int digest_md5(const void *bytes, size_t count, char ret_text[DIGEST_MD5_TEXT_SIZE]);

/* The HMAC of `bytes` with `key` (RFC 2104, SHA-256), written the same way. 0 or -ENOSYS. */
int digest_hmac_sha256(const void *key, size_t key_count, const void *bytes, size_t count,
	char ret_text[DIGEST_TEXT_SIZE]);
