/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/model/client.h"

#include <string.h>

#include "base/base64url.h"
#include "base/digest.h"
#include "base/nearest.h"
#include "base/utf8.h"

#define ID_BYTES 16
#define SECRET_BYTES 32
#define SALT_BYTES 16
#define NAME_MAX 128

#define SCHEME "sha256$"
#define SALT_LEN BASE64URL_ENCODED(SALT_BYTES)
#define SUM_LEN BASE64URL_ENCODED(DIGEST_BYTES)

/* A dummy hash for an empty slot or an unknown client, so that checking takes the same work.
 * Finding a secret for it means breaking SHA-256. */
static const char nobody[] =
    "sha256$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

static bool
random_text(size_t size_bytes, char *out)
{
	unsigned char bytes[SECRET_BYTES];
	bool done;

	done = digest_random(bytes, size_bytes);
	if (done)
		out[base64url_encode((struct span){ (const char *)bytes, size_bytes }, out)] = 0;
	digest_wipe(bytes, sizeof(bytes));
	return done;
}

bool
client_new_id(char id[CLIENT_ID_ROOM])
{
	do {
		if (!random_text(ID_BYTES, id))
			return false;
	} while (id[0] == '-');
	return true;
}

bool
client_new_secret(char secret[CLIENT_SECRET_ROOM], char hash[CLIENT_HASH_ROOM])
{
	return random_text(SECRET_BYTES, secret) && client_hash(span_of(secret), hash);
}

bool
client_secret_ours(struct span secret)
{
	unsigned char bytes[BASE64URL_DECODED(CLIENT_SECRET_ROOM)];
	size_t len;
	bool ours = secret.len == BASE64URL_ENCODED(SECRET_BYTES) &&
		    base64url_decode(secret, bytes, &len) && len == SECRET_BYTES;

	digest_wipe(bytes, sizeof(bytes));
	return ours;
}

bool
client_hash(struct span secret, char hash[CLIENT_HASH_ROOM])
{
	unsigned char salt[SALT_BYTES], sum[DIGEST_BYTES];
	struct span salt_span = { (const char *)salt, sizeof(salt) };
	char *at = hash + sizeof(SCHEME) - 1;

	if (!digest_random(salt, sizeof(salt)) || !digest_hmac(salt_span, secret, sum))
		return false;
	memcpy(hash, SCHEME, sizeof(SCHEME) - 1);
	at += base64url_encode(salt_span, at);
	*at++ = '$';
	at += base64url_encode((struct span){ (const char *)sum, sizeof(sum) }, at);
	*at = 0;
	return true;
}

/* Take "sha256$SALT$HASH" apart. False: it is something else. */
static bool
split_hash(struct span hash, unsigned char *salt, unsigned char *sum)
{
	size_t scheme = sizeof(SCHEME) - 1, len;

	if (hash.len != scheme + SALT_LEN + 1 + SUM_LEN || !span_starts(hash, SPAN(SCHEME)) ||
	    hash.at[scheme + SALT_LEN] != '$')
		return false;
	return base64url_decode(span_slice(hash, scheme, scheme + SALT_LEN), salt, &len) &&
	       len == SALT_BYTES &&
	       base64url_decode(span_slice(hash, scheme + SALT_LEN + 1, hash.len), sum, &len) &&
	       len == DIGEST_BYTES;
}

static bool
slot_right(const char *hash, struct span secret)
{
	unsigned char salt[BASE64URL_DECODED(SALT_LEN)], sum[BASE64URL_DECODED(SUM_LEN)];
	unsigned char got[DIGEST_BYTES];
	bool known, hashed, same;

	known = split_hash(span_of(hash), salt, sum);
	if (!known && !split_hash(span_of(nobody), salt, sum))
		return false;
	hashed = digest_hmac((struct span){ (const char *)salt, SALT_BYTES }, secret, got);
	same = digest_same((struct span){ (const char *)sum, DIGEST_BYTES },
	    (struct span){ (const char *)got, DIGEST_BYTES });
	return known && hashed && same;
}

