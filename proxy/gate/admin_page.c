/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/admin_page.h"

#include <stdio.h>

#include "base/header_line.h"
#include "proxy/gate/answer.h"

#define TEXT_MAX (1u << 20)
#define HEADERS_MAX 1024
#define PLAIN "text/plain; charset=utf-8"

void
admin_page_init(struct admin_page *page)
{
	page->status = 0;
	buffer_init(&page->headers, HEADERS_MAX);
	buffer_init(&page->body, TEXT_MAX);
}

void
admin_page_begin(struct admin_page *page, int status, struct span content_type)
{
	page->status = status;
	header_line_add(&page->headers, SPAN("Content-Type"), content_type);
	header_line_add(&page->headers, SPAN("Cache-Control"), SPAN("no-store"));
}

void
admin_page_plain(struct admin_page *page, int status, const char *text)
{
	admin_page_begin(page, status, SPAN(PLAIN));
	buffer_add_text(&page->body, text);
}

static const char *
title_of(int status)
{
	if (status == 404)
		return "Not Found";
	return status == 405 ? "Method Not Allowed" : "Service Unavailable";
}

void
admin_page_problem(struct admin_page *page, int status, const char *detail)
{
	admin_page_begin(page, status, SPAN(ADMIN_PAGE_PROBLEM));
	buffer_format(&page->body,
	    "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"detail\":",
	    title_of(status), status);
	buffer_add_json(&page->body, span_of(detail));
	buffer_add_text(&page->body, "}\n");
}

void
admin_page_allow(struct admin_page *page, struct span method)
{
	char detail[64];

	(void)snprintf(detail, sizeof(detail), "the method must be %.*s", SPAN_ARG(method));
	header_line_add(&page->headers, SPAN("Allow"), method);
	admin_page_problem(page, 405, detail);
}

void
admin_page_refuse(struct admin_page *page, enum reason reason, const char *detail)
{
	admin_page_begin(page, reason_status(reason), SPAN(ADMIN_PAGE_PROBLEM));
	buffer_add_text(&page->body, "{\"type\":\"about:blank\",\"title\":");
	buffer_add_json(&page->body, span_of(reason_title(reason)));
	buffer_format(&page->body,
	    ",\"status\":%d,\"reason\":\"%s\",\"detail\":", reason_status(reason),
	    reason_word(reason));
	buffer_add_json(&page->body, span_of(detail == NULL ? reason_title(reason) : detail));
	buffer_add_text(&page->body, "}\n");
}

void
admin_page_write(struct admin_page *page, struct exchange *exchange)
{
	struct answer answer = {
		.status = page->status,
		.headers = buffer_span(&page->headers),
		.body = buffer_span(&page->body),
	};

	if (page->headers.failed || page->body.failed)
		exchange_abort(exchange);
	else
		answer_write(exchange, &answer);
	buffer_done(&page->headers);
	buffer_done(&page->body);
}
