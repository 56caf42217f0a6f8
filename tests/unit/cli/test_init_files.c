/* SPDX-License-Identifier: Apache-2.0 */
/* The files of every provider and of hostile answers: YAML with the keys that are meant, and no
 * more. */
#include "said.h"

#include "base/document.h"
#include "cli/init_files.h"

static const char *const hostile[] = {
	"plain",
	"a\"b",
	"it's",
	"a # b",
	"a: b",
	"x\npublic: [\"/*\"]",
	"x\r\ndefault: public",
	"], require: {}, x: [",
	"}\npublic: [\"/*\"]\n#",
	"*x",
	"&x",
	"!!binary x",
	"- a",
	"%YAML 1.2",
	"---",
	"...",
	"{domain}",
	"\\n",
	"\xc3\xa4\xe2\x80\xa9\xf0\x9f\x98\x80",
	"true",
	"null",
	"0x10",
};

struct parsed {
	struct arena arena;
	struct mistakes mistakes;
	struct buffer text;
	struct node *root;
};

static void
parse(struct parsed *parsed, const struct init_answers *answers,
    void (*make)(const struct init_answers *, struct buffer *))
{
	*parsed = (struct parsed){ .root = NULL };
	buffer_init(&parsed->text, 65536);
	arena_init(&parsed->arena, 1 << 20);
	parsed->mistakes.arena = &parsed->arena;
	make(answers, &parsed->text);
	assert_false(parsed->text.failed);
	assert_true(
	    document_parse(buffer_span(&parsed->text), "f.yaml", &parsed->mistakes, &parsed->root));
	if (parsed->mistakes.errors > 0)
		fail_msg("%s\n%s", parsed->mistakes.first->text, parsed->text.at);
	assert_non_null(parsed->root);
}

static void
done(struct parsed *parsed)
{
	arena_done(&parsed->arena);
	buffer_done(&parsed->text);
}

/* Exactly these keys, in this order. */
static void
assert_keys(const struct node *map, const char *want)
{
	char keys[512] = "";

	assert_non_null(map);
	for (const struct node *node = map->first; node != NULL; node = node->next) {
		size_t len = strlen(keys);

		(void)snprintf(keys + len, sizeof(keys) - len, "%s%.*s", len == 0 ? "" : " ",
		    SPAN_ARG(node->key));
	}
	assert_string_equal(keys, want);
}

static bool
is(const struct node *map, const char *key, const char *text)
{
	const struct node *node = document_get(map, key);

	return node != NULL && node->kind == NODE_SCALAR && span_is(node->text, text);
}

static void
assert_policy(const struct init_answers *answers, const char *answer)
{
	const struct init_provider *provider = answers->provider;
	const struct node *role, *line;
	struct parsed policy;

	parse(&policy, answers, init_files_policy);
	assert_keys(policy.root, "roles modules privileges default");
	assert_true(is(policy.root, "default", "deny"));
	role = document_get(document_get(policy.root, "roles"), INIT_FILES_ROLE);
	assert_non_null(role);
	if (provider->preset == NULL) {
		assert_int_equal(role->count, 0);
	} else {
		line = document_get(role, "granted_to")->first;
		assert_true(line->next == NULL && line->count >= 2);
		assert_true(is(line, "issuer", provider->entry));
		if (document_get(line, "equals") != NULL &&
		    strcmp(provider->name, "kubernetes") != 0)
			assert_true(is(line, "equals", answer));
	}
	done(&policy);
}

static void
assert_cases(const struct init_answers *answers)
{
	struct parsed cases;

	parse(&cases, answers, init_files_cases);
	assert_keys(cases.root, "cases");
	assert_int_equal(document_get(cases.root, "cases")->count, 4);
	for (const struct node *one = document_get(cases.root, "cases")->first; one != NULL;
	    one = one->next)
		assert_true(one->count >= 4 && one->count <= 6);
	done(&cases);
}

