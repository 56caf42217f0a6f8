/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/lockout.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"

/* An entry has WAYS places where it may stand; the last of a set is for all that found none. */
#define WAYS 8u
#define SETS 4096u
#define MARK_BYTES 16u
#define WIDER 4 /* by peer or by name alone so many times the failures are free */
#define DOUBLINGS_MOST 30u
#define TRUSTED_S (30 * 24 * 3600)
#define TRUST_WORTH 3

struct entry {
	unsigned char mark[MARK_BYTES]; /* all zero: empty */
	int64_t until_s;                /* locked while now < until_s */
	int64_t last_s;                 /* of the last failure */
	int64_t trusted_s;              /* right at that time; 0: never */
	uint32_t failures;
};

struct lockout {
	pthread_mutex_t lock;
	unsigned char key[DIGEST_BYTES];
	_Atomic int64_t loud_s; /* nobody is locked from then on */
	struct entry entries[SETS][WAYS];
};

enum scope { SCOPE_PAIR = 'b', SCOPE_PEER = 'p', SCOPE_NAME = 'n' };

struct mark {
	unsigned char bytes[DIGEST_BYTES]; /* the first MARK_BYTES tell entries apart */
};

/* The three entries that an attempt counts in. */
struct marks {
	struct mark pair, peer, name;
};

struct lockout *
lockout_new(void)
{
	struct lockout *lockout = calloc(1, sizeof(*lockout));

	if (lockout == NULL || !digest_random(lockout->key, sizeof(lockout->key))) {
		free(lockout);
		return NULL;
	}
	(void)pthread_mutex_init(&lockout->lock, NULL);
	return lockout;
}

void
lockout_free(struct lockout *lockout)
{
	if (lockout == NULL)
		return;
	(void)pthread_mutex_destroy(&lockout->lock);
	digest_wipe(lockout->key, sizeof(lockout->key));
	free(lockout);
}

/* --- the table --- */

static int64_t
longest(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Whoever has one address of IPv6 has 2^64 of them. An address of IPv4 in IPv6's clothes is one of
 * IPv4. */
static struct span
peer_key(struct span peer, unsigned char room[16])
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	char text[INET6_ADDRSTRLEN];

	if (peer.len >= sizeof(text))
		return peer;
	memcpy(text, peer.len == 0 ? "" : peer.at, peer.len);
	text[peer.len] = '\0';
	if (inet_pton(AF_INET, text, room) == 1)
		return (struct span){ (const char *)room, 4 };
	if (inet_pton(AF_INET6, text, room) != 1)
		return peer;
	if (memcmp(room, mapped, sizeof(mapped)) == 0)
		return (struct span){ (const char *)room + 12, 4 };
	return (struct span){ (const char *)room, 8 };
}

/* Each part is hashed under the hash of the one before: no join of them can be read two ways. */
static bool
mark_of(const struct lockout *lockout, const struct lockout_who *who, enum scope scope,
    struct mark *mark)
{
	struct span key = { (const char *)lockout->key, sizeof(lockout->key) };
	char head[2] = { who->kind, (char)scope };
	unsigned char room[16], step[DIGEST_BYTES];
	struct span stepped = { (const char *)step, sizeof(step) };
	struct span name = scope == SCOPE_PEER ? SPAN("") : who->name;
	struct span peer = scope == SCOPE_NAME ? SPAN("") : peer_key(who->peer, room);
	unsigned char named[DIGEST_BYTES];

	/* A peer is the same whatever it tries. */
	if (scope == SCOPE_PEER)
		head[0] = '*';
	return digest_hmac(key, (struct span){ head, sizeof(head) }, step) &&
	       digest_hmac(stepped, name, named) &&
	       digest_hmac((struct span){ (const char *)named, sizeof(named) }, peer, mark->bytes);
}

static bool
mark_all(const struct lockout *lockout, const struct lockout_who *who, struct marks *marks)
{
	return mark_of(lockout, who, SCOPE_PAIR, &marks->pair) &&
	       mark_of(lockout, who, SCOPE_PEER, &marks->peer) &&
	       mark_of(lockout, who, SCOPE_NAME, &marks->name);
}

static bool
is_empty(const struct entry *entry)
{
	static const unsigned char none[MARK_BYTES];

	return memcmp(entry->mark, none, MARK_BYTES) == 0;
}

/* The smaller, the sooner it gives way. One that was right once is worth some failures: no flood
 * of new names shall make it unknown. */
