/* The acts of a portal as they are typed: the rows of acts.def, and what is in a usage. */
#ifndef LICET_CLI_PORTAL_ACT_H
#define LICET_CLI_PORTAL_ACT_H

#include <stdio.h>

#include "base/status.h"
#include "base/text.h"

enum word_kind {
    KIND_TEXT,
    KIND_INTEGER,
    KIND_SECONDS, /* a number with s, h or d, or of seconds */
    KIND_DATE,
    KIND_FLAG,
    KIND_CODE,  /* a license code; asked for where it is not typed */
    KIND_SEATS, /* of a license server: SN=SEATS */
    KIND_LINES, /* of an order: EDITION:SEATS:MAINTENANCE[:EXPIRY] */
    /* Things with an id, also found by what people read (lookup.c). */
    KIND_ORGANIZATION,
    KIND_CUSTOMER, /* an organisation; where it is not typed one's own */
    KIND_PARTNER,
    KIND_PERSON,
    KIND_TOKEN,
    KIND_PROGRAM,
    KIND_AGREEMENT,
    KIND_PRODUCT,
    KIND_EDITION,
    KIND_ORDER,
    KIND_ENTITLEMENT,
    KIND_SERVER, /* for an act that takes a name, as it is typed */
    KIND_ISSUE,
};

struct word {
    const char *typed, *member;
    enum word_kind kind;
    const char *otherwise;
};

enum act_form {
    FORM_AFTER,
    FORM_BEFORE,
    FORM_SAID,
    FORM_WHOLE,
    FORM_OWN,    /* `run` does it */
    FORM_WITHIN, /* is no command of its own */
};

struct act {
    const char *operation; /* of openapi.json */
    const char *method, *path, *name, *usage;
    enum act_form form;
    const char *shows, *summary;
    enum status (*run)(const struct act *act, int argc, char **argv, struct error *error);
};

/* The act that argv[1..] names; *ret_words is how many words its name has. NULL: none. */
const struct act *act_find(int argc, char **argv, int *ret_words);
const struct act *act_of(const char *operation); /* must be there */

/* The next word of a usage, and whether it may be left out, and stand several times. false: there
 * is none any more. A usage of acts.def alone. */
struct act_slot {
    const struct word *word;
    bool is_optional, is_many;
};
bool act_next(struct text *usage, struct act_slot *ret_slot);
/* "--name", or what stands for a thing: LINE. */
struct text word_name(const struct word *word);
bool word_is_option(const struct word *word);
/* Whether the path has a place for it. */
bool act_has_place(const struct act *act, const char *member);

/* Whether these whole words are, or begin, a command's name. */
bool act_begins(const char *name, struct text start);
/* `licet help WORD`: the acts that begin with it, all for "portal". false: there is none. */
bool act_help(FILE *to, struct text start);
void act_help_names(FILE *to); /* a line for each noun */
/* operation, method, path, members, command: what tests compare. */
void act_print_operations(FILE *to);

/* LICET_INVALID: what is wrong, and the usage. */
enum status act_misuse(const struct act *act, struct error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

enum status act_run(const struct act *act, int argc, char **argv, struct error *error);
enum status logout_run(const struct act *act, int argc, char **argv, struct error *error);
enum status password_run(const struct act *act, int argc, char **argv, struct error *error);
enum status download_run(const struct act *act, int argc, char **argv, struct error *error);
enum status return_run(const struct act *act, int argc, char **argv, struct error *error);
enum status exchange_run(const struct act *act, int argc, char **argv, struct error *error);

#endif
