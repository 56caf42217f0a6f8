/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader - what the parts of policy.yaml share while they are read.
 *
 * Uses:   policy.
 * Pure:   yes.
 */
#ifndef POSTERN_POLICY_READER_H
#define POSTERN_POLICY_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/document.h"
#include "base/schema.h"
#include "policy/policy.h"

/* All borrowed. */
struct reader {
	struct policy *policy;
	const struct policy_names *names;
	struct arena *arena;
	struct mistakes *mistakes;
	bool failed; /* no memory somewhere: the policy must not be used */
};

/* arena_array() that notes the failure. NULL: no memory. */
MUST_CHECK void *reader_array(struct reader *reader, size_t count, size_t each_bytes);

/* The map of a section's entry; NULL for an empty entry ("name:"). schema_read() reports anything
 * else. Lent. */
const struct node *reader_map(const struct node *node);

/* The node of texts->at[i], for messages. Lent; never NULL when the texts were given. */
const struct node *reader_text_node(const struct texts *texts, size_t i);

/* Check a name that is written into headers and logs; reports mistakes. */
MUST_CHECK bool reader_name(struct reader *reader, const struct node *node);

/* Check the form of a pattern; reports mistakes. */
MUST_CHECK bool reader_pattern(struct reader *reader, const struct texts *texts, size_t i);

/* Is that text among them? */
bool reader_texts_hold(const struct texts *texts, const char *text);

#endif
