/* SPDX-License-Identifier: Apache-2.0 */
/*
 * selftest - does the engine that is linked today behave as the admission rules need?
 *
 * layout.c and client_conn.c lean on how CivetWeb parses and reads. Another version might do
 * otherwise without a word, so canonical and hostile requests are sent to a private listener on
 * loopback at each start, and one verdict that changed is enough not to serve at all.
 *
 * Uses:   engine, exchange, request.
 * Shell:  a listener on 127.0.0.1 and connections to it, for some milliseconds.
 */
#ifndef POSTERN_PROXY_LISTENER_CIVETWEB_SELFTEST_H
#define POSTERN_PROXY_LISTENER_CIVETWEB_SELFTEST_H

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"

/* False: the error names the case and both verdicts. */
MUST_CHECK bool selftest_run(struct err *reterr);

#endif
