/* SPDX-License-Identifier: Apache-2.0 */
/* Ask a gate that runs here how it is: for the health check of an image without a client of HTTP.
 * A mistake in the configuration is no reason to call a gate ill that runs on without it: of the
 * file only `admin.address` is read. */
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
#include "cli/command.h"
#include "proxy/config/address.h"
#include "proxy/config/config_part.h"

#define PATIENCE_S 5
#define ADDRESS_ROOM 128
#define ANSWER_ROOM 64
#define ARENA_MAX (64u << 20)

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

/* The status line must be in the first segment; if not, the gate counts as unhealthy. */
static int
ask(int fd, const char *path)
{
	char text[ANSWER_ROOM * 2];
	int len = snprintf(text, sizeof(text),
	    "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
	int64_t status;
	ssize_t got;

	if (write(fd, text, (size_t)len) != len)
		return -1;
	got = read(fd, text, ANSWER_ROOM);
	if (got <= 12 || !span_starts((struct span){ text, (size_t)got }, SPAN("HTTP/1.1 ")))
		return -1;
	return digits_read((struct span){ text + 9, 3 }, 3, &status) ? (int)status : -1;
}

static int
check(const char *admin, const char *path)
{
	struct address address;
	struct err err;
	int fd, status;

	if (!read_place(admin, &address, &err))
		return command_trouble("health: \"%.128s\" %s", admin, err.text);
	fd = connect_to(&address);
	if (fd < 0) {
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread */
		(void)command_trouble("health: %s: %s", admin, strerror(errno));
		return EXIT_NO;
	}
	status = ask(fd, path);
	close(fd);
	if (status == 200)
		return EXIT_YES;
	if (status < 0)
		(void)command_trouble("health: %s%s does not answer", admin, path);
	else
		(void)command_trouble("health: %s%s says %d", admin, path, status);
	return EXIT_NO;
}

struct health_line {
	struct command_line line;
	const char *address; /* NULL: the configuration's */
	bool ready;
};

static const struct command_option options[] = {
	OPTION_ROW_CONFIG,
	{ .name = "--address",
	    .argument = "ADDRESS",
	    .offset = offsetof(struct health_line, address),
	    .help = "ask there and read no configuration (default: the configuration's "
		    "admin.address)" },
	{ .name = "--ready",
	    .kind = OPTION_FLAG,
	    .offset = offsetof(struct health_line, ready),
	    .help = "ask whether it is ready for requests (/readyz), not just alive (/livez)" },
	{ .name = NULL },
};

static const struct command_verb verbs[] = {
	{ "", "", "check the health of the gate on this machine" },
	{ NULL, NULL, NULL },
};

static int
run(const struct health_line *line)
{
	const char *address = line->address;
	struct arena arena;
	struct err err;
	int code;

	arena_init(&arena, ARENA_MAX);
	if (address == NULL && !config_part_admin(line->line.config, &arena, &address, &err))
		code = command_trouble(
		    "health: %s; with --address no configuration is read", err.text);
	else
		code = check(address, line->ready ? "/readyz" : "/livez");
	arena_done(&arena);
	return code;
}

static int
run_line(int argc, char **argv)
{
	struct health_line line = { .line.config = COMMAND_CONFIG };
	int code;

	if (options_read(&health_command, (struct arguments){ argc, argv }, &line.line, &code))
		code = run(&line);
	options_done(&line.line);
	return code;
}

const struct command health_command = {
	.name = "health",
	.help = "check the health of the gate on this machine",
	.verbs = verbs,
	.options = options,
	.run = run_line,
};
