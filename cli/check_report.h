/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_report - what `postern check` found, as one document for programs.
 *
 * Uses:   base (document, mistake_rule, buffer).
 * Pure:   yes (allocates).
 */
#ifndef POSTERN_CLI_CHECK_REPORT_H
#define POSTERN_CLI_CHECK_REPORT_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/document.h"

/* What there is to report. All of it is borrowed. */
struct check_report {
	const char *file;                /* the configuration, as it was named */
	const struct mistakes *mistakes; /* NULL: there was no memory for any */
	const char *trouble;             /* what ended the reading early; NULL: nothing did */
	const struct node *trouble_at;   /* the policy file's name; NULL: it is not that file */
	bool good;                       /* the answer, which is also the exit code */
};

/*
 * Append one JSON object: {file, good, errors, warnings, skipped, findings: [{severity, rule, file,
 * line, column, pointer, message}]}. What was skipped has no rule.
 */
void check_report_json(const struct check_report *report, struct buffer *out);

/* Append a log in SARIF 2.1.0 (OASIS) with one run. What was skipped is a notification (section
 * 3.58), not a result. */
void check_report_sarif(const struct check_report *report, struct buffer *out);

#endif
