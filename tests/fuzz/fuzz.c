/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

bool fuzz_accepted;

struct span
fuzz_span(const uint8_t *data, size_t size)
{
	return (struct span){ data == NULL ? "" : (const char *)data, size };
}

void
fuzz_broken(const char *condition, const char *file, int line)
{
	(void)fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
	abort();
}
