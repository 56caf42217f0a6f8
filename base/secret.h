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

/* The secret, in the arena; NULL when it cannot be had, which is told, or when mistakes->offline
 * leaves it out. Its value never is told. */
const char *secret_read(const struct node *node, struct mistakes *mistakes);

#endif
