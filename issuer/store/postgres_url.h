/* SPDX-License-Identifier: Apache-2.0 */
/*
 * postgres_url - is the URL of a PostgreSQL database one that libpq will take?
 *
 * Uses:   base, libpq. For sql and postgres_connect alone.
 * Shell:  the files that the URL names.
 *
 * libpq checks most values only once it connects, when a gate is starting already. Errors name the
 * parameter and its rule, never the value: a password with a "/" that is not percent-encoded ends
 * up in the port.
 */
#ifndef POSTERN_ISSUER_STORE_POSTGRES_URL_H
#define POSTERN_ISSUER_STORE_POSTGRES_URL_H

#include "base/check.h"
#include "base/err.h"

/* Can libpq read that URL, and does it know each value in it? Nothing is opened or connected. */
MUST_CHECK bool postgres_url_check(const char *url, struct err *reterr);

/* Can the certificates and keys that a valid URL names be read? */
MUST_CHECK bool postgres_url_files_fit(const char *url, struct err *reterr);

#endif
