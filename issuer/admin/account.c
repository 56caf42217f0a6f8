/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/admin/account.h"

#include <string.h>

#include "base/base64url.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/nearest.h"
#include "base/utf8.h"
#include "issuer/model/client.h"
#include "issuer/accounts/password.h"

#define ARENA_MAX (1u << 20)
#define LIST_MAX ((size_t)1 << 30)
#define LABEL_MAX 1024
#define RANDOM_BYTES 18

static enum admin_result
no(bool ignored)
{
	(void)ignored;
	return ADMIN_NO;
}

/* Where the store failed, with its error. */
static enum admin_result
done_or_trouble(bool done)
{
	return done ? ADMIN_OK : ADMIN_TROUBLE;
}

bool
account_new_password(char password[ACCOUNT_PASSWORD_ROOM])
{
	unsigned char bytes[RANDOM_BYTES];
	bool done = digest_random(bytes, sizeof(bytes));

	if (done)
		password[base64url_encode(
		    (struct span){ (const char *)bytes, sizeof(bytes) }, password)] = '\0';
	digest_wipe(bytes, sizeof(bytes));
	return done;
}

/* A password that Basic cannot transport would never work (RFC 7617 section 2). */
static bool
password_valid(struct span password, struct err *reterr)
{
	if (password.len < ACCOUNT_PASSWORD_MIN || password.len > PASSWORD_MAX)
		return err_set(
		    reterr, "a password has %d to %d bytes", ACCOUNT_PASSWORD_MIN, PASSWORD_MAX);
	if (!utf8_plain(password))
		return err_set(reterr, "a password is UTF-8 without control characters");
	return true;
}

static bool
new_valid(const struct account_new *new_user, struct err *reterr)
{
	struct span label = span_of(new_user->label);
	size_t i;

	if (!client_name_valid(span_of(new_user->name)))
		return err_set(reterr,
		    "a user's name has 1 to 128 bytes of UTF-8, no colon, no control characters "
		    "and no space at either end");
	if (label.len > LABEL_MAX || !utf8_plain(label))
		return err_set(reterr,
		    "a label has at most %d bytes of UTF-8 and no control characters", LABEL_MAX);
	for (i = 0; i < new_user->roles.count; i++)
		if (!client_role_valid(span_of(new_user->roles.at[i])))
			return err_set(reterr, "that is not a valid role name");
	return true;
}

static bool
hash(struct span password, char out[PASSWORD_HASH_ROOM], struct err *reterr)
{
	return password_hash(password, out) ||
	       err_set(reterr, "the password cannot be hashed (memory, or random bytes)");
}

enum admin_result
account_addable(struct store *store, const struct account_new *new_user, struct err *reterr)
{
	struct user *other = NULL;
	enum admin_result result = ADMIN_OK;
	struct arena arena;

	if (!new_valid(new_user, reterr))
		return ADMIN_NO;
	arena_init(&arena, ARENA_MAX);
	if (!store_user_find(
		store, &(struct store_wanted){ new_user->name, &arena }, &other, reterr))
		result = ADMIN_TROUBLE;
	else if (other != NULL)
		result = no(err_set(reterr, "there is a user \"%s\" already", new_user->name));
	arena_done(&arena);
	return result;
}

enum admin_result
account_add(struct store *store, const struct account_new *new_user, struct err *reterr)
{
	char id[CLIENT_ID_ROOM], hashed[PASSWORD_HASH_ROOM];
	struct user user = { .id = id,
		.name = new_user->name,
		.label = new_user->label == NULL ? "" : new_user->label,
		.hash = hashed,
		.roles = new_user->roles,
		.created_s = clock_now_s() };
	enum admin_result result = account_addable(store, new_user, reterr);

	if (result != ADMIN_OK)
		return result;
	if (!password_valid(new_user->password, reterr))
		return ADMIN_NO;
	if (!client_new_id(id) || !hash(new_user->password, hashed, reterr))
		return ADMIN_TROUBLE;
	return done_or_trouble(store_user_add(store, &user, reterr));
}

