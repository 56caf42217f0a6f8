/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init_next - the commands to be typed once `postern init` has made its files.
 *
 * Uses:   init_files (struct init_answers), proxy (config: address), base.
 * Pure:   yes (allocates).
 */
#ifndef POSTERN_CLI_INIT_NEXT_H
#define POSTERN_CLI_INIT_NEXT_H

#include "base/buffer.h"
#include "cli/init_files.h"

/* What the commands are made of; borrowed. */
struct init_next {
	const struct init_answers *answers;
	const char *program; /* how this program is called */
	const char *config;  /* the path of postern.yaml; NULL: the default one */
};

/* Append the URL at which this machine reaches a listener: of a wildcard address, the loopback
 * address. */
void init_next_url(const char *listen, struct buffer *out);

/* Append three lines for a shell, each indented. */
void init_next_lines(const struct init_next *next, struct buffer *out);

#endif
