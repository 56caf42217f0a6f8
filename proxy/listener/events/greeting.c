/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listener/events/greeting.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "proxy/io/watch.h"

#define WARN_EVERY_US (INT64_C(60) * 1000000)

bool
greeting_due(const struct conn *conn)
{
	const struct listener_setup *setup = &conn->listener->base.setup;

	return setup->greets != NULL && setup->greets(setup->context, span_of(conn->peer));
}

/* Every request of a proxy that is set up otherwise ends here, and its clients learn nothing. */
static void
warn(const struct conn *conn)
{
	static _Thread_local int64_t quiet_until_us;

	if (clock_mono_us() < quiet_until_us)
		return;
	quiet_until_us = clock_mono_us() + WARN_EVERY_US;
	log_event(LOG_WARN, "proxy_protocol",
	    "a connection of the trusted proxy %s is closed: it does not begin with a PROXY header "
	    "(listen.proxy_protocol)",
	    conn->peer);
}

/* False: no memory. */
static bool
name_client(struct conn *conn, const struct proxy_header_said *said)
{
	struct conn_proxied *proxied;

	if (said->client == PROXY_HEADER_ITSELF)
		return true;
	proxied = calloc(1, sizeof(*proxied));
	if (proxied == NULL)
		return false;
	conn->proxied = proxied;
	proxied->scheme = said->scheme;
	proxied->concealed = said->client == PROXY_HEADER_CONCEALED;
	if (proxied->concealed)
		return true;
	memcpy(proxied->proxy, conn->peer, sizeof(proxied->proxy));
	memcpy(conn->peer, said->peer, sizeof(conn->peer));
	conn->peer_port = said->peer_port;
	return true;
}

/* Take as many bytes, which are there. */
static bool
take(int socket, char *bytes, size_t length)
{
	ssize_t got = 1;

	while (length > 0 && got > 0) {
		got = recv(socket, bytes, length, MSG_DONTWAIT);
		length -= got > 0 ? (size_t)got : 0;
	}
	return length == 0;
}

enum greeting
greeting_step(struct conn *conn)
{
	char bytes[PROXY_HEADER_MAX];
	struct proxy_header_said said;
	enum proxy_header read;
	size_t length = 0;
	ssize_t got = recv(conn->socket, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);

	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		return GREETING_FAILED;
	read = proxy_header_read((struct span){ bytes, got < 0 ? 0 : (size_t)got }, &said, &length);
	if (read == PROXY_HEADER_BAD)
		warn(conn);
	if (read == PROXY_HEADER_MORE && (watch_ready(conn->socket) & WATCH_END) == 0) {
		watch_drained(conn->socket, WATCH_IN);
		return GREETING_MORE;
	}
	if (read != PROXY_HEADER_DONE || !take(conn->socket, bytes, length))
		return GREETING_FAILED;
	return name_client(conn, &said) ? GREETING_DONE : GREETING_FAILED;
}

/* Where the proxy ends TLS, what TLS there is and its certificate are the proxy's. */
void
greeting_apply(const struct conn *conn, struct request *request)
{
	const struct conn_proxied *proxied = conn->proxied;

	if (proxied == NULL)
		return;
	memcpy(request->proxy, proxied->proxy, sizeof(request->proxy));
	request->concealed = proxied->concealed;
	if (proxied->scheme == PROXY_HEADER_UNSAID)
		return;
	request->secure = proxied->scheme == PROXY_HEADER_SECURE;
	if (request->secure)
		request->certificate = NULL;
}
