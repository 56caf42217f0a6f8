/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nearest - which known word an unknown one was probably meant to be ("did you mean").
 *
 * Uses:   span.
 * Pure:   yes. This only chooses a hint: a near word is never accepted.
 * Limits: words of more than NEAREST_WORD bytes are near nothing.
 */
#ifndef POSTERN_BASE_NEAREST_H
#define POSTERN_BASE_NEAREST_H

#include <stddef.h>

#include "base/span.h"

#define NEAREST_WORD 64
#define NEAREST_HINT 96

/* The search for one typed word. Texts are borrowed. */
struct nearest {
	struct span typed;
	const char *word; /* the nearest one so far; NULL: none is near */
	size_t away;      /* of `word` */
};

/* Begin a search, with nothing found. */
struct nearest nearest_to(struct span typed);

/*
 * Add a candidate. It is near if at most a quarter of its letters (rounded up), and at most three,
 * must be changed, added, dropped or swapped with a neighbour; upper and lower case, and "-" and
 * "_", count as equal. A word that starts with the typed text (four letters or more) is also near,
 * but less so. Of equally near words, the first one offered wins.
 */
void nearest_offer(struct nearest *nearest, const char *word);

/* The nearest of `words` (the last one is NULL), or NULL. */
const char *nearest_word(struct span typed, const char *const *words);

/* "; did you mean \"WORD\"?" in `out`, or "" when nothing is near. Returns `out`. */
const char *nearest_hint(const struct nearest *nearest, char out[NEAREST_HINT]);

#endif
