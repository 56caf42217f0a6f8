/* SPDX-License-Identifier: Apache-2.0 */
/* The listener on CivetWeb: the only file that includes it. layout.h and client_conn.h describe
 * what CivetWeb cannot be trusted with, and why. */
#include "proxy/listener/civetweb/engine.h"

#include <civetweb.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "proxy/listener/civetweb/engine_options.h"
#include "proxy/listener/civetweb/layout.h"

#define FEATURE_IPV6 8u /* of mg_check_feature() */

struct civetweb_listener {
	struct listener base;
	struct mg_context *engine;
	atomic_bool evict_idle;      /* few connections are left: idle ones are to be closed */
	int drain_event, stop_event; /* become readable when it is time to */
	atomic_int busy;             /* exchanges under way */
};

static struct civetweb_listener *
listener_of(const struct mg_context *engine)
{
	return mg_get_user_data(engine);
}

static ssize_t
body_broken(const struct civetweb_exchange *exchange)
{
	return exchange->conn->late ? EXCHANGE_LATE : EXCHANGE_BROKEN;
}

static ssize_t
read_body(struct exchange *base, char *into, size_t room)
{
	struct civetweb_exchange *exchange = (struct civetweb_exchange *)base;
	struct request *request = &base->request;
	int got;

	if (!exchange->body_begun)
		body_begin(exchange);
	exchange->conn->phase = CLIENT_CONN_BODY;
	exchange->conn->body_until_us = base->body_until_us;
	if (request->framing == BODY_LENGTH && exchange->left == 0)
		return EXCHANGE_END;
	if (exchange->conn->malformed)
		return body_broken(exchange);
	got = mg_read(exchange->connection, into, body_ready(exchange, room));
	/* The engine also returns 0 when the client closed before the last CRLF, or amid a trailer.
	 */
	if (got == 0 && request->framing == BODY_CHUNKED && exchange->conn->whole)
		return EXCHANGE_END;
	/* For a body with a length, mg_read() returns 0 when nothing arrived in time. */
	if (got <= 0)
		return body_broken(exchange);
	exchange->held_data -=
	    (size_t)got < exchange->held_data ? (size_t)got : exchange->held_data;
	exchange->left -= got;
	return got;
}

static bool
write_bytes(struct exchange *base, struct span bytes)
{
	struct civetweb_exchange *exchange = (struct civetweb_exchange *)base;

	exchange->conn->phase = CLIENT_CONN_ANSWER;
	return mg_write(exchange->connection, bytes.at, bytes.len) == (int)bytes.len;
}

static const char *
name_at(const void *headers, size_t index)
{
	return ((const struct mg_header *)headers)[index].name;
}

static const char *
value_at(const void *headers, size_t index)
{
	return ((const struct mg_header *)headers)[index].value;
}

static void
copy_request(struct request *request, const struct mg_request_info *info)
{
	request->method = span_of(info->request_method);
	request->target = span_of(info->request_uri);
	/* The engine replaced the "?" by a NUL. Restore it, so that the target is judged as it was
	 * received. */
	if (info->query_string != NULL) {
		char *mark = (char *)(uintptr_t)info->query_string - 1;

		*mark = '?';
		request->target.len += 1 + strlen(info->query_string);
	}
	request->version_minor = info->http_version != NULL && info->http_version[2] == '1';
	request->header_count = (size_t)info->num_headers;
	for (size_t i = 0; i < request->header_count; i++) {
		request->headers[i].name = span_of(info->http_headers[i].name);
		request->headers[i].value = span_trim(span_of(info->http_headers[i].value));
	}
}

static void
copy_peer(struct request *request, const struct mg_request_info *info)
{
	(void)snprintf(request->peer, sizeof(request->peer), "%s", info->remote_addr);
	request->peer_port = info->remote_port;
	request->secure = info->is_ssl != 0;
}

static void
start(struct civetweb_exchange *exchange, struct mg_connection *connection)
{
	struct civetweb_listener *listener = listener_of(mg_get_context(connection));

	exchange->connection = connection;
	exchange->conn = client_conn_mine();
	exchange->base.socket = exchange->conn->socket;
	exchange_begin(&exchange->base, &listener->base);
	exchange->conn->body_until_us = exchange->base.body_until_us;
	atomic_fetch_add(&listener->busy, 1);
}

