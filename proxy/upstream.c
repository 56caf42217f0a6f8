/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/upstream.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/span.h"
#include "proxy/await.h"
#include "proxy/resolve.h"
#include "proxy/secure.h"

/* Kept connections beyond this many are closed; so are those that stood longer than most servers
 * keep theirs open. */
#define KEPT_MOST 1024
#define KEPT_US (15 * INT64_C(1000000))

struct upstream {
	char *url, *host;
	char *unix_path;         /* or NULL */
	struct resolve *resolve; /* NULL for unix sockets */
	struct secure *secure;   /* NULL but for https */
	atomic_int references;
	pthread_mutex_t lock;
	struct link *kept; /* newest first */
	int kept_count;
	atomic_uint_fast64_t opened, reused, failed;
};

/* "host[:port][/]" behind the scheme, taken apart. */
static bool
read_authority(struct span rest, const char *scheme_port, char host[256], char port[8])
{
	size_t slash = span_find(rest, '/'), end;
	struct span authority = span_slice(rest, 0, slash);

	if (slash + 1 < rest.len || authority.len == 0 || authority.len > 255)
		return false;
	end = authority.at[0] == '[' ? span_find(authority, ']') + 1 : span_find(authority, ':');
	if (end > authority.len || end == 0)
		return false;
	if (authority.at[0] == '[')
		(void)snprintf(host, 256, "%.*s", (int)end - 2, authority.at + 1);
	else
		(void)snprintf(host, 256, "%.*s", (int)end, authority.at);
	if (end == authority.len)
		(void)snprintf(port, 8, "%s", scheme_port);
	else if (authority.at[end] == ':' && authority.len - end >= 2 && authority.len - end <= 6)
		(void)snprintf(
		    port, 8, "%.*s", (int)(authority.len - end - 1), authority.at + end + 1);
	else
		return false;
	return strspn(port, "0123456789") == strlen(port);
}

static bool
open_tcp(struct upstream *upstream, struct span rest, bool https, struct err *reterr)
{
	char host[256], port[8];
	size_t len = rest.len;

	if (!read_authority(rest, https ? "443" : "80", host, port))
		return err_set(reterr,
		    "\"%s\" is not http://HOST[:PORT], https://HOST[:PORT] or unix:/PATH",
		    upstream->url);
	if (rest.at[len - 1] == '/')
		len--;
	upstream->host = strndup(rest.at, len);
	if (upstream->host == NULL)
		return err_set(reterr, "out of memory");
	if (https && !secure_new(host, &upstream->secure, reterr))
		return false;
	return resolve_start(host, port, &upstream->resolve, reterr);
}

