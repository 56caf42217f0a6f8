/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listener/events/listening.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/digits.h"
#include "base/span.h"
#include "proxy/io/watch.h"
#include "proxy/listener/events/activation.h"

#define BACKLOG 4096

/* config/address.h has checked the text; port 0 is for tests. */
static bool
read_address(const char *text, struct sockaddr_storage *address, socklen_t *ret_len)
{
	const char *colon = strrchr(text, ':');
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
	struct sockaddr_in *four = (struct sockaddr_in *)address;
	bool bracketed = text[0] == '[';
	char host[64];
	int64_t port;
	size_t len;

	*address = (struct sockaddr_storage){ 0 };
	if (colon == NULL || !digits_read(span_of(colon + 1), 5, &port) || port > 65535)
		return false;
	len = (size_t)(colon - text) - (bracketed ? 2 : 0);
	if (len >= sizeof(host))
		return false;
	(void)snprintf(host, sizeof(host), "%.*s", (int)len, text + (bracketed ? 1 : 0));
	if (bracketed) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)port);
		*ret_len = sizeof(*six);
		return inet_pton(AF_INET6, host, &six->sin6_addr) == 1;
	}
	four->sin_family = AF_INET;
	four->sin_port = htons((uint16_t)port);
	*ret_len = sizeof(*four);
	return inet_pton(AF_INET, host, &four->sin_addr) == 1;
}

static int
port_of(const struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET6
		   ? ntohs(((const struct sockaddr_in6 *)address)->sin6_port)
		   : ntohs(((const struct sockaddr_in *)address)->sin_port);
}

/* -1: errno says why. */
static int
make_socket(struct listening *listening, int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		listening->sockets[listening->count++] = fd;
	return fd;
}

/* An IPv6 socket takes IPv6 only: "[::]" and "0.0.0.0" may stand beside each other. */
static bool
open_port(struct listening *listening, const char *text, struct err *reterr)
{
	struct sockaddr_storage address;
	socklen_t len = 0;
	int one = 1, fd;

	if (!read_address(text, &address, &len))
		return err_set(reterr, "cannot listen on %s", text);
	fd = make_socket(listening, address.ss_family);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
	    (address.ss_family == AF_INET6 &&
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) != 0) ||
	    bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, BACKLOG) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		return err_errno(reterr, errno, "cannot listen on %s", text);
	listening->port = port_of(&address);
	return true;
}

static bool
open_unix(struct listening *listening, const char *path, mode_t mode, struct err *reterr)
{
	struct unix_file file = { .address.sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(file.address.sun_path))
		return err_set(reterr, "the path is too long");
	memcpy(file.address.sun_path, path, strlen(path) + 1);
	fd = make_socket(listening, AF_UNIX);
	if (fd < 0)
		return err_errno(reterr, errno, "there is no socket");
	if (!unix_file_bind(&file, fd, mode, reterr))
		return false;
	listening->file = file;
	return listen(fd, BACKLOG) == 0 || err_errno(reterr, errno, "it cannot be bound");
}

/* Does it listen, for connections that carry bytes? */
static bool
listens(int fd)
{
	int type = 0, accepts = 0;
	socklen_t len = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM &&
	       getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &len) == 0 && accepts != 0;
}

static bool
take_handed(struct listening *listening, const char *name, struct err *reterr)
{
	struct activation activation = activation_here();
	int fd = activation_find(&activation, span_of(name), ACTIVATION_FIRST);

	if (fd < 0)
		return err_set(reterr,
		    "no socket of that name was handed over (FileDescriptorName= of the .socket "
		    "unit)");
	listening->handed = true;
	for (; fd >= 0; fd = activation_find(&activation, span_of(name), fd + 1)) {
		if (listening->count == LISTENING_MAX)
			return err_set(
			    reterr, "more than %d sockets have that name", LISTENING_MAX);
		if (!listens(fd))
			return err_set(reterr,
			    "what was handed over is no stream socket that listens (Accept=no)");
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
			return err_errno(reterr, errno, "what was handed over cannot be used");
		listening->sockets[listening->count++] = fd;
	}
	return true;
}

static bool
open_any(struct listening *listening, const char *address, mode_t mode, struct err *reterr)
{
	static const char unix_scheme[] = "unix:", systemd_scheme[] = "systemd:";

	if (strncmp(address, unix_scheme, strlen(unix_scheme)) == 0)
		return open_unix(listening, address + strlen(unix_scheme), mode, reterr) ||
		       err_within(reterr, "cannot listen on %s", address);
	if (strncmp(address, systemd_scheme, strlen(systemd_scheme)) == 0)
		return take_handed(listening, address + strlen(systemd_scheme), reterr) ||
		       err_within(reterr, "cannot listen on %s", address);
	return open_port(listening, address, reterr);
}

bool
listening_open(struct listening *listening, const char *address, mode_t mode, struct err *reterr)
{
	*listening = (struct listening){ .count = 0 };
	if (open_any(listening, address, mode, reterr))
		return true;
	listening_close(listening);
	return false;
}

bool
listening_drops(const struct listening *listening, uint64_t *ret_drops)
{
	*ret_drops = 0;
	for (size_t i = 0; i < listening->count; i++) {
		uint32_t values[SK_MEMINFO_VARS] = { 0 };
		socklen_t len = sizeof(values);

		if (getsockopt(listening->sockets[i], SOL_SOCKET, SO_MEMINFO, values, &len) != 0 ||
		    len <= SK_MEMINFO_DROPS * sizeof(*values))
			return false;
		*ret_drops += values[SK_MEMINFO_DROPS];
	}
	return true;
}

void
listening_close(struct listening *listening)
{
	if (listening->file.address.sun_path[0] != '\0')
		unix_file_remove(&listening->file);
	for (size_t i = 0; i < listening->count; i++)
		watch_close(listening->sockets[i]);
	listening->count = 0;
}