/* As for clients: suggest the one that was probably meant. */
static enum admin_result
no_user(struct store *store, const char *name, struct err *reterr)
{
	struct nearest nearest = nearest_to(span_of(name));
	struct user *user = NULL;
	char hint[NEAREST_HINT];
	struct arena arena;
	struct err ignored;

	arena_init(&arena, LIST_MAX);
	if (!store_user_list(store, &arena, &user, &ignored))
		user = NULL;
	for (; user != NULL; user = user->next)
		nearest_offer(&nearest, user->name);
	(void)err_set(reterr, "there is no user \"%.128s\"%s", name, nearest_hint(&nearest, hint));
	arena_done(&arena);
	return ADMIN_NO;
}

enum admin_result
account_find(struct store *store, const struct store_wanted *wanted, struct user **ret_user,
    struct err *reterr)
{
	struct user *user = NULL;

	if (!store_user_find(store, wanted, &user, reterr))
		return ADMIN_TROUBLE;
	if (user == NULL)
		return no_user(store, wanted->name_or_id, reterr);
	*ret_user = user;
	return ADMIN_OK;
}

enum admin_result
account_set_password(
    struct store *store, const char *name, struct span password, struct err *reterr)
{
	char hashed[PASSWORD_HASH_ROOM];
	struct user *user = NULL;
	enum admin_result result;
	struct arena arena;

	if (!password_valid(password, reterr))
		return ADMIN_NO;
	arena_init(&arena, ARENA_MAX);
	result = account_find(store, &(struct store_wanted){ name, &arena }, &user, reterr);
	if (result == ADMIN_OK)
		result = done_or_trouble(hash(password, hashed, reterr) &&
					 store_user_set_hash(store, user, hashed, reterr));
	arena_done(&arena);
	return result;
}

enum admin_result
account_set_role(
    struct store *store, const struct admin_grant *grant, bool *ret_changed, struct err *reterr)
{
	struct user *user = NULL;
	enum admin_result result;
	struct arena arena;

	if (!client_role_valid(span_of(grant->role)))
		return no(err_set(reterr, "that is not a valid role name"));
	arena_init(&arena, ARENA_MAX);
	result =
	    account_find(store, &(struct store_wanted){ grant->name_or_id, &arena }, &user, reterr);
	if (result == ADMIN_OK) {
		struct store_grant row = { STORE_USER, user->id, grant->role, grant->granted,
			user->name };

		result = done_or_trouble(store_set_role(store, &row, ret_changed, reterr));
	}
	arena_done(&arena);
	return result;
}

enum admin_result
account_set_disabled(
    struct store *store, const struct admin_switch *to, bool *ret_changed, struct err *reterr)
{
	struct user *user = NULL;
	enum admin_result result;
	struct arena arena;

	arena_init(&arena, ARENA_MAX);
	result =
	    account_find(store, &(struct store_wanted){ to->name_or_id, &arena }, &user, reterr);
	if (result == ADMIN_OK) {
		struct store_principal principal = store_user(user);

		principal.disabled = to->disabled;
		result =
		    done_or_trouble(store_set_disabled(store, &principal, ret_changed, reterr));
	}
	arena_done(&arena);
	return result;
}

enum admin_result
account_delete(struct store *store, const char *name, struct err *reterr)
{
	struct user *user = NULL;
	enum admin_result result;
	struct arena arena;
	bool found = false;

	arena_init(&arena, ARENA_MAX);
	result = account_find(store, &(struct store_wanted){ name, &arena }, &user, reterr);
	if (result == ADMIN_OK) {
		struct store_principal principal = store_user(user);

		result = done_or_trouble(store_delete(store, &principal, &found, reterr));
	}
	if (result == ADMIN_OK && !found)
		result = no(err_set(reterr, "there is no user \"%s\"", name));
	arena_done(&arena);
	return result;
}
