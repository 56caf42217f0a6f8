/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mistake_rule.h"

static const struct {
	const char *word, *text;
	bool warns;
} rules[] = {
#define MISTAKE_RULE_ROW(name, word, warning, text) { word, text, warning },
	MISTAKE_RULE_TABLE(MISTAKE_RULE_ROW)
#undef MISTAKE_RULE_ROW
};

const char *
mistake_rule_word(enum mistake_rule rule)
{
	return rules[rule].word;
}

const char *
mistake_rule_text(enum mistake_rule rule)
{
	return rules[rule].text;
}

bool
mistake_rule_warns(enum mistake_rule rule)
{
	return rules[rule].warns;
}
