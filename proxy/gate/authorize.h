/* SPDX-License-Identifier: Apache-2.0 */
/*
 * authorize - forward-auth: a gateway in front asks whether its client may make a request, and
 * forwards it itself.
 *
 * Uses:   gate, answer, transaction, asked.
 * Shell:  answers.
 */
#ifndef POSTERN_PROXY_GATE_AUTHORIZE_H
#define POSTERN_PROXY_GATE_AUTHORIZE_H

#include "base/reason.h"
#include "proxy/listener/exchange.h"

/*
 * listener_setup.serve: `context` is the gate. 200 with every name of forward.headers, empty where
 * there is no value, so that the gateway overwrites what its client sent; or the refusal. In form
 * `original` every refusal but 401 is 403, with the true status in X-Postern-Status.
 */
void authorize_serve(void *context, struct exchange *exchange);

#endif
