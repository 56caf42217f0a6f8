/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/accounts/lockout.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "issuer/accounts/lockout_table.h"

#define WIDER 4 /* by peer or by name alone, this many times as many failures are free */
#define DOUBLINGS_MAX 30u
#define TRUSTED_S (30 * 24 * 3600)

struct lockout {
	pthread_mutex_t lock;
	unsigned char key[DIGEST_BYTES];
	_Atomic int64_t loud_s; /* nobody is locked from then on */
	struct lockout_table table;
};

enum scope { SCOPE_PAIR = 'b', SCOPE_PEER = 'p', SCOPE_NAME = 'n' };

/* The three entries that an attempt counts in. */
struct marks {
	struct lockout_mark pair, peer, name;
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

/* --- who it is --- */

static int64_t
longest(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Whoever has one IPv6 address usually has 2^64 of them, so only the first 64 bits count. An
 * IPv4-mapped IPv6 address is treated as IPv4. */
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

/* Each part is hashed with the hash of the previous one as the key, so that different parts cannot
 * give the same input. Each kind and scope has a key of its own. */
static bool
mark_of(const struct lockout *lockout, const struct lockout_who *who, enum scope scope,
    struct lockout_mark *mark)
{
	unsigned char key[sizeof(lockout->key)], room[16], named[DIGEST_BYTES];
	struct span name = scope == SCOPE_PEER ? SPAN("") : who->name;
	struct span peer = scope == SCOPE_NAME ? SPAN("") : peer_key(who->peer, room);

	memcpy(key, lockout->key, sizeof(key));
	key[0] ^= (unsigned char)scope;
	if (scope != SCOPE_PEER) /* a peer is the same whatever it tries */
		key[1] ^= (unsigned char)who->kind;
	return digest_hmac((struct span){ (const char *)key, sizeof(key) }, name, named) &&
	       digest_hmac((struct span){ (const char *)named, sizeof(named) }, peer, mark->bytes);
}

static bool
mark_all(const struct lockout *lockout, const struct lockout_who *who, struct marks *marks)
{
	return mark_of(lockout, who, SCOPE_PAIR, &marks->pair) &&
	       mark_of(lockout, who, SCOPE_PEER, &marks->peer) &&
	       mark_of(lockout, who, SCOPE_NAME, &marks->name);
}

/* --- counting --- */

static int64_t
wait_of(const struct lockout_entry *entry, int64_t now_s)
{
	return entry->until_s > now_s ? entry->until_s - now_s : 0;
}

/* What is free, and the longest wait, by scope. */
static void
measure(const struct lockout_rules *rules, enum scope scope, int64_t *ret_free, int64_t *ret_most)
{
	*ret_free = scope == SCOPE_PAIR ? rules->failures : rules->failures * WIDER;
	*ret_most = scope == SCOPE_NAME && rules->most_s > LOCKOUT_NAME_MAX_S ? LOCKOUT_NAME_MAX_S
									      : rules->most_s;
}

/* One more failure of what `entry` counts in that scope. */
struct failure_at {
	const struct lockout_rules *rules;
	enum scope scope;
	int64_t now_s;
};

static void
count(struct lockout *lockout, struct lockout_entry *entry, const struct failure_at *at)
{
	const struct lockout_rules *rules = at->rules;
	int64_t free_ones, most_s, beyond, wait_s, now_s = at->now_s;

	measure(rules, at->scope, &free_ones, &most_s);
	if (now_s - entry->last_s >= rules->forget_s && entry->until_s <= now_s)
		entry->failures = 0;
	if (entry->failures < UINT32_MAX)
		entry->failures++;
	entry->last_s = now_s;
	beyond = (int64_t)entry->failures - free_ones;
	if (beyond < 0)
		return;
	wait_s = beyond > DOUBLINGS_MAX ? most_s : rules->first_s << beyond;
	entry->until_s = now_s + (wait_s > most_s ? most_s : wait_s);
	if (entry->until_s > atomic_load(&lockout->loud_s))
		atomic_store(&lockout->loud_s, entry->until_s);
}

/* Undo the last count(). */
static void
give_back(const struct lockout_rules *rules, struct lockout_entry *entry)
{
	if (entry->failures > 0)
		entry->failures--;
	if ((int64_t)entry->failures < rules->failures)
		entry->until_s = 0;
}

static bool
trusted(const struct lockout_entry *pair, int64_t now_s)
{
	return pair->trusted_s > 0 && now_s - pair->trusted_s < TRUSTED_S;
}

/* The wait of the peer is not included: others at that address may have caused it. */
static int64_t
due(struct lockout *lockout, const struct marks *marks, int64_t now_s)
{
	const struct lockout_entry *pair = lockout_table_look(&lockout->table, &marks->pair, now_s);
	int64_t wait_s = wait_of(pair, now_s);

	if (trusted(pair, now_s))
		return wait_s;
	return longest(
	    wait_s, wait_of(lockout_table_look(&lockout->table, &marks->name, now_s), now_s));
}

int64_t
lockout_due(
    struct lockout *lockout, const struct lockout_rules *rules, const struct lockout_who *who)
{
	struct marks marks;
	int64_t wait_s;

	if (rules->failures == 0 || lockout_quiet(lockout, who->mono_s))
		return 0;
	if (!mark_all(lockout, who, &marks))
		return 1;
	(void)pthread_mutex_lock(&lockout->lock);
	wait_s = due(lockout, &marks, who->mono_s);
	(void)pthread_mutex_unlock(&lockout->lock);
	return wait_s;
}

int64_t
lockout_begin(
    struct lockout *lockout, const struct lockout_rules *rules, const struct lockout_who *who)
{
	struct marks marks;
	int64_t wait_s, now_s = who->mono_s;

	if (rules->failures == 0)
		return 0;
	/* Without a hash there is no counting, and without counting no attempt. */
	if (!mark_all(lockout, who, &marks))
		return 1;
	(void)pthread_mutex_lock(&lockout->lock);
	wait_s = due(lockout, &marks, now_s);
	if (wait_s == 0)
		count(lockout, lockout_table_find(&lockout->table, &marks.pair, now_s),
		    &(struct failure_at){ rules, SCOPE_PAIR, now_s });
	(void)pthread_mutex_unlock(&lockout->lock);
	return wait_s;
}

/* The pair was counted when the attempt began. */
static void
settle(struct lockout *lockout, const struct lockout_rules *rules, const struct lockout_who *who,
    bool right)
{
	struct lockout_mark mark;
	struct lockout_entry *pair;

	if (rules->failures == 0 || !mark_of(lockout, who, SCOPE_PAIR, &mark))
		return;
	(void)pthread_mutex_lock(&lockout->lock);
	pair = lockout_table_find(&lockout->table, &mark, who->mono_s);
	if (right && !lockout_table_is_empty(pair)) {
		pair->failures = 0;
		pair->until_s = 0;
		pair->trusted_s = who->mono_s;
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

/* Of one that was never right together. */
static struct lockout_failure
count_strangers(struct lockout *lockout, const struct lockout_rules *rules,
    const struct marks *marks, int64_t now_s)
{
	struct lockout_entry *peer = lockout_table_find(&lockout->table, &marks->peer, now_s),
			     *name;
	struct lockout_failure failure = { .wait_s = wait_of(peer, now_s) };

	failure.refused = failure.wait_s > 0;
	if (!failure.refused)
		count(lockout, peer, &(struct failure_at){ rules, SCOPE_PEER, now_s });
	failure.wait_s = wait_of(peer, now_s);
	name = lockout_table_find(&lockout->table, &marks->name, now_s);
	count(lockout, name, &(struct failure_at){ rules, SCOPE_NAME, now_s });
	failure.wait_s = longest(failure.wait_s, wait_of(name, now_s));
	return failure;
}

struct lockout_failure
lockout_wrong(
    struct lockout *lockout, const struct lockout_rules *rules, const struct lockout_who *who)
{
	struct lockout_failure failure = { 0 };
	struct marks marks;
	const struct lockout_entry *pair;
	int64_t pair_s;

	if (rules->failures == 0)
		return failure;
	if (!mark_all(lockout, who, &marks))
		return (struct lockout_failure){ .refused = true, .wait_s = 1 };
	(void)pthread_mutex_lock(&lockout->lock);
	pair = lockout_table_look(&lockout->table, &marks.pair, who->mono_s);
	pair_s = wait_of(pair, who->mono_s);
	/* A typing error by a user who was right before does not make others wait. */
	if (!trusted(pair, who->mono_s))
		failure = count_strangers(lockout, rules, &marks, who->mono_s);
	(void)pthread_mutex_unlock(&lockout->lock);
	failure.wait_s = longest(failure.wait_s, pair_s);
	return failure;
}

enum lockout_standing
lockout_standing(struct lockout *lockout, const struct lockout_who *who)
{
	enum lockout_standing standing = LOCKOUT_STRANGER;
	struct marks marks;

	if (!mark_all(lockout, who, &marks))
		return LOCKOUT_SUSPECT;
	(void)pthread_mutex_lock(&lockout->lock);
	if (trusted(lockout_table_look(&lockout->table, &marks.pair, who->mono_s), who->mono_s))
		standing = LOCKOUT_TRUSTED;
	else if (wait_of(lockout_table_look(&lockout->table, &marks.peer, who->mono_s),
		     who->mono_s) > 0)
		standing = LOCKOUT_SUSPECT;
	(void)pthread_mutex_unlock(&lockout->lock);
	return standing;
}

bool
lockout_quiet(const struct lockout *lockout, int64_t now_s)
{
	return now_s >= atomic_load_explicit(&lockout->loud_s, memory_order_relaxed);
}

int64_t
lockout_wait(struct lockout *lockout, const struct lockout_who *who)
{
	struct lockout_mark mark;
	int64_t wait_s;

	if (!mark_of(lockout, who, SCOPE_PAIR, &mark))
		return 1;
	(void)pthread_mutex_lock(&lockout->lock);
	wait_s = wait_of(lockout_table_look(&lockout->table, &mark, who->mono_s), who->mono_s);
	(void)pthread_mutex_unlock(&lockout->lock);
	return wait_s;
}
