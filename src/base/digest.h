/*
 * SHA-256 (FIPS 180-4): the seal on evidence. The only door to OpenSSL's libcrypto.
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
