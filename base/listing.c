/* SPDX-License-Identifier: Apache-2.0 */
#include "base/listing.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* Names that match, at most LISTING_MAX and one more. */
struct names {
	char *at[LISTING_MAX + 1];
	size_t count;
};

static const char *
last_component(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

bool
listing_is(const char *path)
{
	return strchr(last_component(path), '*') != NULL;
}

/* Every other special character of fnmatch() is itself: only `*` is one here. */
static char *
pattern_of(const char *name)
{
	char *pattern = malloc(2 * strlen(name) + 1), *end = pattern;

	for (; pattern != NULL && *name != '\0'; name++) {
		if (strchr("?[\\", *name) != NULL)
			*end++ = '\\';
		*end++ = *name;
	}
	if (pattern != NULL)
		*end = '\0';
	return pattern;
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
read_names(DIR *directory, const char *pattern, struct names *names)
{
	const struct dirent *entry;

	while (names->count <= LISTING_MAX && (entry = readdir(directory)) != NULL)
		if (fnmatch(pattern, entry->d_name, FNM_PERIOD) == 0) {
			names->at[names->count] = strdup(entry->d_name);
			names->count += names->at[names->count] != NULL;
		}
}

static bool
put_names(const char *path, struct names *names, struct buffer *buffer, struct err *reterr)
{
	int folder = (int)(last_component(path) - path);

	if (names->count == 0)
		return err_set(reterr, "%s: no file matches", path);
	if (names->count > LISTING_MAX)
		return err_set(reterr, "%s: more than %d files match", path, LISTING_MAX);
	qsort(names->at, names->count, sizeof(names->at[0]), by_bytes);
	for (size_t i = 0; i < names->count; i++) {
		buffer_format(buffer, "%.*s%s", folder, path, names->at[i]);
		buffer_add_byte(buffer, '\0');
	}
	return buffer->failed ? err_set(reterr, "%s: out of memory", path) : true;
}

static DIR *
open_folder(const char *path)
{
	size_t len = (size_t)(last_component(path) - path);
	char *folder = len == 0 ? strdup(".") : strndup(path, len);
	DIR *directory = folder == NULL ? NULL : opendir(folder);

	free(folder);
	return directory;
}

bool
listing_read(const char *path, struct buffer *buffer, struct err *reterr)
{
	struct names *names = calloc(1, sizeof(*names));
	char *pattern = pattern_of(last_component(path));
	DIR *directory = open_folder(path);
	bool done = false;

	if (names == NULL || pattern == NULL) {
		err_set(reterr, "%s: out of memory", path);
	} else if (directory == NULL) {
		err_errno(reterr, errno, "%s", path);
	} else {
		read_names(directory, pattern, names);
		done = put_names(path, names, buffer, reterr);
	}
	for (size_t i = 0; names != NULL && i < names->count; i++)
		free(names->at[i]);
	free(names);
	free(pattern);
	if (directory != NULL)
		(void)closedir(directory);
	return done;
}
