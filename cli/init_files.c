/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/init_files.h"

#include <string.h>

#include "base/span.h"
#include "cli/yaml_text.h"

const char *const init_files_names[] = { "postern.yaml", "policy.yaml", "cases.yaml", NULL };

static void
add_key(struct buffer *out, const char *key, const char *value)
{
	buffer_format(out, "%s: ", key);
	yaml_text_add(out, span_of(value));
	buffer_add_byte(out, '\n');
}

/* --- postern.yaml --- */

static void
add_head(struct buffer *out, const char *schema, const char *what)
{
	bool cases = strcmp(schema, "cases") == 0;

	buffer_format(out,
	    "# yaml-language-server: $schema=%s.schema.json\n"
	    "# %s\n"
	    "# Made by `postern init`; from now on it is yours to change. %s\n"
	    "# For help in an editor: postern schema %s > %s.schema.json\n\n",
	    schema, what,
	    cases ? "`postern test cases.yaml` tries it." : "`postern check` finds mistakes.",
	    schema, schema);
}

static void
add_audiences(const struct texts *audiences, struct buffer *out)
{
	if (audiences->count == 0) {
		buffer_add_text(out,
		    "    # Its access tokens do not say which API they are for, so the "
		    "condition below does.\n"
		    "    audience: any\n");
		return;
	}
	buffer_add_text(out, "    # A token must be meant for this API: its \"aud\" names one of "
			     "these.\n"
			     "    audience: [");
	for (size_t i = 0; i < audiences->count; i++) {
		buffer_add_text(out, i == 0 ? "" : ", ");
		yaml_text_add(out, span_of(audiences->at[i]));
	}
	buffer_add_text(out, "]\n");
}

static void
add_keys(const struct init_answers *answers, struct buffer *out)
{
	if (answers->jwks_uri != NULL || answers->jwks_file != NULL)
		buffer_add_text(out, "    # The keys that verify its tokens.\n");
	if (answers->jwks_uri != NULL)
		add_key(out, "    jwks_uri", answers->jwks_uri);
	if (answers->jwks_file != NULL)
		add_key(out, "    jwks_file", answers->jwks_file);
	if (answers->ca_file == NULL)
		return;
	buffer_add_text(out, "    # Who may sign the certificate of the provider's server.\n"
			     "    jwks: {ca_file: ");
	yaml_text_quoted(out, span_of(answers->ca_file));
	buffer_add_text(out, "}\n");
}

static void
add_trusted_issuer(const struct init_answers *answers, struct buffer *out)
{
	const struct init_provider *provider = answers->provider;

	buffer_format(out,
	    "# Whose tokens count. \"%s\" is the name that policy.yaml uses.\n"
	    "issuers:\n"
	    "  %s:\n"
	    "    # Where this provider puts scopes, roles and groups in its tokens is known.\n"
	    "    provider: %s\n"
	    "    # The \"iss\" of its tokens, exactly, to the last slash.\n",
	    provider->entry, provider->entry, provider->preset);
	add_key(out, "    issuer", answers->issuer);
	add_audiences(&answers->audiences, out);
	if (provider->require != NULL) {
		buffer_add_text(out, "    # A token must also have this claim.\n"
				     "    require: {");
		init_provider_fill_yaml(provider->require, answers->parts, out);
		buffer_add_text(out, "}\n");
	}
	add_keys(answers, out);
}

static void
add_local_issuer(const struct init_answers *answers, struct buffer *out)
{
	buffer_add_text(out,
	    "# The gate issues the tokens itself, to clients made with "
	    "`postern client add`.\n"
	    "local_issuer:\n"
	    "  # The \"iss\" of the tokens. Clients get them at /oauth/token below "
	    "it, so callers must\n"
	    "  # reach the gate by this URL.\n");
	add_key(out, "  issuer", answers->issuer);
	buffer_add_text(out, "  # The \"aud\" of the tokens: which API they are for.\n");
	add_key(out, "  audience", answers->audiences.at[0]);
}

