/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain_names - names on the command line of `postern explain` that are not there, and which one
 * may have been meant.
 *
 * Uses:   proxy (config), issuer (account, admin, store), base (nearest).
 * Shell:  reads the database, which this process must have opened already.
 */
#ifndef POSTERN_CLI_EXPLAIN_NAMES_H
#define POSTERN_CLI_EXPLAIN_NAMES_H

#include "base/err.h"
#include "proxy/config/config.h"

/* "there is no client …" as the commands of clients say it. Always false. */
bool explain_no_client(const struct config *config, const char *name, struct err *reterr);

/* "the configuration names no issuer …". Always false. */
bool explain_no_issuer(const struct config *config, const char *name, struct err *reterr);

/* "there is no user …". Always false. */
bool explain_no_user(const struct config *config, const char *name, struct err *reterr);

#endif
