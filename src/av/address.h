/*
 * A camera's address as libav wants it: user name and password percent-encoded, whatever people
 * write.
 *
 * A '%' that begins a proper escape ("%40") is taken as one in a URL, and as itself in `username`
 * and `password`. A password with '/', '?' or '#' cannot be told from the path in a URL: give it
 * apart. Threads: any. Memory: none.
 */
#pragma once

#define ADDRESS_SIZE 4096

/* `username` and `password` replace those of the URL; NULL: keep. 0 or -ENAMETOOLONG. */
int address_complete(const char *url, const char *username, const char *password,
	char ret_address[ADDRESS_SIZE]);
