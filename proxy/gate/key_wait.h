/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_wait - a request whose token was signed with an unknown key waits for its issuer's new keys.
 *
 * Uses:   gate, transaction, io (condition, wait), keyring.
 * Threads: any.
 */
#ifndef POSTERN_PROXY_GATE_KEY_WAIT_H
#define POSTERN_PROXY_GATE_KEY_WAIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "proxy/gate/gate.h"
#include "proxy/gate/transaction.h"

/*
 * The issuer may have published a new key since its keys were fetched: ask for a refresh and wait
 * for its end. True: the transaction has another snapshot than before, so the request must be
 * judged again. False: it has the same, or none for want of memory; or the client has left, and the
 * transaction's reason says so.
 */
MUST_CHECK bool key_wait(struct gate *gate, struct transaction *transaction, size_t issuer_index);

/* services_setup.tried: `context` is the gate. Requests that wait for keys look again. */
void key_wait_over(void *context);

#endif