bool
client_slot_expired(const struct client_slot *slot, int64_t now_s)
{
	return slot->hash[0] != '\0' && slot->until_s != 0 && now_s >= slot->until_s;
}

/* What a right secret of that slot gives, if those before it gave `found`. */
static int
slot_found(const struct client *client, int slot, int found, int64_t now_s)
{
	if (!client_slot_expired(&client->slots[slot], now_s))
		return slot;
	return found == CLIENT_SECRET_WRONG ? CLIENT_SECRET_EXPIRED : found;
}

int
client_secret_slot(const struct client *client, struct span secret, int64_t now_s)
{
	const char *hash;
	int slot = CLIENT_SECRET_WRONG;
	size_t i;

	for (i = 0; i < CLIENT_SLOTS; i++) {
		hash = client != NULL && client->slots[i].hash[0] != 0 ? client->slots[i].hash
								       : nobody;
		/* Check the second slot whatever the result of the first. The dummy never counts as
		 * right, even if its pre-image were found. */
		if (slot_right(hash, secret) & (hash != nobody))
			slot = slot_found(client, (int)i, slot, now_s);
	}
	return slot;
}

bool
client_hash_valid(struct span hash)
{
	unsigned char salt[BASE64URL_DECODED(SALT_LEN)], sum[BASE64URL_DECODED(SUM_LEN)];

	return split_hash(hash, salt, sum) && !span_is(hash, nobody);
}

static const char *const method_words[] = {
	[CLIENT_SECRET_ANY] = "client_secret",
	[CLIENT_SECRET_BASIC] = "client_secret_basic",
	[CLIENT_SECRET_POST] = "client_secret_post",
	[CLIENT_PRIVATE_KEY_JWT] = "private_key_jwt",
	[CLIENT_TLS] = "tls_client_auth",
};

const char *
client_method_word(int method)
{
	return method_words[method];
}

/* There are no client certificates on the listener yet. */
bool
client_method_find(struct span word, int *ret_method)
{
	for (int i = 0; i < CLIENT_TLS; i++) {
		if (span_is(word, method_words[i])) {
			*ret_method = i;
			return true;
		}
	}
	return false;
}

const char *
client_method_nearest(struct span typed)
{
	struct nearest nearest = nearest_to(typed);

	for (int i = 0; i < CLIENT_TLS; i++)
		nearest_offer(&nearest, method_words[i]);
	return nearest.word;
}

bool
client_role_valid(struct span role)
{
	return role.len >= 1 && role.len <= NAME_MAX && utf8_plain(role) && role.at[0] != ' ' &&
	       role.at[role.len - 1] != ' ';
}

bool
client_name_valid(struct span name)
{
	return client_role_valid(name) && span_find(name, ':') == name.len;
}

static bool
slots_same(const struct client *a, const struct client *b)
{
	size_t i;

	for (i = 0; i < CLIENT_SLOTS; i++) {
		if (strcmp(a->slots[i].hash, b->slots[i].hash) != 0 ||
		    a->slots[i].issued_s != b->slots[i].issued_s ||
		    a->slots[i].until_s != b->slots[i].until_s)
			return false;
	}
	return true;
}

static bool
text_same(const char *a, const char *b)
{
	return span_equal(span_of(a), span_of(b));
}

bool
client_same(const struct client *a, const struct client *b)
{
	return text_same(a->id, b->id) && text_same(a->name, b->name) &&
	       text_same(a->incarnation, b->incarnation) && text_same(a->label, b->label) &&
	       text_same(a->description, b->description) && text_same(a->owner, b->owner) &&
	       text_same(a->contact, b->contact) && slots_same(a, b) &&
	       schema_texts_same(&a->roles, &b->roles) &&
	       schema_texts_same(&a->scopes, &b->scopes) &&
	       schema_texts_same(&a->claims, &b->claims) && a->disabled == b->disabled &&
	       a->method == b->method && text_same(a->jwks, b->jwks) &&
	       a->token_lifetime_s == b->token_lifetime_s && a->created_s == b->created_s;
}
