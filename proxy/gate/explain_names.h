/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain_names - for `postern explain`: report unknown names on the command line, with the nearest
 * known one.
 *
 * Uses:   proxy (config), issuer (account, admin, store), base (nearest).
 * Shell:  reads the database, which this process must have opened already.
 */
#ifndef POSTERN_PROXY_GATE_EXPLAIN_NAMES_H
#define POSTERN_PROXY_GATE_EXPLAIN_NAMES_H

#include "base/arena.h"
#include "base/err.h"
#include "proxy/config/config.h"

/* "there is no client …" in the words of the client commands. Always false. */
bool explain_no_client(const struct config *config, const char *name, struct err *reterr);

/* "the configuration names no issuer …". Always false. */
bool explain_no_issuer(const struct config *config, const char *name, struct err *reterr);

/* "there is no user …", lent by the arena or for good. */
const char *explain_no_user(const struct config *config, const char *name, struct arena *arena);

#endif
