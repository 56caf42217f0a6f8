/* SPDX-License-Identifier: Apache-2.0 */
/*
 * endpoints - the requests that the gate itself answers on the public listener: the local issuer's
 * endpoints and the metadata of the protected resource.
 *
 * Uses:   gate, transaction, answer, issuer.
 * Shell:  reads the request's body, writes the answer.
 */
#ifndef POSTERN_PROXY_GATE_ENDPOINTS_H
#define POSTERN_PROXY_GATE_ENDPOINTS_H

#include <stdbool.h>

#include "proxy/gate/transaction.h"

struct gate;

/*
 * Serve the request if its path is one of the gate's own endpoints; returns false if not. The
 * transaction must hold a snapshot. Sets transaction->status, transaction->detail and
 * transaction->fields.client; transaction->reason is set when the request was refused and nothing
 * was written yet.
 */
MUST_CHECK bool endpoints_serve(
    struct gate *gate, struct transaction *transaction, const struct decision *decision);

#endif