static bool
open_unix(struct upstream *upstream, struct span path, struct err *reterr)
{
	if (path.len < 2 || path.len >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return err_set(reterr, "\"%s\": the path is too long or missing", upstream->url);
	upstream->unix_path = strndup(path.at, path.len);
	upstream->host = strdup("localhost");
	return (upstream->unix_path != NULL && upstream->host != NULL) ||
	       err_set(reterr, "out of memory");
}

bool
upstream_new(const char *url, struct upstream **ret_upstream, struct err *reterr)
{
	struct upstream *upstream = calloc(1, sizeof(*upstream));
	struct span text = span_of(url);
	bool good;

	if (upstream == NULL || (upstream->url = strdup(url)) == NULL) {
		free(upstream);
		return err_set(reterr, "out of memory");
	}
	atomic_store(&upstream->references, 1);
	(void)pthread_mutex_init(&upstream->lock, NULL);
	if (span_starts(text, SPAN("unix:/")))
		good = open_unix(upstream, span_slice(text, 5, text.len), reterr);
	else if (span_starts(text, SPAN("https://")))
		good = open_tcp(upstream, span_slice(text, 8, text.len), true, reterr);
	else
		good = open_tcp(upstream,
		    span_slice(text, span_starts(text, SPAN("http://")) ? 7 : text.len, text.len),
		    false, reterr);
	if (!good) {
		upstream_unref(upstream);
		return false;
	}
	*ret_upstream = upstream;
	return true;
}

void
upstream_ref(struct upstream *upstream)
{
	atomic_fetch_add_explicit(&upstream->references, 1, memory_order_relaxed);
}

static void
destroy(struct link *link)
{
	if (link->tls != NULL)
		secure_close(link->tls);
	(void)close(link->socket);
	free(link);
}

void
upstream_unref(struct upstream *upstream)
{
	if (upstream == NULL || atomic_fetch_sub(&upstream->references, 1) > 1)
		return;
	while (upstream->kept != NULL) {
		struct link *link = upstream->kept;

		upstream->kept = link->next;
		destroy(link);
	}
	resolve_stop(upstream->resolve);
	secure_free(upstream->secure);
	(void)pthread_mutex_destroy(&upstream->lock);
	free(upstream->unix_path);
	free(upstream->host);
	free(upstream->url);
	free(upstream);
}

const char *
upstream_url(const struct upstream *upstream)
{
	return upstream->url;
}

const char *
upstream_host(const struct upstream *upstream)
{
	return upstream->host;
}

void
upstream_counts(struct upstream *upstream, struct upstream_count *ret_count)
{
	ret_count->opened = atomic_load(&upstream->opened);
	ret_count->reused = atomic_load(&upstream->reused);
	ret_count->failed = atomic_load(&upstream->failed);
	(void)pthread_mutex_lock(&upstream->lock);
	ret_count->kept = upstream->kept_count;
	(void)pthread_mutex_unlock(&upstream->lock);
}

/* The newest kept connection. When even that is too old, all are. */
static struct link *
take_kept(struct upstream *upstream)
{
	struct link *link, *old = NULL;

	(void)pthread_mutex_lock(&upstream->lock);
	link = upstream->kept;
	if (link != NULL && clock_mono_us() - link->kept_us > KEPT_US) {
		old = link;
		link = NULL;
		upstream->kept = NULL;
		upstream->kept_count = 0;
	} else if (link != NULL) {
		upstream->kept = link->next;
		upstream->kept_count--;
	}
	(void)pthread_mutex_unlock(&upstream->lock);
	while (old != NULL) {
		struct link *next = old->next;

		destroy(old);
		old = next;
	}
	return link;
}

/* Still open, and silent: a byte that nobody asked for belongs to no answer of ours. */
static bool
still_good(const struct link *link)
{
	char byte;

	return recv(link->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
	       (errno == EAGAIN || errno == EWOULDBLOCK);
}

/* REASON_OK, or what kept the connection from being made. */
static enum reason
connect_to(const struct sockaddr *to, socklen_t len, int64_t deadline_us, int *ret_socket)
{
	int fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int failure = 0, one = 1, ready = 1;
	socklen_t failure_len = sizeof(failure);

	if (fd < 0)
		return REASON_UPSTREAM_UNREACHABLE;
	if (to->sa_family != AF_UNIX)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, to, len) != 0) {
		failure = errno;
		if (failure == EINPROGRESS) {
			ready = await_one(fd, POLLOUT, deadline_us);
			if (ready > 0)
				(void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &failure_len);
		}
	}
	if (ready > 0 && failure == 0) {
		*ret_socket = fd;
		return REASON_OK;
	}
	(void)close(fd);
	errno = failure;
	return ready == 0 ? REASON_UPSTREAM_TIMEOUT : REASON_UPSTREAM_UNREACHABLE;
}

static enum reason
connect_unix(const struct upstream *upstream, int64_t deadline_us, int *ret_socket)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	memcpy(to.sun_path, upstream->unix_path, strlen(upstream->unix_path) + 1);
	return connect_to((struct sockaddr *)&to, sizeof(to), deadline_us, ret_socket);
}

