/* SPDX-License-Identifier: Apache-2.0 */
#include "jwks/algorithm.h"

#include <stdbool.h>

#include "base/nearest.h"

struct row {
	const char *name;
	enum key_type type;
	enum key_curve curve;
};

#define ALGORITHM_ROW(name, type, curve, digest, pss, bytes) { #name, type, curve },
static const struct row rows[] = { ALGORITHM_TABLE(ALGORITHM_ROW) };
#undef ALGORITHM_ROW

enum algorithm
algorithm_find(struct span name)
{
	int algorithm = 0;

	/* RFC 9864 section 2.2 names the EdDSA of RFC 8037 by its curve; Ed25519 is the only one
	 * supported. */
	if (span_is(name, "Ed25519"))
		return ALGORITHM_EdDSA;
	while (algorithm < ALGORITHM_COUNT && !span_is(name, rows[algorithm].name))
		algorithm++;
	return (enum algorithm)algorithm;
}

const char *
algorithm_nearest(struct span typed)
{
	struct nearest nearest = nearest_to(typed);

	if (span_equal_nocase(span_slice(typed, 0, 2), SPAN("HS")))
		return NULL;
	for (int i = 0; i < ALGORITHM_COUNT; i++)
		nearest_offer(&nearest, rows[i].name);
	return nearest.word;
}

const char *
algorithm_name(enum algorithm algorithm)
{
	return rows[algorithm].name;
}

enum key_type
algorithm_key_type(enum algorithm algorithm)
{
	return rows[algorithm].type;
}

enum key_curve
algorithm_curve(enum algorithm algorithm)
{
	return rows[algorithm].curve;
}
