/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/accounts/login.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "issuer/accounts/password_cache.h"

/* A password check under way, and the requests that share its result. */
struct flight {
	unsigned char digest[DIGEST_BYTES];
	const char *hash; /* borrowed from the request that checks, as long as !done */
	struct span peer; /* likewise */
	unsigned sharers; /* 0: free */
	bool done;
	bool waits; /* for a turn: */
	enum lockout_standing standing;
	uint64_t round, number; /* the lower, the sooner; each peer has one a round */
	enum login_found found;
	int64_t wait_s;
};

struct login {
	struct lockout_rules rules;
	struct lockout *lockout;
	struct password_cache *password_cache; /* borrowed, as the lock-out */
	pthread_mutex_t lock;                  /* of all below */
	pthread_cond_t changed;                /* a flight is done, or a turn is free */
	long hashing, at_once;
	uint64_t round, flown; /* of the last one that got a turn; flights so far */
	struct flight flights[LOGIN_UNDER_WAY];
};

static long
turns(void)
{
	long half = sysconf(_SC_NPROCESSORS_ONLN) / 2;

	return half < 1 ? 1 : half > LOGIN_AT_ONCE ? LOGIN_AT_ONCE : half;
}

struct login *
login_new(struct memory *memory, const struct lockout_rules *rules)
{
	struct login *login = calloc(1, sizeof(*login));

	if (login == NULL)
		return NULL;
	login->rules = *rules;
	login->at_once = turns();
	(void)pthread_mutex_init(&login->lock, NULL);
	(void)pthread_cond_init(&login->changed, NULL);
	login->lockout = memory->lockout;
	login->password_cache = memory->password_cache;
	return login;
}

void
login_free(struct login *login)
{
	if (login == NULL)
		return;
	(void)pthread_cond_destroy(&login->changed);
	(void)pthread_mutex_destroy(&login->lock);
	free(login);
}

bool
login_digest(const struct login *login, struct login_attempt *attempt)
{
	struct password_cache_text text = { attempt->name, attempt->password, attempt->peer };

	return password_cache_digest(login->password_cache, &text, attempt->digest);
}

static struct lockout_who
who_attempts(const struct login_attempt *attempt)
{
	return (struct lockout_who){ 'u', attempt->name, attempt->peer, attempt->mono_s };
}

bool
login_quiet(const struct login *login, int64_t mono_s)
{
	return lockout_quiet(login->lockout, mono_s);
}

int64_t
login_known(struct login *login, const struct login_attempt *attempt)
{
	struct lockout_who who = who_attempts(attempt);
	int64_t until_s;

	if (attempt->hash == NULL)
		return 0;
	until_s = password_cache_until(
	    login->password_cache, attempt->digest, attempt->hash, attempt->mono_s);
	if (until_s != 0 && !login_quiet(login, attempt->mono_s) &&
	    lockout_wait(login->lockout, &who) > 0)
		return 0;
	return until_s;
}

/* --- flights; the lock is held --- */

