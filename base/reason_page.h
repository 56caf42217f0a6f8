/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reason_page - for each reason of a refusal: what causes it, how to see it, and the remedy. The
 * pages of docs/refusals.md are these texts.
 *
 * Uses:   reason, buffer, nearest.
 * Pure:   yes.
 */
#ifndef POSTERN_BASE_REASON_PAGE_H
#define POSTERN_BASE_REASON_PAGE_H

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/reason.h"
#include "base/span.h"

/* Whole sentences in Markdown, with `code`. */
struct reason_page {
	const char *cause, *see, *remedy;
};

/* The page of a reason; all texts are there. REASON_OK has none. */
struct reason_page reason_page_of(enum reason reason);

/* The reason of that word. False: there is none; the error suggests the nearest. */
MUST_CHECK bool reason_page_find(struct span word, enum reason *ret_reason, struct err *reterr);

/* The page as lines for a terminal. Check buffer->failed. */
void reason_page_text(enum reason reason, struct buffer *buffer);

#endif
