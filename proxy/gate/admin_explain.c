/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/admin_explain.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "proxy/gate/explain.h"
#include "proxy/gate/explain_revoked.h"
#include "proxy/gate/recent_keep.h"
#include "proxy/gate/remedy.h"
#include "proxy/io/offload.h"

#define ARENA_MAX (16u << 20)

/* Read the whole body. REASON_OK, or why it cannot be read. */
static enum reason
read_body(struct exchange *exchange, struct buffer *body)
{
	char piece[4096];
	ssize_t got = 0;

	/* What is too large is not waited for. */
	if (exchange_request(exchange)->content_length > (int64_t)ADMIN_EXPLAIN_MAX)
		return REASON_BODY_TOO_LARGE;
	while (!body->failed && (got = exchange_read(exchange, piece, sizeof(piece))) > 0)
		buffer_add(body, (struct span){ piece, (size_t)got });
	digest_wipe(piece, sizeof(piece));
	if (body->failed)
		return REASON_BODY_TOO_LARGE;
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
	admin_page_problem(page, 404,
	    gate->recent == NULL
		? "no decisions are kept (explain.recent is 0)"
		: "no decision about a request with this id is kept, or not any more: the last "
		  "explain.recent are");
}

/* What was kept, while it is told. */
struct telling {
	const struct recent_record *record;
	struct snapshot *snapshot;
	json_t *said;
};

/* It may read the database. What cannot be read there is left out: the rest was asked for, too. */
static void
tell(void *context)
{
	struct telling *telling = context;
	struct arena arena;
	struct revoked_question question;
	struct explain_revoked asked = { telling->snapshot->config, &question, &arena };
	struct err err = { "" };

	arena_init(&arena, ARENA_MAX);
	telling->said = recent_keep_json(telling->record);
	if (explain_revoked_kept(telling->said, &question) &&
	    !explain_revoked(&asked, telling->said, &err))
		log_event(LOG_WARN, "explain_failed", "%s", err.text);
	if (telling->said != NULL && !remedy_add(telling->snapshot, telling->said, &arena)) {
		json_decref(telling->said);
		telling->said = NULL;
	}
	arena_done(&arena);
}

void
admin_explain_recent(struct gate *gate, struct span id, struct admin_page *page)
{
	struct recent_record record;
	struct telling telling = { .record = &record };

	if (gate->recent == NULL || !recent_find(gate->recent, id, &record)) {
		not_kept(page, gate);
		return;
	}
	telling.snapshot = snapshot_take(gate->hold);
	if (telling.snapshot == NULL || !offload(tell, &telling))
		admin_page_refuse(page, REASON_OVERLOADED, NULL);
	else
		write_said(page, telling.said);
	json_decref(telling.said);
	snapshot_release(telling.snapshot);
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
