/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_print - the effective configuration as YAML that `postern check` takes again: the file's
 * values, the defaults for missing ones, and the values set by provider presets.
 *
 * Uses:   proxy (config), token (trusted_issuer), base (document, schema).
 * Shell:  reads the file.
 */
#ifndef POSTERN_CLI_CONFIG_PRINT_H
#define POSTERN_CLI_CONFIG_PRINT_H

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "proxy/config/config.h"

/* Append it to `out`. References to secrets stay references; a password in a URL becomes
 * "(secret)". */
MUST_CHECK bool config_print(const struct config *config, struct buffer *out, struct err *reterr);

#endif
