/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init_settle - one answer of `postern init`, wherever it comes from.
 *
 * Uses:   init_ask, init_files (struct init_answers), command, base.
 * Shell:  standard input and standard error.
 */
#ifndef POSTERN_CLI_INIT_SETTLE_H
#define POSTERN_CLI_INIT_SETTLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "cli/init_files.h"

/* Everything that is known. Set `arena`, `asking` and what options gave, and zero the rest. */
struct init_questions {
	struct arena *arena; /* lends what is asked for */
	bool asking;         /* somebody is at the terminal */
	const char *folder, *provider;
	struct init_answers answers;
	size_t wrong; /* answers that are missing or do not fit, all reported */
	bool ended;   /* nothing more can be asked */
};

/* One answer that is needed. Texts are borrowed. */
struct init_settle_question {
	const char *option;    /* that gives it */
	const char *text;      /* for somebody at the terminal; NULL: they are not asked */
	const char *otherwise; /* the answer without one; NULL: it is needed */
	/* As init_ask.h has it; the context is the struct init_questions. */
	bool (*fits)(const void *questions, const char *answer, struct err *reterr);
	bool or_issuer; /* --issuer would do as well */
};

/* What an option gave (*value is not NULL) must fit. What none gave is asked for; who cannot be
 * asked has the default, or must give the option. What is wrong is reported and counted. */
void init_settle(struct init_questions *questions, const struct init_settle_question *question,
    const char **value);

/* Report and count something that is wrong. */
void init_settle_wrong(struct init_questions *questions, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
