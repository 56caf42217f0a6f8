/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin_explain - the pages of the operator's listener that say why: POST /explain, and GET
 * /explain/ID.
 *
 * Uses:   gate, admin_page, explain, recent_keep.
 * Shell:  reads the client's body and the database.
 * Limits: a body of ADMIN_EXPLAIN_MAX bytes. What it asks, tokens above all, is neither kept nor
 *         logged.
 */
#ifndef POSTERN_PROXY_GATE_ADMIN_EXPLAIN_H
#define POSTERN_PROXY_GATE_ADMIN_EXPLAIN_H

#include "proxy/gate/admin_page.h"
#include "proxy/gate/gate.h"
#include "proxy/listener/exchange.h"

#define ADMIN_EXPLAIN_MAX (64u << 10)

/* Answer a question with what `explain --json` prints, 200 whatever the verdict. A question that
 * cannot be answered is 400 with the reason request_malformed. */
void admin_explain_ask(struct gate *gate, struct exchange *exchange, struct admin_page *page);

/* Tell what was decided about the request with that id: see recent_keep_json(). 404 if that is not
 * kept, or not any more. */
void admin_explain_recent(struct gate *gate, struct span id, struct admin_page *page);

#endif
