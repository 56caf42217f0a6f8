/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request - one HTTP request as values, whichever engine read it.
 *
 * Uses:   header, base.
 * Pure:   yes.
 */
#ifndef POSTERN_PROXY_HTTP_REQUEST_H
#define POSTERN_PROXY_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/digest.h"
#include "base/reason.h"
#include "base/span.h"
#include "proxy/http/header.h"

#define REQUEST_MAX_HEADERS 64

enum body_framing { BODY_NONE, BODY_LENGTH, BODY_CHUNKED };

/* A certificate of the client that TLS has verified, and whose key the client has proved to own. */
struct request_certificate {
	struct span subject; /* canonical (base/distinguished_name.h); empty: it has none, or none
				that can be read in one way */
	unsigned char sha256[DIGEST_BYTES]; /* of its DER */
	int64_t until_s; /* its notAfter, Unix seconds: the last one in which it is valid */
};

/* The peer of whoever came by a Unix socket: it has no address. */
#define REQUEST_PEER_UNIX "unix"

/* Of the name of a peer, with its NUL. */
#define REQUEST_PEER_ROOM 64

/* All spans are lent by the exchange until it ends. */
struct request {
	struct span method;
	struct span target; /* as sent; after request_check() in origin form: path and query */
	int version_minor;  /* of HTTP/1.x */
	struct header headers[REQUEST_MAX_HEADERS];
	size_t header_count;
	enum body_framing framing;
	int64_t content_length;        /* bytes; 0 unless BODY_LENGTH */
	bool expects_continue;         /* Expect: 100-continue */
	bool keep_alive;               /* what the client asked for (RFC 9112 section 9.3) */
	struct span host;              /* by which the client knows this gate: Host, or what a
					  trusted proxy says (forwarded_client.h) */
	struct span sent_host;         /* Host as sent, or that of an absolute target */
	char peer[REQUEST_PEER_ROOM];  /* the client's address, or REQUEST_PEER_UNIX; from a
					  trusted proxy also "unknown" or "_" and a pseudonym */
	int peer_port;                 /* of its socket */
	char proxy[REQUEST_PEER_ROOM]; /* the socket's, where a trusted proxy names another
					  client; else empty */
	bool concealed;                /* somebody came by the proxy that is `peer`, which does
					  not say who: its headers are not believed */
	bool secure;                   /* the client came over TLS */
	const struct request_certificate *certificate; /* of the client; NULL: none */
	const char *detail;                            /* set with a refusal by request_check() */
};

/* The only header of that name, at == NULL if there is none. Names are compared without case. */
struct span request_header(const struct request *request, const char *name);

/* How many headers have that name. */
size_t request_header_count(const struct request *request, const char *name);

/* Does one of the Connection headers name `option` (RFC 9110 section 7.6.1)? */
bool request_connection_has(const struct request *request, const char *option);

/* Host = uri-host [ ":" port ] (RFC 9110 section 7.2)? */
bool request_host_valid(struct span host);

/* Is a request with this method served at all? CONNECT and TRACE never are. */
bool request_method_served(struct span method);

/*
 * Check everything in a request's head that two parsers could interpret differently, and fill in
 * framing, content_length, expects_continue, keep_alive, host and sent_host: method and names are
 * tokens (RFC 9110 section 5.6.2), no control bytes in values, exactly one valid Host on HTTP/1.1,
 * at most one Content-Length of digits, at most one Transfer-Encoding, which must be exactly
 * "chunked", without Content-Length or HTTP/1.0 (RFC 9112 section 6), Expect nothing but
 * 100-continue, no CONNECT and no TRACE.
 *
 * Returns REASON_OK, REASON_REQUEST_MALFORMED, REASON_METHOD_NOT_SUPPORTED or
 * REASON_CREDENTIALS_DUPLICATE.
 */
MUST_CHECK enum reason request_check(struct request *request);

#endif
