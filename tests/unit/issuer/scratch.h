/* SPDX-License-Identifier: Apache-2.0 */
/* scratch - a directory of a test's own, and a running issuer in it. */
#ifndef POSTERN_TESTS_ISSUER_SCRATCH_H
#define POSTERN_TESTS_ISSUER_SCRATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SCRATCH_ROOM 512

struct scratch {
	char dir[SCRATCH_ROOM];
};

static inline void
scratch_path(const struct scratch *scratch, const char *name, char out[SCRATCH_ROOM * 2])
{
	int len = snprintf(out, SCRATCH_ROOM * 2, "%s/%s", scratch->dir, name);

	assert_true(len > 0 && len < SCRATCH_ROOM * 2);
}

static inline void
scratch_init(struct scratch *scratch)
{
	const char *base = getenv("TMPDIR");

	(void)snprintf(scratch->dir, sizeof(scratch->dir), "%s/postern-test-XXXXXX",
	    base != NULL && base[0] != 0 ? base : "/tmp");
	assert_non_null(mkdtemp(scratch->dir));
}

static inline int
scratch_remove(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
	(void)info;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void
scratch_done(const struct scratch *scratch)
{
	(void)nftw(scratch->dir, scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
