/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local_files - what the local issuer needs of the file system: its signing key, the place of its
 * database.
 *
 * Uses:   base, local, signing_sync, store.
 * Shell:  reads files.
 */
#ifndef POSTERN_ISSUER_LOCAL_LOCAL_FILES_H
#define POSTERN_ISSUER_LOCAL_LOCAL_FILES_H

#include "base/document.h"
#include "issuer/local/local.h"

/*
 * Check signing.key.file and a database that is a file; reports every mistake, and with
 * mistakes->offline what is skipped. The database itself is not opened: a gate may be at work on
 * it. The key file is noted as an input that is watched elsewhere.
 *
 * map  `local_issuer`, for the places of mistakes.
 */
void local_files_check(const struct local *local, const struct node *map, const char *state_dir,
    struct mistakes *mistakes);

#endif
