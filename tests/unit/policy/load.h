/* SPDX-License-Identifier: Apache-2.0 */
/* load - a policy from a text, with two issuers and a local one. */
#ifndef POSTERN_TESTS_POLICY_LOAD_H
#define POSTERN_TESTS_POLICY_LOAD_H

#include "cases.h"

#include "base/buffer.h"
#include "policy/policy.h"

#define LOAD_BYTES ((size_t)64 << 20)

struct load {
	struct arena arena;
	struct mistakes mistakes;
	struct trusted_issuer trusted_issuers[3]; /* okta, entra, local */
	struct policy_names names;
	struct policy policy;
};

static inline void
load_init(struct load *load)
{
	static const char *claim[] = { "/claim" };

	*load = (struct load){ 0 };
	arena_init(&load->arena, LOAD_BYTES);
	load->mistakes.arena = &load->arena;
	load->trusted_issuers[0].name = "okta";
	load->trusted_issuers[1].name = "entra";
	load->trusted_issuers[2].name = "local";
	for (int i = 0; i < 2; i++)
		load->trusted_issuers[i].claims.scopes = load->trusted_issuers[i].claims.groups =
		    load->trusted_issuers[i].claims.roles =
			(struct texts){ .at = claim, .count = 1 };
	load->names = (struct policy_names){ .trusted_issuers = load->trusted_issuers,
		.trusted_issuer_count = 3,
		.local_issuer = "local" };
}

static inline void
load_done(struct load *load)
{
	arena_done(&load->arena);
}

/* Read it, mistakes and all. */
static inline void
load_read(struct load *load, struct span text)
{
	struct node *root = NULL;

	if (document_parse(text, "policy.yaml", &load->mistakes, &root))
		policy_read(root, &load->names, &load->policy, &load->mistakes);
}

/* Read one that must be without mistakes. */
static inline void
load_good(struct load *load, struct span text)
{
	load_init(load);
	load_read(load, text);
	for (struct mistake *mistake = load->mistakes.first; mistake != NULL;
	    mistake = mistake->next)
		if (!mistake->warning)
			fail_msg("%s", mistake->text);
	assert_int_equal(load->mistakes.errors, 0);
}

/* All mistakes and warnings, one a line. */
static inline void
load_told(const struct load *load, struct buffer *buffer)
{
	buffer_init(buffer, 1 << 20);
	for (const struct mistake *mistake = load->mistakes.first; mistake != NULL;
	    mistake = mistake->next)
		buffer_format(buffer, "%s%s\n", mistake->warning ? "warning " : "", mistake->text);
	buffer_add_byte(buffer, '\n');
}

/* The bytes of a file of tests/cases, owned by the buffer. */
static inline void
load_file(struct buffer *buffer, const char *name)
{
	char path[4096], chunk[4096];
	FILE *file;
	size_t len;

	(void)snprintf(path, sizeof(path), "%s/%s", CASES, name);
	file = fopen(path, "r");
	if (file == NULL)
		fail_msg("%s: cannot be opened", path);
	buffer_init(buffer, LOAD_BYTES);
	while ((len = fread(chunk, 1, sizeof(chunk), file)) > 0)
		buffer_add(buffer, (struct span){ chunk, len });
	(void)fclose(file);
	assert_false(buffer->failed);
}

#endif
