/*
 * Why something failed, as one sentence for a person.
 *
 * Functions that can fail return 0 or a negative errno. Those whose failure a user has to
 * understand also take a `struct err *`, which may be NULL, and fill it on failure only:
 *
 *     if (fd < 0)
 *             return err_set(err, -errno, "%s: cannot be opened: %s", path, strerror(errno));
 *
 * The sentence says what failed, on what, and what to do about it. Whoever decides what happens
 * next logs it, once; nobody in between does.
 *
 * Threads: a struct err belongs to the caller. Memory: none.
 */
#pragma once

struct err {
	char text[512];
};

/* Writes the sentence and returns `code`, which must be a negative errno. */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Puts "context: " in front of the sentence that is there; returns `code`. */
int err_prefix(struct err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Lets compilers see that what these return is negative, so that outputs which are set on success
 * only are not taken for uninitialised. */
static inline int err_negative(int code)
{
	if (code >= 0)
		__builtin_unreachable();
	return code;
}
#define err_set(...) err_negative(err_set(__VA_ARGS__))
#define err_prefix(...) err_negative(err_prefix(__VA_ARGS__))
