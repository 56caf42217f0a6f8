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
 * Serve until SIGTERM or SIGINT, then drain: no connection is kept alive, requests under way end
 * within limits.upstream_timeout. SIGHUP, POST /reload and a changed file reload the configuration;
 * if the new one is bad, the old one stays active, and the log, the answer, /readyz and /metrics
 * report why. Call from the only thread of the process.
 *
 * config  taken; it was read from config->path.
 * False: it could not start, and reterr reports what and where.
 */
MUST_CHECK bool server_run(struct config *config, struct err *reterr);

#endif
