/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/admin_call.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/digits.h"
#include "base/span.h"
#include "proxy/config/address.h"

#define PATIENCE_S 5
#define ADDRESS_ROOM 128
#define REQUEST_ROOM 512
#define HEAD_MIN 64 /* the status line must be in the first segment */

/* The address to query: a gate that listens on every address also listens on loopback. */
static bool
read_place(const char *text, struct address *ret_address, struct err *reterr)
{
	static const char name[] = "localhost:", number[] = "127.0.0.1:";
	static const unsigned char any[sizeof(ret_address->bytes)], loopback[] = { 127, 0, 0, 1 };
	char numeric[ADDRESS_ROOM];

	if (strncmp(text, name, strlen(name)) == 0) {
		(void)snprintf(numeric, sizeof(numeric), "%s%s", number, text + strlen(name));
		text = numeric;
	}
	if (!address_read(text, ret_address, reterr))
		return false;
	if (ret_address->kind == ADDRESS_SYSTEMD)
		return err_set(reterr, "is known to systemd only: say --address");
	if (ret_address->kind == ADDRESS_UNIX || memcmp(ret_address->bytes, any, sizeof(any)) != 0)
		return true;
	if (ret_address->kind == ADDRESS_IPV6)
		ret_address->bytes[sizeof(any) - 1] = 1;
	else
		memcpy(ret_address->bytes, loopback, sizeof(loopback));
	return true;
}

/* Returns its length. */
static socklen_t
make_socket_address(const struct address *address, struct sockaddr_storage *storage)
{
	struct sockaddr_in ipv4 = { .sin_family = AF_INET, .sin_port = htons(address->port) };
	struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6, .sin6_port = htons(address->port) };
	struct sockaddr_un file = { .sun_family = AF_UNIX };

	if (address->kind == ADDRESS_UNIX) {
		memcpy(file.sun_path, address->name, strlen(address->name));
		memcpy(storage, &file, sizeof(file));
		return sizeof(file);
	}
	if (address->kind == ADDRESS_IPV6) {
		memcpy(&ipv6.sin6_addr, address->bytes, sizeof(ipv6.sin6_addr));
		memcpy(storage, &ipv6, sizeof(ipv6));
		return sizeof(ipv6);
	}
	memcpy(&ipv4.sin_addr, address->bytes, sizeof(ipv4.sin_addr));
	memcpy(storage, &ipv4, sizeof(ipv4));
	return sizeof(ipv4);
}

/* -1: errno says why. */
static int
connect_to(const struct address *address)
{
	struct timeval patience = { .tv_sec = PATIENCE_S };
	struct sockaddr_storage place = { 0 };
	socklen_t len = make_socket_address(address, &place);
	int fd = socket(place.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int number;

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&place, len) == 0)
		return fd;
	number = errno;
	close(fd);
	errno = number;
	return -1;
}

static bool
read_status(struct span head, int *ret_status)
{
	int64_t status;

	if (head.len <= 12 || !span_starts(head, SPAN("HTTP/1.1 ")) ||
	    !digits_read((struct span){ head.at + 9, 3 }, 3, &status))
		return false;
	*ret_status = (int)status;
	return true;
}

/* What follows the head, until the gate closes: it was asked to. */
static bool
read_body(int fd, struct span first, struct buffer *body)
{
	char piece[4096];
	const char *end;
	ssize_t got;

	buffer_add(body, first);
	while ((got = read(fd, piece, sizeof(piece))) > 0)
		buffer_add(body, (struct span){ piece, (size_t)got });
	if (got < 0 || body->failed)
		return false;
	end = memmem(body->at, body->len, "\r\n\r\n", 4);
	if (end == NULL)
		return false;
	body->len -= (size_t)(end + 4 - body->at);
	memmove(body->at, end + 4, body->len + 1);
	return true;
}

static bool
ask(int fd, const char *target, struct admin_call_answer *answer)
{
	char text[REQUEST_ROOM], piece[HEAD_MIN];
	int len = snprintf(text, sizeof(text),
	    "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", target);
	struct span first;
	ssize_t got;

	if (len < 0 || (size_t)len >= sizeof(text) || write(fd, text, (size_t)len) != len)
		return false;
	got = read(fd, piece, sizeof(piece));
	first = (struct span){ piece, got < 0 ? 0 : (size_t)got };
	return read_status(first, &answer->status) &&
	       (answer->body == NULL || read_body(fd, first, answer->body));
}

enum admin_call_result
admin_call(const char *address, const char *target, struct admin_call_answer *ret_answer,
    struct err *reterr)
{
	struct address place;
	bool done;
	int fd;

	if (!read_place(address, &place, reterr))
		return ADMIN_CALL_WRONG;
	fd = connect_to(&place);
	if (fd < 0) {
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread */
		(void)err_set(reterr, "%s", strerror(errno));
		return ADMIN_CALL_NOBODY;
	}
	done = ask(fd, target, ret_answer);
	close(fd);
	return done ? ADMIN_CALL_DONE : ADMIN_CALL_SILENT;
}
