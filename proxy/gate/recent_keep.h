/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recent_keep - what is kept of a request in `recent`, and what is told of it later.
 *
 * Uses:   recent, transaction.
 * Shell:  asks the clock.
 */
#ifndef POSTERN_PROXY_GATE_RECENT_KEEP_H
#define POSTERN_PROXY_GATE_RECENT_KEEP_H

#include "base/check.h"
#include "base/json.h"
#include "proxy/gate/recent.h"
#include "proxy/gate/transaction.h"

/* Keep it; call it once, when the request is done. recent NULL: nothing is kept. */
void recent_keep(struct recent *recent, struct transaction *transaction);

/*
 * What is told of a record: of a refusal that was kept whole what explain_json() gives, else as
 * much of that as was kept; and request_id, time (RFC 3339), peer, cut.
 *
 * Returns it given: json_decref() it. NULL: no memory.
 */
MUST_CHECK json_t *recent_keep_json(const struct recent_record *record);

#endif
