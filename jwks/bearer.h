/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bearer - the secret that a fetch shows to an identity provider (RFC 6750 section 2.1), from its
 * file.
 *
 * Uses:   base.
 * Shell:  reads the file.
 */
#ifndef POSTERN_JWKS_BEARER_H
#define POSTERN_JWKS_BEARER_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"

#define BEARER_MAX (16u << 10)

/*
 * Read it: one line of visible ASCII, white space around it dropped.
 *
 * token   a buffer of BEARER_MAX; buffer_wipe() it in any case.
 * reterr  says which file and why, never what it holds.
 */
MUST_CHECK bool bearer_read(const char *path, struct buffer *token, struct err *reterr);

#endif
