/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remedy_say - a list of remedies while it is made: one sentence each, with the names and places
 * of the configuration.
 *
 * Uses:   snapshot, base (arena, json). For remedy.c and its parts only.
 * Pure:   yes (allocates).
 */
#ifndef POSTERN_PROXY_GATE_REMEDY_SAY_H
#define POSTERN_PROXY_GATE_REMEDY_SAY_H

#include "base/arena.h"
#include "base/check.h"
#include "base/json.h"
#include "proxy/gate/snapshot.h"

/* What is asked, and the answer so far. All borrowed. */
struct remedy {
	const struct snapshot *snapshot; /* what is configured now; its services may be NULL */
	const json_t *said;              /* as explain_json() and recent_keep_json() have it */
	struct arena *arena;
	json_t *list;
};

/* Append a sentence. What is outside text belongs in quotes, where others would see it, too. */
void remedy_say(const struct remedy *remedy, const char *format, ...) PRINTF_LIKE(2, 3);

/* That a proxy in front may be why: what counts until it is trusted. */
void remedy_say_proxies(const struct remedy *remedy, const char *what);

/* A member of what was said; NULL: it is no text. */
const char *remedy_text(const struct remedy *remedy, const char *key);

/* The issuer that the token names; NULL: none, or it is not configured any more. */
const struct trusted_issuer *remedy_issuer(const struct remedy *remedy);

/* The module and the privilege that were found; NULL: none, or it is not configured any more. */
const struct module *remedy_module(const struct remedy *remedy);
const struct privilege *remedy_privilege(const struct remedy *remedy);

/* "FILE:LINE" of a key of that map; of the map itself where it has no such key. Lent by the arena,
 * or static. */
const char *remedy_place(const struct remedy *remedy, const struct node *map, const char *key);

/* The issuers that are trusted: `okta (https://…), local (http://…)`, the first few. Lent by the
 * arena, or static. */
const char *remedy_issuers(const struct remedy *remedy);

/* Texts in quotes with commas, the first few: `"a", "b"`. Lent by the arena, or static. */
const char *remedy_list(const struct remedy *remedy, const struct texts *texts);

#endif
