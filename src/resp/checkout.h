/*
 * The arguments of the commands about one lease, checked at the door (R1.1, R8.1) and refused with
 * a sentence that names the argument. Options come in any order and any case, each at most once.
 */
#ifndef LICET_RESP_CHECKOUT_H
#define LICET_RESP_CHECKOUT_H

#include "base/status.h"
#include "base/text.h"

enum proof_form {
    PROOF_NONE,
    PROOF_RAW,  /* for liblicet: bytes */
    PROOF_TEXT, /* for others: base64url without padding */
};

struct checkout_args {
    struct text feature;
    uint8_t id[16];
    uint32_t count;   /* 1 where not given */
    uint32_t release; /* days since 1970; 0: not given, fits any line (R1.3) */
    struct text user, host, device, vendor; /* size 0: not given */
    uint8_t nonce[16];                      /* zero where no proof is asked */
    enum proof_form proof;
};

#define CHECKOUT_USAGE                                                                             \
    "feature id [COUNT n] [RELEASE date] [USER u] [HOST h] [DEVICE d] [VENDOR v]"                  \
    " [NONCE x PROOF raw|text]"
#define RENEW_USAGE "id [NONCE x PROOF raw|text]"
#define CHECKIN_USAGE "id"
#define WHY_USAGE "feature [COUNT n] [RELEASE date] [USER u] [HOST h] [DEVICE d] [VENDOR v]"

/* `arguments` are those after the command's name; texts in `ret_args` are borrowed from them. What
 * a command does not take stays as if not given. The error is LICET_INVALID. */
enum status checkout_args_parse(const struct text *arguments, uint32_t count,
                                struct checkout_args *ret_args, struct error *error);
enum status renew_args_parse(const struct text *arguments, uint32_t count,
                             struct checkout_args *ret_args, struct error *error);
enum status checkin_args_parse(const struct text *arguments, uint32_t count,
                               struct checkout_args *ret_args, struct error *error);
enum status why_args_parse(const struct text *arguments, uint32_t count,
                           struct checkout_args *ret_args, struct error *error);

#endif
