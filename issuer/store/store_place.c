/* SPDX-License-Identifier: Apache-2.0 */
/* Where a store may be made, and where one is put. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "issuer/store/postgres_url.h"
#include "issuer/store/sqlite_file.h"
#include "issuer/store/store_rows.h"

#define SECRET ".pem"
#define BESIDE_BYTES 16 /* "-journal" is the longest */
#define NAME_BYTES (NAME_MAX - BESIDE_BYTES)
#define PATH_BYTES (512 - BESIDE_BYTES)

static bool
is_key(const char *name)
{
	size_t len = strlen(name);

	return len > strlen(SECRET) && strcmp(name + len - strlen(SECRET), SECRET) == 0;
}

static bool
has_keys(const char *state_dir)
{
	char *path = NULL;
	struct dirent *entry;
	DIR *directory;
	bool found = false;

	if (asprintf(&path, "%s/signing", state_dir) < 0)
		return true;
	directory = opendir(path);
	free(path);
	if (directory == NULL)
		return false;
	while (!found && (entry = readdir(directory)) != NULL)
		found = is_key(entry->d_name);
	(void)closedir(directory);
	return found;
}

bool
store_open_at(
    const char *database, const char *state_dir, struct store **ret_store, struct err *reterr)
{
	return has_keys(state_dir) ? store_open_existing(database, ret_store, reterr)
				   : store_open(database, ret_store, reterr);
}

bool
store_absent(const char *database, const char *state_dir)
{
	struct stat info;

	return !sql_is_url(database) && lstat(database, &info) != 0 && errno == ENOENT &&
	       !has_keys(state_dir);
}

/* May files be made in it? */
static bool
is_open(const char *path, const struct stat *info, struct err *reterr)
{
	if (!S_ISDIR(info->st_mode))
		return err_errno(reterr, ENOTDIR, "%s", path);
	return faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) == 0 ||
	       err_errno(reterr, errno, "%s", path);
}

/* Is it a folder, or could mkdir() make it? `state_dir` is made first. */
static bool
folder_fits(const char *path, const char *state_dir, struct err *reterr)
{
	char *parent = NULL;
	struct stat info;
	bool fits;

	if (stat(path, &info) == 0)
		return is_open(path, &info, reterr);
	if (strcmp(path, state_dir) == 0)
		return true;
	if (errno != ENOENT)
		return err_errno(reterr, errno, "%s", path);
	parent = file_directory(path);
	if (parent == NULL)
		return err_set(reterr, "%s: no memory", path);
	if (stat(parent, &info) == 0)
		fits = is_open(parent, &info, reterr);
	else
		fits = strcmp(parent, state_dir) == 0 || err_errno(reterr, ENOENT, "%s", parent);
	free(parent);
	return fits;
}

/* SQLite puts files with longer names beside it, and takes paths of 512 bytes at most. */
static bool
names_file(const char *path, struct err *reterr)
{
	const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;

	if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return err_errno(reterr, EISDIR, "%s", path);
	return (strlen(name) <= NAME_BYTES && strlen(path) <= PATH_BYTES) ||
	       err_errno(reterr, ENAMETOOLONG, "%s", path);
}

bool
store_place_fit(const char *database, const char *state_dir, struct err *reterr)
{
	struct err ignored;
	struct stat info;
	char *folder;
	bool fits;

	if (sql_is_url(database))
		return !sql_url_check(database, &ignored) ||
		       postgres_url_files_fit(database, reterr);
	if (!names_file(database, reterr))
		return false;
	if (lstat(database, &info) == 0 || has_keys(state_dir))
		return sqlite_file_fit(database, reterr);
	if (errno != ENOENT)
		return err_errno(reterr, errno, "%s", database);
	folder = file_directory(database);
	if (folder == NULL)
		return err_set(reterr, "%s: no memory", database);
	fits = folder_fits(folder, state_dir, reterr);
	free(folder);
	return fits;
}

/* --- a new file --- */

static bool
init_file(const char *database, struct err *reterr)
{
	struct sqlite_put put = { .path = database };
	struct store *store = NULL;
	char *made = NULL;
	bool done = false;

	if (asprintf(&made, "%s.new", database) < 0)
		return err_set(reterr, "%s: no memory", database);
	put.from = made;
	(void)unlink(made);
	if (store_open(made, &store, reterr)) {
		store_close(store);
		done = sqlite_file_put(&put, reterr);
		(void)unlink(made);
	}
	free(made);
	return done;
}

bool
store_init(const char *database, struct err *reterr)
{
	struct store *store = NULL;
	struct err ignored;

	if (!sql_is_url(database))
		return init_file(database, reterr);
	if (store_open_existing(database, &store, &ignored)) {
		store_close(store);
		return err_set(reterr, "there is a store already");
	}
	if (!store_open(database, &store, reterr))
		return false;
	store_close(store);
	return true;
}
