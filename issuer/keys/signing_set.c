/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/keys/signing_set.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"

#define PEM_MAX 16384
#define TIMES_MAX 1024
#define SECRET ".pem"
#define PUBLIC ".pub"
#define TIMES ".json"

static bool
path_of(const char *directory, const char *name, const char *suffix, struct buffer *path)
{
	buffer_init(path, 8192);
	buffer_format(path, "%s/%s%s", directory, name, suffix);
	return !path->failed;
}

bool
signing_set_lock(const char *state_dir, char **ret_directory, int *ret_fd, struct err *reterr)
{
	char *directory = NULL;
	int fd = -1;

	if (asprintf(&directory, "%s/signing", state_dir) < 0)
		return err_set(reterr, "%s: no memory", state_dir);
	if ((mkdir(state_dir, 0700) == 0 || errno == EEXIST) &&
	    (mkdir(directory, 0700) == 0 || errno == EEXIST))
		fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX) != 0) {
		(void)err_errno(reterr, errno, "%s", directory);
		if (fd >= 0)
			close(fd);
		free(directory);
		return false;
	}
	*ret_directory = directory;
	*ret_fd = fd;
	return true;
}

/* --- reading --- */

static int64_t
number_at(const json_t *root, const char *key)
{
	const json_t *value = json_object_get(root, key);

	return json_is_integer(value) && json_integer_value(value) > 0 ? json_integer_value(value)
								       : 0;
}

static bool
word_at(const json_t *root, enum signing_algorithm *ret_algorithm)
{
	struct span word = json_text(json_object_get(root, "alg"));
	int i;

	for (i = 0; signing_algorithms[i] != NULL; i++) {
		if (word.at != NULL && span_is(word, signing_algorithms[i])) {
			*ret_algorithm = (enum signing_algorithm)i;
			return true;
		}
	}
	return false;
}

/* A key from an earlier version has no such file: it is for ES256 and has signed since it was made,
 * which is how `times` is initialized. */
static bool
read_times(const char *path, enum signing_algorithm *ret_algorithm, struct signing_times *times,
    struct err *reterr)
{
	json_t *root = NULL;
	bool done;

	*ret_algorithm = SIGNING_ES256;
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return true;
	if (!json_read_file(path, TIMES_MAX, &root, reterr))
		return false;
	times->created_s = number_at(root, "created");
	times->signs_s = number_at(root, "signs_from");
	times->longest_s = number_at(root, "longest");
	done = word_at(root, ret_algorithm) && times->created_s > 0 && times->signs_s > 0;
	json_decref(root);
	return done || err_set(reterr, "%s: not the times of a key", path);
}

/* Read one file of the directory: a key, or an unrelated file. */
struct key_file {
	char kid[64];
	bool secret;
	struct buffer pem, times;
};

static bool
read_key(const struct key_file *file, enum signing_algorithm algorithm,
    struct signing_key **ret_key, struct err *reterr)
{
	const char *path = file->pem.at;
	struct buffer pem;
	bool done;

	buffer_init(&pem, PEM_MAX);
	done = (file->secret ? file_read_private(path, &pem, reterr)
			     : file_read(path, &pem, reterr)) &&
	       (signing_key_read(buffer_span(&pem), algorithm, ret_key, reterr) ||
		   err_within(reterr, "%s", path));
	buffer_wipe(&pem);
	if (done && file->secret && !signing_key_able(*ret_key)) {
		signing_key_free(*ret_key);
		return err_set(reterr, "%s: not a private key in PEM", path);
	}
	return done;
}

static bool
load(const struct key_file *file, struct signing_set *set, struct err *reterr)
{
	struct signing_key *key = NULL;
	enum signing_algorithm algorithm;
	struct signing_times times = { .created_s = 0 };
	struct stat info;

	if (stat(file->pem.at, &info) != 0)
		return err_errno(reterr, errno, "%s", file->pem.at);
	times.created_s = times.signs_s = info.st_mtim.tv_sec;
	if (!read_times(file->times.at, &algorithm, &times, reterr) ||
	    !read_key(file, algorithm, &key, reterr))
		return false;
	if (strcmp(signing_key_kid(key), file->kid) != 0) {
		(void)err_set(reterr, "%s: contains the key %s, not the one in its name",
		    file->pem.at, signing_key_kid(key));
		signing_key_free(key);
		return false;
	}
	return signing_set_add(set, key, &times, reterr);
}

/* A name that starts with a dot is a temporary file that a crash left. */
static bool
is_key(const char *name, struct key_file *ret_file)
{
	struct span span = span_of(name);

	ret_file->secret = span_ends(span, SPAN(SECRET));
	if (name[0] == '.' || (!ret_file->secret && !span_ends(span, SPAN(PUBLIC))))
		return false;
	(void)snprintf(ret_file->kid, sizeof(ret_file->kid), "%.*s", (int)(span.len - 4), name);
	return true;
}

static bool
load_named(const char *directory, const char *name, struct signing_set *set, struct err *reterr)
{
	struct key_file file;
	bool done;

	if (!is_key(name, &file))
		return true;
	done = path_of(directory, name, "", &file.pem);
	done &= path_of(directory, file.kid, TIMES, &file.times);
	done = done ? load(&file, set, reterr) : err_set(reterr, "%s: no memory", name);
	buffer_done(&file.pem);
	buffer_done(&file.times);
	return done;
}

