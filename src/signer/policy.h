/*
 * What the signer signs (R9.4), whoever asks. Judging changes nothing; applying a record is the fold
 * of the journal, at start as while it runs. No clock, no file: `now` comes in.
 */
#ifndef LICET_SIGNER_POLICY_H
#define LICET_SIGNER_POLICY_H

#include "signer/intent.h"

/* What staff may release, and how often. */
struct policy_caps {
    uint64_t seats_an_hour;
    uint32_t seats_a_line;
    uint32_t files_an_hour;
    uint32_t releases_an_hour;
    bool allows_unlimited; /* lines without a count pass without a release */
};

enum policy_verdict {
    POLICY_NEW,      /* journal it, apply it, sign it */
    POLICY_RELEASED, /* the same, and its reason stands for a cap; else the reason is dropped */
    POLICY_AGAIN,    /* the same bytes again: nothing is to be written */
};

struct policy;

enum status policy_create(const struct policy_caps *caps, struct policy **ret_policy,
                          struct error *error);
void policy_destroy(struct policy *policy); /* NULL is fine */

/* LICET_SIGNER_POLICY: the order of generations, a second content of one name, a void or a time that
 * nobody may override. LICET_SIGNER_CAP: the same with a reason may pass. LICET_NO_MEMORY. */
enum status policy_judge(struct policy *policy, const struct intent *intent, struct unix_time now,
                         enum policy_verdict *ret_verdict, struct error *error);

/* A record that was judged new or released, or comes out of the journal. */
enum status policy_apply(struct policy *policy, const struct signer_record *record,
                         struct error *error);

/* R4.6: the last generation of a server; 0: none. */
uint32_t policy_last(const struct policy *policy, struct text vendor, struct text server);

#endif
