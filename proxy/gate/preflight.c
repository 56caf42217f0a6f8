/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/preflight.h"

#include "base/buffer.h"
#include "base/header_line.h"
#include "proxy/gate/answer.h"
#include "token/detail.h"

#define LINES_MAX 16384

/* at == NULL: there is none, or more than one. */
static struct span
origin_of(const struct request *request)
{
	if (request_header_count(request, "Origin") != 1)
		return (struct span){ 0 };
	return request_header(request, "Origin");
}

bool
preflight_is(const struct request *request)
{
	return span_is(request->method, "OPTIONS") && request_header_count(request, "Origin") > 0 &&
	       request_header_count(request, "Access-Control-Request-Method") > 0;
}

struct span
preflight_lines(const struct cors *cors, const struct request *request, struct arena *arena)
{
	struct span lines = { "", 0 };
	struct buffer buffer;
	const char *text;

	if (cors == NULL)
		return (struct span){ 0 };
	buffer_init(&buffer, LINES_MAX);
	cors_add_answer(cors, origin_of(request), &buffer);
	text = buffer.failed ? NULL : arena_text(arena, buffer_span(&buffer));
	if (text != NULL)
		lines = (struct span){ text, buffer.len };
	buffer_done(&buffer);
	return lines;
}

void
preflight_serve(struct transaction *transaction, const struct cors *cors)
{
	const struct request *request = exchange_request(transaction->exchange);
	struct answer answer = { .status = 200 };
	struct buffer lines;

	transaction->served_here = true;
	transaction->cors = preflight_lines(cors, request, transaction->arena);
	if (!cors_allows(cors, origin_of(request))) {
		transaction->reason = REASON_ORIGIN_NOT_ALLOWED;
		transaction->detail = "the origin of the page is not one of cors.origins";
		transaction->log_detail = arena_format(transaction->arena,
		    "the origin of the page, %s, is not one of cors.origins",
		    detail_quote(transaction->arena, origin_of(request)));
		return;
	}
	buffer_init(&lines, LINES_MAX);
	cors_add_preflight(cors, origin_of(request), &lines);
	header_line_add(&lines, SPAN("X-Request-Id"), span_of(transaction->id));
	answer.headers = buffer_span(&lines);
	if (lines.failed) {
		transaction->reason = REASON_OVERLOADED;
	} else {
		transaction->status = answer.status;
		answer_write(transaction->exchange, &answer);
	}
	buffer_done(&lines);
}
