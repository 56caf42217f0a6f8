/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listener/events/handshake.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/distinguished_name.h"
#include "base/log.h"
#include "proxy/io/tls_server.h"

#define NAME_ROOM (64u << 10)

/* ---- whose turn it is ---- */

static _Thread_local struct conn *first, *last; /* that wait for a step */
static _Thread_local void (*step)(struct conn *conn);

/* The first one; the next one after all other news. */
static void
take_turn(struct loop_post *post)
{
	struct conn *conn = first;

	(void)post;
	first = conn->next_to_step;
	if (first != NULL)
		loop_post(loop_index(), &first->post);
	conn->placed.posted = false;
	step(conn);
}

void
handshake_queue(struct conn *conn, void (*then)(struct conn *conn))
{
	step = then;
	conn->placed.posted = true;
	conn->post.run = take_turn;
	conn->next_to_step = NULL;
	if (first != NULL) {
		last->next_to_step = conn;
		last = conn;
		return;
	}
	first = last = conn;
	loop_post(loop_index(), &conn->post);
}

/* ---- the handshake ---- */

bool
handshake_begin(struct conn *conn)
{
	struct tls_server *server;

	conn->rules = atomic_load(&conn->listener->rules); /* first: these are not newer */
	server = atomic_load(&conn->listener->tls);
	if (server == NULL)
		return true;
	conn->tls = tls_server_session(server, conn->socket);
	conn->handshaking = conn->tls != NULL;
	return conn->handshaking;
}

/* A copy that lives as long as the connection. */
static bool
set_certificate(struct conn *conn, const struct tls_peer *peer, struct span subject)
{
	struct request_certificate *certificate = malloc(sizeof(*certificate) + subject.len + 1);
	char *text = (char *)(certificate + 1);

	if (certificate == NULL)
		return false;
	if (subject.len > 0)
		memcpy(text, subject.at, subject.len);
	text[subject.len] = '\0';
	certificate->subject = (struct span){ text, subject.len };
	memcpy(certificate->sha256, peer->sha256, sizeof(certificate->sha256));
	certificate->until_s = peer->until_s;
	conn->certificate = certificate;
	return true;
}

/* Whom the handshake has verified. False: no memory; nobody is served as somebody else. */
static bool
name_client(struct conn *conn)
{
	struct tls_peer peer;
	struct span subject = { "", 0 };
	struct arena arena;
	struct err err;
	bool done;

	if (!tls_has_peer(conn->tls))
		return true;
	if (!tls_peer_certificate(conn->tls, &peer))
		return false;
	arena_init(&arena, NAME_ROOM);
	if (!distinguished_name_read(buffer_span(&peer.subject), &arena, &subject, &err))
		subject = (struct span){ "", 0 };
	done = set_certificate(conn, &peer, subject);
	arena_done(&arena);
	buffer_done(&peer.subject);
	return done;
}

enum handshake
handshake_step(struct conn *conn)
{
	ssize_t done = tls_handshake_now(conn->tls);

	if (done == STREAM_LATE)
		return HANDSHAKE_MORE;
	conn->handshaking = false;
	if (done > 0)
		return name_client(conn) ? HANDSHAKE_DONE : HANDSHAKE_FAILED;
	if (tls_is_plain(conn->tls)) {
		handshake_undo(conn);
		return HANDSHAKE_PLAIN;
	}
	log_event(LOG_DEBUG, "tls", "handshake with %s: %s", conn->peer, tls_failure(conn->tls));
	return HANDSHAKE_FAILED;
}

void
handshake_undo(struct conn *conn)
{
	tls_close(conn->tls);
	conn->tls = NULL;
	free(conn->certificate);
	conn->certificate = NULL;
}

bool
handshake_is_former(const struct conn *conn)
{
	return conn->tls != NULL && conn->rules != atomic_load(&conn->listener->rules);
}

void
handshake_revoke(struct conn *conn)
{
	if (conn->certificate != NULL)
		conn->certificate->until_s = INT64_MIN;
}
