/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzzers share. A promise that is broken ends the program, as a crash would. */
#ifndef POSTERN_TESTS_FUZZ_H
#define POSTERN_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PROMISE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

static inline struct span
fuzz_span(const uint8_t *data, size_t size)
{
	return (struct span){ (const char *)data, size };
}

#endif
