/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/gate/remedy.h"

#include "base/reason_page.h"
#include "proxy/gate/remedy_lack.h"
#include "proxy/gate/remedy_own.h"
#include "proxy/gate/remedy_policy.h"
#include "proxy/gate/remedy_token.h"

/* REASON_OK: nothing was refused, or the gate itself answered. */
static enum reason
reason_of(const struct remedy *remedy)
{
	const char *word = remedy_text(remedy, "reason");

	for (int i = REASON_OK + 1; word != NULL && i < REASON_COUNT; i++)
		if (strcmp(word, reason_word((enum reason)i)) == 0)
			return (enum reason)i;
	return REASON_OK;
}

bool
remedy_add(const struct snapshot *snapshot, json_t *said, struct arena *arena)
{
	struct remedy remedy = { snapshot, said, arena, json_array() };
	enum reason reason = reason_of(&remedy);
	struct reason_page page = { 0 };

	if (reason == REASON_OK) {
		remedy_own(&remedy);
	} else {
		page = reason_page_of(reason);
		remedy_token(&remedy, reason);
		remedy_lack(&remedy, reason);
		remedy_policy(&remedy, reason);
		if (json_array_size(remedy.list) == 0)
			remedy_say(&remedy, "%s", page.remedy);
	}
	return json_object_set_new(said, "cause",
		   page.cause == NULL ? json_null() : json_string(page.cause)) == 0 &&
	       json_object_set_new(said, "remedy", remedy.list) == 0;
}
