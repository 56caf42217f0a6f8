/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_hide - texts of the configuration without the passwords in them.
 *
 * Uses:   base (buffer, span).
 * Pure:   yes.
 */
#ifndef POSTERN_CLI_CONFIG_HIDE_H
#define POSTERN_CLI_CONFIG_HIDE_H

#include "base/buffer.h"
#include "base/span.h"

/* What stands where a secret was. */
#define CONFIG_HIDDEN "(secret)"

/* Append `text`; the password of a URL (RFC 3986 section 3.2.1: user:password@) is hidden. */
void config_hide_login(struct span text, struct buffer *out);

/*
 * Append the name of a database. Of a URL the password is hidden, up to the last "@" since it may
 * hold what should have been percent-encoded, and the value of every parameter that is not known to
 * be harmless (libpq takes ?password= and ?sslpassword=, percent-encoded too). What is no URL but
 * speaks of a password is hidden whole.
 */
void config_hide_database(struct span text, struct buffer *out);

#endif