/* Each address in turn. */
static enum reason
connect_any(struct upstream *upstream, int64_t deadline_us, int *ret_socket, struct err *reterr)
{
	struct resolve_address addresses[RESOLVE_MAX];
	enum reason reason = REASON_UPSTREAM_UNREACHABLE;
	size_t count;

	if (upstream->unix_path != NULL) {
		reason = connect_unix(upstream, deadline_us, ret_socket);
	} else {
		count = resolve_get(upstream->resolve, deadline_us, addresses, reterr);
		if (count == 0)
			return REASON_UPSTREAM_UNREACHABLE;
		for (size_t i = 0; i < count && reason != REASON_OK; i++)
			reason = connect_to((const struct sockaddr *)&addresses[i].address,
			    addresses[i].len, deadline_us, ret_socket);
	}
	if (reason == REASON_UPSTREAM_TIMEOUT)
		(void)err_set(reterr, "%s: no connection in time", upstream->url);
	else if (reason != REASON_OK)
		(void)err_errno(reterr, errno, "%s: cannot connect", upstream->url);
	return reason;
}

static enum reason
open_fresh(
    struct upstream *upstream, int64_t deadline_us, struct link **ret_link, struct err *reterr)
{
	struct link *link = calloc(1, sizeof(*link));
	enum reason reason;

	if (link == NULL)
		return REASON_OVERLOADED;
	link->deadline_us = deadline_us;
	reason = connect_any(upstream, deadline_us, &link->socket, reterr);
	if (reason == REASON_OK && upstream->secure != NULL &&
	    !secure_connect(upstream->secure, link, reterr)) {
		(void)close(link->socket);
		reason = clock_mono_us() >= deadline_us ? REASON_UPSTREAM_TIMEOUT
							: REASON_UPSTREAM_UNREACHABLE;
	}
	if (reason == REASON_OK && link->tls == NULL && fcntl(link->socket, F_SETFL, 0) != 0) {
		(void)err_errno(reterr, errno, "%s", upstream->url);
		(void)close(link->socket);
		reason = REASON_UPSTREAM_UNREACHABLE;
	}
	atomic_fetch_add(reason == REASON_OK ? &upstream->opened : &upstream->failed, 1);
	if (reason != REASON_OK) {
		free(link);
		return reason;
	}
	upstream_ref(upstream);
	link->upstream = upstream;
	*ret_link = link;
	return REASON_OK;
}

enum reason
link_open(struct upstream *upstream, bool fresh, int64_t deadline_us, struct link **ret_link,
    struct err *reterr)
{
	struct link *link = NULL;

	while (!fresh && (link = take_kept(upstream)) != NULL && !still_good(link))
		destroy(link);
	if (link == NULL)
		return open_fresh(upstream, deadline_us, ret_link, reterr);
	atomic_fetch_add_explicit(&upstream->reused, 1, memory_order_relaxed);
	upstream_ref(upstream);
	link->upstream = upstream;
	link->reused = true;
	link->deadline_us = deadline_us;
	*ret_link = link;
	return REASON_OK;
}

/* In the pool a link holds no reference: the pool ends with its upstream. */
void
link_keep(struct link *link)
{
	struct upstream *upstream = link->upstream;
	struct link *surplus = NULL;

	link->upstream = NULL;
	link->kept_us = clock_mono_us();
	(void)pthread_mutex_lock(&upstream->lock);
	if (upstream->kept_count < KEPT_MOST) {
		link->next = upstream->kept;
		upstream->kept = link;
		upstream->kept_count++;
	} else {
		surplus = link;
	}
	(void)pthread_mutex_unlock(&upstream->lock);
	if (surplus != NULL)
		destroy(surplus);
	upstream_unref(upstream);
}

void
link_close(struct link *link)
{
	struct upstream *upstream;

	if (link == NULL)
		return;
	upstream = link->upstream;
	destroy(link);
	upstream_unref(upstream);
}
