/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "cli/command.h"
#include "cli/init_ask.h"
#include "cli/init_discover.h"
#include "cli/init_files.h"
#include "cli/init_next.h"
#include "cli/init_questions.h"
#include "cli/init_write.h"
#include "cli/policy_case_judge.h"

#define ARENA_MAX (1u << 20)
#define TEXT_MAX (256u << 10)
#define CASES_MAX_BYTES (16u << 20)

/* The order of init_files_names. */
enum { FILE_CONFIG, FILE_POLICY, FILE_CASES, FILES };

struct init_line {
	struct command_line line;
	struct init_questions questions;
	bool offline;
};

/* The files' texts, and the files. */
struct made {
	struct buffer texts[FILES];
	struct init_write write;
};

/* --- the provider --- */

/* An issuer's server may have written what an error repeats: nothing of it may act on the terminal.
 */
static void
make_plain(struct err *err)
{
	if (utf8_plain(span_of(err->text)))
		return;
	for (char *at = err->text; *at != '\0'; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
}

static void
print_found(const struct init_questions *questions, const struct init_found *found)
{
	const char *between = "";

	(void)printf("issuer      %s\n", questions->answers.issuer);
	if (found->document[0] != '\0')
		(void)printf("discovery   %s: its issuer is that one\n", found->document);
	(void)printf("jwks_uri    %s\n", found->jwks_uri);
	(void)printf("keys        %zu usable", found->keys);
	if (found->skipped > 0)
		(void)printf(", %zu skipped", found->skipped);
	(void)printf("\nalgorithms  ");
	for (int algorithm = 0; algorithm < ALGORITHM_COUNT; algorithm++)
		if ((found->algorithms & ALGORITHM_BIT(algorithm)) != 0) {
			(void)printf("%s%s", between, algorithm_name((enum algorithm)algorithm));
			between = " ";
		}
	(void)puts("\n");
	(void)fflush(stdout);
}

/* Ask the provider; somebody at the terminal may correct the issuer. */
static bool
discover(struct init_line *line)
{
	struct init_questions *questions = &line->questions;
	struct init_found found;
	const char *answer;
	struct err err;

	while (!init_discover(&questions->answers, &found, &err)) {
		make_plain(&err);
		(void)command_trouble_at("init", &err);
		if (!questions->asking || questions->answers.jwks_uri != NULL) {
			(void)command_trouble("init: nothing was written; --offline does not ask "
					      "the provider");
			return false;
		}
		if (!init_questions_issuer(questions, &answer))
			return false;
		line->offline = strcmp(answer, INIT_QUESTIONS_OFFLINE) == 0;
		if (line->offline)
			return true;
		questions->answers.issuer = answer;
	}
	print_found(questions, &found);
	return true;
}

/* Paths are as the user typed them; those in postern.yaml start from its directory. */
static bool
place_file(struct init_line *line, const char *option, const char **path)
{
	struct init_questions *questions = &line->questions;
	char *whole;

	if (*path == NULL || strcmp(questions->folder, ".") == 0)
		return true;
	whole = realpath(*path, NULL);
	if (whole != NULL)
		*path = arena_text(questions->arena, span_of(whole));
	free(whole);
	if (whole == NULL && !line->offline)
		(void)command_trouble("init: %s: there is no file %s", option, *path);
	return (whole != NULL || line->offline) && *path != NULL;
}

static bool
settle(struct init_line *line)
{
	struct init_answers *answers = &line->questions.answers;

	if (!init_questions_answer(&line->questions) ||
	    !place_file(line, "--jwks-file", &answers->jwks_file) ||
	    !place_file(line, "--ca-file", &answers->ca_file))
		return false;
	if (answers->provider->preset == NULL || answers->jwks_file != NULL || line->offline)
		return true;
	return discover(line);
}

/* --- the files --- */

/* As `postern test` would. */
static bool
cases_pass(const struct config *config, const char *path)
{
	struct policy_cases cases = { .config = config, .now_s = clock_now_s() };
	struct arena arena;
	struct err err;
	bool pass;

	arena_init(&arena, CASES_MAX_BYTES);
	cases.mistakes.arena = &arena;
	pass = policy_case_read(path, &cases, &err);
	if (!pass)
		(void)command_trouble_at("init", &err);
	command_mistakes(&cases.mistakes);
	pass = pass && cases.mistakes.errors == 0;
	for (const struct policy_case *one = cases.first; pass && one != NULL; one = one->next) {
		struct policy_case_result result = { 0 };

		pass = policy_case_judge(config, one, &arena, &result) && result.differs == NULL;
		if (!pass)
			(void)command_trouble("init: %s: %s", one->name,
			    result.differs == NULL ? ERR_MEMORY : result.differs);
	}
	arena_done(&arena);
	return pass;
}

/* As `postern check` would. */
static bool
files_pass(const struct made *made, bool offline)
{
	enum config_reading how = offline ? CONFIG_OFFLINE : CONFIG_WHOLE;
	struct config *config = NULL;
	bool pass;
	int code;

	if (!command_config_as(made->write.paths[FILE_CONFIG], how, &config, &code))
		return false;
	for (const struct mistake *one = config->mistakes.first; one != NULL; one = one->next)
		if (one->warning)
			(void)fprintf(stderr, "%s\n", one->text);
	pass = cases_pass(config, made->write.paths[FILE_CASES]);
	config_free(config);
	return pass;
}

static bool
write_files(struct init_line *line, struct made *made)
{
	struct init_write_file files[FILES + 1] = { { .name = NULL } };
	struct err err;
	bool failed = false;

	init_files_config(&line->questions.answers, &made->texts[FILE_CONFIG]);
	init_files_policy(&line->questions.answers, &made->texts[FILE_POLICY]);
	init_files_cases(&line->questions.answers, &made->texts[FILE_CASES]);
	for (int i = 0; i < FILES; i++) {
		failed = failed || made->texts[i].failed;
		files[i] =
		    (struct init_write_file){ init_files_names[i], buffer_span(&made->texts[i]) };
	}
	if (failed)
		return command_trouble("init: the answers are too long") == EXIT_YES;
	if (!init_write_begin(&made->write, line->questions.folder, files, &err))
		return command_trouble_at("init", &err) == EXIT_YES;
	if (files_pass(made, line->offline)) {
		init_write_keep(&made->write);
		return true;
	}
	init_write_undo(&made->write);
	return command_trouble("init: nothing was written") == EXIT_YES;
}

/* --- what to do next --- */

static void
print_notes(const struct init_answers *answers)
{
	struct buffer text;

	if (answers->provider->preset == NULL)
		return;
	buffer_init(&text, TEXT_MAX);
	init_provider_fill(answers->provider->asks, answers->parts, &text);
	(void)printf("\nThe first call is refused. For the second, TOKEN is an access token of %s "
		     "with %.*s:\n%s shows where to set that up.\n",
	    answers->provider->entry, SPAN_ARG(buffer_span(&text)), answers->provider->page);
	buffer_done(&text);
}

static int
print_next(const struct init_line *line, const struct made *made)
{
	const char *config = made->write.paths[FILE_CONFIG];
	const struct init_answers *answers = &line->questions.answers;
	struct init_next next = { answers, command_program(),
		strcmp(config, COMMAND_CONFIG) == 0 ? NULL : config };
	struct buffer text;
	bool done;

	buffer_init(&text, TEXT_MAX);
	for (int i = 0; i < FILES; i++)
		(void)printf("made %s\n", made->write.paths[i]);
	if (line->offline && answers->provider->preset != NULL)
		(void)puts("The identity provider was not asked whether this is right.");
	init_next_lines(&next, &text);
	(void)printf("\nNext, with your API running at %s, and the first line in a terminal of its "
		     "own:\n%.*s",
	    answers->upstream, SPAN_ARG(buffer_span(&text)));
	print_notes(answers);
	done = !text.failed && fflush(stdout) == 0;
	buffer_done(&text);
	return done ? EXIT_YES : command_trouble("init: standard output cannot be written");
}

static int
init(struct init_line *line)
{
	struct made made = { .write.made = 0 };
	int code = EXIT_TROUBLE;

	for (int i = 0; i < FILES; i++)
		buffer_init(&made.texts[i], TEXT_MAX);
	if (settle(line) && write_files(line, &made))
		code = print_next(line, &made);
	for (int i = 0; i < FILES; i++)
		buffer_done(&made.texts[i]);
	return code;
}

/* --- the command line --- */

#define ANSWER(member) offsetof(struct init_line, questions.answers.member)
#define PART_ROW(part, option, word, text)                                                         \
	{ .name = (option), .argument = (word), .offset = ANSWER(parts[part]), .help = (text) }

static const struct command_option options[] = {
	{ .name = "--provider",
	    .argument = "NAME",
	    .offset = offsetof(struct init_line, questions.provider),
	    .help =
		"okta, entra, keycloak, auth0, cognito, google, ping, oci, ..., local or other" },
	{ .name = "--issuer",
	    .argument = "URL",
	    .offset = ANSWER(issuer),
	    .help = "the iss of its tokens, exactly (default: made of the parts below)" },
	PART_ROW(INIT_DOMAIN, "--domain", "HOST", "of Okta, Keycloak, Auth0, Ping or OCI"),
	PART_ROW(INIT_TENANT, "--tenant", "ID", "of Entra ID; of Ping the environment"),
	PART_ROW(INIT_REALM, "--realm", "NAME", "of Keycloak"),
	PART_ROW(INIT_POOL, "--pool", "ID", "the user pool of Cognito"),
	PART_ROW(INIT_CLIENT, "--client", "ID", "Cognito: the app client that may call"),
	PART_ROW(INIT_EMAIL, "--email", "ADDRESS", "Google: the account that may call"),
	PART_ROW(INIT_REPOSITORY, "--repository", "OWNER/NAME", "GitHub: that may call"),
	PART_ROW(INIT_PROJECT, "--project", "GROUP/NAME", "GitLab: that may call"),
	{ .name = "--audience",
	    .kind = OPTION_TEXTS,
	    .argument = "NAME",
	    .offset = ANSWER(audiences),
	    .help = "the aud of its tokens: which API they are for" },
	{ .name = "--upstream", .argument = "URL", .offset = ANSWER(upstream), .help = "your API" },
	{ .name = "--listen",
	    .argument = "ADDRESS",
	    .offset = ANSWER(listen),
	    .help = "where callers reach the gate (default: 127.0.0.1:8080)" },
	{ .name = "--admin",
	    .argument = "ADDRESS",
	    .offset = ANSWER(admin),
	    .help = "where health and metrics are (default: 127.0.0.1:9901)" },
	{ .name = "--jwks-uri",
	    .argument = "URL",
	    .offset = ANSWER(jwks_uri),
	    .help = "of its keys (default: discovery finds it)" },
	{ .name = "--jwks-file",
	    .argument = "FILE",
	    .offset = ANSWER(jwks_file),
	    .help = "its keys, when the gate cannot fetch them" },
	{ .name = "--ca-file",
	    .argument = "FILE",
	    .offset = ANSWER(ca_file),
	    .help = "certificates to trust for it instead of the system's" },
	{ .name = "--offline",
	    .kind = OPTION_FLAG,
	    .offset = offsetof(struct init_line, offline),
	    .help = "do not ask the provider" },
	{ .name = NULL },
};

static const struct command_verb verbs[] = {
	{ "", "[DIR]", "make postern.yaml, policy.yaml and cases.yaml for your API" },
	{ NULL, NULL, NULL },
};

static int
run_line(int argc, char **argv)
{
	struct init_line line = { .offline = false };
	struct arena arena;
	int code;

	arena_init(&arena, ARENA_MAX);
	if (options_read(&init_command, (struct arguments){ argc, argv }, &line.line, &code)) {
		line.questions.arena = &arena;
		line.questions.asking = init_ask_possible();
		line.questions.folder = line.line.word_count == 0 ? NULL : line.line.words[0];
		code = init(&line);
	}
	options_done(&line.line);
	arena_done(&arena);
	return code;
}

const struct command init_command = {
	.name = "init",
	.help = "make a first configuration and policy for your API",
	.verbs = verbs,
	.options = options,
	.notes = "What no option gives is asked for on a terminal. No file is overwritten.\n",
	.run = run_line,
};
