/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/client_authenticate.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/epoch.h"
#include "base/log.h"
#include "issuer/assertion.h"
#include "issuer/replay.h"
#include "issuer/used.h"

/* What one look at the clients found. */
struct found {
	int slot; /* whose secret it was; -1: none's */
	struct assertion assertion;
};

static enum oauth_error
refuse(struct oauth *oauth)
{
	return oauth_say(oauth, OAUTH_INVALID_CLIENT, "client authentication failed");
}

/* RFC 7591 section 2: a client uses the method it is registered with, and no other. */
static bool
method_fits(const struct client *client, enum client_auth_way way)
{
	if (client->method == CLIENT_SECRET_ANY)
		return way == CLIENT_AUTH_BASIC || way == CLIENT_AUTH_POST;
	return (client->method == CLIENT_SECRET_BASIC && way == CLIENT_AUTH_BASIC) ||
	       (client->method == CLIENT_SECRET_POST && way == CLIENT_AUTH_POST) ||
	       (client->method == CLIENT_PRIVATE_KEY_JWT && way == CLIENT_AUTH_ASSERTION);
}

/* A client that has no keys, or does not exist, is judged by a key that is nobody's (the example
 * of RFC 7515, appendix A.3), so that it costs what a wrong assertion costs. */
static const char nobodys_keys[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
				   "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
				   "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";

static const char *
check_assertion(struct oauth *oauth, const struct client *client, struct assertion *assertion)
{
	bool known = client != NULL && client->jwks != NULL;
	struct assertion_question question = { .text = oauth->auth.assertion,
		.client_id = oauth->auth.id,
		.jwks = known ? client->jwks : nobodys_keys,
		.audience = oauth->issuer->urls,
		.now_s = oauth->now_s };
	const char *why = NULL;

	if (assertion_verify(&question, &oauth->arena, assertion, &why) && !known)
		why = "the client has no registered keys";
	return why;
}

/* NULL: the client proved who it is; else why not, for the log. */
static const char *
check(struct oauth *oauth, const struct client *client, struct found *found)
{
	const char *why = NULL;

	if (oauth->auth.way == CLIENT_AUTH_ASSERTION)
		why = check_assertion(oauth, client, &found->assertion);
	else
		found->slot = client_secret_slot(client, oauth->auth.secret);
	if (client == NULL)
		return "no such client";
	if (!method_fits(client, oauth->auth.way))
		return "not the method that the client is registered with";
	if (oauth->auth.way != CLIENT_AUTH_ASSERTION && found->slot < 0)
		return "the secret is wrong";
	if (why == NULL && client->disabled)
		return "the client is disabled";
	return why;
}

/* Within one look at the clients: who is it, and what does it get? What is needed later is
 * copied. */
static enum oauth_error
judge_client(struct oauth *oauth, struct found *found,
    enum oauth_error (*decide)(struct oauth *, const struct client *))
{
	const struct client *client = issuer_client(oauth->issuer, oauth->auth.id);
	const char *why = check(oauth, client, found);

	if (client != NULL)
		(void)snprintf(
		    oauth->answer->client, sizeof(oauth->answer->client), "%s", client->name);
	if (why != NULL) {
		oauth_log(oauth, why);
		return refuse(oauth);
	}
	oauth->id = arena_text(&oauth->arena, span_of(client->id));
	oauth->incarnation = arena_text(&oauth->arena, span_of(client->incarnation));
	if (oauth->id == NULL || oauth->incarnation == NULL)
		return oauth_say(oauth, OAUTH_SERVER_ERROR, "no memory");
	return decide == NULL ? OAUTH_OK : decide(oauth, client);
}

/* RFC 7523 section 3, item 7. Asked last: a request that fails for another cause leaves its
 * assertion good for the next try. */
static enum oauth_error
use_up(struct oauth *oauth, const struct assertion *assertion)
{
	struct replay_use use = { .owner = span_of(oauth->id),
		.text = assertion->jti,
		.now_s = oauth->now_s,
		.mono_s = clock_mono_s(),
		.until_s = assertion->until_s };
	enum replay_found found = replay_take(oauth->issuer->memory->replay, &use);

	if (found == REPLAY_NEW)
		return OAUTH_OK;
	if (found == REPLAY_USED) {
		oauth_log(oauth, "the assertion was used before");
		return refuse(oauth);
	}
	oauth->retry_after_s = 60;
	return oauth_say(oauth, OAUTH_UNAVAILABLE, "too many assertions at once");
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

/* Secrets as we make them, 256 random bits, and signatures cannot be guessed: they are looked at
 * at once, so that nobody who fails behind the same address keeps out whoever has them. A secret
 * that was brought along may be of less. */
static bool
can_be_guessed(const struct client_auth *auth)
{
	return auth->way != CLIENT_AUTH_ASSERTION && !client_secret_ours(auth->secret);
}

static enum oauth_error
refuse_locked(struct oauth *oauth, int64_t wait_s)
{
	client_auth_wipe(&oauth->auth);
	oauth->retry_after_s = wait_s;
	oauth_log(oauth, "locked out");
	return oauth_say(oauth, OAUTH_LOCKED_OUT, "too many failed attempts");
}

/* By its name, if there is such a client. What is nobody's id is not told: people type secrets
 * into the wrong field. */
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

/* It may be a client, or a secret, that only the database knows of as yet. It counts as a failure
 * all the same: else secrets could be guessed for as long as the database is away. */
static enum oauth_error
refuse_away(struct oauth *oauth)
{
	oauth_log(oauth, "not known, and the database is away");
	oauth->retry_after_s = 5;
	return oauth_say(oauth, OAUTH_UNAVAILABLE, "clients cannot be looked up now");
}

/* Whoever proved who it is was right, whatever became of what it asked for. A failure begins and
 * ends here, at once: many that come at a time are counted one after the other. */
static enum oauth_error
settle(struct oauth *oauth, enum oauth_error error)
{
	struct lockout *lockout = oauth->issuer->memory->lockout;
	const struct lockout_rules *rules = &oauth->issuer->local.lockout;
	struct lockout_who who = who_asks(oauth);
	struct lockout_failure failure;
	int64_t wait_s;

	if (error != OAUTH_INVALID_CLIENT) {
		if (oauth->id != NULL)
			lockout_right(lockout, rules, &who);
		return error;
	}
	wait_s = lockout_begin(lockout, rules, &who);
	if (wait_s > 0)
		return refuse_locked(oauth, wait_s);
	failure = lockout_wrong(lockout, rules, &who);
	if (failure.refused)
		return refuse_locked(oauth, failure.wait_s);
	if (failure.wait_s > 0)
		tell_locked(oauth, failure.wait_s);
	return watch_away_s(oauth->issuer->watch, NULL) > 0 ? refuse_away(oauth) : error;
}

static void
note_use(const struct oauth *oauth, int slot)
{
	struct use use = { .slot = slot, .when_s = oauth->now_s };
	int len = snprintf(use.client_id, sizeof(use.client_id), "%s", oauth->id);

	if (len > 0 && len < (int)sizeof(use.client_id))
		used_note(oauth->issuer->used, &use);
}

static enum oauth_error
look(struct oauth *oauth, enum oauth_error (*decide)(struct oauth *, const struct client *))
{
	struct found found = { .slot = -1 };
	enum oauth_error error;

	/* A client that was added, or a secret that was revoked, a moment ago counts already. */
	watch_look(oauth->issuer->watch);
	epoch_enter();
	error = judge_client(oauth, &found, decide);
	epoch_leave();
	client_auth_wipe(&oauth->auth);
	if (oauth->id != NULL && found.slot >= 0)
		note_use(oauth, found.slot);
	if (error == OAUTH_OK && oauth->auth.way == CLIENT_AUTH_ASSERTION)
		error = use_up(oauth, &found.assertion);
	return error;
}

enum oauth_error
client_authenticate(struct oauth *oauth, enum oauth_error (*decide)(struct oauth *, const struct client *))
{
	enum client_auth_found found = client_auth_find(
	    oauth->request->authorization, oauth->form, &oauth->arena, &oauth->auth);
	struct lockout_who who;
	int64_t wait_s;

	if (found == CLIENT_AUTH_SEVERAL)
		return oauth_say(
		    oauth, OAUTH_INVALID_REQUEST, "the client authenticates in two ways");
	if (found == CLIENT_AUTH_GIVEN && oauth->auth.way == CLIENT_AUTH_ASSERTION &&
	    oauth->auth.id.at == NULL)
		oauth->auth.id = assertion_subject(oauth->auth.assertion, &oauth->arena);
	if (found != CLIENT_AUTH_GIVEN || oauth->auth.id.at == NULL) {
		oauth_log(oauth,
		    found == CLIENT_AUTH_NONE ? "no client authentication" : "cannot be read");
		return refuse(oauth);
	}
	who = who_asks(oauth);
	wait_s = !can_be_guessed(&oauth->auth) ? 0
					       : lockout_due(oauth->issuer->memory->lockout,
						     &oauth->issuer->local.lockout, &who);
	if (wait_s > 0)
		return refuse_locked(oauth, wait_s);
	return settle(oauth, look(oauth, decide));
}
