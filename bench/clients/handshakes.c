/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handshakes - a new TLS connection for every request, none resumed.
 *
 * `handshakes PORT SECONDS CONNECTIONS TOKEN` asks 127.0.0.1:PORT for /customer/1, so many
 * connections at a time, and prints "count rate p50 p99": answered requests, those per second, and
 * the time from connect() to the end of the answer in microseconds. With 0 seconds it asks once and
 * prints protocol, cipher and group. Whatever is not a full handshake and a 200 with the upstream's
 * body ends it with 1.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_CONNECTIONS = 256, MOST_SAMPLES = 1 << 16 };

struct client {
	pthread_t thread;
	size_t count;
	unsigned us[MOST_SAMPLES];
};

static SSL_CTX *context;
static struct sockaddr_in address = { .sin_family = AF_INET };
static char request[8192];
static double end_us;

static double
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void
give_up(const char *what)
{
	fprintf(stderr, "handshakes: %s\n", what);
	exit(1);
}

/* Read until the peer ends, and look at the answer. */
static void
read_answer(SSL *tls)
{
	char answer[4096];
	int got, length = 0;

	while (length < (int)sizeof(answer) - 1 &&
	       (got = SSL_read(tls, answer + length, (int)sizeof(answer) - 1 - length)) > 0)
		length += got;
	answer[length] = '\0';
	if (strncmp(answer, "HTTP/1.1 200", 12) != 0 || strstr(answer, "{\"ok\": true}") == NULL)
		give_up(length > 0 ? "not the upstream's answer" : "no answer");
}

/* One connection and one request. With `tell` set, say what was agreed on. */
static void
ask(int tell)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	SSL *tls = SSL_new(context);

	if (fd < 0 || tls == NULL || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		give_up("cannot connect");
	SSL_set_fd(tls, fd);
	if (SSL_connect(tls) != 1)
		give_up("the handshake failed");
	if (SSL_session_reused(tls))
		give_up("the session was resumed");
	if (SSL_write(tls, request, (int)strlen(request)) <= 0)
		give_up("cannot send");
	read_answer(tls);
	if (tell)
		printf("%s %s %s\n", SSL_get_version(tls), SSL_get_cipher_name(tls),
		    OBJ_nid2sn((int)SSL_get_negotiated_group(tls)));
	SSL_shutdown(tls);
	SSL_free(tls);
	close(fd);
}

static void *
ask_until_the_end(void *argument)
{
	struct client *client = argument;

	for (double start = now_us(); start < end_us && client->count < MOST_SAMPLES;
	    client->count++) {
		ask(0);
		client->us[client->count] = (unsigned)(now_us() - start);
		start = now_us();
	}
	return NULL;
}

static int
compare(const void *a, const void *b)
{
	unsigned one = *(const unsigned *)a, other = *(const unsigned *)b;

	return (one > other) - (one < other);
}

static void
print_all(struct client *clients, int connections, double seconds)
{
	unsigned *all = malloc(sizeof(*all) * MOST_SAMPLES * (size_t)connections);
	size_t count = 0;

	if (all == NULL)
		give_up("no memory");
	for (int i = 0; i < connections; count += clients[i++].count)
		memcpy(all + count, clients[i].us, clients[i].count * sizeof(*all));
	if (count == 0)
		give_up("no request was answered");
	qsort(all, count, sizeof(*all), compare);
	printf("%zu %.1f %u %u\n", count, (double)count / seconds, all[count / 2],
	    all[count * 99 / 100]);
	free(all);
}

static void
measure(int connections, double seconds)
{
	struct client *clients = calloc((size_t)connections, sizeof(*clients));
	double start = now_us();

	if (clients == NULL)
		give_up("no memory");
	end_us = start + seconds * 1e6;
	for (int i = 0; i < connections; i++)
		if (pthread_create(&clients[i].thread, NULL, ask_until_the_end, &clients[i]) != 0)
			give_up("no thread");
	for (int i = 0; i < connections; i++)
		pthread_join(clients[i].thread, NULL);
	print_all(clients, connections, (now_us() - start) / 1e6);
	free(clients);
}

/* A whole number from 1 to `most`; 0: it is none. */
static int
number(const char *text, long most)
{
	char *end;
	long value = strtol(text, &end, 10);

	return end != text && *end == '\0' && value >= 1 && value <= most ? (int)value : 0;
}

int
main(int argc, char **argv)
{
	int port = argc == 5 ? number(argv[1], 65535) : 0;
	int connections = argc == 5 ? number(argv[3], MOST_CONNECTIONS) : 0;

	if (port < 1 || connections < 1)
		give_up("usage: handshakes PORT SECONDS CONNECTIONS TOKEN");
	signal(SIGPIPE, SIG_IGN);
	address.sin_port = htons((in_port_t)port);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	snprintf(request, sizeof(request),
	    "GET /customer/1 HTTP/1.1\r\nHost: bench\r\nConnection: close\r\nAuthorization: Bearer "
	    "%s\r\n\r\n",
	    argv[4]);
	context = SSL_CTX_new(TLS_client_method());
	if (context == NULL)
		give_up("no TLS");
	if (atof(argv[2]) <= 0)
		ask(1);
	else
		measure(connections, atof(argv[2]));
	SSL_CTX_free(context);
	return 0;
}
