/* SPDX-License-Identifier: Apache-2.0 */
/*
 * civetweb - the engine on CivetWeb: a thread for each connection.
 *
 * Uses:   engine.
 * Shell:  sockets and threads.
 */
#ifndef POSTERN_PROXY_LISTENER_CIVETWEB_CIVETWEB_H
#define POSTERN_PROXY_LISTENER_CIVETWEB_CIVETWEB_H

#include "proxy/listener/engine.h"

/*
 * The table of its operations. The first listener of the process runs the self-test first:
 * canonical and hostile requests are sent to a private one on loopback, and if any is not read as
 * our admission rules need, starting fails.
 */
const struct engine *civetweb_engine(void);

/* Was the library built with IPv6? */
bool civetweb_has_ipv6(void);

/* Does it read requests with this method? It refuses others as not HTTP/1.1. */
bool civetweb_knows_method(struct span method);

#endif
