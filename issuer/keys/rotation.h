/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rotation - a thread that keeps the signing keys as they are to be: what a command changed counts
 * at once, the next key is made in time, old ones go when their last token has ended.
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

/* Start. `changed` is called on the thread after another set of keys is in force. */
MUST_CHECK bool rotation_start(struct signing *signing, void (*changed)(void *context),
    void *context, struct rotation **ret_rotation);

/* End the thread. Accepts NULL. */
void rotation_stop(struct rotation *rotation);

#endif
