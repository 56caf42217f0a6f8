/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/diff_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "cli/command.h"

#define LINE_MAX_BYTES (2u << 20)
#define ARENA_MAX (4u << 20)

static bool
count_up(json_t *counts, const char *key)
{
	json_int_t count = json_integer_value(json_object_get(counts, key));

	return json_object_set_new(counts, key, json_integer(count + 1)) == 0;
}

static void
add_part(struct buffer *key, struct span part)
{
	buffer_add(key, part);
	buffer_add_byte(key, '\n'); /* in no part: they are texts of the log or of a policy */
}

/* What makes two changes one kind. */
static void
make_key(struct buffer *key, const struct diff_found *found)
{
	add_part(key, found->method);
	add_part(key, found->caller);
	add_part(key, span_of(found->old_pattern));
	add_part(key, span_of(found->new_pattern));
	add_part(key, span_of(reason_word(found->old)));
	add_part(key, span_of(reason_word(found->new)));
	buffer_add_byte(key, '\0');
}

static json_t *
text_or_null(struct span text)
{
	return text.at == NULL ? json_null() : json_stringn(text.at, text.len);
}

static bool
remember(struct diff_log *log, const char *key, const struct diff_found *found, const json_t *line)
{
	const char *pattern = found->new_pattern == NULL ? found->old_pattern : found->new_pattern;
	const char *privilege =
	    found->new_privilege == NULL ? found->old_privilege : found->new_privilege;
	json_t *one = json_pack("{s:o, s:o, s:o, s:o, s:s, s:s, s:o, s:o, s:i}", "method",
	    text_or_null(found->method), "path", text_or_null(found->path), "pattern",
	    text_or_null(span_of(pattern)), "caller", text_or_null(found->caller), "old",
	    reason_word(found->old), "new", reason_word(found->new), "privilege",
	    text_or_null(span_of(privilege)), "request_id",
	    text_or_null(json_text(json_object_get(line, "request_id"))), "count", 1);

	return one != NULL && json_object_set_new(log->changes, key, one) == 0;
}

static bool
add_change(struct diff_log *log, const struct diff_found *found, const json_t *line)
{
	struct buffer key;
	json_t *known;
	bool done;

	log->changed++;
	buffer_init(&key, LINE_MAX_BYTES);
	make_key(&key, found);
	known = key.failed ? NULL : json_object_get(log->changes, key.at);
	if (key.failed)
		done = false;
	else if (known != NULL)
		done = count_up(known, "count");
	else
		done = json_object_size(log->changes) >= DIFF_LOG_KINDS ||
		       remember(log, key.at, found, line);
	buffer_done(&key);
	return done;
}

static bool
add_found(struct diff_log *log, const struct diff_found *found, const json_t *line)
{
	if (found->outcome == DIFF_NO_REQUEST)
		return true;
	log->requests++;
	if (found->outcome == DIFF_UNDECIDABLE) {
		log->undecidable++;
		return count_up(log->whys, found->why);
	}
	if (found->outcome == DIFF_CHANGED)
		return add_change(log, found, line);
	log->same++;
	return true;
}

/* A line that is no JSON may have been a request. */
static bool
take_line(struct span text, const struct config *config, const struct diff_policies *policies,
    struct diff_log *log)
{
	struct diff_found found = { .outcome = DIFF_UNDECIDABLE, .why = "the line is not JSON" };
	struct arena arena;
	json_t *line = NULL;
	struct err err;
	bool done;

	while (text.len > 0 && strchr(" \t\r\n", text.at[text.len - 1]) != NULL)
		text.len--;
	if (text.len == 0)
		return true;
	arena_init(&arena, ARENA_MAX);
	if (json_read(text, LINE_MAX_BYTES, &line, &err))
		found = diff_judge(config, policies, line, &arena);
	done = add_found(log, &found, line);
	json_decref(line);
	arena_done(&arena);
	return done;
}

static bool
read_lines(FILE *file, const struct config *config, const struct diff_policies *policies,
    struct diff_log *log)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	bool done = true;

	while (done && (len = getline(&line, &room, file)) >= 0)
		done = take_line((struct span){ line, (size_t)len }, config, policies, log);
	free(line);
	return done && !ferror(file);
}

bool
diff_log_read(const char *file, const struct config *config, const struct diff_policies *policies,
    struct diff_log *ret_log)
{
	FILE *stream = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");
	struct err err;
	bool done;

	*ret_log = (struct diff_log){ .whys = json_object(), .changes = json_object() };
	if (stream == NULL) {
		(void)err_errno(&err, errno, "%s", file);
		(void)command_trouble_at("diff", &err);
	}
	done = stream != NULL && ret_log->whys != NULL && ret_log->changes != NULL;
	if (done) {
		done = read_lines(stream, config, policies, ret_log);
		if (!done)
			(void)command_trouble("diff: %s: cannot be read to its end", file);
	}
	if (stream != NULL && stream != stdin)
		(void)fclose(stream);
	if (!done)
		diff_log_done(ret_log);
	return done;
}

void
diff_log_done(struct diff_log *log)
{
	json_decref(log->whys);
	json_decref(log->changes);
	*log = (struct diff_log){ 0 };
}
