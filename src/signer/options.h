/* What licet-signer is told: a configuration file, and the command line over it. licet-signer(8) is
 * the contract. */
#ifndef LICET_SIGNER_OPTIONS_H
#define LICET_SIGNER_OPTIONS_H

#include <sys/types.h>

#include "base/config.h"
#include "signer/policy.h"

enum signer_options_act {
    SIGNER_SERVE,
    SIGNER_CHECK_OPTIONS, /* --check */
    SIGNER_INIT,          /* licet-signer init */
    SIGNER_SHOW,          /* licet-signer show */
};

struct signer_options {
    char state[CONFIG_PATH_MAX];
    char key[CONFIG_PATH_MAX + 16];                                   /* STATE/issuing */
    char certificates[SIGNER_CERTIFICATES_MAX][CONFIG_PATH_MAX + 32]; /* KEY-cert.pub */
    uint32_t certificates_count;
    char socket[CONFIG_PATH_MAX + 16]; /* STATE/socket */
    bool has_client;
    uid_t client; /* who may ask, beside the signer's own user */
    struct policy_caps caps;
    enum signer_options_act act;
};

/* LICET_INVALID with the file and line, or the option. */
enum status signer_options_read(int argc, char **argv, struct signer_options *ret_options,
                                struct error *error);

#endif
