/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin_guard - which requests the operator's listener answers. It asks for no credentials, so a
 * page in a browser on the same machine could otherwise steer the gate, also under a name of the
 * page's own that leads here (DNS rebinding).
 *
 * Uses:   config (address), request, base (cidr).
 * Pure:   yes.
 */
#ifndef POSTERN_PROXY_GATE_ADMIN_GUARD_H
#define POSTERN_PROXY_GATE_ADMIN_GUARD_H

#include "base/arena.h"
#include "base/check.h"
#include "base/reason.h"
#include "proxy/config/address.h"
#include "proxy/http/request.h"

/*
 * Does Host name the listener: its own address (any address, where it listens on all of them) or
 * loopback, with any port, and is there no Origin but that of the same host and port? A Unix socket
 * has no address, and no browser comes by it: any Host will do there. HTTP/1.0 may have none.
 *
 * own      the address that is listened on.
 * request  after request_check().
 * ret_detail  set with a refusal: what is wrong and what would be right. Lent by the arena, or
 *          static.
 * Returns REASON_OK or REASON_ORIGIN_NOT_ALLOWED.
 */
MUST_CHECK enum reason admin_guard_check(const struct address *own, const struct request *request,
    struct arena *arena, const char **ret_detail);

#endif
