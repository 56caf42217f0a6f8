/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz - what every fuzz target has: its entry, its verdict, and what must always hold.
 *
 * A target is NAME.c with LLVMFuzzerTestOneInput(). fuzz_NAME feeds it inputs of libFuzzer's,
 * replay_NAME those of corpus/NAME. One thread.
 */
#ifndef POSTERN_TESTS_FUZZ_FUZZ_H
#define POSTERN_TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/* Run the parser on one input. Always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Did the parser accept the last input? Set by the target, so that a replay can hold it against
 * the name of the file. */
extern bool fuzz_accepted;

/* The input as a span; at is not NULL even when it is empty. */
struct span fuzz_span(const uint8_t *data, size_t size);

/* Prints the condition and aborts, which libFuzzer and ctest both count as a failure. */
_Noreturn void fuzz_broken(const char *condition, const char *file, int line);

/* Unlike assert(), in every build. */
#define MUST_HOLD(condition) ((condition) ? (void)0 : fuzz_broken(#condition, __FILE__, __LINE__))

#endif
