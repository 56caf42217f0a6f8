/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/epoch.h"
#include "base/log.h"
#include "cli/command.h"
#include "issuer/signing.h"

struct keys_asked {
	struct command_line line;
	bool json, now;
};

/* --- list --- */

static void
time_text(int64_t when_s, char out[32])
{
	time_t when = (time_t)when_s;
	struct tm parts;

	(void)snprintf(out, 32, "-");
	if (when_s != INT64_MAX && gmtime_r(&when, &parts) != NULL)
		(void)strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

static const char *
state_of(const struct signing_set *set, size_t index, int64_t now_s)
{
	if (index == set->current)
		return "signs";
	return set->times[index].able && set->times[index].signs_s > now_s ? "waits" : "verifies";
}

static void
print_key(const struct signing *signing, size_t index, bool json)
{
	const struct signing_set *set = signing_now(signing);
	const struct signing_key *key = set->keys[index];
	char created[32], signs[32], ends[32];

	time_text(set->times[index].created_s, created);
	time_text(set->times[index].signs_s, signs);
	time_text(signing_end_s(signing, set, index), ends);
	(void)printf(json ? "%s{\"kid\":\"%s\",\"alg\":\"%s\",\"state\":\"%s\",\"created\":\"%s\","
			    "\"signs_from\":\"%s\",\"ends\":\"%s\"}"
			  : "%s%-43s  %-5s  %-8s  %-20s  %-20s  %s",
	    json && index > 0 ? "," : "", signing_key_kid(key),
	    signing_algorithms[signing_key_algorithm(key)], state_of(set, index, clock_now_s()),
	    created, signs, ends);
}

static int
list(struct signing *signing, const struct keys_asked *asked, struct err *err)
{
	size_t i, count;

	(void)err;
	(void)printf(asked->json ? "[" : "%-43s  %-5s  %-8s  %-20s  %-20s  %s\n", "KID", "ALG",
	    "STATE", "CREATED", "SIGNS FROM", "ENDS");
	epoch_enter();
	count = signing_now(signing)->count;
	for (i = 0; i < count; i++) {
		print_key(signing, i, asked->json);
		if (!asked->json)
			(void)putchar('\n');
	}
	epoch_leave();
	if (asked->json)
		(void)puts("]");
	return EXIT_YES;
}

/* --- rotate, retire --- */

/* Who may do this is who may write there; that it was done is for the record. */
static void
record(const char *what, const char *kid)
{
	struct log_line line;

	log_begin(&line, "audit");
	log_text(&line, "action", span_of(what));
	log_text(&line, "kid", span_of(kid));
	log_number(&line, "uid", (int64_t)getuid());
	log_end(&line, LOG_INFO);
}

static int
rotate(struct signing *signing, const struct keys_asked *asked, struct err *err)
{
	char *kid = NULL;

	if (!signing_rotate(signing, clock_now_s(), asked->now, &kid, err))
		return command_trouble("%s", err->text);
	record("signing_key_rotate", kid);
	(void)puts(kid);
	free(kid);
	return EXIT_YES;
}

static int
retire(struct signing *signing, const struct keys_asked *asked, struct err *err)
{
	if (!signing_retire(signing, asked->line.words[0], clock_now_s(), err))
		return command_trouble("%s", err->text);
	record("signing_key_retire", asked->line.words[0]);
	return EXIT_YES;
}

static int
run(const struct config *config, const struct keys_asked *asked,
    int (*command)(struct signing *, const struct keys_asked *, struct err *))
{
	const struct local_signing *local = &config->local.signing;
	struct signing_setup setup = { .state_dir = config->state,
		.key_file = local->key_file,
		.algorithm = (enum signing_algorithm)local->algorithm,
		.rotate_after_s = local->rotate_after_s,
		.publish_ahead_s = local->publish_ahead_s };
	struct signing *signing = NULL;
	struct err err = { "" };
	int code;

	if (!config->has_local)
		return command_trouble("there is no local_issuer in the configuration");
	if (!signing_open(&setup, &signing, &err))
		return command_trouble("%s", err.text);
	/* The gate knows the clients' lifetimes, and each key remembers the longest. */
	signing_keep(signing, config->local.token_lifetime_s);
	code = command(signing, asked, &err);
	epoch_drain();
	signing_close(signing);
	return code;
}

enum verb { LIST, ROTATE, RETIRE };

static const struct command_verb verbs[] = {
	[LIST] = { "list", "", "list the keys" },
	[ROTATE] = { "rotate", "", "make a new key, which signs when it has been published" },
	[RETIRE] = { "retire", "KID", "take a key away: its tokens are refused from now on" },
	{ NULL, NULL, NULL },
};

static const struct command_option options[] = {
	OPTION_ROW_CONFIG,
	{ .name = "--json",
	    .kind = OPTION_FLAG,
	    .offset = offsetof(struct keys_asked, json),
	    .verbs = 1u << LIST,
	    .help = "print JSON" },
	{ .name = "--now",
	    .kind = OPTION_FLAG,
	    .offset = offsetof(struct keys_asked, now),
	    .verbs = 1u << ROTATE,
	    .help = "sign with the new key at once" },
	{ .name = NULL },
};

static int (*const runs[])(struct signing *, const struct keys_asked *, struct err *) = {
	[LIST] = list,
	[ROTATE] = rotate,
	[RETIRE] = retire,
};

static int
run_line(int argc, char **argv)
{
	struct keys_asked asked = { .line.config = COMMAND_CONFIG };
	struct config *config = NULL;
	int code;

	if (options_read(&keys_command, argc, argv, &asked.line, &code) &&
	    command_config(asked.line.config, &config, &code))
		code = run(config, &asked, runs[asked.line.verb]);
	config_free(config);
	options_done(&asked.line);
	return code;
}

const struct command keys_command = {
	.name = "keys",
	.help = "manage the keys with which the local issuer signs",
	.verbs = verbs,
	.options = options,
	.run = run_line,
};
