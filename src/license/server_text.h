/* What requests and receipts share: both are signed by a server's own bare key. Private to this
 * folder. */
#ifndef LICET_LICENSE_SERVER_TEXT_H
#define LICET_LICENSE_SERVER_TEXT_H

#include "license/document.h"
#include "license/sshsig.h"

/* Normalised, one block at the end, signed for `purpose` by the key in the block. */
enum status server_text_open(struct text text, enum purpose purpose, struct arena *arena,
                             struct document *ret_document, struct public_key *ret_key,
                             struct error *error);
/* The key= of the text is the fingerprint of the key that signed it. */
enum status server_text_check_key(const struct hash *stated, const struct public_key *key,
                                  struct error *error);
/* Prints the lines and their block. */
enum status server_text_sign(const struct document_lines *lines, const struct secret_key *key,
                             enum purpose purpose, struct buf *buf, struct error *error);

#endif
