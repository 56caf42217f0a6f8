/* SPDX-License-Identifier: Apache-2.0 */
/*
 * torture - out of memory at the n-th allocation, for every n, after curl's way: nothing may crash
 * or leak (the sanitizer looks), and what comes of it is either right or a clean error. Allocations
 * of the program, of OpenSSL, and of jansson once json_read() was called, count; those within other
 * shared libraries do not.
 *
 * Include it after <cmocka.h>, in a file named test_torture.c: the linker is told there.
 */
#ifndef POSTERN_TESTS_TORTURE_H
#define POSTERN_TESTS_TORTURE_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

enum torture_result {
	TORTURE_RIGHT, /* as with memory */
	TORTURE_CLEAN, /* an error that says so */
	TORTURE_WRONG  /* anything else */
};

/* Which allocations fail. */
static struct torture {
	long left;    /* that succeed before the first one fails; -1: all do */
	bool lasting; /* all after it fail, too */
	bool struck;
} torture = { .left = -1 };

static inline bool
torture_strikes(void)
{
	if (torture.left < 0 || torture.left-- > 0)
		return false;
	torture.struck = true;
	torture.left = torture.lasting ? 0 : -1;
	return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *at, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *at, size_t size);
char *__wrap_strdup(const char *text);

void *
__wrap_malloc(size_t size)
{
	return torture_strikes() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return torture_strikes() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *at, size_t size)
{
	return torture_strikes() ? NULL : __real_realloc(at, size);
}

char *
__wrap_strdup(const char *text)
{
	return torture_strikes() ? NULL : __real_strdup(text);
}

static inline void *
torture_openssl_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return size == 0 ? NULL : malloc(size);
}

static inline void *
torture_openssl_realloc(void *at, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	if (size > 0)
		return realloc(at, size);
	free(at);
	return NULL;
}

static inline void
torture_openssl_free(void *at, const char *file, int line)
{
	(void)file;
	(void)line;
	free(at);
}

/* First of all in main(). */
static inline void
torture_init(void)
{
	if (CRYPTO_set_mem_functions(
		torture_openssl_malloc, torture_openssl_realloc, torture_openssl_free) != 1)
		abort();
}

static inline void
torture_from(
    const char *name, enum torture_result (*run)(void *context), void *context, bool lasting)
{
	for (long n = 0;; n++) {
		enum torture_result result;
		bool struck;

		torture = (struct torture){ .left = n, .lasting = lasting };
		result = run(context);
		struck = torture.struck;
		torture = (struct torture){ .left = -1 };
		if (result == TORTURE_WRONG || (!struck && result != TORTURE_RIGHT))
			fail_msg("%s: without memory from allocation %ld on%s: wrong", name, n,
			    lasting ? "" : ", once");
		if (!struck) {
			/* One that allocates nothing is tested of nothing. */
			assert_true(n > 0);
			return;
		}
	}
}

/* Run it again and again, with one allocation more that succeeds each time, until none fails. The
 * first run has all of the memory, so that what is made once per process is there. */
static inline void
torture_run(const char *name, enum torture_result (*run)(void *context), void *context)
{
	if (run(context) != TORTURE_RIGHT)
		fail_msg("%s: wrong with all of the memory", name);
	torture_from(name, run, context, false);
	torture_from(name, run, context, true);
}

#endif
