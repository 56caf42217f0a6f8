/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_part - the usable parts of a configuration that has mistakes. Probes and emergency
 * commands must work even before the mistakes are corrected.
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
 * Read only `admin.address`: mistakes elsewhere do not matter, and the policy is not opened. When
 * the file is not valid YAML, its section `admin` is parsed alone.
 *
 * ret_address  lent by the arena, or static: the default when the file does not set it.
 */
MUST_CHECK bool config_part_admin(
    const char *path, struct arena *arena, const char **ret_address, struct err *reterr);

/* Is there one section of this name, and is it a map? */
bool config_part_section(const struct config *config, const char *name);

/*
 * Is this setting free of mistakes? section: one of the file's, such as "local_issuer", or "" for
 * the top. True when the key is there and no mistake is at it or below it, and when it is left out;
 * but then the section must not have unknown keys, since one of them may be this key, misspelt.
 * False when the file is not valid YAML.
 */
bool config_part_sound(const struct config *config, const char *section, const char *key);

#endif
