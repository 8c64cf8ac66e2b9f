/*
 * What travels over the signer's socket, in both directions, as bytes.
 *
 *   question  u32 size of the rest; items: act u8, certificate hash 32, reason size u16, payload
 *             size u32, reason, payload
 *   answer    u32 size of the rest; an answer an item: status u16, size u32, a signature block or a
 *             sentence
 *
 * Numbers are big-endian. Both ends read with the same care: neither trusts the other.
 */
#ifndef LICET_SIGNER_FRAME_H
#define LICET_SIGNER_FRAME_H

#include "license/sshsig.h"
#include "signer/record.h"

#define FRAME_SIZE_BYTES 4u
#define FRAME_ITEM_BYTES (1u + HASH_BYTES + 2 + 4)
#define FRAME_ANSWER_BYTES (2u + 4)
/* The largest answer: each item a block, whose limit is above those of a sentence and of a
 * certificate's line. */
#define FRAME_ANSWERS_MAX (SIGNER_ITEMS_MAX * (FRAME_ANSWER_BYTES + SSHSIG_ARMOR_MAX))

struct signer_item {
    enum signer_act act;
    struct hash certificate;
    struct text reason;
    struct text payload;
};

struct signer_answer {
    enum status status;
    struct text text; /* the block (LICET_OK), or why there is none */
};

/* The size of the rest of a frame. LICET_PROTOCOL beyond `max`. */
enum status frame_size(const uint8_t bytes[FRAME_SIZE_BYTES], uint32_t max, uint32_t *ret_size,
                       struct error *error);

/* The bytes of one item in a frame. */
size_t frame_item_size(const struct signer_item *item);
/* A whole frame: its size too. buf.is_full where it does not fit. */
void frame_print(const struct signer_item *items, uint32_t count, struct buf *buf);
/* What follows the size. Texts point into `bytes`. LICET_PROTOCOL. */
enum status frame_parse(struct text bytes, struct signer_item items[SIGNER_ITEMS_MAX],
                        uint32_t *ret_count, struct error *error);

/* One answer; the frame's size is put before them by frame_answers_close(). */
void frame_answer_print(const struct signer_answer *answer, struct buf *buf);
void frame_answers_open(struct buf *buf);
void frame_answers_close(struct buf *buf);
/* What follows the size: exactly `count` answers. LICET_PROTOCOL. */
enum status frame_answers_parse(struct text bytes, uint32_t count, struct signer_answer *answers,
                                struct error *error);

#endif
