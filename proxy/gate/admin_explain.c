/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/admin_explain.h"

#include <stdlib.h>

#include "base/clock.h"
#include "proxy/gate/explain.h"
#include "proxy/gate/recent_keep.h"
#include "proxy/io/offload.h"

#define ARENA_MAX (16u << 20)

/* Read the whole body. REASON_OK, or why it cannot be read. */
static enum reason
read_body(struct exchange *exchange, struct buffer *body)
{
	char piece[4096];
	ssize_t got;

	while ((got = exchange_read(exchange, piece, sizeof(piece))) > 0) {
		buffer_add(body, (struct span){ piece, (size_t)got });
		if (body->failed)
			return REASON_BODY_TOO_LARGE;
	}
	digest_wipe(piece, sizeof(piece));
	if (got == EXCHANGE_LATE)
		return REASON_REQUEST_TIMEOUT;
	return got == EXCHANGE_END ? REASON_OK : REASON_REQUEST_MALFORMED;
}

/* A question that is being answered. */
struct asking {
	const struct explain *explain;
	json_t *said;
	struct err err;
	bool done;
};

/* It may verify a signature and read the database. */
static void
ask(void *context)
{
	struct asking *asking = context;

	asking->done = explain_ask(asking->explain, &asking->said, &asking->err);
}

static void
write_said(struct admin_page *page, const json_t *said)
{
	char *text = said == NULL ? NULL : json_dumps(said, JSON_INDENT(2));

	if (text == NULL) {
		admin_page_refuse(page, REASON_OVERLOADED, "out of memory");
		return;
	}
	admin_page_begin(page, 200, SPAN(ADMIN_PAGE_JSON));
	buffer_add_text(&page->body, text);
	buffer_add_byte(&page->body, '\n');
	free(text);
}

static void
not_kept(struct admin_page *page, const struct gate *gate)
{
	admin_page_begin(page, 404, SPAN(ADMIN_PAGE_PROBLEM));
	buffer_add_text(&page->body,
	    "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,\"detail\":");
	buffer_add_json(&page->body,
	    gate->recent == NULL
		? SPAN("no decisions are kept (explain.recent is 0)")
		: SPAN(
		      "no decision about a request with this id is kept, or not any more: the last "
		      "explain.recent are"));
	buffer_add_text(&page->body, "}\n");
}

void
admin_explain_recent(struct gate *gate, struct span id, struct admin_page *page)
{
	struct recent_record record;
	json_t *said;

	if (gate->recent == NULL || !recent_find(gate->recent, id, &record)) {
		not_kept(page, gate);
		return;
	}
	said = recent_keep_json(&record);
	write_said(page, said);
	json_decref(said);
	free(record.whole);
}

/* By the current snapshot. */
static void
answer(struct gate *gate, const struct explain_question *question, struct admin_page *page)
{
	struct snapshot *snapshot = snapshot_take(gate->hold);
	struct arena arena;
	struct explain explain = { question, snapshot, &arena };
	struct asking asking = { .explain = &explain };

	if (snapshot == NULL) {
		admin_page_refuse(page, REASON_OVERLOADED, "out of memory");
		return;
	}
	arena_init(&arena, ARENA_MAX);
	if (!offload(ask, &asking))
		admin_page_refuse(page, REASON_OVERLOADED, NULL);
	else if (!asking.done)
		admin_page_refuse(page, REASON_REQUEST_MALFORMED, asking.err.text);
	else
		write_said(page, asking.said);
	json_decref(asking.said);
	arena_done(&arena);
	snapshot_release(snapshot);
}

void
admin_explain_ask(struct gate *gate, struct exchange *exchange, struct admin_page *page)
{
	struct explain_question question = { .now_s = clock_now_s() };
	struct err err = { "" };
	json_t *root = NULL;
	struct buffer body;
	enum reason reason;

	buffer_init(&body, ADMIN_EXPLAIN_MAX);
	reason = read_body(exchange, &body);
	if (reason != REASON_OK) {
		exchange_close(exchange);
		admin_page_refuse(page, reason, NULL);
	} else if (!json_read(buffer_span(&body), ADMIN_EXPLAIN_MAX, &root, &err) ||
		   !explain_question_read(root, &question, &err)) {
		admin_page_refuse(page, REASON_REQUEST_MALFORMED, err.text);
	} else {
		answer(gate, &question, page);
	}
	json_decref(root);
	buffer_wipe(&body);
}
