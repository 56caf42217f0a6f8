/* SPDX-License-Identifier: Apache-2.0 */
/*
 * distinguished_name - the subject of a certificate as text (RFC 4514), in the one form in which
 * two of them are compared.
 *
 * Uses:   arena, buffer, err, utf8.
 * Pure:   yes (allocates).
 * Limits: DISTINGUISHED_NAME_MAX bytes, as read and as written.
 */
#ifndef POSTERN_BASE_DISTINGUISHED_NAME_H
#define POSTERN_BASE_DISTINGUISHED_NAME_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/span.h"

#define DISTINGUISHED_NAME_MAX 4096u

/*
 * Read a distinguished name, and write it canonically: attribute types in capitals, no spaces
 * around separators, values with the escapes that RFC 4514 section 2.4 requires and no others, but
 * bytes outside printable ASCII as hex pairs. The result is safe in a header and in a log. Two
 * names are the same when their canonical texts are: the order of attributes and the case of values
 * count, and nothing is normalised.
 *
 * ret_name  at != NULL, NUL-terminated, lent by the arena; empty for the empty name. Set on
 * success. False: not a distinguished name, too long, or no memory; reterr says which.
 */
MUST_CHECK bool distinguished_name_read(
    struct span text, struct arena *arena, struct span *ret_name, struct err *reterr);

#endif
