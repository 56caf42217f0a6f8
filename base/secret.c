/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <stdlib.h>

#include "base/file.h"

static const char *
from_file(const struct node *node, bool secret, struct mistakes *mistakes)
{
	const char *path = document_path(mistakes->arena, node, node->text.at);
	const char *text = NULL;
	struct err err = { "" };
	struct buffer buffer;
	bool done;

	buffer_init(&buffer, secret ? SECRET_MAX_BYTES : SECRET_PUBLIC_MAX_BYTES);
	done = path != NULL && file_read(path, &buffer, &err);
	if (path != NULL)
		inputs_note(&mistakes->inputs, mistakes->arena,
		    (struct input){ .path = path, .readable = done, .secret = secret },
		    buffer_span(&buffer));
	if (!done) {
		mistake_at_key(mistakes, node, "%s", err.text);
	} else {
		if (buffer.len > 0 && buffer.at[buffer.len - 1] == '\n')
			buffer.len--;
		text = arena_text(mistakes->arena, buffer_span(&buffer));
	}
	buffer_wipe(&buffer);
	return text;
}

static const char *
from_environment(const struct node *node, struct mistakes *mistakes)
{
	const char *value = getenv(node->text.at);

	if (value == NULL || value[0] == '\0') {
		mistake_at(mistakes, node, "this environment variable is not set");
		return NULL;
	}
	return arena_text(mistakes->arena, span_of(value));
}

static const char *
read_reference(const struct node *only, struct mistakes *mistakes)
{
	bool env = span_is(only->key, "env");

	if (mistakes->offline) {
		mistake_left_out_at(mistakes, only, "the %s %s",
		    env ? "environment variable" : "file", only->text.at);
		return NULL;
	}
	return env ? from_environment(only, mistakes) : from_file(only, true, mistakes);
}

const char *
secret_public(const struct node *node, struct mistakes *mistakes)
{
	if (!mistakes->offline)
		return from_file(node, false, mistakes);
	mistake_left_out_at(mistakes, node, "the file %s", node->text.at);
	return NULL;
}

const char *
secret_read(const struct node *node, struct mistakes *mistakes)
{
	const struct node *only = node->first;

	if (node->kind == NODE_SCALAR && node->text.len > 0)
		return node->text.at;
	if (node->kind == NODE_MAP && node->count == 1 && only->kind == NODE_SCALAR &&
	    only->text.len > 0 && (span_is(only->key, "env") || span_is(only->key, "file")))
		return read_reference(only, mistakes);
	mistake_at_key(mistakes, node, "must be a string, {env: NAME} or {file: PATH}");
	return NULL;
}
