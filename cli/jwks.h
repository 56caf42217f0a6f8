/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwks - `postern jwks`: which keys the gate would trust now, and what is known of them.
 *
 * Uses:   proxy (world).
 */
#ifndef POSTERN_CLI_JWKS_H
#define POSTERN_CLI_JWKS_H

/* Its arguments are those behind its name. Returns an exit code: no when an issuer has no keys
 * that may be used. */
int jwks_command(int argc, char **argv);

#endif
