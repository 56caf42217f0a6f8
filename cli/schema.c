/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/cors.h"
#include "cli/command.h"
#include "cli/json_schema.h"
#include "cli/policy_case.h"
#include "policy/backend.h"
#include "policy/credential_places.h"
#include "policy/module.h"
#include "policy/privilege.h"
#include "policy/rate_read.h"
#include "policy/role.h"

#define SECTIONS_MAX 64

static const struct schema_section policy_sections[] = {
	{ "", policy_fields },
	{ "/roles/NAME", role_fields },
	{ "/roles/NAME/granted_to/-", grant_fields },
	{ "/modules/NAME", module_fields },
	{ "/modules/NAME/upstream", backend_fields },
	{ "/modules/NAME/upstream/tls", backend_tls_fields },
	{ "/modules/NAME/upstream/health_check", backend_check_fields },
	{ "/modules/NAME/cors", cors_fields },
	{ "/modules/NAME/credentials", credential_places_fields },
	{ "/modules/NAME/rate", rate_read_fields },
	{ "/privileges/NAME", privilege_fields },
	{ "/privileges/NAME/rate", rate_read_fields },
	{ NULL, NULL },
};

/* The sections of postern.yaml, and the entries of its lists. */
static json_t *
config_schema(void)
{
	struct schema_section sections[SECTIONS_MAX] = { { "/listen/tls/certificates/-",
	    config_tls_pair_schema() } };
	size_t count = 1;

	for (const struct schema_section *section = config_sections();
	    section->pointer != NULL && count + 1 < SECTIONS_MAX; section++)
		sections[count++] = *section;
	return json_schema(sections, "postern.yaml");
}

enum schema_verb { VERB_CONFIG, VERB_POLICY, VERB_CASES };

static const struct command_verb verbs[] = {
	[VERB_CONFIG] = { "config", "", "the schema of postern.yaml" },
	[VERB_POLICY] = { "policy", "", "the schema of the policy file" },
	[VERB_CASES] = { "cases", "", "the schema of a file of cases" },
	{ NULL, NULL, NULL },
};

static const struct command_option no_options[] = { { .name = NULL } };

static json_t *
schema_of(enum schema_verb verb)
{
	if (verb == VERB_CASES)
		return json_schema(policy_case_sections, "cases.yaml");
	return verb == VERB_CONFIG ? config_schema() : json_schema(policy_sections, "policy.yaml");
}

static int
print(enum schema_verb verb)
{
	json_t *schema = schema_of(verb);
	bool done = schema != NULL && json_dumpf(schema, stdout, JSON_INDENT(2)) == 0 &&
		    putchar('\n') == '\n' && fflush(stdout) == 0;

	json_decref(schema);
	return done ? EXIT_YES : command_trouble("schema: standard output cannot be written");
}

static int
run_line(int argc, char **argv)
{
	struct command_line line = { .config = NULL };
	int code;

	if (options_read(&schema_command, (struct arguments){ argc, argv }, &line, &code))
		code = print((enum schema_verb)line.verb);
	options_done(&line);
	return code;
}

const struct command schema_command = {
	.name = "schema",
	.help = "print a JSON Schema of a file, for editors",
	.verbs = verbs,
	.options = no_options,
	.run = run_line,
};