static void
assert_config(const struct init_answers *answers, const char *answer)
{
	bool local = answers->provider->preset == NULL;
	const struct node *issuer;
	struct parsed config;

	parse(&config, answers, init_files_config);
	assert_keys(config.root, local ? "listen admin upstream policy state local_issuer"
				       : "listen admin upstream policy state issuers");
	assert_keys(document_get(config.root, "listen"), "address");
	assert_true(is(config.root, "upstream", answer));
	if (local) {
		issuer = document_get(config.root, "local_issuer");
		assert_keys(issuer, "issuer audience");
		assert_true(is(issuer, "audience", answer));
	} else {
		issuer = document_get(config.root, "issuers");
		assert_keys(issuer, answers->provider->entry);
		issuer = issuer->first;
		assert_keys(issuer, answers->provider->require == NULL
					? "provider issuer audience jwks_uri jwks"
					: "provider issuer audience require jwks_uri jwks");
		assert_true(span_is(document_get(issuer, "audience")->first->text, answer));
		assert_keys(document_get(issuer, "jwks"), "ca_file");
		assert_true(is(document_get(issuer, "jwks"), "ca_file", answer));
		assert_true(is(issuer, "jwks_uri", answer));
	}
	assert_true(is(issuer, "issuer", answer));
	done(&config);
}

static void
no_answer_is_more_than_a_scalar(void **state)
{
	(void)state;
	for (size_t p = 0; init_provider_words[p] != NULL; p++)
		for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
			const char *answer = hostile[i];
			struct init_answers answers = { .provider = init_provider_find(
							    span_of(init_provider_words[p])),
				.parts = { answer, answer, answer, answer, answer, answer, answer,
				    answer },
				.issuer = answer,
				.jwks_uri = answer,
				.ca_file = answer,
				.audiences = { .at = &answer, .count = 1 },
				.upstream = answer,
				.listen = answer,
				.admin = answer };

			assert_config(&answers, answer);
			assert_policy(&answers, answer);
			assert_cases(&answers);
		}
}

static void
without_an_audience_it_is_any(void **state)
{
	const struct init_answers answers = { .provider = init_provider_find(SPAN("cognito")),
		.parts = { [INIT_POOL] = "eu_x", [INIT_CLIENT] = "c" },
		.issuer = "https://idp.example",
		.upstream = "http://127.0.0.1:9",
		.listen = "127.0.0.1:1",
		.admin = "127.0.0.1:2" };
	const struct node *issuer;
	struct parsed config;

	(void)state;
	parse(&config, &answers, init_files_config);
	issuer = document_get(document_get(config.root, "issuers"), "cognito");
	assert_keys(issuer, "provider issuer audience require");
	assert_true(is(issuer, "audience", "any"));
	assert_true(
	    span_is(document_get(document_get(issuer, "require"), "/client_id")->first->text, "c"));
	done(&config);
}

/* Editors look for the schema in the first line. */
static void
the_first_line_names_the_schema(void **state)
{
	const struct init_answers answers = { .provider = init_provider_find(SPAN("other")),
		.issuer = "https://idp.example" };
	struct parsed parsed;

	(void)state;
	parse(&parsed, &answers, init_files_policy);
	assert_true(span_starts(buffer_span(&parsed.text),
	    SPAN("# yaml-language-server: $schema=policy.schema.json\n")));
	done(&parsed);
	parse(&parsed, &answers, init_files_config);
	assert_true(span_starts(buffer_span(&parsed.text),
	    SPAN("# yaml-language-server: $schema=config.schema.json\n")));
	done(&parsed);
	parse(&parsed, &answers, init_files_cases);
	assert_true(span_starts(buffer_span(&parsed.text),
	    SPAN("# yaml-language-server: $schema=cases.schema.json\n")));
	done(&parsed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_answer_is_more_than_a_scalar),
		cmocka_unit_test(without_an_audience_it_is_any),
		cmocka_unit_test(the_first_line_names_the_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
