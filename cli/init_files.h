/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init_files - the texts of the three files that `postern init` makes of the answers.
 *
 * Uses:   init_provider, yaml_text, base.
 * Pure:   yes (allocates).
 *
 * No answer can become more than the scalar it stands in, and no comment repeats one.
 */
#ifndef POSTERN_CLI_INIT_FILES_H
#define POSTERN_CLI_INIT_FILES_H

#include "base/buffer.h"
#include "base/schema.h"
#include "cli/init_provider.h"

/* What was answered; texts are borrowed. */
struct init_answers {
	const struct init_provider *provider;
	const char *parts[INIT_PARTS];              /* NULL: not needed */
	const char *issuer;                         /* `iss`; of the local issuer, too */
	const char *jwks_uri, *jwks_file, *ca_file; /* NULL: none */
	struct texts audiences;                     /* none: its tokens have no `aud` */
	const char *upstream, *listen, *admin;
};

/* The names of the files, ended by NULL. */
extern const char *const init_files_names[];

/* Names in the files, which the commands to be typed next use as well. */
#define INIT_FILES_ROLE "reader"
#define INIT_FILES_CLIENT "my_app"

/* Append postern.yaml. */
void init_files_config(const struct init_answers *answers, struct buffer *out);

/* Append policy.yaml: every path of the upstream, to be read by one role. */
void init_files_policy(const struct init_answers *answers, struct buffer *out);

/* Append cases.yaml, which that policy passes. */
void init_files_cases(const struct init_answers *answers, struct buffer *out);

#endif
