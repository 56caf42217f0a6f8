/* SPDX-License-Identifier: Apache-2.0 */
/*
 * selftest - does the linked engine behave as the admission rules need?
 *
 * layout.c and client_conn.c depend on how CivetWeb parses and reads, which may change silently in
 * another version. So canonical and hostile requests are sent to a private listener on loopback at
 * each start, and a single unexpected result prevents the start.
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
