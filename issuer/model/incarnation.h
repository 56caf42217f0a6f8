/* SPDX-License-Identifier: Apache-2.0 */
/*
 * incarnation - distinguishes a client or user from an earlier one with the same name or id.
 *
 * Uses:   base, client.
 * Pure:   but for the random bytes of incarnation_new().
 *
 * Each client and user gets 128 random bits when it is added. Its tokens carry them as the claim
 * "incarnation", so that a token whose holder was deleted does not count for whoever is added
 * under that name later, whatever the clock says. A holder from before there were incarnations has
 * none (""), and neither have its tokens: they count until the holder is deleted.
 */
#ifndef POSTERN_ISSUER_MODEL_INCARNATION_H
#define POSTERN_ISSUER_MODEL_INCARNATION_H

#include <stdbool.h>

#include <jansson.h>

#include "base/check.h"
#include "issuer/model/client.h"

#define INCARNATION_CLAIM "incarnation"
#define INCARNATION_ROOM CLIENT_ID_ROOM

/* A new one. False: the random generator failed. */
MUST_CHECK bool incarnation_new(char incarnation[INCARNATION_ROOM]);

/*
 * Does the token of that payload have this holder's incarnation?
 *
 * incarnation  of the client or user that the token names now.
 * payload      borrowed; verified claims of the local issuer. A claim that is no text fits nobody.
 */
MUST_CHECK bool incarnation_fits(const char *incarnation, const json_t *payload);

#endif
