/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/oauth/client_authenticate.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "issuer/oauth/assertion.h"
#include "issuer/accounts/replay.h"
#include "issuer/accounts/last_used.h"

static enum oauth_error
refuse(struct oauth *oauth)
{
	return oauth_say(oauth, OAUTH_INVALID_CLIENT, "client authentication failed");
}

/* RFC 7591 section 2: a client uses the method it is registered with, and no other. */
static bool
method_fits(const struct client *client, enum client_credentials_method way)
{
	if (client->method == CLIENT_SECRET_ANY)
		return way == CLIENT_CREDENTIALS_BASIC || way == CLIENT_CREDENTIALS_POST;
	return (client->method == CLIENT_SECRET_BASIC && way == CLIENT_CREDENTIALS_BASIC) ||
	       (client->method == CLIENT_SECRET_POST && way == CLIENT_CREDENTIALS_POST) ||
	       (client->method == CLIENT_PRIVATE_KEY_JWT && way == CLIENT_CREDENTIALS_ASSERTION);
}

/* For a client that has no keys or does not exist, verify with a dummy key (the example of RFC
 * 7515, appendix A.3), so that it takes as long as for a wrong assertion. */
static const char nobodys_keys[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
				   "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
				   "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";

static const char *
check_assertion(struct oauth *oauth, const struct client *client)
{
	bool known = client != NULL && client->jwks != NULL;
	struct assertion_question question = { .text = oauth->auth.assertion,
		.client_id = oauth->auth.id,
		.jwks = known ? client->jwks : nobodys_keys,
		.audience = oauth->server->urls,
		.now_s = oauth->now_s };
	const char *why = NULL;

	if (assertion_verify(&question, &oauth->arena, &oauth->assertion, &why) && !known)
		why = "the client has no registered keys";
	return why;
}

/* Check the client's secret or assertion. Returns NULL on success, else the reason for the log.
 * ret_slot is the slot of the matching secret; negative: none. */
static const char *
check(struct oauth *oauth, const struct client *client, int *ret_slot)
{
	const char *why = NULL;

	*ret_slot = -1;
	if (oauth->auth.way == CLIENT_CREDENTIALS_ASSERTION)
		why = check_assertion(oauth, client);
	else
		*ret_slot = client_secret_slot(client, oauth->auth.secret, oauth->now_s);
	if (client == NULL)
		return "no such client";
	if (!method_fits(client, oauth->auth.way))
		return "not the client's registered authentication method";
	if (oauth->auth.way != CLIENT_CREDENTIALS_ASSERTION && *ret_slot < 0)
		return *ret_slot == CLIENT_SECRET_EXPIRED ? "the secret has expired"
							  : "the secret is wrong";
	if (why == NULL && client->disabled)
		return "the client is disabled";
	return why;
}

static void
note_use(const struct oauth *oauth, int slot)
{
	struct use use = { .slot = slot, .when_s = oauth->now_s };
	int len = snprintf(use.client_id, sizeof(use.client_id), "%s", oauth->client->id);

	if (len > 0 && len < (int)sizeof(use.client_id))
		last_used_note(oauth->server->last_used, &use);
}

/* Authenticate against the current clients: one that was just added, or a secret that was just
 * revoked, already takes effect. */
static enum oauth_error
look(struct oauth *oauth)
{
	const struct client *client;
	const char *why;
	int slot;

	if (!oauth->request->current)
		store_sync_look(oauth->server->sync);
	authorization_server_parts(oauth->server, &oauth->parts);
	client = directory_by_id(oauth->parts.directory, oauth->auth.id);
	why = check(oauth, client, &slot);
	client_credentials_wipe(&oauth->auth);
	if (client != NULL)
		(void)snprintf(
		    oauth->answer->client, sizeof(oauth->answer->client), "%s", client->name);
	if (why != NULL) {
		oauth_log(oauth, why);
		return refuse(oauth);
	}
	oauth->client = client;
	if (slot >= 0)
		note_use(oauth, slot);
	return OAUTH_OK;
}

/* --- the lock-out --- */

static struct lockout_who
who_asks(const struct oauth *oauth)
{
	return (struct lockout_who){ .kind = 'c',
		.name = oauth->auth.id,
		.peer = oauth->request->peer,
		.mono_s = clock_mono_s() };
}

/* Generated secrets (256 random bits) and signatures cannot be guessed. They are checked without
 * waiting for a lock-out, so that failures of others at the same address do not lock their owners
 * out. Imported secrets may be weaker. */
static bool
can_be_guessed(const struct client_credentials *auth)
{
	return auth->way != CLIENT_CREDENTIALS_ASSERTION && !client_secret_ours(auth->secret);
}

static enum oauth_error
refuse_locked(struct oauth *oauth, int64_t wait_s)
{
	client_credentials_wipe(&oauth->auth);
	oauth->retry_after_s = wait_s;
	oauth_log(oauth, "locked out");
	return oauth_say(oauth, OAUTH_LOCKED_OUT, "too many failed attempts");
}

/* Log the client by its name. An unknown id is not logged: it may be a secret in the wrong
 * field. */
static void
tell_locked(const struct oauth *oauth, int64_t wait_s)
{
	struct log_line line;

	log_begin(&line, "locked_out");
	log_text(&line, "client", span_of(oauth->answer->client));
	log_text(&line, "peer", oauth->request->peer);
	log_number(&line, "wait_s", wait_s);
	log_end(&line, LOG_WARN);
}

/* The client or secret may be new and not loaded yet. It counts as a failure anyway: otherwise
 * secrets could be guessed without limit while the database is unreachable. */
static enum oauth_error
refuse_away(struct oauth *oauth)
{
	oauth_log(oauth, "not known, and the database is away");
	oauth->retry_after_s = 5;
	return oauth_say(oauth, OAUTH_UNAVAILABLE, "clients cannot be looked up now");
}

/* Begin and end the failed attempt here, so that simultaneous failures are counted one by one. */
static enum oauth_error
count_failure(struct oauth *oauth, enum oauth_error error)
{
	struct lockout *lockout = oauth->server->memory->lockout;
	const struct lockout_rules *rules = &oauth->server->lockout;
	struct lockout_who who = who_asks(oauth);
	struct lockout_failure failure;
	int64_t wait_s = lockout_begin(lockout, rules, &who);

	if (wait_s > 0)
		return refuse_locked(oauth, wait_s);
	failure = lockout_wrong(lockout, rules, &who);
	if (failure.refused)
		return refuse_locked(oauth, failure.wait_s);
	if (failure.wait_s > 0)
		tell_locked(oauth, failure.wait_s);
	return store_sync_away_s(oauth->server->sync, NULL) > 0 ? refuse_away(oauth) : error;
}

static void
count_right(struct oauth *oauth)
{
	struct lockout_who who = who_asks(oauth);

	lockout_right(oauth->server->memory->lockout, &oauth->server->lockout, &who);
}

/* --- the two steps --- */

static enum oauth_error
read_credentials(struct oauth *oauth)
{
	enum client_credentials_found found = client_credentials_find(
	    oauth->request->authorization, oauth->form, &oauth->arena, &oauth->auth);

	if (found == CLIENT_CREDENTIALS_SEVERAL)
		return oauth_say(
		    oauth, OAUTH_INVALID_REQUEST, "the client uses two authentication methods");
	if (found == CLIENT_CREDENTIALS_GIVEN && oauth->auth.way == CLIENT_CREDENTIALS_ASSERTION &&
	    oauth->auth.id.at == NULL)
		oauth->auth.id = assertion_subject(oauth->auth.assertion, &oauth->arena);
	if (found == CLIENT_CREDENTIALS_GIVEN && oauth->auth.id.at != NULL)
		return OAUTH_OK;
	oauth_log(oauth,
	    found == CLIENT_CREDENTIALS_NONE ? "no client authentication" : "cannot be read");
	return refuse(oauth);
}

enum oauth_error
client_authenticate(struct oauth *oauth)
{
	enum oauth_error error = read_credentials(oauth);
	struct lockout_who who;
	int64_t wait_s;

	if (error != OAUTH_OK)
		return error;
	who = who_asks(oauth);
	wait_s = !can_be_guessed(&oauth->auth)
		     ? 0
		     : lockout_due(oauth->server->memory->lockout, &oauth->server->lockout, &who);
	if (wait_s > 0)
		return refuse_locked(oauth, wait_s);
	error = look(oauth);
	if (error != OAUTH_OK)
		return count_failure(oauth, error);
	if (oauth->auth.way != CLIENT_CREDENTIALS_ASSERTION)
		count_right(oauth);
	return OAUTH_OK;
}

enum oauth_error
client_authenticate_once(struct oauth *oauth)
{
	struct replay_use use = { .owner = span_of(oauth->client->id),
		.text = oauth->assertion.jti,
		.now_s = oauth->now_s,
		.mono_s = clock_mono_s(),
		.until_s = oauth->assertion.until_s };
	enum replay_found found;

	if (oauth->auth.way != CLIENT_CREDENTIALS_ASSERTION)
		return OAUTH_OK;
	found = replay_take(oauth->server->memory->replay, &use);
	if (found == REPLAY_USED) {
		oauth_log(oauth, "the assertion was used before");
		return count_failure(oauth, refuse(oauth));
	}
	count_right(oauth);
	if (found == REPLAY_NEW)
		return OAUTH_OK;
	oauth->retry_after_s = 60;
	return oauth_say(oauth, OAUTH_UNAVAILABLE, "too many assertions at once");
}
