/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch_headers - what a fetch says of its own: the bearer that is shown, the etag it knows.
 *
 * Uses:   base, source.
 * Shell:  reads the bearer's file.
 */
#ifndef POSTERN_JWKS_FETCH_HEADERS_H
#define POSTERN_JWKS_FETCH_HEADERS_H

#include <curl/curl.h>
#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "jwks/source.h"

/* Add them to *lines; fetch_headers_free() them in any case. Fails when the bearer cannot be read
 * or must not go to `url`. */
MUST_CHECK bool fetch_headers_add(
    const struct source *source, const char *url, struct curl_slist **lines, struct err *reterr);

/* Wipes them. Accepts NULL. */
void fetch_headers_free(struct curl_slist *lines);

#endif
