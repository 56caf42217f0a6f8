/* SPDX-License-Identifier: Apache-2.0 */
/*
 * endpoints - what the gate itself serves on the public listener: the local issuer's endpoints
 * and the metadata of the protected resource.
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
 * Serve the request, whose job holds a snapshot, if its path is an endpoint of ours; false when it
 * is not. job->status,
 * job->detail and job->told.client say what came of it; job->reason is set when it was refused
 * and nothing was written yet.
 */
MUST_CHECK bool endpoints_serve(
    struct gate *gate, struct transaction *transaction, const struct decision *decision);

#endif