bool
signing_set_read(
    const char *directory, bool strict, struct signing_set **ret_set, struct err *reterr)
{
	struct signing_set *set = calloc(1, sizeof(*set));
	DIR *dir = set == NULL ? NULL : opendir(directory);
	struct dirent *entry;
	bool done = true;

	if (dir == NULL) {
		free(set);
		return err_errno(reterr, errno, "%s", directory);
	}
	atomic_init(&set->references, 1);
	while (done && (entry = readdir(dir)) != NULL) {
		done = load_named(directory, entry->d_name, set, reterr);
		if (!done && !strict) {
			if (set->skipped++ == 0)
				set->why = *reterr;
			done = true;
		}
	}
	closedir(dir);
	if (!done) {
		signing_set_free(set);
		return false;
	}
	set->current = SIZE_MAX;
	*ret_set = set;
	return true;
}

/* --- changing --- */

bool
signing_set_add(struct signing_set *set, struct signing_key *key, const struct signing_times *times,
    struct err *reterr)
{
	size_t at = signing_set_find(set, signing_key_kid(key));

	/* A key that was given by the configuration earlier and is now in the directory is found
	 * twice. */
	if (at != SIZE_MAX) {
		if (set->times[at].able) {
			signing_key_free(key);
			return true;
		}
		signing_key_free(set->keys[at]);
		set->keys[at] = set->keys[--set->count];
		set->times[at] = set->times[set->count];
	}
	if (set->count == SIGNING_MAX_KEYS) {
		signing_key_free(key);
		return err_set(reterr,
		    "there are %d keys already: retire one (postern keys retire KID), or wait "
		    "until the last token of one has expired",
		    SIGNING_MAX_KEYS);
	}
	set->times[set->count] = *times;
	set->times[set->count].able = signing_key_able(key);
	set->keys[set->count++] = key;
	return true;
}

static bool
write_times(const char *path, const struct signing_set *set, size_t index, struct err *reterr)
{
	const struct signing_times *times = &set->times[index];
	struct buffer json;
	bool done;

	buffer_init(&json, TIMES_MAX);
	buffer_format(&json,
	    "{\"alg\":\"%s\",\"created\":%" PRId64 ",\"signs_from\":%" PRId64
	    ",\"longest\":%" PRId64 "}\n",
	    signing_algorithms[signing_key_algorithm(set->keys[index])], times->created_s,
	    times->signs_s, times->longest_s);
	done = json.failed ? err_set(reterr, "no memory")
			   : file_write(path, buffer_span(&json), 0600, reterr);
	buffer_done(&json);
	return done;
}

/* A file that is there holds this key already: its name says so. */
static bool
write_pem(const char *path, const struct signing_key *key, bool secret, struct err *reterr)
{
	struct buffer pem;
	bool done;

	if (access(path, F_OK) == 0)
		return true;
	buffer_init(&pem, PEM_MAX);
	done = signing_key_pem(key, secret, &pem, reterr) &&
	       file_write(path, buffer_span(&pem), secret ? 0600 : 0644, reterr);
	buffer_wipe(&pem);
	return done;
}

/* Write the times first: times without a key are ignored, but a key without times would be dated
 * from now. */
bool
signing_set_write(
    const char *directory, const struct signing_set *set, size_t index, struct err *reterr)
{
	const struct signing_key *key = set->keys[index];
	bool secret = set->times[index].able && !set->times[index].given;
	struct buffer times, pem;
	bool done;

	done = path_of(directory, signing_key_kid(key), TIMES, &times);
	done &= path_of(directory, signing_key_kid(key), secret ? SECRET : PUBLIC, &pem);
	done = done ? write_times(times.at, set, index, reterr) &&
			  write_pem(pem.at, key, secret, reterr)
		    : err_set(reterr, "no memory");
	buffer_done(&times);
	buffer_done(&pem);
	return done;
}

/* False only when the file is still there. */
static bool
remove_file(const char *directory, const char *kid, const char *suffix, struct err *reterr)
{
	struct buffer path;
	bool done;

	if (!path_of(directory, kid, suffix, &path))
		done = err_set(reterr, "no memory");
	else
		done = unlink(path.at) == 0 || errno == ENOENT ||
		       err_errno(reterr, errno, "%s", path.at);
	buffer_done(&path);
	return done;
}

bool
signing_set_remove(const char *directory, struct signing_set *set, size_t index, struct err *reterr)
{
	const char *kid = signing_key_kid(set->keys[index]);

	if (!remove_file(directory, kid, SECRET, reterr) ||
	    !remove_file(directory, kid, PUBLIC, reterr) ||
	    !remove_file(directory, kid, TIMES, reterr))
		return false;
	signing_key_free(set->keys[index]);
	set->count--;
	for (size_t i = index; i < set->count; i++) {
		set->keys[i] = set->keys[i + 1];
		set->times[i] = set->times[i + 1];
	}
	return true;
}

size_t
signing_set_find(const struct signing_set *set, const char *kid)
{
	size_t i;

	for (i = 0; i < set->count; i++) {
		if (strcmp(signing_key_kid(set->keys[i]), kid) == 0)
			return i;
	}
	return SIZE_MAX;
}

struct signing_set *
signing_set_ref(struct signing_set *set)
{
	atomic_fetch_add_explicit(&set->references, 1, memory_order_relaxed);
	return set;
}

void
signing_set_free(struct signing_set *set)
{
	size_t i;

	if (set == NULL || atomic_fetch_sub(&set->references, 1) != 1)
		return;
	for (i = 0; i < set->count; i++)
		signing_key_free(set->keys[i]);
	free(set);
}
