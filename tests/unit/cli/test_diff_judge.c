/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/scratch.h"

#include "base/file.h"
#include "cli/diff_judge.h"

#define CONFIG                                                                                     \
	"listen: {address: \"127.0.0.1:1\"}\n"                                                     \
	"admin: {address: \"127.0.0.1:2\"}\n"                                                      \
	"upstream: http://127.0.0.1:3\n"                                                           \
	"state: state\n"                                                                           \
	"issuers:\n"                                                                               \
	"  idp: {issuer: \"https://idp.example\", audience: api, jwks_file: keys.json}\n"          \
	"local_issuer: {issuer: \"http://127.0.0.1:1\", audience: api}\n"

#define OLD                                                                                        \
	"{\"roles\":{\"kept\":{\"granted_to\":[{\"issuer\":\"idp\",\"role\":\"r\"}]},"             \
	"\"reader\":{\"granted_to\":[{\"issuer\":\"idp\",\"group\":\"readers\"}]},"                \
	"\"store\":{}},"                                                                           \
	"\"modules\":{\"m\":{\"paths\":[\"/basic/*\"]}},"                                          \
	"\"privileges\":{\"kept\":{\"paths\":[\"/kept\"],\"roles\":[\"kept\"]},"                   \
	"\"read\":{\"paths\":[\"/read/*\"],\"roles\":[\"reader\"]},"                               \
	"\"store\":{\"paths\":[\"/store\"],\"roles\":[\"store\"]},"                                \
	"\"m\":{\"modules\":[\"m\"]},"                                                             \
	"\"gone\":{\"paths\":[\"/gone\"]}},"                                                       \
	"\"public\":[\"/open\"]}"

#define NEW                                                                                        \
	"{\"roles\":{\"kept\":{\"granted_to\":[{\"issuer\":\"idp\",\"role\":\"r\"}]},"             \
	"\"reader\":{\"granted_to\":[{\"issuer\":\"idp\",\"group\":\"writers\"},"                  \
	"{\"issuer\":\"idp\",\"scope\":\"s\",\"role\":\"x\"}]},"                                   \
	"\"store\":{\"granted_to\":[{\"client\":\"other\"}]}},"                                    \
	"\"modules\":{\"m\":{\"paths\":[\"/basic/*\"],\"basic\":false}},"                          \
	"\"privileges\":{\"kept\":{\"paths\":[\"/kept\"],\"roles\":[\"kept\"]},"                   \
	"\"read\":{\"paths\":[\"/read/*\"],\"roles\":[\"reader\"]},"                               \
	"\"store\":{\"paths\":[\"/store\"],\"roles\":[\"store\"]},"                                \
	"\"m\":{\"modules\":[\"m\"]},"                                                             \
	"\"open\":{\"paths\":[\"/open\"]}},"                                                       \
	"\"public\":[\"/free\"]}"

static struct scratch scratch;
static struct config *config;
static json_t *old_text, *new_text;

static void
put(const char *name, const char *text, char *path)
{
	struct err err;

	scratch_path(&scratch, name, path);
	if (!file_write(path, span_of(text), 0600, &err))
		fail_msg("%s", err.text);
}

static int
setup(void **state)
{
	char path[SCRATCH_ROOM * 2], old[SCRATCH_ROOM * 2], new[SCRATCH_ROOM * 2];
	struct config_instead instead = { CONFIG_OFFLINE, old, new };
	struct err err;

	(void)state;
	scratch_init(&scratch);
	put("postern.yaml", CONFIG, path);
	put("old.yaml", OLD, old);
	put("new.yaml", NEW, new);
	if (!config_read_instead(path, &instead, &config, &err))
		fail_msg("%s: %s", err.text,
		    config == NULL || config->mistakes.first == NULL
			? ""
			: config->mistakes.first->text);
	assert_true(json_read(SPAN(OLD), 1 << 20, &old_text, &err));
	assert_true(json_read(SPAN(NEW), 1 << 20, &new_text, &err));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	config_free(config);
	json_decref(old_text);
	json_decref(new_text);
	scratch_done(&scratch);
	return 0;
}

#define IDP "\"issuer\":\"idp\",\"sub\":\"jane\",\"scopes\":[],\"groups\":"
#define SHOP "\"issuer\":\"local\",\"client\":\"id\",\"scopes\":[],\"groups\":[],\"roles\":"

