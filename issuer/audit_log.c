/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/audit_log.h"

#include "base/log.h"
#include "issuer/view.h"

static void
write_line(const struct store_audit *audit)
{
	struct log_line line;

	log_begin(&line, "audit");
	log_text(&line, "message", span_of(audit->action));
	log_text(&line, "object", span_of(audit->object));
	log_text(&line, "by", span_of(audit->by));
	log_number(&line, "number", audit->number);
	log_end(&line, LOG_INFO);
}

bool
audit_log(struct store *store, int64_t after, struct err *reterr)
{
	struct store_audit *first = NULL;
	struct arena arena;
	bool done;

	arena_init(&arena, VIEW_MAX_BYTES);
	done = store_audits(store, after, &arena, &first, reterr);
	for (; done && first != NULL; first = first->next)
		write_line(first);
	arena_done(&arena);
	return done;
}
