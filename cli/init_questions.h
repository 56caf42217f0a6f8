/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init_questions - what `postern init` must know: each answer comes from an option, from somebody
 * at the terminal, or from a default, and is checked the same way.
 *
 * Uses:   init_settle, init_fits, init_files (struct init_answers), init_next,
 *         token (issuer_lint), proxy (config: address), base.
 * Shell:  standard input and standard error, the file system.
 */
#ifndef POSTERN_CLI_INIT_QUESTIONS_H
#define POSTERN_CLI_INIT_QUESTIONS_H

#include <stdbool.h>

#include "base/check.h"
#include "cli/init_settle.h"

/*
 * Complete it. False: what is missing or does not fit was reported on standard error, one line
 * each.
 */
MUST_CHECK bool init_questions_answer(struct init_questions *questions);

/* The answer to init_questions_issuer() that means: do not ask the provider. */
#define INIT_QUESTIONS_OFFLINE "offline"

/* Ask for another issuer, after that one turned out to be wrong, or for INIT_QUESTIONS_OFFLINE,
 * which *ret_answer is then. False: reported. */
MUST_CHECK bool init_questions_issuer(struct init_questions *questions, const char **ret_answer);

#endif
