/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hide - show configuration values without their secrets.
 *
 * Uses:   buffer, span.
 * Pure:   yes.
 */
#ifndef POSTERN_BASE_HIDE_H
#define POSTERN_BASE_HIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/span.h"

/* The text shown in place of a secret. */
#define HIDE_HIDDEN "(secret)"

/* Append `text`; the password of a URL (RFC 3986 section 3.2.1: user:password@) is hidden. */
void hide_login(struct span text, struct buffer *out);

/*
 * Append the name of a database. In a URL, the password is hidden, up to the last "@" because it
 * may contain characters that should have been percent-encoded. So is the value of every parameter
 * that is not known to be harmless (libpq accepts ?password= and ?sslpassword=, percent-encoded
 * too). Other text that mentions a password is hidden completely.
 */
void hide_database(struct span text, struct buffer *out);

/*
 * Append a value from any configuration key to a message, without what could be a secret. Hidden
 * are the part before the last "@" of a URL or after a ":" or "//", the values of a query's
 * parameters as in hide_database(), a fragment, a text that mentions a password or another secret,
 * what follows "Bearer " or "Basic " at the start of a value, PEM text, and a compact JWS or JWE
 * (base64url of a JSON object, then a dot). Harmless text may be hidden too.
 */
void hide_message(struct span text, struct buffer *out);

/*
 * Append a sentence of ours that may repeat some of `values`, as they were written. Each value is
 * shown as hide_message() shows it, so that the words around it stay: with hide_message() alone a
 * secret takes all that follows with it. If nothing would be left to read, words that say so.
 */
void hide_sentence(struct span text, const struct span *values, size_t count, struct buffer *out);

/* Does hide_message() hide any of it? */
bool hide_needed(struct span text);

#endif
