/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asked - the request that a gateway in front asks about (forward-auth).
 *
 * Uses:   request, base.
 * Pure:   yes.
 *
 * The gateway passes its client's headers on, and does not know the headers of other gateways. So
 * exactly the form that is configured counts, its headers once each; any header of another form, or
 * another spelling of one, is a mistake or an attack.
 */
#ifndef POSTERN_PROXY_HTTP_ASKED_H
#define POSTERN_PROXY_HTTP_ASKED_H

#include "base/cidr.h"
#include "base/check.h"
#include "base/reason.h"
#include "proxy/http/request.h"

#define ASKED_PATH "/_postern/authorize"

/* What names method and URI. */
enum asked_form {
	ASKED_ORIGINAL,  /* X-Original-Method and X-Original-URI */
	ASKED_FORWARDED, /* X-Forwarded-Method and X-Forwarded-Uri */
	ASKED_PATH_BELOW /* the request's own method, and its target below ASKED_PATH */
};

/*
 * Read it from the gateway's request, which request_check() has taken. `peer` becomes the client's
 * address: the last of X-Forwarded-For that is not a proxy's. `secure` becomes what
 * X-Forwarded-Proto says, if it is there. Host becomes that of X-Forwarded-Host in form
 * ASKED_FORWARDED, if it is there. A query of ASKED_PATH itself is not looked at.
 *
 * request    the gateway's, from a trusted peer.
 * ret_asked  its copy, with method, target, peer and certificate of the client, to be judged.
 *            Borrows from `request`.
 * Returns REASON_OK, or REASON_REQUEST_MALFORMED with ret_asked->detail.
 */
MUST_CHECK enum reason asked_read(enum asked_form form, const struct cidr_set *proxies,
    const struct request *request, struct request *ret_asked);

#endif
