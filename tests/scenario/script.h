/*
 * A scenario: what happens when, and what is answered, as text that people can read. The same file
 * drives the seat core under a virtual clock (run_core) and a real licetd.
 *
 *   show R4.3 two people cannot sit on one seat     # the rule and the claim, once a file
 *   requires virtual-clock                          # a live server cannot be set to such a time
 *   start 2026-11-24T12:00:00Z                      # UTC at @0s; the default
 *
 *   file 1                                          # a license file of this generation
 *   INCREMENT editor sn=A seats=1 maintenance=none expiry=permanent ttl=60s
 *   end
 *
 *   @0s  admin > INSTALL 1
 *   @0s  admin < installed generation 1
 *   @5s  alice > CHECKOUT editor id:a1              # the commands are those of licetd
 *   @5s  alice < granted ttl 60s                    # answers one of alice's commands, in order
 *   @9s  restart                                    # power is cut; what was answered is durable
 *   @9s  utc 2027-03-01T00:00:00Z                   # the clock on the wall is set
 *
 * Whoever speaks is the user, on a host and a device of the same name with -pc and -key, unless the
 * command says otherwise; id:a1 stands for 128 bits. An expected answer of one word alone
 * ("NOSEAT") leaves the sentence open.
 */
#ifndef LICET_TESTS_SCENARIO_SCRIPT_H
#define LICET_TESTS_SCENARIO_SCRIPT_H

#include "base/status.h"
#include "base/text.h"
#include "base/time.h"

#define SCRIPT_STEPS_MAX 256
#define SCRIPT_FILES_MAX 16
#define SCRIPT_FILE_LINES_MAX 16
#define SCRIPT_WORDS_MAX 24

enum script_step_kind {
    STEP_COMMAND, /* who > words */
    STEP_ANSWER,  /* who < text */
    STEP_RESTART,
    STEP_UTC,
};

struct script_step {
    enum script_step_kind kind;
    uint32_t line;
    int64_t at_ms;
    struct text who, text;
    struct unix_time utc;
};

struct script_file {
    uint32_t generation;
    struct text lines[SCRIPT_FILE_LINES_MAX]; /* INCREMENT lines as written */
    uint32_t lines_count;
};

/* Borrows from the text it was read from. */
struct script {
    struct text show;     /* "R4.3 two people ..." */
    struct text requires; /* empty: nothing special */
    struct unix_time start;
    struct script_file files[SCRIPT_FILES_MAX];
    uint32_t files_count;
    struct script_step steps[SCRIPT_STEPS_MAX];
    uint32_t steps_count;
};

/* LICET_INVALID with the line's number and what is wrong. */
enum status script_read(struct text text, struct script *ret_script, struct error *error);

/* The words of a command; at most SCRIPT_WORDS_MAX. Returns how many. */
uint32_t script_words(struct text text, struct text words[SCRIPT_WORDS_MAX]);

/* 60s, 5m, 24h, 2d, 1500ms in milliseconds. */
enum status script_duration(struct text text, int64_t *ret_ms, struct error *error);

#endif
