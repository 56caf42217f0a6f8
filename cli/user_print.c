/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/user_print.h"

#include "base/clock.h"

static void
add_time(struct buffer *out, int64_t time_s)
{
	char text[32];

	clock_format(time_s * 1000000, text);
	buffer_add_text(out, text);
}

static void
add_roles(struct buffer *out, const struct texts *roles)
{
	for (size_t i = 0; i < roles->count; i++)
		buffer_format(out, "%s%s", i == 0 ? "" : ", ", roles->at[i]);
}

static void
add_json(struct buffer *out, const struct user *user, const char *password)
{
	buffer_add_text(out, "{\"name\":");
	buffer_add_json(out, span_of(user->name));
	if (password != NULL) {
		buffer_add_text(out, ",\"password\":");
		buffer_add_json(out, span_of(password));
	}
	buffer_add_text(out, ",\"label\":");
	buffer_add_json(out, span_of(user->label));
	buffer_add_text(out, ",\"roles\":[");
	for (size_t i = 0; i < user->roles.count; i++) {
		if (i > 0)
			buffer_add_byte(out, ',');
		buffer_add_json(out, span_of(user->roles.at[i]));
	}
	buffer_format(out, "],\"disabled\":%s,\"created\":\"", user->disabled ? "true" : "false");
	add_time(out, user->created_s);
	buffer_add_text(out, "\"}");
}

void
user_print_one(struct buffer *out, bool json, const struct user *user, const char *password)
{
	if (json) {
		add_json(out, user, password);
		buffer_add_byte(out, '\n');
		return;
	}
	buffer_format(out, "%-16s%s\n", "name", user->name);
	if (password != NULL)
		buffer_format(out, "%-16s%s\n", "password", password);
	if (user->label[0] != '\0')
		buffer_format(out, "%-16s%s\n", "label", user->label);
	if (user->roles.count > 0) {
		buffer_format(out, "%-16s", "roles");
		add_roles(out, &user->roles);
		buffer_add_byte(out, '\n');
	}
	buffer_format(out, "%-16s%s\n", "state", user->disabled ? "disabled" : "enabled");
	buffer_format(out, "%-16s", "created");
	add_time(out, user->created_s);
	buffer_add_byte(out, '\n');
}

static int
widest_name(const struct user *user)
{
	size_t widest = 4;

	for (; user != NULL; user = user->next)
		if (strlen(user->name) > widest)
			widest = strlen(user->name);
	return (int)widest;
}

void
user_print_list(struct buffer *out, bool json, const struct user *first)
{
	int width = widest_name(first);

	if (json)
		buffer_add_byte(out, '[');
	else
		buffer_format(out, "%-*s  %-8s  %s\n", width, "NAME", "STATE", "ROLES");
	for (const struct user *user = first; user != NULL; user = user->next) {
		if (json && user != first)
			buffer_add_text(out, ",\n ");
		if (json) {
			add_json(out, user, NULL);
			continue;
		}
		buffer_format(out, "%-*s  %-8s  ", width, user->name,
		    user->disabled ? "disabled" : "enabled");
		add_roles(out, &user->roles);
		buffer_add_byte(out, '\n');
	}
	if (json)
		buffer_add_text(out, "]\n");
}
