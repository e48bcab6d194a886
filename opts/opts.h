/* SPDX-License-Identifier: MIT */
/*
 * An option: a list of properties, each a key and a value, both strings. Both programs
 * keep an option in this form from where it is read (a command line, a monitor) to where
 * its values are used. A key occurs once; properties keep the order in which they came.
 *
 * Written as a string it has QEMU's syntax: "driver,key=value,key=value". A comma in a
 * value is doubled. "key" alone means key=on; "nokey" is not special. The first item may
 * leave out its key if the option has an implied one ("driver" for -device). If a key is
 * given several times, the last value holds. A string that begins with '{' is JSON
 * (json_opts.h).
 *
 * An option also keeps the text that messages quote: what the user typed, even after
 * properties have changed.
 *
 * Threads: no locks; one thread at a time may use an option.
 * Errors: *error is set only on failure, to a message that the caller frees with free().
 * mpr_opts_parse() also sets it to NULL on success.
 */
#ifndef MPR_OPTS_OPTS_H
#define MPR_OPTS_OPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "opts/error.h"

struct mpr_opts;

/* ---- Making and freeing: the caller owns what it gets -------------------- */

/*
 * Parses `text`, the value of `option` ("-device"). `implied` is the key that the first
 * item may leave out, or NULL. Returns 0; -EINVAL or -ENOMEM with *error set to a message
 * that quotes the option as given.
 */
int mpr_opts_parse(const char *option, const char *text, const char *implied,
		   struct mpr_opts **opts, char **error);

/* An option without properties, which messages quote as `text`. NULL: out of memory. */
struct mpr_opts *mpr_opts_new(const char *text);

/*
 * An option from pairs of strings, key and value, ended by a NULL key. A pair whose value
 * is NULL is left out. Messages quote it as mpr_opts_quote() says. NULL: out of memory.
 */
struct mpr_opts *mpr_opts_build(const char *option, const char *implied, ...)
	__attribute__((sentinel));

/* A copy, with the same text for messages. NULL: out of memory. */
struct mpr_opts *mpr_opts_copy(const struct mpr_opts *opts);

/* NULL is allowed. */
void mpr_opts_free(struct mpr_opts *opts);

/* ---- Reading: the option owns the strings; changing a property frees its own ---- */

/* What messages quote: "-device lsi53c895a,id=lsi0". */
const char *mpr_opts_text(const struct mpr_opts *opts);

/* The value of a key, or NULL. */
const char *mpr_opts_get(const struct mpr_opts *opts, const char *key);

/* Property number `i`, counted from 0. False: there are not so many. */
bool mpr_opts_item(const struct mpr_opts *opts, size_t i, const char **key, const char **value);

/* ---- Changing ----------------------------------------------------------- */

/* Whether a string can have this key, in any position: it is not empty, does not begin
 * with '{' and has neither '=' nor ','. */
bool mpr_opts_is_key(const char *key);

/*
 * Sets a property; a key that is there keeps its position. Returns 0 or -ENOMEM. The key
 * must satisfy mpr_opts_is_key(), or mpr_opts_format() writes a string that is parsed as
 * something else; the parsers refuse others.
 */
int mpr_opts_set(struct mpr_opts *opts, const char *key, const char *value);

/* Sets every property that `from` has. After -ENOMEM some may be set. */
int mpr_opts_set_all(struct mpr_opts *opts, const struct mpr_opts *from);

/* Removes a property, if it is there. */
void mpr_opts_remove(struct mpr_opts *opts, const char *key);

/* For an option that nobody typed: appends the present properties to the text for
 * messages, as mpr_opts_format() writes them. Returns 0 or -ENOMEM. */
int mpr_opts_quote(struct mpr_opts *opts, const char *implied);

/* ---- Writing ------------------------------------------------------------ */

/*
 * The properties as a string (free() it), commas doubled, which mpr_opts_parse() with the
 * same `implied` reads back as the same properties. The implied key is left out and its
 * value moved to the front, unless the value would be misread there. NULL: out of memory.
 */
char *mpr_opts_format(const struct mpr_opts *opts, const char *implied);

/* ---- Checked values: 0, or -EINVAL with *error --------------------------- */

/* Every key must be one of `known` (ended by NULL). The message suggests the nearest. */
int mpr_opts_check(const struct mpr_opts *opts, const char *const *known, char **error);

/*
 * Typed values. If the key is absent, or on error, *value is left alone. The message names
 * option, key, value and what is allowed. Numbers are decimal, or hexadecimal with 0x;
 * bool is on/off, yes/no, true/false or y/n.
 */
int mpr_opts_get_uint(const struct mpr_opts *opts, const char *key, uint64_t min, uint64_t max,
		      uint64_t *value, char **error);
/* A number with an optional suffix: B, or K, M, G, T, P, E for powers of 1024. */
int mpr_opts_get_size(const struct mpr_opts *opts, const char *key, uint64_t min, uint64_t max,
		      uint64_t *value, char **error);
int mpr_opts_get_bool(const struct mpr_opts *opts, const char *key, bool *value, char **error);
/* The index of the value in `names` (ended by NULL). */
int mpr_opts_get_enum(const struct mpr_opts *opts, const char *key, const char *const *names,
		      unsigned *value, char **error);

/* A size as mpr_opts_get_size() reads it. False: `text` is none. */
bool mpr_opts_parse_size(const char *text, uint64_t *value);
/* True for on, yes, true and y. */
bool mpr_opts_is_on(const char *text);

/* ---- Names -------------------------------------------------------------- */

/* QEMU's alias of a driver ("lsi" for lsi53c895a), or NULL. */
const char *mpr_driver_alias(const char *driver);
/* Replaces an alias in driver= by the driver's own name. Returns 0 or -ENOMEM. */
int mpr_opts_resolve_driver(struct mpr_opts *opts);

/* For "did you mean": the one of `names` (ended by NULL) with the smallest edit distance
 * from `name`, or NULL when none is close. */
const char *mpr_nearest(const char *name, const char *const *names);

#endif
