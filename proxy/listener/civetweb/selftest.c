/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listener/civetweb/selftest.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/reason.h"
#include "proxy/listener/civetweb/client_conn.h"
#include "proxy/listener/civetweb/engine.h"

/* What the private listener saw since a case began: letters in the order of the requests. */
#define SEEN_ROOM 8

struct probe {
	_Atomic char seen[SEEN_ROOM];
	atomic_int count;
};

/* S: served. R: refused by our rules. E: refused by the engine or because of the layout. */
struct trial {
	const char *name;
	const char *bytes;
	const char *want;
};

#define HEADERS_8 "A: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\nA: 1\r\n"
#define HEADERS_64 HEADERS_8 HEADERS_8 HEADERS_8 HEADERS_8 HEADERS_8 HEADERS_8 HEADERS_8 HEADERS_8

static const struct trial trials[] = {
	{ "a canonical request", "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "S" },
	{ "a query", "GET /a?b=c?d HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "S" },
	{ "an empty query", "GET /a? HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "S" },
	{ "no headers", "GET /a HTTP/1.0\r\n\r\n", "S" },
	{ "two requests in a row",
	    "GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\nConnection: "
	    "close\r\n\r\n",
	    "SS" },
	{ "a body with a length and a request behind it",
	    "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
	    "GET /b HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
	    "SS" },
	{ "a chunked body and a request behind it",
	    "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
	    "GET /b HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
	    "SS" },
	{ "two lengths",
	    "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
	    "R" },
	{ "a length and chunked",
	    "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "0\r\n\r\n",
	    "R" },
	{ "transfer coding identity",
	    "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\nContent-Length: "
	    "3\r\n\r\nabc",
	    "R" },
	{ "two hosts", "GET /a HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", "R" },
	{ "more headers than the engine keeps",
	    "GET /a HTTP/1.1\r\nHost: h\r\n" HEADERS_64 "Content-Length: 3\r\n\r\nabc", "E" },
	{ "a folded line",
	    "GET /a HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\nContent-Length: 3\r\n\r\nabc", "E" },
	{ "a folded first line", "GET /a HTTP/1.1\r\n Host: h\r\nA: b\r\n\r\n", "E" },
	{ "a line that starts with an odd byte",
	    "GET /a HTTP/1.1\r\nHost: h\r\n\xe9x: 1\r\nContent-Length: 3\r\n\r\nabc", "E" },
	{ "a line that starts with a colon",
	    "GET /a HTTP/1.1\r\nHost: h\r\n: 1\r\nContent-Length: 3\r\n\r\nabc", "E" },
	{ "a space before the colon",
	    "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length : 3\r\n\r\nabc", "E" },
	{ "bare line feeds", "GET /a HTTP/1.1\nHost: h\n\n", "E" },
	{ "one bare line feed", "GET /a HTTP/1.1\r\nHost: h\nA: b\r\n\r\n", "E" },
	{ "an empty line by a bare line feed",
	    "GET /a HTTP/1.1\r\nHost: h\r\nA: b\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n", "E" },
	{ "lines before the method", "\r\n\r\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n", "E" },
	{ "a space before the method", " GET /a HTTP/1.1\r\nHost: h\r\n\r\n", "E" },
	{ "two spaces after the method", "GET  /a HTTP/1.1\r\nHost: h\r\n\r\n", "E" },
	{ "two spaces after the target", "GET /a  HTTP/1.1\r\nHost: h\r\n\r\n", "E" },
	{ "nothing but white space", "\n\n\n\n\n\n\n\n\n\n\n\n", "E" },
};

static void
note(struct probe *probe, char letter)
{
	int place = atomic_fetch_add(&probe->count, 1);

	if (place < SEEN_ROOM)
		atomic_store(&probe->seen[place], letter);
}

static void
on_serve(void *context, struct exchange *exchange)
{
	enum reason reason = request_check(exchange_request(exchange));
	ssize_t got = 1;
	char piece[64];

	note(context, reason == REASON_OK ? 'S' : 'R');
	while (reason == REASON_OK && got > 0)
		got = exchange_read(exchange, piece, sizeof(piece));
	if (reason != REASON_OK || got < 0)
		exchange_close(exchange);
	if (!exchange_write(exchange, SPAN("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")))
		exchange_close(exchange);
}

static void
on_refuse(void *context, struct exchange *exchange, enum reason reason, const char *detail)
{
	(void)reason;
	(void)detail;
	note(context, 'E');
	if (!exchange_write(
		exchange, SPAN("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")))
		exchange_close(exchange);
}

/* Send the bytes, say that no more will come, and wait until the listener closed. */
static bool
talk(int port, struct span bytes, struct err *reterr)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct timeval patience = { .tv_sec = 5 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ssize_t got = 1;
	char scrap[512];
	bool done;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	done = fd >= 0 &&
	       setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0 &&
	       connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
	       send(fd, bytes.at, bytes.len, MSG_NOSIGNAL) == (ssize_t)bytes.len &&
	       shutdown(fd, SHUT_WR) == 0;
	while (done && got > 0)
		got = recv(fd, scrap, sizeof(scrap), 0);
	if (!done || (got < 0 && errno != ECONNRESET)) {
		(void)err_errno(reterr, errno, "connecting to ourselves");
		done = false;
	}
	if (fd >= 0)
		(void)close(fd);
	return done;
}

static bool
try_one(struct probe *probe, int port, const struct trial *trial, struct err *reterr)
{
	char seen[SEEN_ROOM + 1] = "";
	int count;

	atomic_store(&probe->count, 0);
	if (!talk(port, span_of(trial->bytes), reterr))
		return err_within(reterr, "self-test of the listener (%s)", trial->name);
	count = atomic_load(&probe->count);
	for (int i = 0; i < count && i < SEEN_ROOM; i++)
		seen[i] = atomic_load(&probe->seen[i]);
	if (strcmp(seen, trial->want) == 0)
		return true;
	return err_set(reterr,
	    "self-test of the listener: %s was seen as \"%s\" instead of \"%s\"; "
	    "this build of CivetWeb cannot be trusted with requests",
	    trial->name, seen, trial->want);
}

bool
selftest_run(struct err *reterr)
{
	struct probe probe = { 0 };
	struct listener_setup setup = {
		.engine = engine_untested(),
		.address = "127.0.0.1:0",
		.header_bytes = 16384,
		.connections = 8,
		.header_timeout_ms = 5000,
		.body_timeout_ms = 5000,
		.idle_timeout_ms = 5000,
		.serve = on_serve,
		.refuse = on_refuse,
		.context = &probe,
	};
	struct listener *listener = NULL;
	bool good = true;

	if (!engine_listen(&setup, &listener, reterr))
		return err_within(reterr, "self-test of the listener");
	for (size_t i = 0; good && i < sizeof(trials) / sizeof(trials[0]); i++)
		good = try_one(&probe, listener_port(listener), &trials[i], reterr);
	listener_stop(listener);
	if (good && client_conn_polls() == 0)
		return err_set(reterr,
		    "self-test of the listener: its calls of poll() do not reach us, "
		    "so deadlines would not hold");
	return good;
}
