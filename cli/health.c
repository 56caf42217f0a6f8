/* SPDX-License-Identifier: Apache-2.0 */
/* Ask a gate that runs here how it is: for the health check of an image without a client of HTTP.
 * A mistake in the configuration is no reason to call a gate ill that runs on without it: of the
 * file only `admin.address` is read. */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/digits.h"
#include "base/span.h"
#include "cli/command.h"
#include "proxy/config/config_part.h"

#define PATIENCE_S 5
#define ADDRESS_ROOM 128
#define ANSWER_ROOM 64
#define ARENA_MAX (64u << 20)

/* The address to query: a gate that listens on every address also listens on loopback. */
struct place {
	char host[ADDRESS_ROOM];
	const char *port; /* in `text` */
	char text[ADDRESS_ROOM];
};

static bool
place_of(const char *admin, struct place *place)
{
	char *colon;
	size_t len;

	if (snprintf(place->text, sizeof(place->text), "%s", admin) >= (int)sizeof(place->text))
		return false;
	colon = strrchr(place->text, ':');
	if (colon == NULL)
		return false;
	*colon = '\0';
	place->port = colon + 1;
	len = strlen(place->text);
	if (place->text[0] == '[' && len >= 2)
		(void)snprintf(
		    place->host, sizeof(place->host), "%.*s", (int)len - 2, place->text + 1);
	else
		(void)snprintf(place->host, sizeof(place->host), "%s", place->text);
	if (strcmp(place->host, "0.0.0.0") == 0)
		(void)snprintf(place->host, sizeof(place->host), "127.0.0.1");
	else if (strcmp(place->host, "localhost") == 0)
		(void)snprintf(place->host, sizeof(place->host), "127.0.0.1");
	else if (strcmp(place->host, "::") == 0)
		(void)snprintf(place->host, sizeof(place->host), "::1");
	return true;
}

static int
connect_to(const struct place *place)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM };
	struct timeval patience = { .tv_sec = PATIENCE_S };
	struct addrinfo *found = NULL;
	int fd = -1;

	errno = EINVAL;
	if (getaddrinfo(place->host, place->port, &hints, &found) != 0)
		return -1;
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
		if (connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
			int number = errno;

			close(fd);
			errno = number;
			fd = -1;
		}
	}
	freeaddrinfo(found);
	return fd;
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
	struct place place;
	int fd, status;

	if (!place_of(admin, &place))
		return command_trouble("health: \"%.128s\" is not HOST:PORT", admin);
	fd = connect_to(&place);
	if (fd < 0 && errno == EINVAL)
		return command_trouble(
		    "health: \"%.128s\" is not HOST:PORT with a numeric address", admin);
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
	    .argument = "HOST:PORT",
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
