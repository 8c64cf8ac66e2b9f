/* One commit in the making. */
#include "server/batch.h"

#include <sodium.h>

#include "seat/record.h"
#include "tap.h"

static struct lease_root root_of(uint32_t generation)
{
    struct lease_root root = {
        .vendor = TEXT("acme"), .generation = generation, .epoch = 3, .time = 1795511553};

    return root;
}

static void test_records(struct batch *batch)
{
    struct seat_record record = {.kind = SEAT_RECORD_EPOCH, .at = 7, .epoch = {2}};

    ok(batch_is_empty(batch), "a batch begins empty");
    batch_add_record(batch, 41, &record);
    batch_add_record(batch, 42, &record);
    ok(batch->first_number == 41 && batch->records_count == 2 && !batch_is_empty(batch),
       "records keep their numbers");
    ok(!batch_has_room(batch, JOURNAL_GROUP_BYTES_MAX, 0) &&
           batch_has_room(batch, JOURNAL_GROUP_BYTES_MAX / 2, 0),
       "room is what is left of a group");
    batch_clear(batch);
    ok(batch_is_empty(batch) && batch_has_room(batch, JOURNAL_GROUP_BYTES_MAX, BATCH_BYTES_MAX),
       "a cleared one has it all");
}

static void test_replies(struct batch *batch)
{
    struct pending pending = {.kind = PENDING_GRANT};

    for (uint32_t count = 0; count < BATCH_REPLIES_MAX - 3; count++)
        batch_add_pending(batch, &pending);
    ok(batch_has_room(batch, 0, 0), "three places are enough for one command");
    batch_add_bytes(batch, NULL, TEXT("+PONG\r\n"));
    ok(!batch_has_room(batch, 0, 0), "two are not");
    ok(memcmp(batch->bytes.data + batch->pendings[batch->pendings_count - 1].bytes.offset,
              "+PONG\r\n", 7) == 0,
       "bytes keep their place");
    batch_clear(batch);
}

static void test_proofs(struct batch *batch)
{
    struct lease_root root = root_of(4), next = root_of(5);
    struct lease_leaf leaf = {.count = 1, .kind = LEAF_GRANT, .ttl_s = 60};
    struct lease_proof proof;
    uint8_t public_key[32], secret_key[64];
    char bytes[PROOF_BYTES_MAX];
    struct buf buf = buf_over(bytes, sizeof(bytes));

    crypto_sign_keypair(public_key, secret_key);
    memcpy(root.server_key, public_key, sizeof(public_key));
    memcpy(next.server_key, public_key, sizeof(public_key));
    ok(batch_takes_root(batch, &root), "a batch without leaves takes any root");
    for (uint8_t index = 0; index < 5; index++) {
        leaf.id[0] = index;
        ok(batch_add_leaf(batch, &root, &leaf) == index, "leaf %u has its place", index);
    }
    ok(batch_takes_root(batch, &root), "R8.2 the same root is taken again");
    ok(!batch_takes_root(batch, &next), "R8.2 a change of generation closes the batch");
    next.generation = root.generation;
    next.epoch++;
    ok(!batch_takes_root(batch, &next), "R8.2 so does a change of epoch");
    next = root;
    next.vendor = TEXT("acne");
    ok(!batch_takes_root(batch, &next), "R8.2 so does another vendor");
    next = root;
    next.payload_hash[31] ^= 1;
    ok(!batch_takes_root(batch, &next), "R8.2 so does another license file");
    next = root;
    next.server_key[31] ^= 1;
    ok(!batch_takes_root(batch, &next), "R8.2 so does another server key");
    batch_sign(batch, secret_key);
    batch_proof(batch, 3, &buf);
    leaf.id[0] = 3;
    ok(lease_proof_verify(buf_text(&buf), public_key, &leaf, &proof, NULL) == LICET_OK,
       "R8.2 its proof verifies");
    leaf.id[0] = 4;
    ok(lease_proof_verify(buf_text(&buf), public_key, &leaf, &proof, NULL) == LICET_MISMATCH,
       "R8.3 and for that leaf alone");
    batch_clear(batch);
}

int main(void)
{
    struct batch batch;

    if (sodium_init() < 0 || batch_init(&batch, NULL) != LICET_OK)
        return 1;
    test_records(&batch);
    test_replies(&batch);
    test_proofs(&batch);
    batch_finish(&batch);
    return tap_done();
}
