/*
 * The commands of the load generator: RESP bytes with holes, made once from words and copied for
 * each command, so that a command costs its own load less than it costs the server.
 */
#ifndef LICET_BENCH_LOAD_COMMAND_H
#define LICET_BENCH_LOAD_COMMAND_H

#include <stdint.h>

#define LOAD_COMMAND_BYTES_MAX 512 /* the longest, an EVALSHA with a lease's names, has 300 */
#define LOAD_COMMAND_HOLES_MAX 8

/* What is written into the holes of one command; the letter is how words name it. */
struct load_values {
    uint64_t id[2];    /* {i} 32 hex digits */
    uint64_t nonce[2]; /* {n} 32 hex digits */
    uint32_t feature;  /* {f} 5 digits */
    uint32_t vendor;   /* {v} 2 digits */
    uint32_t who;      /* {w} 5 digits: a connection stands for one user on one host */
};

struct load_hole {
    char letter;
    uint32_t at;
};

struct load_command {
    char data[LOAD_COMMAND_BYTES_MAX];
    uint32_t size;
    uint32_t holes_count;
    struct load_hole holes[LOAD_COMMAND_HOLES_MAX];
};

/* `words` are a command and its arguments, separated by one blank: "CHECKIN {i}". They are ours:
 * what is too long or has too many holes is asserted. */
void load_command_make(struct load_command *command, const char *words);

/* Writes command->size bytes. */
void load_command_write(const struct load_command *command, const struct load_values *values,
                        char *at);

#endif
