/* SPDX-License-Identifier: Apache-2.0 */
/*
 * field_value - the bytes that a header's value may contain.
 *
 * Uses:   base.
 * Pure:   yes.
 */
#ifndef POSTERN_PROXY_HTTP_FIELD_VALUE_H
#define POSTERN_PROXY_HTTP_FIELD_VALUE_H

#include <stdbool.h>

#include "base/span.h"

/* Is it free of control bytes? Tabs and bytes outside ASCII (obs-text) are allowed (RFC 9110
 * section 5.5). */
bool field_value_valid(struct span value);

#endif
