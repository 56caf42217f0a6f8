/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/accounts/verified.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* A credential has WAYS places where it may stand, chosen by its digest. */
#define WAYS 4u
#define SETS (VERIFIED_MOST / WAYS)

struct entry {
	unsigned char digest[DIGEST_BYTES];
	unsigned char against[DIGEST_BYTES]; /* SHA-256 of the user's hash */
	int64_t until_s;                     /* 0: empty */
};

struct verified {
	pthread_mutex_t lock;
	unsigned char key[DIGEST_BYTES];
	struct entry entries[SETS][WAYS];
};

struct verified *
verified_new(void)
{
	struct verified *verified = calloc(1, sizeof(*verified));

	if (verified == NULL || !digest_random(verified->key, sizeof(verified->key))) {
		free(verified);
		return NULL;
	}
	(void)pthread_mutex_init(&verified->lock, NULL);
	return verified;
}

void
verified_free(struct verified *verified)
{
	if (verified == NULL)
		return;
	(void)pthread_mutex_destroy(&verified->lock);
	digest_wipe(verified, sizeof(*verified));
	free(verified);
}

bool
verified_digest(const struct verified *verified, const struct verified_text *text,
    unsigned char digest[DIGEST_BYTES])
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
	done = done && digest_hmac((struct span){ (const char *)verified->key, DIGEST_BYTES },
			   (struct span){ joined, len }, digest);
	digest_wipe(joined, len);
	return done;
}

/* The digest is uniform whatever is presented, so its first bytes choose the set. */
static struct entry *
set_of(struct verified *verified, const unsigned char *digest)
{
	uint32_t number;

	memcpy(&number, digest, sizeof(number));
	return verified->entries[number % SETS];
}

static bool
is_about(const struct entry *entry, const unsigned char *digest)
{
	return entry->until_s != 0 && memcmp(entry->digest, digest, DIGEST_BYTES) == 0;
}

int64_t
verified_until(struct verified *verified, const unsigned char digest[DIGEST_BYTES],
    const char *hash, int64_t now_s)
{
	unsigned char against[DIGEST_BYTES];
	struct entry *set = set_of(verified, digest);
	int64_t until_s = 0;
	size_t i;

	if (!digest_sha256(span_of(hash), against))
		return 0;
	(void)pthread_mutex_lock(&verified->lock);
	for (i = 0; i < WAYS; i++)
		if (is_about(&set[i], digest) && now_s < set[i].until_s &&
		    memcmp(set[i].against, against, DIGEST_BYTES) == 0)
			until_s = set[i].until_s;
	(void)pthread_mutex_unlock(&verified->lock);
	return until_s;
}

void
verified_put(struct verified *verified, const unsigned char digest[DIGEST_BYTES], const char *hash,
    int64_t now_s)
{
	struct entry *set = set_of(verified, digest), *place = &set[0];
	struct entry entry = { .until_s = now_s + VERIFIED_S };
	size_t i;

	if (!digest_sha256(span_of(hash), entry.against))
		return;
	memcpy(entry.digest, digest, DIGEST_BYTES);
	(void)pthread_mutex_lock(&verified->lock);
	for (i = 0; i < WAYS; i++) {
		if (is_about(&set[i], digest)) {
			place = &set[i];
			break;
		}
		if (set[i].until_s < place->until_s)
			place = &set[i];
	}
	*place = entry;
	(void)pthread_mutex_unlock(&verified->lock);
}
