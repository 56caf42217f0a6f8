/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steady - the same request again and again.
 *
 * `steady PORT SECONDS CONNECTIONS PER REQUEST [FIRST]` sends the bytes of the file REQUEST to
 * 127.0.0.1:PORT, over so many connections at a time, each of which is closed after PER requests
 * (0: never) and begins with the bytes of the file FIRST. It prints how many were answered.
 * Whatever is not a 200 with a Content-Length ends it with 1.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_CONNECTIONS = 256, MOST_BYTES = 16384 };

struct text {
	char bytes[MOST_BYTES];
	size_t length;
};

struct client {
	struct text answer; /* what has come of it */
	long asked;         /* on this connection */
};

static struct sockaddr_in address = { .sin_family = AF_INET };
static struct client clients[MOST_CONNECTIONS];
static struct pollfd sockets[MOST_CONNECTIONS];
static struct text request, first;
static long per, count;

static void
give_up(const char *what)
{
	fprintf(stderr, "steady: %s\n", what);
	exit(1);
}

static double
now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
read_text(const char *name, struct text *text)
{
	FILE *file = fopen(name, "r");

	if (file == NULL)
		give_up("cannot read a file");
	text->length = fread(text->bytes, 1, sizeof(text->bytes), file);
	if (text->length == sizeof(text->bytes))
		give_up("a file is too long");
	fclose(file);
}

static void
send_text(int i, const struct text *text)
{
	if (send(sockets[i].fd, text->bytes, text->length, MSG_NOSIGNAL) != (ssize_t)text->length)
		give_up("cannot send");
}

static void
begin(int i)
{
	int one = 1;

	sockets[i] = (struct pollfd){ .fd = socket(AF_INET, SOCK_STREAM, 0), .events = POLLIN };
	if (sockets[i].fd < 0 ||
	    connect(sockets[i].fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		give_up("cannot connect");
	setsockopt(sockets[i].fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	clients[i].asked = 0;
	if (first.length > 0)
		send_text(i, &first);
}

static void
ask(int i)
{
	struct client *client = &clients[i];

	if (per > 0 && client->asked == per) {
		close(sockets[i].fd);
		begin(i);
	}
	client->asked++;
	client->answer.length = 0;
	send_text(i, &request);
}

/* Is it a whole answer? */
static int
is_whole(struct text *answer)
{
	const char *end, *length;

	answer->bytes[answer->length] = '\0';
	end = strstr(answer->bytes, "\r\n\r\n");
	if (end == NULL)
		return 0;
	length = strcasestr(answer->bytes, "\r\ncontent-length:");
	if (strncmp(answer->bytes, "HTTP/1.1 200", 12) != 0 || length == NULL || length > end)
		give_up(answer->bytes);
	return (size_t)(end + 4 - answer->bytes) + strtoul(length + 17, NULL, 10) <= answer->length;
}

static void
hear(int i)
{
	struct text *answer = &clients[i].answer;
	ssize_t got = recv(sockets[i].fd, answer->bytes + answer->length,
	    sizeof(answer->bytes) - 1 - answer->length, 0);

	if (got <= 0)
		give_up("an answer did not come");
	answer->length += (size_t)got;
	if (!is_whole(answer))
		return;
	count++;
	ask(i);
}

int
main(int argc, char **argv)
{
	int connections = argc < 6 ? 0 : (int)strtol(argv[3], NULL, 10);
	double end_s;

	if (connections < 1 || connections > MOST_CONNECTIONS)
		give_up("steady PORT SECONDS CONNECTIONS PER REQUEST [FIRST]");
	address.sin_port = htons((unsigned short)strtol(argv[1], NULL, 10));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	per = strtol(argv[4], NULL, 10);
	read_text(argv[5], &request);
	if (argc > 6)
		read_text(argv[6], &first);
	for (int i = 0; i < connections; i++) {
		begin(i);
		ask(i);
	}
	for (end_s = now_s() + atof(argv[2]); now_s() < end_s;) {
		if (poll(sockets, (nfds_t)connections, 1000) <= 0)
			give_up("nothing came for a second");
		for (int i = 0; i < connections; i++)
			if (sockets[i].revents != 0)
				hear(i);
	}
	printf("%ld\n", count);
	return 0;
}
