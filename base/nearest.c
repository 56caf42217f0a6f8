/* SPDX-License-Identifier: Apache-2.0 */
#include "base/nearest.h"

#include <stdio.h>

#define FARTHEST 3 /* further away it is another word */
#define START_MIN 4

static char
fold(char byte)
{
	if (byte >= 'A' && byte <= 'Z')
		return (char)(byte - 'A' + 'a');
	return (char)(byte == '-' ? '_' : byte);
}

static bool
same(struct span a, size_t i, struct span b, size_t j)
{
	return fold(a.at[i]) == fold(b.at[j]);
}

static size_t
min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Letters to change, add, drop or swap with a neighbour to make `b` of `a` (optimal string
 * alignment): three rows of the table of all their beginnings. */
static size_t
distance(struct span a, struct span b)
{
	size_t rows[3][NEAREST_WORD + 1];

	for (size_t j = 0; j <= b.len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *higher = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			row[j] = min(row[j - 1], above[j]) + 1;
			row[j] = min(row[j], above[j - 1] + !same(a, i - 1, b, j - 1));
			if (i > 1 && j > 1 && same(a, i - 1, b, j - 2) && same(a, i - 2, b, j - 1))
				row[j] = min(row[j], higher[j - 2] + 1);
		}
	}
	return rows[a.len % 3][b.len];
}

static bool
is_start(struct span typed, struct span word)
{
	return typed.len >= START_MIN && typed.len < word.len &&
	       span_equal_nocase(typed, span_slice(word, 0, typed.len));
}

struct nearest
nearest_to(struct span typed)
{
	return (struct nearest){ .typed = typed, .away = FARTHEST + 2 };
}

void
nearest_offer(struct nearest *nearest, const char *word)
{
	struct span known = span_of(word);
	size_t away, max = min(FARTHEST, (known.len + 3) / 4);

	if (nearest->typed.len > NEAREST_WORD || known.len > NEAREST_WORD || known.len == 0)
		return;
	away = distance(nearest->typed, known);
	if (away > max || away >= known.len)
		away = is_start(nearest->typed, known) ? FARTHEST + 1 : FARTHEST + 2;
	if (away >= nearest->away)
		return;
	nearest->away = away;
	nearest->word = word;
}

const char *
nearest_word(struct span typed, const char *const *words)
{
	struct nearest nearest = nearest_to(typed);

	for (size_t i = 0; words[i] != NULL; i++)
		nearest_offer(&nearest, words[i]);
	return nearest.word;
}

const char *
nearest_hint(const struct nearest *nearest, char out[NEAREST_HINT])
{
	out[0] = '\0';
	if (nearest->word != NULL)
		(void)snprintf(out, NEAREST_HINT, "; did you mean \"%s\"?", nearest->word);
	return out;
}
