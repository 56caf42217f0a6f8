/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init_ask - a question on the terminal, asked until the answer is one.
 *
 * Uses:   base (arena, err).
 * Shell:  standard input, a byte at a time; standard error.
 * Limits: INIT_ASK_MAX bytes of an answer.
 */
#ifndef POSTERN_CLI_INIT_ASK_H
#define POSTERN_CLI_INIT_ASK_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"

#define INIT_ASK_MAX 1024

/* One question. Texts are borrowed. */
struct init_ask {
	const char *text;      /* without a colon at its end */
	const char *otherwise; /* the answer of who just presses Enter; NULL: there is none */
	/* Is that an answer? False: the rule that it breaks. */
	bool (*fits)(const void *context, const char *answer, struct err *reterr);
	const void *context;
};

/* Can somebody be asked: are standard input and standard error a terminal? */
bool init_ask_possible(void);

/* Ask, and again with the rule that was broken until it is kept. The answer has no blanks around it
 * and is lent by the arena. False: the input has ended, or there is trouble. */
MUST_CHECK bool init_ask(const struct init_ask *question, struct arena *arena,
    const char **ret_answer, struct err *reterr);

#endif
