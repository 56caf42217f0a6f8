/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events - the engine on loops and fibers: idle connections hold no thread, no stack and no buffer.
 *
 * Uses:   engine.
 * Shell:  sockets and threads.
 */
#ifndef POSTERN_PROXY_LISTENER_EVENTS_EVENTS_H
#define POSTERN_PROXY_LISTENER_EVENTS_EVENTS_H

#include "proxy/listener/engine.h"

/* The table of its operations. The first listener of the process starts the loops and the pool of
 * slow calls, the last one that stops ends them. */
const struct engine *events_engine(void);

#endif
