/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inputs - the files that a configuration was read from, and whether they still hold the same.
 *
 * Files are compared by content: the time of a file is too coarse to tell two writes apart, can be
 * set back, and changes when nothing did. It only spares reading what surely is as it was.
 *
 * Uses:   arena, clock, digest, file.
 * Shell:  the watch reads files and the clock; inputs_note() and inputs_digest() are pure.
 * Threads: a watch is one thread's.
 */
#ifndef POSTERN_BASE_INPUTS_H
#define POSTERN_BASE_INPUTS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/digest.h"
#include "base/span.h"

/* One file as it was read. */
struct input {
	const char *path;
	bool readable;
	bool secret;                        /* left out of inputs_digest() */
	bool watched_elsewhere;             /* by who uses it, once that has started */
	unsigned char digest[DIGEST_BYTES]; /* of the bytes that were read; zero if !readable */
	struct input *next;
};

/* In the order in which they were read; zeroed: none. */
struct inputs {
	struct input *first, **end;
};

/* Note a file that was read, or could not be; next and digest of `input` are not looked at. What
 * finds no memory is left out: its change is not noticed. */
void inputs_note(struct inputs *inputs, struct arena *arena, struct input input, struct span bytes);

/* Read a file only to note it, as one that is watched elsewhere: before whoever uses it reads it.
 */
void inputs_look(struct inputs *inputs, struct arena *arena, const char *path);

/* One number for the contents of all but secrets and what is watched elsewhere. False: OpenSSL
 * failed. */
MUST_CHECK bool inputs_digest(const struct inputs *inputs, unsigned char digest[DIGEST_BYTES]);

struct inputs_watch;

/* Watch these files, `all` or those that nobody else watches; the list is copied. NULL: no memory.
 * inputs_unwatch() it. */
MUST_CHECK struct inputs_watch *inputs_watch(const struct inputs *inputs, bool all);

/* Does any of them hold something else than was read, or is it gone, or readable now? */
bool inputs_changed(struct inputs_watch *watch);

/* Accepts NULL. */
void inputs_unwatch(struct inputs_watch *watch);

#endif
