/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/casing.h"

#include "policy/fold_letter.h"
#include "policy/pattern.h"
#include "policy/pattern_form.h"
#include "policy/rule.h"
#include "policy/segment.h"

const char *
casing_lower(struct reader *reader, struct span pattern)
{
	char *text = arena_text(reader->arena, pattern);

	if (text == NULL)
		reader->failed = true;
	for (size_t i = 0; text != NULL && i < pattern.len; i++)
		if (text[i] >= 'A' && text[i] <= 'Z')
			text[i] = (char)(text[i] - 'A' + 'a');
	return text;
}

static bool
same(struct span a, struct span b)
{
	return pattern_within(a, b) && pattern_within(b, a);
}

/* A path of a module in lower case, made once; NULL: no memory, which the reader remembers. */
static const char *
path_lower(struct reader *reader, struct module *module, size_t i)
{
	if (module->lower == NULL)
		module->lower = reader_array(reader, module->paths.count, sizeof(*module->lower));
	if (module->lower != NULL && module->lower[i] == NULL)
		module->lower[i] = casing_lower(reader, span_of(module->paths.at[i]));
	return module->lower == NULL ? NULL : module->lower[i];
}

/* A path of a module that ignores case, and a path of any other module. */
static void
compare(struct reader *reader, struct module *other, size_t i, struct span path)
{
	bool known = other->lookalikes && (other->folds || other->hosts.count > 0);
	const char *text = known ? NULL : path_lower(reader, other, i);

	if (text == NULL || !pattern_meets(span_of(text), path))
		return;
	other->lookalikes = true;
	if (!other->folds && other->hosts.count == 0 && same(span_of(text), path))
		mistake_by(reader->mistakes,
		    mistake_place_at(reader_text_node(&other->paths, i), MISTAKE_CONFLICT),
		    "but for upper and lower case it is also a path of a module with "
		    "\"case_sensitive\": false");
}

static void
compare_all(struct reader *reader, struct span path)
{
	for (struct module *other = reader->policy->modules; other != NULL; other = other->next)
		for (size_t i = 0; i < other->paths.count; i++)
			compare(reader, other, i, path);
}

/* Rules that may apply to the path. */
static void
take_rules(struct reader *reader, struct span path)
{
	for (struct ruling *one = reader->policy->rulings; one != NULL; one = one->next) {
		void **place;

		if (one->folded != NULL || one->host != NULL)
			continue;
		if (one->lower == NULL)
			one->lower = casing_lower(reader, span_of(one->pattern));
		if (one->lower == NULL || !pattern_meets(span_of(one->lower), path))
			continue;
		one->folded = one->lower;
		place = pattern_set_place(reader->policy->folded.rules, span_of(one->folded));
		if (place == NULL)
			reader->failed = true;
		else if (*place != NULL)
			mistake_by(reader->mistakes,
			    mistake_place_at(one->first->node, MISTAKE_CONFLICT),
			    "but for upper and lower case it is the path \"%s\" (%s:%d), and a "
			    "module has \"case_sensitive\": false there: write both alike",
			    ((struct ruling *)*place)->pattern,
			    ((struct ruling *)*place)->first->node->file,
			    ((struct ruling *)*place)->first->node->line);
		else
			*place = one;
	}
}

static void
take_path(struct reader *reader, struct module *module, size_t i)
{
	const char *text = path_lower(reader, module, i);
	void **place;

	if (text == NULL)
		return;
	place = pattern_set_place(reader->policy->folded.serving, span_of(text));
	if (place == NULL)
		reader->failed = true;
	else if (*place != NULL)
		mistake_by(reader->mistakes,
		    mistake_place_at(reader_text_node(&module->paths, i), MISTAKE_CONFLICT),
		    "but for upper and lower case it is also a path of module \"%s\"",
		    ((struct module *)*place)->name);
	else
		*place = module;
	compare_all(reader, span_of(text));
	take_rules(reader, span_of(text));
}

static bool
start(struct reader *reader)
{
	struct policy *policy = reader->policy;

	if (policy->folded.serving != NULL)
		return true;
	policy->folded.serving = pattern_set_new(reader->arena);
	policy->folded.rules = pattern_set_new(reader->arena);
	if (policy->folded.serving == NULL || policy->folded.rules == NULL) {
		reader->failed = true;
		return false;
	}
	pattern_set_fold(policy->folded.serving);
	pattern_set_fold(policy->folded.rules);
	return true;
}

void
casing_read(struct reader *reader)
{
	struct err err;

	for (struct module *module = reader->policy->modules; module != NULL; module = module->next)
		module->lookalikes = module->folds;
	for (struct module *module = reader->policy->modules; module != NULL; module = module->next)
		for (size_t i = 0; module->folds && i < module->paths.count; i++)
			if (module->hosts.count == 0 &&
			    pattern_form_check(span_of(module->paths.at[i]), &err) && start(reader))
				take_path(reader, module, i);
}

const struct module *
casing_module(const struct policy *policy, struct span path)
{
	const char *exact = NULL, *lower = NULL;
	const struct module *module = pattern_set_find(policy->serving, path, &exact), *other;

	if (policy->folded.serving == NULL)
		return module;
	other = pattern_set_find(policy->folded.serving, path, &lower);
	if (module == NULL || other == NULL)
		return module == NULL ? other : module;
	return pattern_narrower(span_of(exact), span_of(lower)) ? module : other;
}

const struct pattern_set *
casing_rules(const struct policy *policy, const struct module *module)
{
	return module != NULL && module->folds ? policy->folded.rules : policy->rules;
}

/* A character of UTF-8 in the making. */
struct character {
	uint32_t point;
	unsigned more; /* bytes that are still to come */
};

/* The text is valid UTF-8, so no character ends early. */
static void
add_byte(struct character *character, unsigned char byte)
{
	if (byte < 0x80 || byte >= 0xc0) {
		character->more = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : byte >= 0xc0 ? 1 : 0;
		character->point =
		    byte & (0x7fu >> (character->more == 0 ? 0 : character->more + 1));
		return;
	}
	character->point = character->point << 6 | (byte & 0x3fu);
	if (character->more > 0)
		character->more--;
}

bool
casing_ambiguous(const struct policy *policy, const struct module *module, struct span path)
{
	struct character character = { 0 };

	if (module == NULL ? policy->folded.serving == NULL : !module->lookalikes)
		return false;
	while (path.len > 0) {
		add_byte(&character, segment_byte(&path));
		if (character.more == 0 && fold_letter(character.point))
			return true;
	}
	return false;
}
