/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease - for how long a tunnel or an event stream may go on that was let in
 * (`tunnel_until_expiry` of a module).
 *
 * Uses:   transaction, identify, judge, snapshot.
 * Shell:  asks the clock, takes snapshots.
 *
 * It is the small verdict that outlives the snapshot of its request: until when the token is valid,
 * and by which snapshot the request was last allowed. When there is a newer one, the request is
 * judged again by it as if it came now. So a revocation, a client or user that is disabled or
 * deleted, a new password, a key that was withdrawn and a policy that no longer allows it all end
 * it. When the client's certificate ends it is judged again without one, so that it goes on if it
 * does not need it. (A password that is only hashed anew, which happens once after its cost
 * changed, ends it, too.)
 */
#ifndef POSTERN_PROXY_GATE_LEASE_H
#define POSTERN_PROXY_GATE_LEASE_H

#include <stdint.h>

#include "base/span.h"

struct gate;
struct request_certificate;
struct transaction;
struct decision;

struct lease {
	struct gate *gate; /* NULL: it goes on for as long as it likes */
	uint64_t serial;   /* of the snapshot by which it was allowed */
	int64_t until_s;   /* the token's end, Unix seconds; INT64_MAX: it has none */
	const struct request_certificate *certificate; /* by which it was judged; NULL: none */
	struct span user;                              /* of Basic; at == NULL: none */
	struct span hash; /* of that user's password, which is not asked for again */
};

/* Begin it in the transaction, if its module wants one; while the snapshot is still held. Without
 * memory for a user's name there is one that ends at the first change. */
void lease_begin(
    struct gate *gate, struct transaction *transaction, const struct decision *decision);

/* forward.outlived: `context` is the transaction. Why it must end now, in its arena; NULL: it may
 * go on, also while nothing can be decided. */
const char *lease_outlived(void *context);

#endif
