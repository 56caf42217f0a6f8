/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options_value.h"

#include <string.h>

#include "base/buffer.h"
#include "base/nearest.h"

#define MESSAGE_MAX 4096

static void
list_words(struct buffer *text, const char *const *words)
{
	for (size_t i = 0; words[i] != NULL; i++)
		buffer_format(text, "%s%s",
		    i == 0                 ? ""
		    : words[i + 1] == NULL ? " or "
					   : ", ",
		    words[i]);
}

static bool
store_word(const struct command_option *option, const char *value, int *into, struct err *reterr)
{
	const char *near;
	struct buffer words;

	for (int i = 0; option->words[i] != NULL; i++)
		if (strcmp(option->words[i], value) == 0) {
			*into = i;
			return true;
		}
	near = nearest_word(span_of(value), option->words);
	buffer_init(&words, MESSAGE_MAX);
	list_words(&words, option->words);
	(void)err_set(reterr, "%s must be %s (found \"%.64s\")%s%s%s", option->name,
	    words.at == NULL ? "" : words.at, value, near == NULL ? "" : "; did you mean \"",
	    near == NULL ? "" : near, near == NULL ? "" : "\"?");
	buffer_done(&words);
	return false;
}

static bool
store_read(const struct command_option *option, const char *value, void *field, struct err *reterr)
{
	const char *rule = option->read(value, field);
	struct nearest nearest = { 0 };
	char hint[NEAREST_HINT];

	if (rule == NULL)
		return true;
	if (option->nearest != NULL)
		nearest.word = option->nearest(span_of(value));
	return err_set(reterr, "%s must be %s (found \"%.64s\")%s", option->name, rule, value,
	    nearest_hint(&nearest, hint));
}

static bool
is_text(const struct command_option *option)
{
	return option->kind == OPTION_TEXT || option->kind == OPTION_TEXTS;
}

bool
options_value_store(
    const struct command_option *option, const char *value, void *field, struct err *reterr)
{
	struct texts *texts = field;

	/* An empty value is a shell variable that is not set: it must not be taken for a name, a
	 * file or an address, nor for the option's absence. */
	if (is_text(option) && value[0] == '\0' && !option->may_be_empty)
		return err_set(reterr, "%s must not be empty: %s", option->name, option->argument);
	switch (option->kind) {
	case OPTION_TEXT:
		*(const char **)field = value;
		return true;
	case OPTION_TEXTS:
		texts->at[texts->count++] = value;
		return true;
	case OPTION_FLAG:
		*(bool *)field = true;
		return true;
	case OPTION_WORD:
		return store_word(option, value, field, reterr);
	case OPTION_READ:
		return store_read(option, value, field, reterr);
	}
	return false;
}
