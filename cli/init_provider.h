/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init_provider - the identity providers that `postern init` knows, as one table: how the issuer of
 * each is made of what its console shows, and what a first policy can ask of its tokens.
 *
 * Uses:   yaml_text, token (provider), base.
 * Pure:   yes (allocates).
 *
 * Templates: "{realm}" stands for an answer. "{region}" is the pool's id up to its "_",
 * "{instance}" the first label of the domain.
 */
#ifndef POSTERN_CLI_INIT_PROVIDER_H
#define POSTERN_CLI_INIT_PROVIDER_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/span.h"

/* What is asked for besides the issuer, because the issuer or a condition is made of it. */
enum init_part {
	INIT_DOMAIN,
	INIT_TENANT,
	INIT_REALM,
	INIT_POOL,
	INIT_CLIENT,
	INIT_EMAIL,
	INIT_REPOSITORY,
	INIT_PROJECT,
	INIT_PARTS
};

/* One provider. Texts are static; NULL where it has none. */
struct init_provider {
	const char *name;     /* as --provider takes it */
	const char *preset;   /* `provider` of postern.yaml; NULL: the local issuer */
	const char *entry;    /* its key below `issuers` */
	const char *issuer;   /* template; NULL: it must be given */
	const char *example;  /* of an issuer */
	const char *jwks_uri; /* template, where discovery does not lead to the keys */
	const char *audience; /* an example of one; NULL: its tokens have none */
	const char *require;  /* template of YAML: what every token needs, for it has many owners */
	const char *grant;    /* template of YAML: a line of granted_to, without the issuer */
	const char *claims;   /* template of YAML: claims of a token to which that line fits */
	const char *without;  /* of one to which it does not */
	const char *refusal;  /* the reason then */
	const char *asks;     /* template: what a token needs, in words */
	const char *page;     /* of the manual: how to set up the provider */
	bool elsewhere; /* `issuer` is only the usual one: it also runs on servers of one's own */
	bool private_keys; /* the key set of the usual one needs credentials */
};

/* The words of --provider, in the order of the table; NULL at the end. */
extern const char *const init_provider_words[];

/* NULL: there is none of that name. */
const struct init_provider *init_provider_find(struct span name);

/* Which name was probably meant, also by another name of the provider; NULL: none is near. */
const char *init_provider_nearest(struct span name);

/* The name of a part, as in "{realm}" and "--realm". */
const char *init_provider_part(enum init_part part);

/* Does the template need that part? Accepts NULL. */
bool init_provider_needs(const char *template, enum init_part part);

/* Append the template with its parts filled in, as they are. A part that is NULL is empty. */
void init_provider_fill(
    const char *template, const char *const parts[INIT_PARTS], struct buffer *out);

/* The same for a template of YAML: each part becomes a scalar. */
void init_provider_fill_yaml(
    const char *template, const char *const parts[INIT_PARTS], struct buffer *out);

#endif
