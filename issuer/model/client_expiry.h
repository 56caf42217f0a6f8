/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_expiry - secrets with an end: when to warn that one comes, and how many have one.
 *
 * Uses:   client.
 * Pure:   yes. All times are Unix seconds.
 */
#ifndef POSTERN_ISSUER_MODEL_CLIENT_EXPIRY_H
#define POSTERN_ISSUER_MODEL_CLIENT_EXPIRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "issuer/model/client.h"

#define CLIENT_EXPIRY_DAY_S INT64_C(86400)
/* An end that is so near is soon. */
#define CLIENT_EXPIRY_SOON_S (14 * CLIENT_EXPIRY_DAY_S)
/* The longest time that a secret may be given. */
#define CLIENT_EXPIRY_MAX_S (3650 * CLIENT_EXPIRY_DAY_S)

/* Does the secret of the slot still count, and ends soon? */
bool client_expiry_soon(const struct client_slot *slot, int64_t now_s);

/* Is a warning due that was not at `before_s`: fourteen, seven, three days and one before the end,
 * and at the end? *ret_next_s becomes the time of the next one, if that is sooner. */
bool client_expiry_due(
    const struct client_slot *slot, int64_t before_s, int64_t now_s, int64_t *ret_next_s);

/* Of all clients. */
struct client_expiry_count {
	size_t soon, expired;
	int64_t next_s; /* the next end of one that still counts; 0: none has an end */
};

/* Count the secrets of clients linked by `next`. */
struct client_expiry_count client_expiry_count(const struct client *first, int64_t now_s);

#endif
