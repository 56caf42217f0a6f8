/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/accounts/password_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* A set-associative cache: credentials can be in WAYS slots, chosen by their digest. */
#define WAYS 4u
#define SETS (PASSWORD_CACHE_MAX / WAYS)

struct entry {
	unsigned char digest[DIGEST_BYTES];
	unsigned char against[DIGEST_BYTES]; /* SHA-256 of the user's hash */
	int64_t until_s;                     /* 0: empty */
};

struct password_cache {
	pthread_mutex_t lock;
	unsigned char key[DIGEST_BYTES];
	struct entry entries[SETS][WAYS];
};

struct password_cache *
password_cache_new(void)
{
	struct password_cache *password_cache = calloc(1, sizeof(*password_cache));

	if (password_cache == NULL ||
	    !digest_random(password_cache->key, sizeof(password_cache->key))) {
		free(password_cache);
		return NULL;
	}
	(void)pthread_mutex_init(&password_cache->lock, NULL);
	return password_cache;
}

void
password_cache_free(struct password_cache *password_cache)
{
	if (password_cache == NULL)
		return;
	(void)pthread_mutex_destroy(&password_cache->lock);
	digest_wipe(password_cache, sizeof(*password_cache));
	free(password_cache);
}

bool
password_cache_digest(const struct password_cache *password_cache,
    const struct password_cache_text *text, unsigned char digest[DIGEST_BYTES])
{
	/* NAME NUL PASSWORD NUL PEER: the NULs can be nowhere else. */
	const struct span parts[] = { text->name, text->password, text->peer };
	char joined[2048];
	size_t len = 0, i;
	bool done = true;

	for (i = 0; done && i < sizeof(parts) / sizeof(parts[0]); i++) {
		done = parts[i].len < sizeof(joined) - len;
		if (done && parts[i].len > 0)
			memcpy(joined + len, parts[i].at, parts[i].len);
		if (done) {
			len += parts[i].len;
			joined[len++] = '\0';
		}
	}
	done = done && digest_hmac((struct span){ (const char *)password_cache->key, DIGEST_BYTES },
			   (struct span){ joined, len }, digest);
	digest_wipe(joined, len);
	return done;
}

/* The digest is uniformly distributed, so its first bytes select the set. */
static struct entry *
set_of(struct password_cache *password_cache, const unsigned char *digest)
{
	uint32_t number;

	memcpy(&number, digest, sizeof(number));
	return password_cache->entries[number % SETS];
}

static bool
is_about(const struct entry *entry, const unsigned char *digest)
{
	return entry->until_s != 0 && memcmp(entry->digest, digest, DIGEST_BYTES) == 0;
}

int64_t
password_cache_until(struct password_cache *password_cache,
    const unsigned char digest[DIGEST_BYTES], const char *hash, int64_t now_s)
{
	unsigned char against[DIGEST_BYTES];
	struct entry *set = set_of(password_cache, digest);
	int64_t until_s = 0;
	size_t i;

	if (!digest_sha256(span_of(hash), against))
		return 0;
	(void)pthread_mutex_lock(&password_cache->lock);
	for (i = 0; i < WAYS; i++)
		if (is_about(&set[i], digest) && now_s < set[i].until_s &&
		    memcmp(set[i].against, against, DIGEST_BYTES) == 0)
			until_s = set[i].until_s;
	(void)pthread_mutex_unlock(&password_cache->lock);
	return until_s;
}

void
password_cache_put(struct password_cache *password_cache, const unsigned char digest[DIGEST_BYTES],
    const char *hash, int64_t now_s)
{
	struct entry *set = set_of(password_cache, digest), *place = &set[0];
	struct entry entry = { .until_s = now_s + PASSWORD_CACHE_S };
	size_t i;

	if (!digest_sha256(span_of(hash), entry.against))
		return;
	memcpy(entry.digest, digest, DIGEST_BYTES);
	(void)pthread_mutex_lock(&password_cache->lock);
	for (i = 0; i < WAYS; i++) {
		if (is_about(&set[i], digest)) {
			place = &set[i];
			break;
		}
		if (set[i].until_s < place->until_s)
			place = &set[i];
	}
	*place = entry;
	(void)pthread_mutex_unlock(&password_cache->lock);
}
