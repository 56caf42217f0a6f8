/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/user.h"

#include <string.h>

#include "base/log.h"

static bool
text_same(const char *a, const char *b)
{
	return span_equal(span_of(a), span_of(b));
}

static bool
roles_same(const struct texts *a, const struct texts *b)
{
	size_t i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++)
		if (strcmp(a->at[i], b->at[i]) != 0)
			return false;
	return true;
}

bool
user_same(const struct user *a, const struct user *b)
{
	return text_same(a->id, b->id) && text_same(a->name, b->name) &&
	       text_same(a->label, b->label) && text_same(a->hash, b->hash) &&
	       roles_same(&a->roles, &b->roles) && a->disabled == b->disabled &&
	       a->created_s == b->created_s;
}

static void
add_roles(struct log_line *line, const struct user *user)
{
	struct buffer roles;
	size_t i;

	buffer_init(&roles, 4096);
	for (i = 0; i < user->roles.count; i++)
		buffer_format(&roles, "%s%s", i == 0 ? "" : ",", user->roles.at[i]);
	log_text(line, "roles", buffer_span(&roles));
	buffer_done(&roles);
}

static void
tell(const char *event, const struct user *before, const struct user *now)
{
	const struct user *user = now != NULL ? now : before;
	struct log_line line;

	if (!log_wants(LOG_INFO))
		return;
	log_begin(&line, event);
	log_text(&line, "user", span_of(user->name));
	if (now != NULL) {
		add_roles(&line, now);
		log_text(&line, "state", span_of(now->disabled ? "disabled" : "enabled"));
	}
	if (now != NULL && before != NULL && !text_same(before->hash, now->hash))
		log_text(&line, "password", SPAN("changed"));
	log_end(&line, LOG_INFO);
}

void
user_audit(const struct user *before, const struct user *now)
{
	int order;

	while (before != NULL || now != NULL) {
		order = before == NULL ? 1 : now == NULL ? -1 : strcmp(before->name, now->name);
		if (order < 0) {
			tell("user_deleted", before, NULL);
			before = before->next;
		} else if (order > 0) {
			tell("user_added", NULL, now);
			now = now->next;
		} else {
			if (!user_same(before, now))
				tell("user_changed", before, now);
			before = before->next;
			now = now->next;
		}
	}
}
