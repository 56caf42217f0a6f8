/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hops - the way of a request from gateway to gateway: Via and Max-Forwards.
 *
 * Uses:   proxy (request).
 * Pure:   yes.
 */
#ifndef POSTERN_PROXY_GATE_HOPS_H
#define POSTERN_PROXY_GATE_HOPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "proxy/http/request.h"

/*
 * Has the gate that calls itself `via` in Via ("1.1 NAME") forwarded the request before? Then its
 * upstream leads back to it (RFC 9110 section 7.6.3).
 */
bool hops_include(const struct request *request, struct span via);

/* How far may an OPTIONS request go (RFC 9110 section 7.6.2)? -1: as far as it likes. */
int64_t hops_left(const struct request *request);

#endif
