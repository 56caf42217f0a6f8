/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prepare - what a gate needs of this machine before it can start, found out without starting.
 *
 * `check`, `serve` and a reload all come by here, so they cannot differ: whatever would end `serve`
 * at its start is a mistake here, but for what only the attempt can tell (a port that is taken, a
 * permission, a database server that is down).
 *
 * Uses:   config, engine, jwks (source_files), issuer (local_files).
 * Shell:  reads files; makes and changes nothing.
 */
#ifndef POSTERN_PROXY_CONFIG_PREPARE_H
#define POSTERN_PROXY_CONFIG_PREPARE_H

#include "proxy/config/config.h"

/* Check a configuration that was read, mistakes or not; more of them are told to
 * config->mistakes. With `offline` there the files and folders are left out, by name. */
void prepare(struct config *config);

#endif
