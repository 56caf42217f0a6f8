/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rotation - a thread that maintains the signing keys: it applies changes by commands at once,
 * makes the next key in time, and removes old keys when their last token has expired.
 *
 * Uses:   base, signing.
 * Shell:  inotify on STATE/signing/, and a look every second for what inotify cannot see.
 */
#ifndef POSTERN_ISSUER_KEYS_ROTATION_H
#define POSTERN_ISSUER_KEYS_ROTATION_H

#include "base/check.h"
#include "base/err.h"
#include "issuer/keys/signing.h"

struct rotation;

/* Start. `changed` is called on the thread after the set of keys has changed. */
MUST_CHECK bool rotation_start(struct signing *signing, void (*changed)(void *context),
    void *context, struct rotation **ret_rotation);

/* End the thread. Accepts NULL. */
void rotation_stop(struct rotation *rotation);

#endif
