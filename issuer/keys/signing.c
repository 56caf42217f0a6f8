/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/keys/signing.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "issuer/keys/signing_sync.h"

struct signing {
	char *state_dir, *directory, *key_file;
	enum signing_algorithm algorithm;
	int64_t rotate_after_s, publish_ahead_s;
	_Atomic int64_t keep_s, next_s;
	atomic_bool hold;
	pthread_mutex_t lock;     /* who changes something */
	pthread_mutex_t set_lock; /* guards the next one; never held for long */
	struct signing_set *set;
	size_t reported_skipped;
};

static struct signing_settings
settings_of(const struct signing *signing)
{
	return (struct signing_settings){ .rotate_after_s = signing->rotate_after_s,
		.publish_ahead_s = signing->publish_ahead_s,
		.keep_s = atomic_load(&signing->keep_s) };
}

/* --- taking it over --- */

static bool
same_times(const struct signing_times *a, const struct signing_times *b)
{
	return a->created_s == b->created_s && a->signs_s == b->signs_s && a->able == b->able &&
	       a->given == b->given && a->fits == b->fits;
}

static bool
same_key(const struct signing_set *a, size_t at, const struct signing_set *b)
{
	size_t found = signing_set_find(b, signing_key_kid(a->keys[at]));

	return found != SIZE_MAX && same_times(&a->times[at], &b->times[found]) &&
	       (at == a->current) == (found == b->current);
}

static bool
same_set(const struct signing_set *a, const struct signing_set *b)
{
	if (a == NULL || a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!same_key(a, i, b))
			return false;
	return true;
}

/* taken: `set`. True when it differs from the previous one. */
static bool
take_set(struct signing *signing, struct signing_set *set, int64_t now_s)
{
	struct signing_set *old = signing->set; /* changed by us alone */
	struct signing_settings settings = settings_of(signing);

	atomic_store(
	    &signing->next_s, signing_plan(set->times, set->count, &settings, now_s).next_s);
	if (set->skipped > 0 && set->skipped != signing->reported_skipped)
		log_event(LOG_ERROR, "signing_key_skipped", "%s", set->why.text);
	signing->reported_skipped = set->skipped;
	if (set->redated > 0)
		log_event(LOG_WARN, "signing_key_redated",
		    "%zu keys were created while the clock was ahead: they count as created now",
		    set->redated);
	if (same_set(old, set)) {
		signing_set_free(set);
		return false;
	}
	(void)pthread_mutex_lock(&signing->set_lock);
	signing->set = set;
	(void)pthread_mutex_unlock(&signing->set_lock);
	signing_set_free(old);
	return true;
}

static bool
look_locked(
    struct signing *signing, struct signing_request *request, bool *ret_changed, struct err *reterr)
{
	struct signing_place place = { .key_file = signing->key_file,
		.algorithm = signing->algorithm,
		.settings = settings_of(signing) };
	struct signing_set *set = NULL;
	char *directory = NULL;
	bool done;
	int fd;

	*ret_changed = false;
	(void)pthread_mutex_lock(&signing->lock);
	done = signing_set_lock(signing->state_dir, &directory, &fd, reterr);
	if (done && signing->directory == NULL) {
		signing->directory = directory;
		directory = NULL;
	}
	free(directory);
	if (done) {
		place.directory = signing->directory;
		done = signing_sync(&place, request, &set, reterr);
		(void)fsync(fd); /* what was removed is to stay removed */
		close(fd);
	}
	if (set != NULL)
		*ret_changed = take_set(signing, set, request->now_s);
	(void)pthread_mutex_unlock(&signing->lock);
	return done;
}

/* --- opening, closing, changing --- */

static bool
copy_setup(struct signing *signing, const struct signing_setup *setup)
{
	signing->algorithm = setup->algorithm;
	signing->rotate_after_s = setup->rotate_after_s;
	signing->publish_ahead_s = setup->publish_ahead_s;
	signing->state_dir = strdup(setup->state_dir);
	if (setup->key_file != NULL)
		signing->key_file = strdup(setup->key_file);
	return signing->state_dir != NULL && (setup->key_file == NULL || signing->key_file != NULL);
}

bool
signing_open(const struct signing_setup *setup, struct signing **ret_signing, struct err *reterr)
{
	struct signing *signing = calloc(1, sizeof(*signing));
	struct signing_request request = { .now_s = clock_now_s(), .strict = true };
	bool changed;

	if (signing == NULL)
		return err_set(reterr, "%s: no memory", setup->state_dir);
	(void)pthread_mutex_init(&signing->lock, NULL);
	(void)pthread_mutex_init(&signing->set_lock, NULL);
	if (!copy_setup(signing, setup) || !look_locked(signing, &request, &changed, reterr)) {
		signing_close(signing);
		return err_within(reterr, "signing key");
	}
	*ret_signing = signing;
	return true;
}

