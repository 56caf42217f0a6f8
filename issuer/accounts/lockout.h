/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lockout - who failed too often has to wait, longer each time.
 *
 * Uses:   base.
 * Pure:   but for the random key of lockout_new(): the time is an argument. Any thread; one short
 *         lock, and none at all while nobody is locked out (lockout_quiet()).
 * Limits: a table of fixed size.
 *
 * Failures are counted three ways. By name and peer together: `failures` of them are free, and
 * from then on each costs twice the wait of the one before, at most `most_s`. By name alone, for a
 * name that many peers try, and by peer alone, for one that tries many names: four times as many
 * are free, and the wait for a name is at most LOCKOUT_NAME_MAX_S, since strangers can bring it
 * about.
 *
 * Behind one address there may be many callers: beside a sidecar often all of them. So the wait of
 * a peer keeps nobody from trying: what turns out wrong meanwhile is answered as locked out, what
 * turns out right is let in, and who hashes passwords serves such a peer last
 * (lockout_standing()). The wait of a name does not touch a name and peer that were right together
 * before: whoever logged in from there is not kept out by what others do elsewhere.
 *
 * Waits are measured by the monotonic clock: no clock that is set makes them longer or shorter.
 *
 * An attempt is counted when it begins and given back when it was right, so that many at a time
 * are not more than one after the other.
 *
 * Names are not folded and not trimmed: they count as they are compared. The keys in the table are
 * a keyed hash, so nobody can choose two that meet. When a place is full the entry with the fewest
 * failures gives way, the oldest first, never one that is locked: a flood of new names pushes out
 * its own. What finds no place at all counts together with the others that found none.
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
	int64_t forget_s; /* after so long without a failure all is forgotten */
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
 * How long it has to wait; 0: not. Counts nothing: for what is checked in no time, so that many
 * right ones at once do not stand in each other's way. A wrong one is then begun and ended; a right
 * one is only ended. What nobody can guess (256 random bits, a signature) need not ask at all
 * before it is checked.
 */
MUST_CHECK int64_t lockout_due(
    struct lockout *lockout, const struct lockout_rules *rules, const struct lockout_who *who);

/* It was right: nothing counts against name and peer any more. */
void lockout_right(
    struct lockout *lockout, const struct lockout_rules *rules, const struct lockout_who *who);

struct lockout_failure {
	bool refused;   /* the peer had to wait: it is not told whether this was right or wrong */
	int64_t wait_s; /* what the next attempt has to wait; 0: nothing */
};

/* It was wrong. */
struct lockout_failure lockout_wrong(
    struct lockout *lockout, const struct lockout_rules *rules, const struct lockout_who *who);

/* Who is to be served first where work is scarce. */
enum lockout_standing {
	LOCKOUT_TRUSTED,  /* name and peer were right together within 30 days */
	LOCKOUT_STRANGER, /* nothing is known */
	LOCKOUT_SUSPECT   /* the peer waits, for failures at whatever names */
};
enum lockout_standing lockout_standing(struct lockout *lockout, const struct lockout_who *who);

/* It was never made (no memory, no room): what lockout_begin() counted is given back. */
void lockout_void(
    struct lockout *lockout, const struct lockout_rules *rules, const struct lockout_who *who);

/* Is certainly nobody locked out? One look at one number, for those who are known already. */
bool lockout_quiet(const struct lockout *lockout, int64_t mono_s);

/* Have name and peer together to wait, although they were right before? The seconds; 0: no. */
int64_t lockout_wait(struct lockout *lockout, const struct lockout_who *who);

#endif
