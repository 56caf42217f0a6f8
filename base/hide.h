/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hide - texts of the configuration without the secrets in them.
 *
 * Uses:   buffer, span.
 * Pure:   yes.
 */
#ifndef POSTERN_BASE_HIDE_H
#define POSTERN_BASE_HIDE_H

#include "base/buffer.h"
#include "base/span.h"

/* What stands where a secret was. */
#define HIDE_HIDDEN "(secret)"

/* Append `text`; the password of a URL (RFC 3986 section 3.2.1: user:password@) is hidden. */
void hide_login(struct span text, struct buffer *out);

/*
 * Append the name of a database. Of a URL the password is hidden, up to the last "@" since it may
 * hold what should have been percent-encoded, and the value of every parameter that is not known to
 * be harmless (libpq takes ?password= and ?sslpassword=, percent-encoded too). What is no URL but
 * speaks of a password is hidden whole.
 */
void hide_database(struct span text, struct buffer *out);

/*
 * Append a text for a message, from whatever key it came: nothing of it that could be a secret is
 * shown. Hidden are what stands before the last "@" of a URL or behind a ":" or "//", the values of
 * a query's parameters as in hide_database(), a fragment, a text that speaks of a password or
 * another secret, what follows "Bearer " or "Basic " where a value begins, a text in PEM, and a
 * token (three parts, the first of which is JSON in base64url). Harmless texts may suffer, too.
 */
void hide_message(struct span text, struct buffer *out);

#endif
