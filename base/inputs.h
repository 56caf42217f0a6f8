/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inputs - the files that a configuration was read from, and whether their content has changed.
 *
 * Files are compared by content: a modification time is too coarse to separate two writes, can be
 * set back, and can change without the content. It only saves rereading files that are certainly
 * unchanged.
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
	bool listing;                       /* the path has a `*`: which files it means */
	bool watched_elsewhere;             /* by the module that uses it, once it has started */
	unsigned char digest[DIGEST_BYTES]; /* of the bytes that were read; zero if !readable */
	struct input *next;
};

/* In the order in which they were read; zeroed: none. */
struct inputs {
	struct input *first, **end;
};

/* Note a file that was read, or could not be; `next` and `digest` of `input` are ignored. If memory
 * runs out, the file is left out and its changes are not noticed. */
void inputs_note(struct inputs *inputs, struct arena *arena, struct input input, struct span bytes);

/* Note a file that another module watches. Call this before that module reads the file. */
void inputs_look(struct inputs *inputs, struct arena *arena, const char *path);

/* A digest of the content of all files but secrets and those that other modules watch. False:
 * OpenSSL failed. */
MUST_CHECK bool inputs_digest(const struct inputs *inputs, unsigned char digest[DIGEST_BYTES]);

struct inputs_watch;

/* Watch these files: `all`, or only those that no other module watches; the list is copied. NULL:
 * no memory. inputs_unwatch() it. */
MUST_CHECK struct inputs_watch *inputs_watch(const struct inputs *inputs, bool all);

/* Has any of them changed since it was read, disappeared, or become readable? */
bool inputs_changed(struct inputs_watch *watch);

/* Accepts NULL. */
void inputs_unwatch(struct inputs_watch *watch);

#endif
