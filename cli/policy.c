/* SPDX-License-Identifier: Apache-2.0 */
/* `postern policy`: a policy from elsewhere. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/command.h"
#include "cli/ords.h"
#include "cli/terminal_json.h"
#include "policy/pattern_form.h"
#include "policy/policy.h"

#define EXPORT_MAX ((size_t)256 << 20)
#define ARENA_MAX ((size_t)256 << 20)
#define PATH_ROOM 4096

struct policy_line {
	struct command_line line;
	const char *out, *prefix;
};

/* Where the two files go. */
struct places {
	char policy[PATH_ROOM], clients[PATH_ROOM];
};

/* Nothing is overwritten. */
static bool
find_places(const char *folder, struct places *places)
{
	const char *taken = NULL;
	int len = snprintf(places->policy, PATH_ROOM, "%s/policy.yaml", folder);
	int more = snprintf(places->clients, PATH_ROOM, "%s/clients.json", folder);

	if (len < 0 || len >= PATH_ROOM || more < 0 || more >= PATH_ROOM) {
		(void)command_trouble("policy: the name of the folder is too long");
		return false;
	}
	if (access(places->policy, F_OK) == 0)
		taken = places->policy;
	else if (access(places->clients, F_OK) == 0)
		taken = places->clients;
	if (taken != NULL)
		(void)command_trouble(
		    "policy: %s: is there already, and nothing is overwritten", taken);
	return taken == NULL;
}

/* It is read as `check` reads it, before it is written. */
static bool
is_sound(const struct ords_made *made)
{
	struct policy_names names = { .local_issuer = LOCAL_NAME };
	struct mistakes mistakes = { 0 };
	struct policy policy = { 0 };
	struct node *root = NULL;
	struct arena arena;
	bool sound;

	arena_init(&arena, ARENA_MAX);
	mistakes.arena = &arena;
	sound = document_parse(buffer_span(&made->policy), "policy.yaml", &mistakes, &root);
	if (sound && mistakes.errors == 0)
		policy_read(root, &names, &policy, &mistakes);
	command_mistakes(&mistakes);
	sound = sound && mistakes.errors == 0;
	arena_done(&arena);
	if (!sound)
		(void)command_trouble("policy: the policy that it makes has mistakes: nothing is "
				      "written");
	return sound;
}

static bool
write_clients(const struct ords_made *made, const char *path, struct err *reterr)
{
	char *text = json_dumps(made->clients, JSON_INDENT(1));
	bool done;

	if (text == NULL)
		return err_set(reterr, "out of memory");
	done = file_write(path, span_of(text), 0600, reterr);
	free(text);
	return done;
}

static void
print_notes(const struct ords_made *made)
{
	for (size_t i = 0; i < json_array_size(made->notes); i++) {
		const json_t *note = json_array_get(made->notes, i);

		(void)printf("%s ", json_string_value(json_object_get(note, "what")));
		terminal_json(json_object_get(note, "name"));
		(void)printf(" %s\n", json_string_value(json_object_get(note, "why")));
	}
}

static int
write_all(const struct ords_made *made, const char *folder)
{
	struct places places;
	struct err err;

	if (!is_sound(made) || !find_places(folder, &places))
		return EXIT_TROUBLE;
	if (!file_write(places.policy, buffer_span(&made->policy), 0644, &err) ||
	    !write_clients(made, places.clients, &err))
		return command_trouble_at("policy", &err);
	(void)printf("%s: %zu roles, %zu modules, %zu privileges\n", places.policy, made->roles,
	    made->modules, made->privileges);
	(void)printf("%s: %zu clients, for `postern client import`\n", places.clients,
	    json_array_size(json_object_get(made->clients, "clients")));
	print_notes(made);
	return EXIT_YES;
}

static int
import_ords(const struct policy_line *line)
{
	const char *file = line->line.words[0];
	struct ords_made made = { 0 };
	json_t *export = NULL;
	struct err err;
	int code;

	if (!json_read_file(file, EXPORT_MAX, &export, &err))
		return command_trouble_at("policy", &err);
	if (ords_make(export, line->prefix, &made, &err))
		code = write_all(&made, line->out);
	else
		code = command_trouble("policy: %s: %s", file, err.text);
	ords_done(&made);
	json_decref(export);
	return code;
}

static const struct command_option options[] = {
	{ .name = "--out",
	    .argument = "DIR",
	    .offset = offsetof(struct policy_line, out),
	    .help = "the folder for policy.yaml and clients.json (default: the current one)" },
	{ .name = "--prefix",
	    .argument = "PATH",
	    .offset = offsetof(struct policy_line, prefix),
	    .help = "what goes in front of every path, such as /ords/hr" },
	{ .name = NULL },
};

static const struct command_verb verbs[] = {
	{ "import-ords", "FILE", "make a policy and clients from an export of ORDS metadata" },
	{ NULL, NULL, NULL },
};

/* NULL: the line is fine. */
static const char *
wrong_line(const struct policy_line *line)
{
	struct err ignored;

	return line->prefix[0] == '\0' || pattern_form_check(span_of(line->prefix), &ignored)
		   ? NULL
		   : "--prefix is a path that begins with \"/\" and does not end with one";
}

static int
run_line(int argc, char **argv)
{
	struct policy_line line = { .out = ".", .prefix = "" };
	const char *wrong;
	int code;

	if (options_read(&policy_command, (struct arguments){ argc, argv }, &line.line, &code)) {
		wrong = wrong_line(&line);
		code = wrong == NULL ? import_ords(&line)
				     : options_wrong(&policy_command, &line.line, "%s", wrong);
	}
	options_done(&line.line);
	return code;
}

const struct command policy_command = {
	.name = "policy",
	.help = "make a policy from what another gateway has",
	.verbs = verbs,
	.options = options,
	.run = run_line,
};