/* Return the connection to the engine, and record which bytes are left in its buffer. */
static void
end(struct civetweb_exchange *exchange)
{
	if (!exchange_keep_alive(&exchange->base)) {
		mg_disable_connection_keep_alive(exchange->connection);
		if (!exchange->base.aborted)
			body_linger(exchange);
	} else if (!exchange->body_begun) {
		body_begin(exchange); /* a body of length 0 */
	}
	client_conn_next(exchange->conn, body_carried(exchange));
	atomic_fetch_sub(&listener_of(mg_get_context(exchange->connection))->busy, 1);
}

/* Why the head cannot be served as the engine read it; NULL when it can. */
static const char *
examine(struct civetweb_exchange *exchange, const struct mg_request_info *info)
{
	struct layout layout = {
		.method = info->request_method,
		.uri = info->request_uri,
		.query = info->query_string,
		.version = info->http_version,
		.name = name_at,
		.value = value_at,
		.headers = info->http_headers,
		.header_count = (size_t)info->num_headers,
		.held = exchange->conn->held,
	};
	size_t head_bytes = 0;
	const char *wrong = layout_check(&layout, &head_bytes);

	if (wrong != NULL)
		return wrong;
	if (exchange->conn->ends.wrong)
		return "a line of the head does not end with CRLF";
	exchange->held_body = info->request_method + head_bytes;
	exchange->held_bytes = exchange->conn->held - head_bytes;
	copy_request(&exchange->base.request, info);
	return NULL;
}

/* CivetWeb looks for keep-alive in the first Connection header only, and closes without it. */
static bool
would_close(const struct request *request)
{
	struct span first = request_header(request, "Connection");

	return first.at != NULL && !header_lists(first, SPAN("keep-alive"));
}

static bool
overloaded(const struct listener *listener)
{
	return atomic_load(&listener->connections) > listener->setup.connections;
}

static void
serve(struct civetweb_exchange *civetweb, const struct mg_request_info *info)
{
	struct exchange *exchange = &civetweb->base;
	struct listener *listener = exchange->listener;
	const struct listener_setup *setup = &listener->setup;
	const char *wrong = examine(civetweb, info);
	bool crowded = info->num_headers >= REQUEST_MAX_HEADERS;

	if (crowded || wrong != NULL) {
		exchange_close(exchange);
		setup->refuse(setup->context, exchange,
		    crowded ? REASON_HEADER_TOO_LARGE : REASON_REQUEST_MALFORMED,
		    crowded ? "more than 63 headers" : wrong);
	} else if (overloaded(listener)) {
		exchange_close(exchange);
		setup->refuse(setup->context, exchange, REASON_OVERLOADED,
		    "more connections than limits.connections");
	} else {
		if (atomic_load(&listener->draining) || would_close(&exchange->request))
			exchange_close(exchange);
		setup->serve(setup->context, exchange);
	}
}

static int
on_request(struct mg_connection *connection)
{
	const struct mg_request_info *info = mg_get_request_info(connection);
	struct civetweb_exchange exchange = { 0 };

	start(&exchange, connection);
	copy_peer(&exchange.base.request, info);
	serve(&exchange, info);
	end(&exchange);
	return 200; /* for the engine's own log, which is off */
}

/* The engine could not read a request. It closes the connection after this. */
static int
on_error(struct mg_connection *connection, int status, const char *message)
{
	struct civetweb_exchange exchange = { 0 };
	const struct listener_setup *setup;
	bool full;

	(void)status;
	(void)message;
	start(&exchange, connection);
	setup = &exchange.base.listener->setup;
	full = exchange.conn->held >= (size_t)setup->header_bytes;
	exchange_close(&exchange.base);
	setup->refuse(setup->context, &exchange.base,
	    full                  ? REASON_HEADER_TOO_LARGE
	    : exchange.conn->late ? REASON_REQUEST_TIMEOUT
				  : REASON_REQUEST_MALFORMED,
	    full                  ? "the head is larger than limits.header_bytes"
	    : exchange.conn->late ? "the head did not arrive in time"
				  : "the head is not HTTP/1.1, or did not arrive in time");
	end(&exchange);
	return 0;
}

/* A thread of the engine: batch scheduling lets a burst of small requests run without the kernel
 * switching between client, gate and upstream at each of them; it needs no privilege. */
static void *
on_thread(const struct mg_context *engine, int type)
{
	struct civetweb_listener *listener = listener_of(engine);
	struct client_conn *conn;

	if (type == 0)
		client_conn_enroll_accepting(listener->stop_event);
	if (type != 1)
		return NULL;
	conn = malloc(sizeof(*conn));
	if (conn == NULL)
		abort(); /* while starting: nothing is served yet */
	client_conn_enroll(conn);
	conn->evict_idle = &listener->evict_idle;
	conn->drain_event = listener->drain_event;
	conn->head_timeout_us = listener->base.setup.header_timeout_ms * 1000;
	(void)sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){ 0 });
	return conn;
}

