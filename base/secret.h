/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret - a configured secret: text, {env: NAME} or {file: PATH}.
 *
 * Uses:   document, file.
 * Shell:  reads the environment and files.
 */
#ifndef POSTERN_BASE_SECRET_H
#define POSTERN_BASE_SECRET_H

#include "base/document.h"

#define SECRET_MAX_BYTES (64u << 10)
#define SECRET_PUBLIC_MAX_BYTES (1u << 20)

/* The secret, lent by the arena. NULL if it cannot be read (reported), or if mistakes->offline
 * skips it. Its value is never shown. */
const char *secret_read(const struct node *node, struct mistakes *mistakes);

/* The content of a file that a scalar names and that is no secret, such as certificates: in the
 * same way. */
const char *secret_public(const struct node *node, struct mistakes *mistakes);

#endif
