/*
 * The bytes of OpenSSH's formats: numbers and strings behind their lengths, base64, armored blocks.
 * Private to this folder.
 */
#ifndef LICET_LICENSE_SSH_H
#define LICET_LICENSE_SSH_H

#include "base/arena.h"
#include "base/status.h"

/* Takes fields off the front of a blob. After the first that does not fit, all others fail, too. */
struct ssh_reader {
    struct text rest;
    bool is_broken;
};

struct ssh_reader ssh_reader_over(struct text blob);
uint32_t ssh_read_u32(struct ssh_reader *reader); /* 0 where broken */
uint64_t ssh_read_u64(struct ssh_reader *reader);
struct text ssh_read_string(struct ssh_reader *reader);
void ssh_read_bytes(struct ssh_reader *reader, void *bytes,
                    size_t size); /* a string of exactly this size */
void ssh_expect(struct ssh_reader *reader,
                const char *string);                      /* a string of exactly these bytes */
bool ssh_reader_is_done(const struct ssh_reader *reader); /* nothing broke, nothing is left */

void ssh_add_u32(struct buf *buf, uint32_t value);
void ssh_add_u64(struct buf *buf, uint64_t value);
void ssh_add_string(struct buf *buf, struct text text);

/* `string` type, `string` 32 or 64 bytes: how public keys and signatures are written. */
void ssh_add_ed25519(struct buf *buf, const void *bytes, size_t size);
bool ssh_read_ed25519(struct text blob, void *bytes, size_t size);

/* Base64 with padding, canonical only; false where the text is something else or does not fit. */
bool base64_decode(struct text text, uint8_t *bytes, size_t capacity, size_t *ret_size);
void base64_encode(struct text bytes, bool is_padded, struct buf *buf);

/* A block of base64 in lines of 70 between two border lines, newline after each, and nothing else.
 * The bytes go into `bytes`. LICET_INVALID with a sentence for people; `what` names the block. */
enum status armor_decode(struct text armor, const char *begin, const char *end, const char *what,
                         uint8_t *bytes, size_t capacity, size_t *ret_size, struct error *error);
void armor_encode(struct text bytes, const char *begin, const char *end, struct buf *buf);

#define ARMOR_COLUMNS 70

#endif
