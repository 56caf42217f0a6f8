/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document - a YAML (or JSON) file as a tree that remembers its lines, and the list of mistakes
 * found in it.
 *
 * Uses:   arena, buffer, err, file.
 * Shell:  document_read() opens the file; the rest is pure.
 * Limits: DOCUMENT_MAX_BYTES, DOCUMENT_MAX_DEPTH, DOCUMENT_MAX_NODES; aliases, anchors, tags and
 *         several documents in one file are mistakes, so nothing can grow beyond its text.
 */
#ifndef POSTERN_BASE_DOCUMENT_H
#define POSTERN_BASE_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/inputs.h"
#include "base/mistake_rule.h"
#include "base/span.h"

#define DOCUMENT_MAX_BYTES (4u << 20)
#define DOCUMENT_MAX_DEPTH 32
#define DOCUMENT_MAX_NODES 200000

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

/* One value. All of it is lent by the document's arena. */
struct node {
	enum node_kind kind;
	struct span text; /* NODE_SCALAR; NUL-terminated */
	bool quoted;      /* the scalar was quoted: "true" is text, true is not */
	struct span key;  /* its name, when its parent is a map; NUL-terminated */
	int line, column; /* from 1: where it starts */
	int key_line, key_column;
	struct node *parent; /* NULL at the top */
	struct node *first;  /* children in the order of the file */
	struct node *next;   /* sibling */
	size_t count;        /* children */
	size_t index;        /* place among its siblings, from 0 */
	const char *file;    /* NUL-terminated name for messages */
};

/* A mistake: "file:line:col: /pointer: rule (found "value")". */
struct mistake {
	const char *file;
	int line, column;
	const char *pointer;    /* RFC 6901; "" at the top; possible secrets hidden */
	const char *message;    /* the rule, with the value that was found */
	const char *text;       /* the whole line, ready to print */
	enum mistake_rule rule; /* what it is about; of what was left out: nothing */
	bool warning;           /* does not make the configuration invalid */
	bool left_out;          /* lists what was not checked; neither a mistake nor a warning */
	struct mistake *next;
};

/* All mistakes, sorted by file (in the order first met), line, column. Zero it to start; set
 * `arena`. */
struct mistakes {
	struct arena *arena; /* borrowed; the lines live there */
	struct mistake *first;
	size_t errors, warnings, left_out;
	bool offline; /* skip what only the target machine has: secrets, key files, folders */
	struct inputs inputs; /* every file that was read, or could not be */
};

/*
 * Read a file into a tree. Syntax errors and duplicate keys are reported to `mistakes`; an
 * unreadable file sets an err. Everything is lent by `arena`.
 *
 * ret_root  NULL if the document is empty or has a syntax error (reported). Set on success only.
 */
MUST_CHECK bool document_read(
    const char *path, struct mistakes *mistakes, struct node **ret_root, struct err *reterr);

/* The same from bytes; `file` is the name used in messages. Pure. */
MUST_CHECK bool document_parse(
    struct span text, const char *file, struct mistakes *mistakes, struct node **ret_root);

/* The child with that key, or NULL. Accepts NULL and nodes that are no map. */
const struct node *document_get(const struct node *map, const char *key);

/* Report a mistake at a node: `rule` is a printf format; (found "VALUE") is added for a scalar,
 * with possible secrets hidden. The pointer comes from the node's position. */
void mistake_at(struct mistakes *mistakes, const struct node *node, const char *rule, ...)
    PRINTF_LIKE(3, 4);

/* The same for a node's key (line and column of the key, no value), as for an unknown key. */
void mistake_at_key(struct mistakes *mistakes, const struct node *node, const char *rule, ...)
    PRINTF_LIKE(3, 4);

/* Where a mistake is, and which rule of the table it breaks. */
struct mistake_place {
	const struct node *node;
	enum mistake_rule rule;
	bool at_key; /* as mistake_at_key() has it */
};

/* The place of a node, for mistake_by(). */
static inline struct mistake_place
mistake_place_at(const struct node *node, enum mistake_rule rule)
{
	return (struct mistake_place){ .node = node, .rule = rule };
}

/* The same for a node's key. */
static inline struct mistake_place
mistake_place_at_key(const struct node *node, enum mistake_rule rule)
{
	return (struct mistake_place){ .node = node, .rule = rule, .at_key = true };
}

/* Report what breaks a rule of its own: a mistake or a warning, as the rule's row says. Those above
 * are MISTAKE_VALUE. */
void mistake_by(struct mistakes *mistakes, struct mistake_place place, const char *text, ...)
    PRINTF_LIKE(3, 4);

/* Report what was not checked because of `offline`: its name, never its value. */
void mistake_left_out_at(struct mistakes *mistakes, const struct node *node, const char *what, ...)
    PRINTF_LIKE(3, 4);

/* Resolve a path from a configuration file against that file's directory; absolute paths stay. Lent
 * by the arena; NULL: no memory, or `relative` was NULL. */
const char *document_path(struct arena *arena, const struct node *node, const char *relative);

/* Is the key of a node a name that headers, logs and lists can hold: not empty, without comma,
 * quote, backslash and control characters? Reports it if not. */
bool mistake_name(struct mistakes *mistakes, const struct node *node);

/* RFC 6901 pointer of a node, in the arena. */
const char *mistake_pointer(struct arena *arena, const struct node *node);

#endif