void
signing_close(struct signing *signing)
{
	if (signing == NULL)
		return;
	signing_set_free(signing->set);
	(void)pthread_mutex_destroy(&signing->set_lock);
	(void)pthread_mutex_destroy(&signing->lock);
	free(signing->state_dir);
	free(signing->directory);
	free(signing->key_file);
	free(signing);
}

void
signing_keep(struct signing *signing, int64_t keep_s)
{
	if (keep_s <= atomic_load(&signing->keep_s))
		return;
	atomic_store(&signing->keep_s, keep_s);
	atomic_store(&signing->next_s, 0); /* to be stored with the key that signs */
}

int64_t
signing_longest_s(const struct signing *signing)
{
	return atomic_load(&signing->keep_s);
}

void
signing_hold(struct signing *signing, bool hold)
{
	atomic_store(&signing->hold, hold);
}

bool
signing_tend(struct signing *signing, int64_t now_s, bool *ret_changed, struct err *reterr)
{
	struct signing_request request = { .now_s = now_s, .hold = atomic_load(&signing->hold) };

	return look_locked(signing, &request, ret_changed, reterr);
}

static bool
rotate(struct signing *signing, struct signing_request *request, char **ret_kid, struct err *reterr)
{
	bool changed;

	request->rotate = true;
	if (!look_locked(signing, request, &changed, reterr)) {
		free(request->made);
		return false;
	}
	*ret_kid = request->made;
	return true;
}

bool
signing_rotate(struct signing *signing, int64_t now_s, char **ret_kid, struct err *reterr)
{
	struct signing_request request = { .now_s = now_s,
		.signs_s = now_s + signing->publish_ahead_s };

	return rotate(signing, &request, ret_kid, reterr);
}

bool
signing_rotate_at_once(struct signing *signing, int64_t now_s, char **ret_kid, struct err *reterr)
{
	struct signing_request request = { .now_s = now_s, .signs_s = now_s };

	return rotate(signing, &request, ret_kid, reterr);
}

bool
signing_retire(struct signing *signing, const char *kid, int64_t now_s, struct err *reterr)
{
	struct signing_request request = { .now_s = now_s, .retire = kid };
	bool changed;

	return look_locked(signing, &request, &changed, reterr);
}

/* --- reading --- */

/* While another change could leave the file times the same, return a different number each time. */
static uint64_t
seen(const char *path)
{
	struct stat info;
	int64_t now_s = clock_now_s();
	uint64_t number;

	if (path == NULL || stat(path, &info) != 0)
		return 0;
	number = (uint64_t)info.st_mtim.tv_sec * 1000000007u + (uint64_t)info.st_mtim.tv_nsec +
		 (uint64_t)info.st_ctim.tv_sec * 998244353u + (uint64_t)info.st_ctim.tv_nsec * 3u +
		 (uint64_t)info.st_ino * 31u + (uint64_t)info.st_size * 131u;
	return file_settled(&info, now_s) ? number : number + (uint64_t)now_s * 1000003u;
}

uint64_t
signing_files(const struct signing *signing)
{
	return seen(signing->directory) * 3u + seen(signing->key_file);
}

int64_t
signing_next_s(const struct signing *signing)
{
	return atomic_load(&signing->next_s);
}

struct signing_set *
signing_now(struct signing *signing)
{
	struct signing_set *set;

	(void)pthread_mutex_lock(&signing->set_lock);
	set = signing_set_ref(signing->set);
	(void)pthread_mutex_unlock(&signing->set_lock);
	return set;
}

bool
signing_is_quick(struct signing *signing)
{
	enum signing_algorithm algorithm;

	(void)pthread_mutex_lock(&signing->set_lock);
	algorithm = signing_key_algorithm(signing->set->keys[signing->set->current]);
	(void)pthread_mutex_unlock(&signing->set_lock);
	return algorithm == SIGNING_ES256 || algorithm == SIGNING_EDDSA;
}

int64_t
signing_end_s(const struct signing *signing, const struct signing_set *set, size_t index)
{
	return index == set->current ? INT64_MAX
				     : signing_plan_end_s(set->times, set->count, index,
					   atomic_load(&signing->keep_s));
}

static void
add_key(struct buffer *json, const struct signing_key *key, bool first)
{
	if (!first)
		buffer_add_byte(json, ',');
	buffer_add(json, signing_key_jwk(key));
}

void
signing_jwks(const struct signing_set *set, struct buffer *json)
{
	buffer_add_text(json, "{\"keys\":[");
	add_key(json, set->keys[set->current], true);
	for (size_t i = 0; i < set->count; i++)
		if (i != set->current)
			add_key(json, set->keys[i], false);
	buffer_add_text(json, "]}");
}

const char *
signing_directory(const struct signing *signing)
{
	return signing->directory;
}
