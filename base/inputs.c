/* SPDX-License-Identifier: Apache-2.0 */
#include "base/inputs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/listing.h"

#define FILE_MAX_BYTES (64u << 20)

/* One file that is watched. */
struct watched {
	char *path;
	bool readable, listing;
	unsigned char digest[DIGEST_BYTES];
	bool sure;        /* while stat() still matches `seen`, the content is unchanged */
	struct stat seen; /* when it was last found unchanged */
};

struct inputs_watch {
	size_t count;
	struct watched files[];
};

void
inputs_note(struct inputs *inputs, struct arena *arena, struct input input, struct span bytes)
{
	struct input *noted = arena_alloc(arena, sizeof(*noted));

	if (noted == NULL)
		return;
	*noted = input;
	noted->path = arena_text(arena, span_of(input.path));
	noted->next = NULL;
	memset(noted->digest, 0, sizeof(noted->digest));
	if (noted->path == NULL || (noted->readable && !digest_sha256(bytes, noted->digest)))
		return;
	if (inputs->first == NULL)
		inputs->end = &inputs->first;
	*inputs->end = noted;
	inputs->end = &noted->next;
}

void
inputs_look(struct inputs *inputs, struct arena *arena, const char *path)
{
	struct input input = { .path = path, .watched_elsewhere = true };
	struct err err = { "" };
	struct buffer bytes;

	buffer_init(&bytes, FILE_MAX_BYTES);
	input.readable = file_read(path, &bytes, &err);
	inputs_note(inputs, arena, input, buffer_span(&bytes));
	buffer_wipe(&bytes);
}

bool
inputs_digest(const struct inputs *inputs, unsigned char digest[DIGEST_BYTES])
{
	unsigned char both[2 * DIGEST_BYTES] = { 0 };
	bool done = true;

	for (const struct input *input = inputs->first; input != NULL && done;
	    input = input->next) {
		if (input->secret || input->watched_elsewhere)
			continue;
		memcpy(both + DIGEST_BYTES, input->digest, DIGEST_BYTES);
		done = digest_sha256((struct span){ (const char *)both, sizeof(both) }, both);
	}
	memcpy(digest, both, DIGEST_BYTES);
	return done;
}

struct inputs_watch *
inputs_watch(const struct inputs *inputs, bool all)
{
	struct inputs_watch *watch;
	size_t count = 0;

	for (const struct input *input = inputs->first; input != NULL; input = input->next)
		count++;
	watch = calloc(1, sizeof(*watch) + count * sizeof(watch->files[0]));
	if (watch == NULL)
		return NULL;
	for (const struct input *input = inputs->first; input != NULL; input = input->next) {
		struct watched *file = &watch->files[watch->count];

		if (input->watched_elsewhere && !all)
			continue;
		file->path = strdup(input->path);
		if (file->path == NULL) {
			inputs_unwatch(watch);
			return NULL;
		}
		file->readable = input->readable;
		file->listing = input->listing;
		memcpy(file->digest, input->digest, DIGEST_BYTES);
		watch->count++;
	}
	return watch;
}

static bool
holds_the_same(const struct watched *file)
{
	unsigned char digest[DIGEST_BYTES] = { 0 };
	struct err err = { "" };
	struct buffer bytes;
	bool readable, same;

	buffer_init(&bytes, FILE_MAX_BYTES);
	readable = file->listing ? listing_read(file->path, &bytes, &err)
				 : file_read(file->path, &bytes, &err);
	same = readable == file->readable &&
	       (!readable || (digest_sha256(buffer_span(&bytes), digest) &&
				 memcmp(digest, file->digest, DIGEST_BYTES) == 0));
	buffer_wipe(&bytes);
	return same;
}

/* Take the stamp before reading the content: a write in between then has a different stamp. */
static bool
has_changed(struct watched *file)
{
	struct stat now = { 0 };
	bool there;

	if (file->listing)
		return !holds_the_same(file);
	there = stat(file->path, &now) == 0;
	if (there && file->sure && file_same(&now, &file->seen))
		return false;
	if (!there && !file->readable)
		return false;
	if (!holds_the_same(file))
		return true;
	file->seen = now;
	file->sure = there && file_settled(&now, clock_now_s());
	return false;
}

bool
inputs_changed(struct inputs_watch *watch)
{
	for (size_t i = 0; i < watch->count; i++)
		if (has_changed(&watch->files[i]))
			return true;
	return false;
}

void
inputs_unwatch(struct inputs_watch *watch)
{
	if (watch == NULL)
		return;
	for (size_t i = 0; i < watch->count; i++)
		free(watch->files[i].path);
	free(watch);
}
