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

/* The secret, lent by the arena. NULL if it cannot be read (reported), or if mistakes->offline
 * skips it. Its value is never shown. */
const char *secret_read(const struct node *node, struct mistakes *mistakes);

#endif
