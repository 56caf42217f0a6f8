/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source_files - the files that one issuer names: are they there, and are they what they should be?
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
 * Read a key set (jwks_file). The error says which file, why, and what to write instead of a
 * certificate or a key in PEM.
 *
 * json      a buffer of KEYSET_MAX_BYTES; the text of the file.
 * ret_keys  given: keyset_free() it. NULL: *json is filled, though it is no key set.
 */
MUST_CHECK bool source_files_keys(
    const char *path, struct buffer *json, struct keyset **ret_keys, struct err *reterr);

/*
 * Check jwks_file, and of `jwks` ca_file, client_certificate, client_key and bearer; everything
 * wrong is told, and with mistakes->offline what is left out. Each is noted as an input that is
 * watched elsewhere.
 *
 * issuer_map  where the source was read from, for the places of mistakes.
 */
void source_files_check(
    const struct source *source, const struct node *issuer_map, struct mistakes *mistakes);

#endif
