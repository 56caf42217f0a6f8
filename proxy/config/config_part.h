/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_part - what can be relied upon in a configuration that has mistakes: probes and commands
 * that are needed in an emergency must not wait until somebody has found them.
 *
 * Uses:   config, address, base (document, file).
 * Shell:  config_part_admin() opens postern.yaml; the rest is pure.
 */
#ifndef POSTERN_PROXY_CONFIG_CONFIG_PART_H
#define POSTERN_PROXY_CONFIG_CONFIG_PART_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "proxy/config/config.h"

/*
 * `admin.address` of a configuration, of which nothing else is looked at: it may hold any mistakes
 * there, and the policy is not opened. When the file is no YAML, its section `admin` is read by
 * itself.
 *
 * ret_address  lent by the arena, or for good: the default when the file does not say it.
 */
MUST_CHECK bool config_part_admin(
    const char *path, struct arena *arena, const char **ret_address, struct err *reterr);

/* Is there one section of this name, and is it a map? */
bool config_part_section(const struct config *config, const char *name);

/*
 * Does the file say this without a mistake? section: one of the file's, such as "local_issuer", or
 * "" for the top. True when the key is there and no mistake is at it or below it, and when it is
 * left out; but then the section may hold no unknown key, since that may be this one, misspelt.
 * False when the file is no YAML.
 */
bool config_part_sound(const struct config *config, const char *section, const char *key);

#endif
