/* SPDX-License-Identifier: Apache-2.0 */
/* lines - a request from a fuzzer's text, as an engine would hand it over. */
#ifndef POSTERN_TESTS_FUZZ_LINES_H
#define POSTERN_TESTS_FUZZ_LINES_H

#include "base/span.h"
#include "proxy/http/request.h"

/*
 * The first line is the method, with " HTTP/1.0" behind it for that version; each other line is a
 * header, "name: value". Lines end with LF. Headers beyond REQUEST_MAX_HEADERS are left out: the
 * server refuses such requests itself.
 *
 * text  borrowed: must outlive the request.
 */
void lines_read(struct span text, struct request *request);

#endif
