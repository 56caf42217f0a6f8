/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bearer - read the bearer token that a fetch sends to an identity provider (RFC 6750 section 2.1).
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
 * reterr  names the file and the cause, never the file's content.
 */
MUST_CHECK bool bearer_read(const char *path, struct buffer *token, struct err *reterr);

#endif
