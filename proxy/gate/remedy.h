/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remedy - the cause of a refusal, and what to do about it, in words for who meets it for the first
 * time: with the names, values and places of this configuration, and where nothing of it matters
 * with the words of the reason's page.
 *
 * Uses:   remedy_token, remedy_lack, remedy_policy, remedy_own, base (reason_page).
 * Pure:   yes (allocates), but for the state of an issuer's keys, which is read.
 */
#ifndef POSTERN_PROXY_GATE_REMEDY_H
#define POSTERN_PROXY_GATE_REMEDY_H

#include "base/arena.h"
#include "base/check.h"
#include "base/json.h"
#include "proxy/gate/snapshot.h"

/*
 * Add the members `cause` (a text; null where nothing was refused) and `remedy` (a list of texts)
 * to an object as explain_json() or recent_keep_json() gives it.
 *
 * snapshot  what is configured now; of a configuration alone it may be, too.
 * False: no memory.
 */
MUST_CHECK bool remedy_add(const struct snapshot *snapshot, json_t *said, struct arena *arena);

#endif
