/* A signer that the client starts itself, and that ends with it. Private to this folder. */
#ifndef LICET_SIGNER_CHILD_H
#define LICET_SIGNER_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/status.h"

struct signer_child {
    pid_t pid; /* 0: none */
    int exit_code;
};

/* Logs that the key is not separated from this process: both run as one user. */
enum status signer_child_start(struct signer_child *child, const char *program, const char *config,
                               struct error *error);
/* There is none, or it has ended; its exit code is taken (negative: the signal that killed it). */
bool signer_child_has_ended(struct signer_child *child);
void signer_child_stop(struct signer_child *child);

#endif