static const struct {
	const char *name, *path, *reason, *more;
	enum diff_outcome outcome;
	const char *word; /* the new reason, or why it cannot be said */
} lines[] = {
	{ "a group that loses", "/read/1", "ok", IDP "[\"readers\"],\"roles\":[\"reader\"]",
	    DIFF_CHANGED, "privilege_missing" },
	{ "a group that gains", "/read/1", "privilege_missing", IDP "[\"writers\"],\"roles\":[]",
	    DIFF_CHANGED, "ok" },
	{ "one that has neither", "/read/1", "privilege_missing", IDP "[\"x\"],\"roles\":[]",
	    DIFF_SAME, NULL },
	{ "both groups", "/read/1", "ok", IDP "[\"readers\",\"writers\"],\"roles\":[\"reader\"]",
	    DIFF_SAME, NULL },
	{ "a role claim is not in the log", "/read/1", "privilege_missing",
	    "\"issuer\":\"idp\",\"scopes\":[\"s\"],\"groups\":[],\"roles\":[]", DIFF_UNDECIDABLE,
	    "claims that are not in the log" },
	{ "but a role that is granted alike is", "/kept", "ok", IDP "[],\"roles\":[\"kept\"]",
	    DIFF_SAME, NULL },
	{ "as is its absence", "/kept", "privilege_missing", IDP "[],\"roles\":[]", DIFF_SAME,
	    NULL },
	{ "a grant of the store stays", "/store", "ok", SHOP "[\"store\"],\"client_name\":\"shop\"",
	    DIFF_SAME, NULL },
	{ "a line for a client by its name", "/store", "privilege_missing",
	    SHOP "[],\"client_name\":\"other\"", DIFF_CHANGED, "ok" },
	{ "that is not this one's", "/store", "privilege_missing",
	    SHOP "[],\"client_name\":\"shop\"", DIFF_SAME, NULL },
	{ "a path that goes", "/gone", "ok", IDP "[],\"roles\":[]", DIFF_CHANGED, "no_rule" },
	{ "also for nobody", "/gone", "credentials_missing", "\"peer\":\"::1\"", DIFF_SAME, NULL },
	{ "a path that becomes public", "/free", "no_rule", "\"peer\":\"::1\"", DIFF_CHANGED,
	    "ok" },
	{ "one that was", "/open", "ok", "\"peer\":\"::1\"", DIFF_UNDECIDABLE, "nobody asked" },
	{ "a user by Basic", "/basic/x", "ok",
	    "\"user\":\"ann\",\"sub\":\"ann\",\"scopes\":[],\"groups\":[],\"roles\":[]",
	    DIFF_CHANGED, "basic_not_allowed" },
	{ "a bad token stays bad", "/gone", "token_expired", "\"issuer\":\"idp\"", DIFF_SAME,
	    NULL },
	{ "an upstream that was down", "/gone", "upstream_unreachable", IDP "[],\"roles\":[]",
	    DIFF_CHANGED, "no_rule" },
	{ "without log.caller", "/read/1", "ok", "\"issuer\":\"idp\",\"sub\":\"jane\"",
	    DIFF_UNDECIDABLE, "log.caller: full" },
	{ "an issuer of another day", "/gone", "ok",
	    "\"issuer\":\"former\",\"scopes\":[],\"groups\":[],\"roles\":[]", DIFF_UNDECIDABLE,
	    "not in the configuration" },
	{ "another policy's log", "/gone", "privilege_missing", IDP "[],\"roles\":[]",
	    DIFF_UNDECIDABLE, "not the one that decided" },
	{ "what no policy refuses", "/gone", "overloaded", "\"peer\":\"::1\"", DIFF_UNDECIDABLE,
	    "not the policy" },
	{ "a path of two readings", "/a/../b", "path_ambiguous", "\"peer\":\"::1\"", DIFF_SAME,
	    NULL },
	{ "a word of another version", "/gone", "no_word", "\"peer\":\"::1\"", DIFF_UNDECIDABLE,
	    "not complete" },
	{ "an endpoint of the gate", "/oauth/token", "ok", "\"verdict\":\"serve\"", DIFF_SAME,
	    NULL },
	{ "roles of odd types", "/gone", "ok", IDP "[1,null],\"roles\":[7,{}]", DIFF_CHANGED,
	    "no_rule" },
};

static void
each_line_is_judged(void **state)
{
	struct diff_policies policies = { &config->policy, &config->next->policy, old_text,
		new_text };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char text[1024];
		json_t *line = NULL;
		struct diff_found found;
		struct arena arena;
		const char *word;
		struct err err;

		(void)snprintf(text, sizeof(text),
		    "{\"event\":\"request\",\"method\":\"GET\",\"path\":\"%s\",\"reason\":\"%s\",%"
		    "s}",
		    lines[i].path, lines[i].reason, lines[i].more);
		assert_true(json_read(span_of(text), sizeof(text), &line, &err));
		arena_init(&arena, 1 << 20);
		found = diff_judge(config, &policies, line, &arena);
		word = found.outcome == DIFF_CHANGED ? reason_word(found.new) : found.why;
		if (found.outcome != lines[i].outcome ||
		    (lines[i].word != NULL && strstr(word, lines[i].word) == NULL))
			fail_msg(
			    "%s: %d, %s", lines[i].name, found.outcome, word == NULL ? "-" : word);
		arena_done(&arena);
		json_decref(line);
	}
}

static void
other_events_are_none(void **state)
{
	struct diff_policies policies = { &config->policy, &config->next->policy, old_text,
		new_text };
	static const char *const texts[] = { "{\"event\":\"reload\"}", "{}", "[]", "7" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		json_t *line = NULL;
		struct arena arena;
		struct err err;

		assert_true(json_read(span_of(texts[i]), 64, &line, &err));
		arena_init(&arena, 1 << 20);
		assert_int_equal(
		    diff_judge(config, &policies, line, &arena).outcome, DIFF_NO_REQUEST);
		arena_done(&arena);
		json_decref(line);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_line_is_judged, setup, teardown),
		cmocka_unit_test_setup_teardown(other_events_are_none, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
