/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/explain_recent.h"

#include <stdio.h>
#include <string.h>

#include "cli/admin_call.h"
#include "cli/command.h"
#include "proxy/config/config_part.h"

#define ARENA_MAX (64u << 20)
#define ANSWER_MAX (1u << 20)
#define ID_MAX 64

/* As the gate draws it (base64url), so that it can stand in a path. */
static bool
is_id(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= ID_MAX &&
	       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
		   len;
}

static int
read_answer(
    const struct explain_recent *recent, const struct admin_call_answer *answer, json_t **ret_said)
{
	struct err err = { "" };
	json_t *said = NULL;

	if (!json_read(buffer_span(answer->body), ANSWER_MAX, &said, &err))
		return command_trouble(
		    "%s: the gate's answer cannot be read (%d)", recent->command, answer->status);
	if (answer->status == 200 && json_is_object(said)) {
		*ret_said = said;
		return EXIT_YES;
	}
	(void)command_trouble("%s: %s: %s", recent->command, recent->id,
	    json_is_string(json_object_get(said, "detail"))
		? json_string_value(json_object_get(said, "detail"))
		: "the gate refuses to say");
	json_decref(said);
	return answer->status == 404 ? EXIT_NO : EXIT_TROUBLE;
}

static int
call(const struct explain_recent *recent, const char *address, json_t **ret_said)
{
	struct admin_call_answer answer = { 0 };
	struct buffer body;
	char target[ID_MAX + 16];
	struct err err = { "" };
	int code;

	(void)snprintf(target, sizeof(target), "/explain/%s", recent->id);
	buffer_init(&body, ANSWER_MAX);
	answer.body = &body;
	switch (admin_call(address, target, &answer, &err)) {
	case ADMIN_CALL_DONE:
		code = read_answer(recent, &answer, ret_said);
		break;
	case ADMIN_CALL_SILENT:
		code = command_trouble("%s: %s does not answer", recent->command, address);
		break;
	default:
		code = command_trouble("%s: %s: %s", recent->command, address, err.text);
	}
	buffer_done(&body);
	return code;
}

int
explain_recent_ask(const struct explain_recent *recent, json_t **ret_said)
{
	const char *address = NULL;
	struct arena arena;
	struct err err = { "" };
	int code;

	*ret_said = NULL;
	if (!is_id(recent->id))
		return command_trouble("%s: \"%.128s\" is not the id of a request, as X-Request-Id "
				       "and the log have it",
		    recent->command, recent->id);
	arena_init(&arena, ARENA_MAX);
	if (!config_part_admin(recent->config, &arena, &address, &err))
		code = command_trouble("%s: %s", recent->command, err.text);
	else
		code = call(recent, address, ret_said);
	arena_done(&arena);
	return code;
}