static int64_t
worth(const struct entry *entry, int64_t now_s)
{
	int64_t failures = (int64_t)entry->failures + (entry->trusted_s > 0 ? TRUST_WORTH : 0);

	if (is_empty(entry))
		return INT64_MIN;
	if (entry->until_s > now_s)
		return INT64_MAX;
	return failures * (INT64_C(1) << 34) + longest(entry->trusted_s, entry->last_s);
}

static struct entry *
make_room(struct entry *set, const unsigned char *mark, int64_t now_s)
{
	struct entry *least = &set[0];
	size_t i;

	for (i = 1; i < WAYS - 1; i++)
		if (worth(&set[i], now_s) < worth(least, now_s))
			least = &set[i];
	if (worth(least, now_s) == INT64_MAX)
		return &set[WAYS - 1];
	*least = (struct entry){ .last_s = now_s };
	memcpy(least->mark, mark, MARK_BYTES);
	return least;
}

static struct entry *
seek(struct entry *set, const unsigned char *mark)
{
	size_t i;

	for (i = 0; i < WAYS - 1; i++)
		if (memcmp(set[i].mark, mark, MARK_BYTES) == 0)
			return &set[i];
	return NULL;
}

static struct entry *
set_of(struct lockout *lockout, const struct mark *mark)
{
	uint32_t number;

	memcpy(&number, mark->bytes + MARK_BYTES, sizeof(number));
	return lockout->entries[number % SETS];
}

/* The entry of that mark; made if there is none. */
static struct entry *
find(struct lockout *lockout, const struct mark *mark, int64_t now_s)
{
	struct entry *set = set_of(lockout, mark), *entry = seek(set, mark->bytes);

	return entry != NULL ? entry : make_room(set, mark->bytes, now_s);
}

/* The same for a look only: nothing is made, so nothing has to give way. One that is not there
 * waits with the crowd of its set, as far as that has no room. */
static const struct entry *
look(struct lockout *lockout, const struct mark *mark, int64_t now_s)
{
	static const struct entry nothing;
	struct entry *set = set_of(lockout, mark), *entry = seek(set, mark->bytes);
	size_t i;

	if (entry != NULL)
		return entry;
	for (i = 0; i < WAYS - 1; i++)
		if (worth(&set[i], now_s) != INT64_MAX)
			return &nothing;
	return &set[WAYS - 1];
}

/* --- counting --- */

static int64_t
wait_of(const struct entry *entry, int64_t now_s)
{
	return entry->until_s > now_s ? entry->until_s - now_s : 0;
}

/* What is free, and the longest wait, by scope. */
static void
measure(const struct lockout_rules *rules, enum scope scope, int64_t *ret_free, int64_t *ret_most)
{
	*ret_free = scope == SCOPE_PAIR ? rules->failures : rules->failures * WIDER;
	*ret_most = scope == SCOPE_NAME && rules->most_s > LOCKOUT_NAME_MOST_S ? LOCKOUT_NAME_MOST_S
									       : rules->most_s;
}

static void
count(struct lockout *lockout, const struct lockout_rules *rules, enum scope scope,
    struct entry *entry, int64_t now_s)
{
	int64_t free_ones, most_s, beyond, wait_s;

	measure(rules, scope, &free_ones, &most_s);
	if (now_s - entry->last_s >= rules->forget_s && entry->until_s <= now_s)
		entry->failures = 0;
	if (entry->failures < UINT32_MAX)
		entry->failures++;
	entry->last_s = now_s;
	beyond = (int64_t)entry->failures - free_ones;
	if (beyond < 0)
		return;
	wait_s = beyond > DOUBLINGS_MOST ? most_s : rules->first_s << beyond;
	entry->until_s = now_s + (wait_s > most_s ? most_s : wait_s);
	if (entry->until_s > atomic_load(&lockout->loud_s))
		atomic_store(&lockout->loud_s, entry->until_s);
}

/* What count() did last is undone. */
static void
give_back(const struct lockout_rules *rules, struct entry *entry)
{
	if (entry->failures > 0)
		entry->failures--;
	if ((int64_t)entry->failures < rules->failures)
		entry->until_s = 0;
}

static bool
trusted(const struct entry *pair, int64_t now_s)
{
	return pair->trusted_s > 0 && now_s - pair->trusted_s < TRUSTED_S;
}