static void
on_thread_end(const struct mg_context *engine, int type, void *conn)
{
	(void)engine;
	(void)type;
	free(conn);
}

/* Idle connections are closed when three quarters of the connections are in use. */
static void
count_connection(struct civetweb_listener *listener, int by)
{
	int now = atomic_fetch_add(&listener->base.connections, by) + by;

	atomic_store_explicit(&listener->evict_idle,
	    now > listener->base.setup.connections - listener->base.setup.connections / 4,
	    memory_order_relaxed);
}

static int
on_connection(const struct mg_connection *connection, void **mark)
{
	struct civetweb_listener *listener = listener_of(mg_get_context(connection));

	*mark = listener; /* to be distinguished from a connection without any request */
	client_conn_connected(client_conn_mine());
	count_connection(listener, 1);
	return 0;
}

static void
on_connection_end(const struct mg_connection *connection)
{
	struct civetweb_listener *listener = listener_of(mg_get_context(connection));

	if (mg_get_user_connection_data(connection) != NULL)
		count_connection(listener, -1);
}

static int
on_log(const struct mg_connection *connection, const char *message)
{
	(void)connection;
	(void)message;
	return 1;
}

static struct mg_context *
start_engine(struct civetweb_listener *listener)
{
	struct engine_options options;
	struct mg_callbacks callbacks = {
		.begin_request = on_request,
		.http_error = on_error,
		.init_thread = on_thread,
		.exit_thread = on_thread_end,
		.init_connection = on_connection,
		.connection_close = on_connection_end,
		.log_message = on_log,
	};

	engine_options_make(&options, &listener->base.setup);
	return mg_start(&callbacks, listener, options.list);
}

static void
free_listener(struct civetweb_listener *listener)
{
	(void)close(listener->drain_event);
	(void)close(listener->stop_event);
	free(listener);
}

bool
engine_listen(
    const struct listener_setup *setup, struct listener **ret_listener, struct err *reterr)
{
	struct civetweb_listener *listener = calloc(1, sizeof(*listener));

	if (listener == NULL)
		return err_set(reterr, "out of memory");
	listener->base.engine = setup->engine;
	listener->base.setup = *setup;
	listener->drain_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	listener->stop_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	errno = 0;
	listener->engine = start_engine(listener);
	if (listener->engine == NULL) {
		int number = errno;

		free_listener(listener);
		return number == 0
			   ? err_set(reterr, "cannot listen on %s", setup->address)
			   : err_errno(reterr, number, "cannot listen on %s", setup->address);
	}
	*ret_listener = &listener->base;
	return true;
}

bool
engine_has_ipv6(void)
{
	return mg_check_feature(FEATURE_IPV6) != 0;
}

static int
port(const struct listener *base)
{
	const struct civetweb_listener *listener = (const struct civetweb_listener *)base;
	struct mg_server_port ports[1] = { 0 };

	return mg_get_server_ports(listener->engine, 1, ports) == 1 ? ports[0].port : 0;
}

static void
drain(struct listener *base)
{
	struct civetweb_listener *listener = (struct civetweb_listener *)base;

	atomic_store(&listener->evict_idle, true);
	(void)eventfd_write(listener->drain_event, 1);
}

static void
stop(struct listener *base)
{
	struct civetweb_listener *listener = (struct civetweb_listener *)base;

	(void)eventfd_write(listener->stop_event, 1);
	mg_stop(listener->engine);
	free_listener(listener);
}

/* What it does between requests is not told. */
static int
count(const struct listener *base, enum listener_state state)
{
	int busy = atomic_load(&((const struct civetweb_listener *)base)->busy);
	int others = atomic_load(&base->connections) - busy;

	if (state == LISTENER_SERVING)
		return busy;
	return state == LISTENER_IDLE && others > 0 ? others : 0;
}

const struct engine *
engine_untested(void)
{
	static const struct engine engine = {
		.name = "civetweb",
		.start = engine_listen,
		.drain = drain,
		.port = port,
		.stop = stop,
		.count = count,
		.read = read_body,
		.write = write_bytes,
		.buffered = body_buffered,
		.receive = body_receive,
		.send = body_send,
	};

	return &engine;
}
