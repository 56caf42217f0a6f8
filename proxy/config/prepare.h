/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prepare - check what a gate needs on this machine, without starting it.
 *
 * `check`, `serve` and a reload all call this, so their results cannot differ. Whatever would make
 * `serve` fail at its start is reported here, except what only an attempt can show (a port in use,
 * a permission, a database server that is down).
 *
 * Uses:   config, engine, jwks (source_files), issuer (local_files).
 * Shell:  reads files; creates and changes nothing.
 */
#ifndef POSTERN_PROXY_CONFIG_PREPARE_H
#define POSTERN_PROXY_CONFIG_PREPARE_H

#include "proxy/config/config.h"

/* Check a configuration that was read, with or without mistakes; new ones are added to
 * config->mistakes. If `offline` is set there, files and directories are skipped, and each is
 * named. */
void prepare(struct config *config);

/* Read and check the files of `listen.tls`, and make config->tls.server of them if nothing is wrong
 * so far. For prepare.c. */
void config_tls_prepare(struct config *config);

/* Check the certificates and keys of all upstreams. For prepare.c. */
void config_upstream_prepare(struct config *config);

#endif