static bool
same_hash(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* The flight for the same credentials, or NULL. */
static struct flight *
find_flight(struct login *login, const struct login_attempt *attempt)
{
	size_t i;

	for (i = 0; i < LOGIN_UNDER_WAY; i++) {
		struct flight *flight = &login->flights[i];

		if (flight->sharers > 0 && !flight->done &&
		    memcmp(flight->digest, attempt->digest, DIGEST_BYTES) == 0 &&
		    same_hash(flight->hash, attempt->hash))
			return flight;
	}
	return NULL;
}

/* How many flights are for credentials that were not right before: of this peer, or of all when it
 * is NULL. */
static size_t
count_strangers(const struct login *login, const struct span *peer)
{
	size_t count = 0, i;

	for (i = 0; i < LOGIN_UNDER_WAY; i++) {
		const struct flight *flight = &login->flights[i];

		count += flight->sharers > 0 && !flight->done &&
			 flight->standing != LOCKOUT_TRUSTED &&
			 (peer == NULL || span_equal(flight->peer, *peer));
	}
	return count;
}

/* Strangers leave room for users who were right before, and each peer leaves room for others. */
static bool
has_room(
    const struct login *login, const struct login_attempt *attempt, enum lockout_standing standing)
{
	return standing == LOCKOUT_TRUSTED ||
	       (count_strangers(login, &attempt->peer) < LOGIN_PEER_MAX &&
		   count_strangers(login, NULL) < LOGIN_STRANGERS_MAX);
}

/* The round after the last one that this peer waits for. */
static uint64_t
next_round(const struct login *login, struct span peer)
{
	uint64_t round = login->round;
	size_t i;

	for (i = 0; i < LOGIN_UNDER_WAY; i++) {
		const struct flight *flight = &login->flights[i];

		if (flight->sharers > 0 && flight->waits && flight->round >= round &&
		    span_equal(flight->peer, peer))
			round = flight->round + 1;
	}
	return round;
}

static struct flight *
new_flight(struct login *login, const struct login_attempt *attempt)
{
	struct lockout_who who = who_attempts(attempt);
	enum lockout_standing standing = lockout_standing(login->lockout, &who);
	size_t i;

	if (!has_room(login, attempt, standing))
		return NULL;
	for (i = 0; i < LOGIN_UNDER_WAY; i++) {
		struct flight *flight = &login->flights[i];

		if (flight->sharers > 0)
			continue;
		*flight = (struct flight){ .hash = attempt->hash,
			.peer = attempt->peer,
			.sharers = 1,
			.standing = standing,
			.round = next_round(login, attempt->peer),
			.number = login->flown++ };
		memcpy(flight->digest, attempt->digest, DIGEST_BYTES);
		return flight;
	}
	return NULL;
}

/* Does `a` get a turn before `b`? */
static bool
goes_before(const struct flight *a, const struct flight *b)
{
	if (a->standing != b->standing)
		return a->standing < b->standing;
	if (a->round != b->round)
		return a->round < b->round;
	return a->number < b->number;
}

static bool
is_first(const struct login *login, const struct flight *flight)
{
	size_t i;

	for (i = 0; i < LOGIN_UNDER_WAY; i++) {
		const struct flight *other = &login->flights[i];

		if (other != flight && other->sharers > 0 && other->waits &&
		    goes_before(other, flight))
			return false;
	}
	return true;
}

static enum login_found
leave_flight(struct flight *flight, int64_t *ret_wait_s)
{
	*ret_wait_s = flight->wait_s;
	flight->sharers--;
	return flight->found;
}

static enum login_found
share_flight(struct login *login, struct flight *flight, int64_t *ret_wait_s)
{
	flight->sharers++;
	while (!flight->done)
		(void)pthread_cond_wait(&login->changed, &login->lock);
	return leave_flight(flight, ret_wait_s);
}

/* Find a result without hashing; otherwise start a flight, if there is room for one. */
static enum login_found
join(struct login *login, const struct login_attempt *attempt, struct flight **ret_flight,
    int64_t *ret_wait_s)
{
	struct flight *flight = find_flight(login, attempt);

	*ret_flight = NULL;
	if (flight != NULL)
		return share_flight(login, flight, ret_wait_s);
	/* Another request may have checked the same since the caller looked. */
	if (login_known(login, attempt) != 0)
		return LOGIN_RIGHT;
	*ret_flight = new_flight(login, attempt);
	return LOGIN_BUSY;
}

/* --- asking; the lock is not held --- */

/* Each hashing takes a turn, and returns it. flight: the one to hash for; NULL: a rehash for a user
 * who was just right, and goes first. */
static void
take_turn(struct login *login, struct flight *flight)
{
	(void)pthread_mutex_lock(&login->lock);
	if (flight != NULL)
		flight->waits = true;
	while (login->hashing >= login->at_once || (flight != NULL && !is_first(login, flight)))
		(void)pthread_cond_wait(&login->changed, &login->lock);
	login->hashing++;
	if (flight != NULL) {
		flight->waits = false;
		if (flight->round > login->round)
			login->round = flight->round;
		(void)pthread_cond_broadcast(&login->changed); /* another one is first now */
	}
	(void)pthread_mutex_unlock(&login->lock);
}

static void
give_turn(struct login *login)
{
	(void)pthread_mutex_lock(&login->lock);
	login->hashing--;
	(void)pthread_cond_broadcast(&login->changed);
	(void)pthread_mutex_unlock(&login->lock);
}

bool
login_rehash(
    struct login *login, const struct login_attempt *attempt, char hash[PASSWORD_HASH_ROOM])
{
	bool done;

	take_turn(login, NULL);
	done = password_hash(attempt->password, hash);
	give_turn(login);
	if (done)
		password_cache_put(login->password_cache, attempt->digest, hash, attempt->mono_s);
	return done;
}

static enum login_found
ask(struct login *login, const struct login_attempt *attempt, struct flight *flight,
    int64_t *ret_wait_s)
{
	struct lockout_who who = who_attempts(attempt);
	struct lockout_failure failure;
	bool right = false, asked;

	*ret_wait_s = lockout_begin(login->lockout, &login->rules, &who);
	if (*ret_wait_s > 0)
		return LOGIN_LOCKED;
	take_turn(login, flight);
	asked = password_right(attempt->hash, attempt->password, &right);
	give_turn(login);
	if (!asked) {
		lockout_void(login->lockout, &login->rules, &who);
		return LOGIN_BUSY;
	}
	if (!right) {
		failure = lockout_wrong(login->lockout, &login->rules, &who);
		*ret_wait_s = failure.wait_s;
		return failure.refused ? LOGIN_LOCKED : LOGIN_WRONG;
	}
	password_cache_put(login->password_cache, attempt->digest, attempt->hash, attempt->mono_s);
	lockout_right(login->lockout, &login->rules, &who);
	return LOGIN_RIGHT;
}

enum login_found
login_check(
    struct login *login, const struct login_attempt *attempt, struct login_outcome *ret_outcome)
{
	struct flight *flight;
	enum login_found found;
	int64_t wait_s = 0;

	*ret_outcome = (struct login_outcome){ .shared = true };
	(void)pthread_mutex_lock(&login->lock);
	found = join(login, attempt, &flight, &ret_outcome->wait_s);
	(void)pthread_mutex_unlock(&login->lock);
	if (flight == NULL)
		return found;
	ret_outcome->shared = false;
	found = ask(login, attempt, flight, &wait_s);
	(void)pthread_mutex_lock(&login->lock);
	flight->found = found;
	flight->wait_s = wait_s;
	flight->done = true;
	found = leave_flight(flight, &ret_outcome->wait_s);
	(void)pthread_cond_broadcast(&login->changed);
	(void)pthread_mutex_unlock(&login->lock);
	return found;
}
