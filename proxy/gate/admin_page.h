/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin_page - an answer of the operator's listener while it is made.
 *
 * Uses:   answer, base.
 * Shell:  writes answers.
 */
#ifndef POSTERN_PROXY_GATE_ADMIN_PAGE_H
#define POSTERN_PROXY_GATE_ADMIN_PAGE_H

#include "base/buffer.h"
#include "base/reason.h"
#include "proxy/listener/exchange.h"

#define ADMIN_PAGE_JSON "application/json"
#define ADMIN_PAGE_PROBLEM "application/problem+json"

struct admin_page {
	int status;
	struct buffer headers, body;
};

/* An empty page; admin_page_write() ends it. */
void admin_page_init(struct admin_page *page);

/* Its status, and what kind of page it is. The body follows, in page->body. */
void admin_page_begin(struct admin_page *page, int status, struct span content_type);

/* A whole page of text. */
void admin_page_plain(struct admin_page *page, int status, const char *text);

/* A whole page of a status for which there is no reason: problem+json (RFC 9457). */
void admin_page_problem(struct admin_page *page, int status, const char *detail);

/* The same that says which method is right: 405 (RFC 9110 section 15.5.6). */
void admin_page_allow(struct admin_page *page, struct span method);

/* A whole page that says why something is refused: problem+json (RFC 9457) with a `reason`. detail
 * NULL: the reason's title says it. */
void admin_page_refuse(struct admin_page *page, enum reason reason, const char *detail);

/* Write it to the client, and free it. A page for which there was no memory is not sent. */
void admin_page_write(struct admin_page *page, struct exchange *exchange);

#endif