static int64_t
due(struct lockout *lockout, const struct marks *marks, int64_t now_s)
{
	const struct entry *pair = look(lockout, &marks->pair, now_s);
	int64_t wait_s = wait_of(pair, now_s);

	if (trusted(pair, now_s))
		return wait_s;
	return longest(wait_s, longest(wait_of(look(lockout, &marks->peer, now_s), now_s),
				   wait_of(look(lockout, &marks->name, now_s), now_s)));
}

int64_t
lockout_due(
    struct lockout *lockout, const struct lockout_rules *rules, const struct lockout_who *who)
{
	struct marks marks;
	int64_t wait_s;

	if (rules->failures == 0 || lockout_quiet(lockout, who->now_s))
		return 0;
	if (!mark_all(lockout, who, &marks))
		return 1;
	(void)pthread_mutex_lock(&lockout->lock);
	wait_s = due(lockout, &marks, who->now_s);
	(void)pthread_mutex_unlock(&lockout->lock);
	return wait_s;
}

int64_t
lockout_begin(
    struct lockout *lockout, const struct lockout_rules *rules, const struct lockout_who *who)
{
	struct marks marks;
	int64_t wait_s, now_s = who->now_s;

	if (rules->failures == 0)
		return 0;
	/* Without a hash there is no counting, and without counting no attempt. */
	if (!mark_all(lockout, who, &marks))
		return 1;
	(void)pthread_mutex_lock(&lockout->lock);
	wait_s = due(lockout, &marks, now_s);
	if (wait_s == 0)
		count(lockout, rules, SCOPE_PAIR, find(lockout, &marks.pair, now_s), now_s);
	(void)pthread_mutex_unlock(&lockout->lock);
	return wait_s;
}

/* The pair was counted when the attempt began. */
static void
settle(struct lockout *lockout, const struct lockout_rules *rules, const struct lockout_who *who,
    bool right)
{
	struct mark mark;
	struct entry *pair;

	if (rules->failures == 0 || !mark_of(lockout, who, SCOPE_PAIR, &mark))
		return;
	(void)pthread_mutex_lock(&lockout->lock);
	pair = find(lockout, &mark, who->now_s);
	if (right && !is_empty(pair)) {
		pair->failures = 0;
		pair->until_s = 0;
		pair->trusted_s = who->now_s;
	} else {
		give_back(rules, pair);
	}
	(void)pthread_mutex_unlock(&lockout->lock);
}

void
lockout_right(
    struct lockout *lockout, const struct lockout_rules *rules, const struct lockout_who *who)
{
	settle(lockout, rules, who, true);
}

void
lockout_void(
    struct lockout *lockout, const struct lockout_rules *rules, const struct lockout_who *who)
{
	settle(lockout, rules, who, false);
}

int64_t
lockout_wrong(
    struct lockout *lockout, const struct lockout_rules *rules, const struct lockout_who *who)
{
	struct marks marks;
	const struct entry *pair;
	struct entry *peer, *name;
	int64_t wait_s, now_s = who->now_s;

	if (rules->failures == 0)
		return 0;
	if (!mark_all(lockout, who, &marks))
		return 1;
	(void)pthread_mutex_lock(&lockout->lock);
	pair = look(lockout, &marks.pair, now_s);
	wait_s = wait_of(pair, now_s);
	/* Who was right before and mistypes makes nobody else wait. */
	if (!trusted(pair, now_s)) {
		peer = find(lockout, &marks.peer, now_s);
		count(lockout, rules, SCOPE_PEER, peer, now_s);
		name = find(lockout, &marks.name, now_s);
		count(lockout, rules, SCOPE_NAME, name, now_s);
		wait_s = longest(wait_s, longest(wait_of(peer, now_s), wait_of(name, now_s)));
	}
	(void)pthread_mutex_unlock(&lockout->lock);
	return wait_s;
}

bool
lockout_quiet(const struct lockout *lockout, int64_t now_s)
{
	return now_s >= atomic_load_explicit(&lockout->loud_s, memory_order_relaxed);
}

int64_t
lockout_wait(struct lockout *lockout, const struct lockout_who *who)
{
	struct mark mark;
	int64_t wait_s;

	if (!mark_of(lockout, who, SCOPE_PAIR, &mark))
		return 1;
	(void)pthread_mutex_lock(&lockout->lock);
	wait_s = wait_of(look(lockout, &mark, who->now_s), who->now_s);
	(void)pthread_mutex_unlock(&lockout->lock);
	return wait_s;
}
