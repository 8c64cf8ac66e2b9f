/* Collecting one commit. All memory is taken once; a batch is cleared and used again. */
#include "server/batch.h"

#include <assert.h>

#include "seat/record.h"

static bool batch_buf_init(struct buf *buf, size_t capacity)
{
    *buf = buf_over(malloc(capacity), capacity);
    return buf->data != NULL;
}

enum status batch_init(struct batch *batch, struct error *error)
{
    struct merkle_hash *nodes = calloc(merkle_nodes(BATCH_REPLIES_MAX), sizeof(*nodes));

    *batch = (struct batch){.merkle = merkle_over(nodes, BATCH_REPLIES_MAX)};
    batch->pendings = calloc(BATCH_REPLIES_MAX, sizeof(*batch->pendings));
    batch->leaves = calloc(BATCH_REPLIES_MAX, sizeof(*batch->leaves));
    if (batch_buf_init(&batch->body, JOURNAL_GROUP_BYTES_MAX) &&
        batch_buf_init(&batch->bytes, BATCH_BYTES_MAX) && nodes != NULL &&
        batch->pendings != NULL && batch->leaves != NULL)
        return LICET_OK;
    batch_finish(batch);
    return error_set(error, LICET_NO_MEMORY, "no memory is left for the commits");
}

void batch_finish(struct batch *batch)
{
    free(batch->body.data);
    free(batch->bytes.data);
    free(batch->merkle.nodes);
    free(batch->pendings);
    free(batch->leaves);
    *batch = (struct batch){.pendings = NULL};
}

void batch_clear(struct batch *batch)
{
    batch->body.size = batch->bytes.size = 0;
    batch->first_number = 0;
    batch->forgotten = 0;
    batch->is_releasing = false;
    batch->records_count = batch->pendings_count = batch->leaves_count = 0;
}

bool batch_is_empty(const struct batch *batch)
{
    return batch->records_count == 0 && batch->pendings_count == 0;
}

bool batch_has_room(const struct batch *batch, size_t records_bytes, size_t reply_bytes)
{
    return !batch->is_releasing && batch->body.capacity - batch->body.size >= records_bytes &&
           batch->bytes.capacity - batch->bytes.size >= reply_bytes &&
           BATCH_REPLIES_MAX - batch->pendings_count > 2;
}

bool batch_takes_root(const struct batch *batch, const struct lease_root *root)
{
    return batch->leaves_count == 0 ||
           (batch->root.generation == root->generation && batch->root.epoch == root->epoch &&
            text_equal(batch->root.vendor, root->vendor) &&
            memcmp(batch->root.payload_hash, root->payload_hash, sizeof(root->payload_hash)) == 0 &&
            memcmp(batch->root.server_key, root->server_key, sizeof(root->server_key)) == 0);
}

void batch_add_record(struct batch *batch, uint64_t number, const struct seat_record *record)
{
    uint8_t bytes[SEAT_RECORD_BYTES_MAX];
    size_t size = record_encode(record, bytes);

    assert(batch->records_count == 0 || number == batch->first_number + batch->records_count);
    if (batch->records_count == 0)
        batch->first_number = number;
    journal_body_add(&batch->body, text_make(bytes, size));
    assert(!batch->body.is_full); /* room was asked for before the step */
    batch->records_count++;
}

void batch_add_pending(struct batch *batch, const struct pending *pending)
{
    assert(!batch->is_releasing && batch->pendings_count < BATCH_REPLIES_MAX);
    batch->pendings[batch->pendings_count++] = *pending;
}

void batch_add_bytes(struct batch *batch, struct connection *connection, struct text text)
{
    struct pending pending = {
        .kind = PENDING_BYTES,
        .connection = connection,
        .bytes = {.offset = (uint32_t)batch->bytes.size, .size = (uint32_t)text.size},
    };

    buf_add_text(&batch->bytes, text);
    assert(!batch->bytes.is_full);
    batch_add_pending(batch, &pending);
}

uint32_t batch_add_leaf(struct batch *batch, const struct lease_root *root,
                        const struct lease_leaf *leaf)
{
    if (batch->leaves_count == 0)
        batch->root = *root;
    batch->leaves[batch->leaves_count] = *leaf;
    return batch->leaves_count++;
}

void batch_sign(struct batch *batch, const uint8_t secret_key[64])
{
    if (batch->leaves_count == 0)
        return;
    batch->merkle = merkle_over(batch->merkle.nodes, BATCH_REPLIES_MAX);
    for (uint32_t index = 0; index < batch->leaves_count; index++) {
        uint8_t bytes[LEAF_BYTES];

        leaf_encode(&batch->leaves[index], bytes);
        merkle_add(&batch->merkle, bytes, sizeof(bytes));
    }
    merkle_close(&batch->merkle, &batch->root.hash);
    batch->root.tree_size = batch->leaves_count;
    root_sign(&batch->root, secret_key, batch->signature);
}

void batch_proof(const struct batch *batch, uint32_t leaf, struct buf *buf)
{
    struct lease_proof proof = {.leaf = batch->leaves[leaf], .root = batch->root, .index = leaf};

    memcpy(proof.signature, batch->signature, sizeof(proof.signature));
    merkle_path(&batch->merkle, leaf, &proof.path);
    proof_encode(&proof, buf);
}