void
init_files_config(const struct init_answers *answers, struct buffer *out)
{
	bool local = answers->provider->preset == NULL;

	add_head(
	    out, "config", "The gate: where it listens, what it protects, whose tokens count.");
	buffer_add_text(out, "# Where callers reach the gate. 127.0.0.1 is this machine alone, "
			     "0.0.0.0 every network of it.\n"
			     "listen:\n");
	add_key(out, "  address", answers->listen);
	buffer_add_text(out, "\n# Health and metrics, for you alone: keep callers away from it.\n"
			     "admin:\n");
	add_key(out, "  address", answers->admin);
	buffer_add_text(
	    out, "\n# Your API. Nobody but the gate should be able to reach it directly.\n");
	add_key(out, "upstream", answers->upstream);
	buffer_add_text(out, "\n# Who may call what.\n"
			     "policy: policy.yaml\n\n");
	buffer_format(out,
	    "# A directory for %s.\n# It is made at the first start.\nstate: state\n\n",
	    local ? "the gate's signing keys and its database of clients"
		  : "the provider's keys, so that they outlive a restart");
	if (local)
		add_local_issuer(answers, out);
	else
		add_trusted_issuer(answers, out);
}

/* --- policy.yaml --- */

void
init_files_policy(const struct init_answers *answers, struct buffer *out)
{
	const struct init_provider *provider = answers->provider;

	add_head(out, "policy", "The policy: who may call what.");
	if (provider->preset == NULL) {
		buffer_add_text(out,
		    "# A role is a name that callers can hold. This one is given to "
		    "clients by command:\n"
		    "# postern client add NAME --role " INIT_FILES_ROLE "\n"
		    "roles:\n"
		    "  " INIT_FILES_ROLE ": {}\n");
	} else {
		buffer_format(out,
		    "# A role is a name that callers can hold. Each line below it says whose token "
		    "gives it; one\n"
		    "# line that fits is enough. Change this one to what your tokens have.\n"
		    "roles:\n"
		    "  " INIT_FILES_ROLE ":\n"
		    "    granted_to:\n"
		    "      - {issuer: %s, ",
		    provider->entry);
		init_provider_fill_yaml(provider->grant, answers->parts, out);
		buffer_add_text(out, "}\n");
	}
	buffer_add_text(out,
	    "\n# A module is an API behind the gate. \"/*\" is every path.\n"
	    "modules:\n"
	    "  api:\n"
	    "    paths: [\"/*\"]\n"
	    "\n# A privilege lets roles use methods of a module. What no privilege "
	    "covers is refused.\n"
	    "privileges:\n"
	    "  read_api:\n"
	    "    description: Read everything\n"
	    "    modules: [api]\n"
	    "    # HEAD goes with GET. Without this line it is every method.\n"
	    "    methods: [GET]\n"
	    "    # Any one of these roles is enough.\n"
	    "    roles: [" INIT_FILES_ROLE "]\n"
	    "\n# What happens to all other paths.\n"
	    "default: deny\n");
}

/* --- cases.yaml --- */

static void
add_case(struct buffer *out, const char *name, const char *request)
{
	buffer_format(out, "  - name: %s\n    request: %s\n", name, request);
}

/* A token of the provider with the claims of that template, or a client with or without the role.
 */
static void
add_caller(const struct init_answers *answers, bool may, struct buffer *out)
{
	const struct init_provider *provider = answers->provider;

	if (provider->preset == NULL) {
		buffer_format(out, "    caller: {client: " INIT_FILES_CLIENT "%s}\n",
		    may ? ", roles: [" INIT_FILES_ROLE "]" : "");
		return;
	}
	buffer_format(out, "    caller: {issuer: %s, claims: {", provider->entry);
	init_provider_fill_yaml(may ? provider->claims : provider->without, answers->parts, out);
	buffer_add_text(out, "}}\n");
}

void
init_files_cases(const struct init_answers *answers, struct buffer *out)
{
	bool local = answers->provider->preset == NULL;

	add_head(out, "cases", "What the policy is to allow and to refuse.");
	buffer_add_text(out, "cases:\n");
	add_case(out, "a reader reads", "GET /hello");
	add_caller(answers, true, out);
	buffer_add_text(out, "    expect: allow\n"
			     "    privilege: read_api\n"
			     "    role: " INIT_FILES_ROLE "\n");
	add_case(out, "a reader does not write", "POST /hello");
	add_caller(answers, true, out);
	buffer_add_text(out, "    expect: method_not_granted\n");
	add_case(out, "somebody else does not read", "GET /hello");
	add_caller(answers, false, out);
	buffer_format(
	    out, "    expect: %s\n", local ? "privilege_missing" : answers->provider->refusal);
	add_case(out, "nobody gets in without a token", "GET /hello");
	buffer_add_text(out, "    caller: anonymous\n"
			     "    expect: credentials_missing\n");
}
