/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/access.h"

#include "base/log.h"
#include "proxy/io/offload.h"

/* Paths in the log are cut at this length, so that no log line gets too long. */
#define PATH_SHOWN 2048

/* The path without its query, which may contain secrets. */
static struct span
path_shown(const struct request *request)
{
	struct span path = span_slice(request->target, 0, span_find(request->target, '?'));

	return span_slice(path, 0, PATH_SHOWN);
}

static const char *
verdict_word(const struct transaction *transaction)
{
	if (transaction->reason != REASON_OK)
		return "refuse";
	if (transaction->authorizes)
		return "allow";
	return transaction->served_here ? "serve" : "forward";
}

static void
add_forwarded(struct log_line *line, const struct transaction *transaction)
{
	const struct forwarded *forwarded = &transaction->forwarded;

	if (transaction->fields.upstream == NULL)
		return;
	log_text(line, "upstream", span_of(transaction->fields.upstream));
	log_number(line, "upstream_us", forwarded->upstream_us);
	log_number(line, "bytes_in", forwarded->bytes_in);
	log_number(line, "bytes_out", forwarded->bytes_out);
	if (forwarded->aborted)
		log_text(line, "aborted", span_of(forwarded->detail));
}

static void
add_next(struct log_line *line, const struct next *next)
{
	if (next->verdict == NEXT_SAME)
		return;
	log_text(line, "policy_next", span_of(next_word(next->verdict)));
	log_text(line, "next_reason", span_of(reason_word(next->reason)));
	log_text(line, "next_privilege", span_of(next->privilege));
}

static void
add_caller(struct log_line *line, const struct access_caller *caller)
{
	if (caller == NULL)
		return;
	log_text(line, "client_name", span_of(caller->client_name));
	log_texts(line, "roles", caller->roles.at, caller->roles.count);
	log_texts(line, "scopes", caller->scopes.at, caller->scopes.count);
	log_texts(line, "groups", caller->groups.at, caller->groups.count);
}

/* What is logged. */
struct logged {
	const struct transaction *transaction;
	int64_t duration_us;
};

static void
write_line(void *context)
{
	const struct transaction *transaction = ((const struct logged *)context)->transaction;
	const struct request *request = transaction->request;
	struct log_line line;

	log_begin(&line, "request");
	log_text(&line, "verdict", span_of(verdict_word(transaction)));
	log_text(&line, "reason", span_of(reason_word(transaction->reason)));
	if (transaction->shadow_reason != REASON_OK)
		log_text(&line, "shadow_reason", span_of(reason_word(transaction->shadow_reason)));
	add_next(&line, &transaction->next);
	log_number(&line, "status", transaction->status);
	log_text(&line, "request_id", span_of(transaction->id));
	log_text(&line, "client_request_id", transaction->client_id);
	if (transaction->trace_parent.at != NULL)
		log_text(&line, "trace_id", trace_id_of(transaction->trace_parent));
	log_text(&line, "method", span_slice(request->method, 0, 32));
	log_text(&line, "path", path_shown(request));
	log_text(&line, "host", span_of(transaction->fields.host));
	log_text(&line, "pattern", span_of(transaction->fields.pattern));
	log_text(&line, "privilege", span_of(transaction->fields.privilege));
	log_text(&line, "module", span_of(transaction->fields.module));
	log_text(&line, "issuer", span_of(transaction->fields.issuer));
	log_text(&line, "sub", transaction->fields.subject);
	log_text(&line, "client", transaction->fields.client);
	log_text(&line, "user", span_of(transaction->fields.user));
	add_caller(&line, transaction->fields.caller);
	if (request->certificate != NULL)
		log_text(&line, "certificate", request->certificate->subject);
	log_text(&line, "peer", span_of(request->peer));
	log_text(&line, "proxy", span_of(request->proxy));
	log_text(&line, "detail",
	    span_of(
		transaction->log_detail != NULL ? transaction->log_detail : transaction->detail));
	log_number(&line, "duration_us", ((const struct logged *)context)->duration_us);
	add_forwarded(&line, transaction);
	log_end_request(&line);
}

/* A reader that is slow must not hold up a loop: the line waits for it on another thread. */
void
access_log(const struct transaction *transaction, int64_t duration_us)
{
	struct logged logged = { transaction, duration_us };

	if (!log_wants(LOG_INFO))
		return;
	if (!log_crowded() || !offload(write_line, &logged))
		write_line(&logged);
}
