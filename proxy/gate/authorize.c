/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/authorize.h"

#include "base/buffer.h"
#include "base/header_line.h"
#include "proxy/gate/answer.h"
#include "proxy/gate/gate.h"
#include "proxy/gate/transaction.h"
#include "proxy/http/asked.h"
#include "proxy/http/header.h"

#define HEADERS_MAX (64u << 10)

/* Memory of one question, as of a request. */
#define ARENA_BYTES (1u << 20)

/* Another spelling of a name in forward.headers. The gateway replaces that name alone, and what is
 * behind it may take one for the other. */
static bool
has_alias(const struct config *config, const struct request *request)
{
	for (size_t i = 0; i < config->header_count; i++)
		for (size_t k = 0; k < request->header_count; k++) {
			struct span owned = span_of(config->headers[i].name),
				    name = request->headers[k].name;

			if (header_same_name(name, owned) && !span_equal_nocase(name, owned))
				return true;
		}
	return false;
}

/* Read the request in question into the transaction. */
static enum reason
read_asked(struct transaction *transaction, const struct config_forward_auth *config)
{
	struct request *request = exchange_request(transaction->exchange);
	struct request *asked = arena_alloc(transaction->arena, sizeof(*asked));
	enum reason reason = request_check(request);

	if (asked == NULL)
		return REASON_OVERLOADED;
	transaction->detail = request->detail;
	if (reason != REASON_OK)
		return reason;
	if (!cidr_set_has(&config->proxies, span_of(request->peer))) {
		transaction->detail = "the peer is not in forward_auth.trusted_proxies";
		return REASON_REQUEST_MALFORMED;
	}
	if (has_alias(transaction->snapshot->config, request)) {
		transaction->detail =
		    "it has a header of forward.headers in another spelling, with \"_\" or \".\"";
		return REASON_REQUEST_MALFORMED;
	}
	reason = asked_read(config->form, &config->proxies, request, asked);
	transaction->detail = asked->detail;
	if (reason == REASON_OK)
		transaction->request = asked;
	return reason;
}

static struct span
value_of(const struct caller *caller, const char *name)
{
	for (size_t i = 0; caller != NULL && i < caller->identity_count; i++)
		if (span_is(caller->identity[i].name, name))
			return caller->identity[i].value;
	return SPAN("");
}

static void
allow(struct transaction *transaction, const struct decision *decision)
{
	const struct config *config = transaction->snapshot->config;
	struct answer answer = { .status = 200 };
	struct buffer headers;

	buffer_init(&headers, HEADERS_MAX);
	header_line_add(&headers, SPAN("Cache-Control"), SPAN("no-store"));
	header_line_add(&headers, SPAN("X-Request-Id"), span_of(transaction->id));
	for (size_t i = 0; i < config->header_count; i++)
		header_line_add(&headers, span_of(config->headers[i].name),
		    value_of(decision->caller, config->headers[i].name));
	answer.headers = buffer_span(&headers);
	transaction->status = answer.status;
	if (headers.failed)
		exchange_abort(transaction->exchange);
	else
		answer_write(transaction->exchange, &answer);
	buffer_done(&headers);
}

/* Judge the request in question as if it had come itself. */
static void
judge(struct gate *gate, struct transaction *transaction, struct decision *decision)
{
	transaction->reason = read_asked(transaction, &transaction->snapshot->config->forward_auth);
	if (transaction->reason != REASON_OK)
		return;
	transaction->reason = judge_admit(transaction->request, NULL, transaction->arena, decision);
	transaction->detail = decision->verdict.detail;
	if (transaction->reason != REASON_OK)
		return;
	transaction_trace(transaction);
	gate_decide(gate, transaction, decision);
}

void
authorize_serve(void *context, struct exchange *exchange)
{
	struct gate *gate = context;
	struct decision decision = { .issuer_index = SIZE_MAX };
	struct transaction transaction;
	struct arena arena;

	arena_init(&arena, ARENA_BYTES);
	if (!transaction_start(&transaction, exchange, &arena)) {
		exchange_abort(exchange);
		arena_done(&arena);
		return;
	}
	transaction.authorizes = true;
	transaction.reason = REASON_OVERLOADED;
	transaction.snapshot = snapshot_take(gate->hold);
	if (transaction.snapshot != NULL)
		judge(gate, &transaction, &decision);
	if (transaction.reason == REASON_OK)
		allow(&transaction, &decision);
	else
		gate_deny(gate, &transaction);
	gate_finish(gate, &transaction);
	transaction_end(&transaction);
	judge_forget(&decision);
	arena_done(&arena);
}
