/*
 * SHA-256 (FIPS 180-4): the seal on evidence.
 *
 * Threads: any; one state, one owner. Memory: none.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32
#define SHA256_TEXT_SIZE (2 * SHA256_BYTES + 1)

struct sha256 {
	uint32_t state[8];
	uint64_t length_bytes;
	uint8_t block[64];
};

void sha256_init(struct sha256 *sha);
void sha256_add(struct sha256 *sha, const void *bytes, size_t count);
void sha256_end(struct sha256 *sha, uint8_t ret_digest[SHA256_BYTES]);
/* The digest of `bytes` as 64 lower-case hexadecimal digits and a NUL. */
void sha256_text(const void *bytes, size_t count, char ret_text[SHA256_TEXT_SIZE]);
