/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server - the running gate: start, reload, drain, stop.
 *
 * Uses:   gate, admin, listener, services, config.
 * Shell:  signals, threads, sockets, files.
 */
#ifndef POSTERN_PROXY_GATE_SERVER_H
#define POSTERN_PROXY_GATE_SERVER_H

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "proxy/config/config.h"

/*
 * Serve until SIGTERM or SIGINT, then drain: no connection is kept, requests under way end within
 * limits.upstream_timeout. SIGHUP, POST /reload and a changed file read the configuration again; of
 * a bad one the log, the answer, /readyz and /metrics say why, and the old one stays. Call from the
 * only thread of the process.
 *
 * config  taken; where it was read from is config->path.
 * False: it could not start, reterr says what and where.
 */
MUST_CHECK bool server_run(struct config *config, struct err *reterr);

#endif
