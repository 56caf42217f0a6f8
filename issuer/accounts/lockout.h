/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lockout - after too many failed attempts a caller must wait, longer each time.
 *
 * Uses:   base.
 * Pure:   but for the random key of lockout_new(): the time is an argument. Any thread; one short
 *         lock, and none at all while nobody is locked out (lockout_quiet()).
 * Limits: a table of fixed size.
 *
 * Failures are counted three ways. By name and peer together: `failures` of them are free, and
 * from then on each costs twice the wait of the one before, at most `most_s`. By name alone, for a
 * name that many peers try, and by peer alone, for one that tries many names: four times as many
 * are free, and the wait for a name is at most LOCKOUT_NAME_MAX_S, since strangers can cause it.
 *
 * Many callers may share one address: with a sidecar often all of them. So the wait of a peer does
 * not prevent attempts: meanwhile wrong ones are answered as locked out, right ones succeed, and
 * passwords from such a peer are hashed last (lockout_standing()). The wait of a name does not
 * apply to a name and peer that were right together before, so failures elsewhere do not lock out a
 * user at their usual address.
 *
 * Waits are measured by the monotonic clock, so setting the clock does not change them.
 *
 * An attempt is counted when it begins, and uncounted when it was right, so that parallel attempts
 * gain nothing over sequential ones.
 *
 * Names are not folded or trimmed, as when they are compared. Table keys are keyed hashes, so
 * nobody can choose two that collide. When a set is full the entry with the fewest failures is
 * replaced, the oldest first, but never a locked one: a flood of new names replaces its own
 * entries. Attempts without a slot share one entry.
 */
#ifndef POSTERN_ISSUER_ACCOUNTS_LOCKOUT_H
#define POSTERN_ISSUER_ACCOUNTS_LOCKOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/span.h"

#define LOCKOUT_NAME_MAX_S 30

struct lockout;

/* `local_issuer.lockout`. */
struct lockout_rules {
	int64_t failures; /* that are free; 0: nobody is ever locked out */
	int64_t first_s;  /* the first wait */
	int64_t most_s;   /* the longest */
	int64_t forget_s; /* after this time without a failure all is forgotten */
};

/* Who attempts; all borrowed. */
struct lockout_who {
	char kind;        /* names of two kinds ('u' user, 'c' client) are different ones */
	struct span name; /* need not exist: unknown ones count alike */
	struct span peer; /* a numeric address; of IPv6 the first 64 bits count. Empty: none */
	int64_t mono_s;   /* clock_mono_s() */
};

/* NULL: no memory, or no random bytes. lockout_free() it. */
MUST_CHECK struct lockout *lockout_new(void);

/* Accepts NULL. */
void lockout_free(struct lockout *lockout);

/*
 * Begin an attempt. 0: it may be made, and lockout_right(), lockout_wrong() or lockout_void()
 * must follow. Else the seconds to wait, and nothing is counted.
 */
MUST_CHECK int64_t lockout_begin(
    struct lockout *lockout, const struct lockout_rules *rules, const struct lockout_who *who);

/*
 * How long this attempt must wait, in seconds; 0: not. Counts nothing. Use it for checks that are
 * fast, so that simultaneous right attempts do not delay each other: then begin and end a wrong
 * attempt, and only end a right one. What cannot be guessed (256 random bits, a signature) may be
 * checked without calling this.
 */
MUST_CHECK int64_t lockout_due(
    struct lockout *lockout, const struct lockout_rules *rules, const struct lockout_who *who);

/* The attempt was right: reset the failures of name and peer. */
void lockout_right(
    struct lockout *lockout, const struct lockout_rules *rules, const struct lockout_who *who);

struct lockout_failure {
	bool refused;   /* the peer had to wait: do not disclose whether this was right or wrong */
	int64_t wait_s; /* what the next attempt has to wait; 0: nothing */
};

/* It was wrong. */
struct lockout_failure lockout_wrong(
    struct lockout *lockout, const struct lockout_rules *rules, const struct lockout_who *who);

/* The priority when hashing capacity is short. */
enum lockout_standing {
	LOCKOUT_TRUSTED,  /* name and peer were right together within 30 days */
	LOCKOUT_STRANGER, /* nothing is known */
	LOCKOUT_SUSPECT   /* the peer waits, for failures at whatever names */
};
enum lockout_standing lockout_standing(struct lockout *lockout, const struct lockout_who *who);

/* The attempt was not made (no memory, no capacity): undo what lockout_begin() counted. */
void lockout_void(
    struct lockout *lockout, const struct lockout_rules *rules, const struct lockout_who *who);

/* Is it certain that nobody is locked out? Reads a single number; for cached callers. */
bool lockout_quiet(const struct lockout *lockout, int64_t mono_s);

/* Must name and peer together wait, although they were right before? The seconds; 0: no. */
int64_t lockout_wait(struct lockout *lockout, const struct lockout_who *who);

#endif
