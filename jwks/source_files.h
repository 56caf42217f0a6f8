/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source_files - check the files that one issuer's settings name: they exist and have the right
 * content.
 *
 * Uses:   base, source, keyset, bearer, OpenSSL.
 * Shell:  reads files.
 */
#ifndef POSTERN_JWKS_SOURCE_FILES_H
#define POSTERN_JWKS_SOURCE_FILES_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/document.h"
#include "base/err.h"
#include "jwks/keyset.h"
#include "jwks/source.h"

/*
 * Read a key set (jwks_file). The error names the file and the cause. For a PEM certificate or key,
 * it also says what to use instead.
 *
 * json      a buffer of KEYSET_MAX_BYTES; the text of the file.
 * ret_keys  given: keyset_free() it. NULL if the text in *json is not a key set.
 */
MUST_CHECK bool source_files_keys(
    const char *path, struct buffer *json, struct keyset **ret_keys, struct err *reterr);

/*
 * Check jwks_file, and of `jwks` ca_file, client_certificate, client_key and bearer; every error is
 * reported; with mistakes->offline, each file that was not checked is reported too. Each file is
 * noted as an input that another module watches.
 *
 * issuer_map  the map that the source was read from; gives mistakes their position.
 */
void source_files_check(
    const struct source *source, const struct node *issuer_map, struct mistakes *mistakes);

#endif
