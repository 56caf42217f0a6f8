/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init_fits - what an answer to `postern init` must be.
 *
 * Uses:   init_files, init_provider, init_write, proxy (config: address), base.
 * Pure:   yes, but for init_fits_folder(), which looks whether files are there.
 *
 * Each has the form that init_ask.h wants. False: the error is the rule that is broken.
 */
#ifndef POSTERN_CLI_INIT_FITS_H
#define POSTERN_CLI_INIT_FITS_H

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"

/* Text without control characters, not empty. */
MUST_CHECK bool init_fits_text(const void *unused, const char *answer, struct err *reterr);

/* A directory in which none of the files is there; it need not exist. */
MUST_CHECK bool init_fits_folder(const void *unused, const char *answer, struct err *reterr);

/* A word of --provider. */
MUST_CHECK bool init_fits_provider(const void *unused, const char *answer, struct err *reterr);

/* HOST or HOST:PORT. */
MUST_CHECK bool init_fits_domain(const void *unused, const char *answer, struct err *reterr);

/* A segment of a URL's path, which cannot become more than that. */
MUST_CHECK bool init_fits_segment(const void *unused, const char *answer, struct err *reterr);

/* The id of a tenant: a segment, and none of Entra's words for several. */
MUST_CHECK bool init_fits_tenant(const void *unused, const char *answer, struct err *reterr);

/* The id of a user pool of Cognito, which begins with its region. */
MUST_CHECK bool init_fits_pool(const void *unused, const char *answer, struct err *reterr);

/* OWNER/NAME, with more parts or not: as GitHub and GitLab name what may call, in their tokens. */
MUST_CHECK bool init_fits_project(const void *unused, const char *answer, struct err *reterr);

/* A URL that keys may be fetched from. */
MUST_CHECK bool init_fits_key_url(const void *unused, const char *answer, struct err *reterr);

/* A URL of an upstream. */
MUST_CHECK bool init_fits_upstream(const void *unused, const char *answer, struct err *reterr);

/* ADDRESS:PORT. */
MUST_CHECK bool init_fits_address(const void *unused, const char *answer, struct err *reterr);

#endif
