/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/accounts/audit_log.h"

#include "base/clock.h"
#include "base/log.h"
#include "issuer/accounts/directory.h"

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

	arena_init(&arena, DIRECTORY_MAX_BYTES);
	done = store_audits(store, &(struct store_after){ after, &arena }, &first, reterr);
	for (; done && first != NULL; first = first->next)
		write_line(first);
	arena_done(&arena);
	return done;
}

static const char *
word_of(const struct revocation *revocation)
{
	static const char *const words[] = {
		[REVOKE_TOKEN] = "token",
		[REVOKE_CLIENT] = "client",
		[REVOKE_SUBJECT] = "subject",
		[REVOKE_ALL] = "all",
	};

	return words[revocation->kind];
}

static void
add_time(struct log_line *line, const char *key, int64_t time_s)
{
	char text[32];

	clock_format(time_s * 1000000, text);
	log_text(line, key, span_of(text));
}

void
audit_log_revoked(const struct revocation *revocation)
{
	struct log_line line;

	log_begin(&line, "revoked");
	log_text(&line, "what", span_of(word_of(revocation)));
	log_text(&line, "issuer", span_of(revocation->issuer));
	log_text(&line, "value", span_of(revocation->value));
	if (revocation->kind != REVOKE_TOKEN && revocation->before_s != 0)
		add_time(&line, "issued_until", revocation->before_s);
	if (revocation->until_s != 0)
		add_time(&line, "remembered_until", revocation->until_s);
	log_text(&line, "by", span_of(revocation->by));
	log_end(&line, LOG_INFO);
}
