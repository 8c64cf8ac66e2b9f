/*
 * Servers and networks that want a product to run without a seat, or without the right one. What
 * they say is made with real keys and real signatures, only with the wrong ones, or about the wrong
 * thing (reliability: T-MITM, T-REPLAY, T-EMUL; INV-29, INV-30).
 */
#include "world.h"

#include <unistd.h>

#include "tap.h"

/* One product, one checkout. */
static licet_status try_checkout(struct world *world, const char *feature, const char *release,
                                 uint32_t count, licet_lease_info *ret_info, licet_error *error)
{
    licet *client = world_open(world, NULL);
    licet_lease lease;
    licet_status status = licet_checkout(client, feature, release, count, &lease, error);

    if (status == LICET_OK && ret_info != NULL) {
        licet_lease_info_init(ret_info, sizeof(*ret_info));
        licet_lease_get(client, lease, ret_info, NULL);
    }
    licet_close(client);
    return status;
}

/* ---- the network -------------------------------------------------------------------------- */

/* All that is signed, and all that follows from it. The lease's number is for people: it is neither
 * signed nor used. */
static bool is_same_grant(const licet_lease_info *left, const licet_lease_info *right)
{
    return left->count == right->count && left->generation == right->generation &&
           left->flags == right->flags && left->ttl_ms == right->ttl_ms &&
           left->end_s == right->end_s && left->granted_s == right->granted_s &&
           strcmp(left->vendor, right->vendor) == 0;
}

static void test_every_byte_flipped(void)
{
    static const uint8_t changes[] = {0x01, 0x02, 0x10, 0x20, 0x80, 0xff};
    struct world *world = world_create();
    licet_lease_info good, info;
    uint32_t refused = 0, harmless = 0, fooled = 0;
    licet_error error;
    int64_t size;

    try_checkout(world, "cad_pro", NULL, 1, &good, &error);
    size = world->sent;
    for (world->flip_at = 0; world->flip_at < size; world->flip_at++) {
        for (size_t index = 0; index < sizeof(changes); index++) {
            world->flip_with = changes[index];
            if (try_checkout(world, "cad_pro", NULL, 1, &info, &error) != LICET_OK)
                refused++;
            else if (is_same_grant(&good, &info))
                harmless++;
            else
                fooled++;
        }
    }
    printf("# %lld bytes: %u refused, %u changed nothing that is used\n", (long long)size, refused,
           harmless);
    ok(fooled == 0 && refused > 0, "T-MITM no changed byte of a session is ever believed");
    /* The lease's number, the comment of the key, a ttl within the second that is signed; and what
     * made the client ask again, as another license file's hash does. */
    ok(harmless < size * (int64_t)sizeof(changes) / 20, "and nearly none is without effect");
    world_destroy(world);
}

static void test_every_cut(void)
{
    struct world *world = world_create();
    uint32_t held = 0, once = 0, cuts = 0;
    licet_error error;
    int64_t size;

    try_checkout(world, "cad_pro", NULL, 1, NULL, &error);
    size = world->sent;
    for (int64_t at = 0; at < size; at += 7, cuts++) {
        world->cut_at = at;
        world->connects = 0;
        world->leaves_count = 0;
        held += try_checkout(world, "cad_pro", NULL, 1, NULL, &error) == LICET_OK;
        once += world->leaves_count == 1;
    }
    ok(held == cuts, "a connection that is cut at any byte is made again");
    ok(once == cuts, "R8.1 and only ever one lease was asked for");
    world_destroy(world);
}

static void test_slow_answers(void)
{
    struct world *world = world_create();
    licet_error error;

    world->chunk = 1;
    ok(try_checkout(world, "cad_pro", NULL, 1, NULL, &error) == LICET_OK,
       "answers may come byte by byte");
    world_destroy(world);
}

/* A server that says one thing for ever. */
static const char *endless_pattern;

static int64_t endless_read(void *context, void *data, size_t data_size, uint32_t timeout_ms)
{
    size_t size = strlen(endless_pattern);

    (void)context, (void)timeout_ms;
    for (size_t index = 0; index < data_size; index++)
        ((char *)data)[index] = endless_pattern[index % size];
    return (int64_t)data_size;
}

static void test_nonsense(void)
{
    static const char *const patterns[] = {
        "HTTP/1.1 400 Bad Request\r\n",
        "*1\r\n",
        "$1000000\r\n",
        "$9999999999999\r\n",
        "+OK\r\n",
        "-NOSEAT no\r\n",
        "\n",
        "*1000000\r\n",
        ":1\r\n",
        "%1\r\n",
    };
    struct world *world = world_create();

    for (size_t index = 0; index < sizeof(patterns) / sizeof(patterns[0]); index++) {
        licet *client = world_open(world, NULL);
        licet_lease lease = 0;
        licet_error error;

        endless_pattern = patterns[index];
        client->transport.read = endless_read;
        ok(licet_checkout(client, "cad_pro", NULL, 1, &lease, &error) != LICET_OK && lease == 0,
           "INV-30 an endless stream of nonsense is left (%zu)", index);
        licet_close(client);
    }
    world_destroy(world);
}

/* ---- the server --------------------------------------------------------------------------- */

static void test_replays(void)
{
    struct world *world = world_create();
    licet *client = world_open(world, NULL);
    licet_lease first, second;
    licet_error error;

    licet_checkout(client, "cad_pro", NULL, 1, &first, &error);
    world->replays = true;
    ok(licet_checkout(client, "cad_pro", NULL, 1, &second, &error) == LICET_MISMATCH,
       "T-REPLAY an answer to an earlier checkout is refused");
    for (int round = 0; round < 200 && error.status != LICET_LEASE_LOST; round++) {
        world->now_ms += 500;
        licet_tick(client, &error);
    }
    ok(error.status == LICET_LEASE_LOST && world->renews + world->checkouts > 3,
       "T-REPLAY and one played as a renewal keeps nothing alive");
    licet_close(client);
    world_destroy(world);
}

static void tamper_id(struct world *world, struct lease_root *root, struct lease_leaf *leaf)
{
    (void)world, (void)root;
    leaf->id[0] ^= 1;
}

static void tamper_nonce(struct world *world, struct lease_root *root, struct lease_leaf *leaf)
{
    (void)world, (void)root;
    leaf->nonce[15] ^= 1;
}

static void tamper_feature(struct world *world, struct lease_root *root, struct lease_leaf *leaf)
{
    (void)world, (void)root;
    leaf_hash_name(TEXT("cad_std"), leaf->feature);
}

static void tamper_user(struct world *world, struct lease_root *root, struct lease_leaf *leaf)
{
    (void)world, (void)root;
    leaf_hash_name(TEXT("eve"), leaf->user);
}

static void tamper_host(struct world *world, struct lease_root *root, struct lease_leaf *leaf)
{
    (void)world, (void)root;
    leaf_hash_name(TEXT("elsewhere"), leaf->host);
}

static void tamper_device(struct world *world, struct lease_root *root, struct lease_leaf *leaf)
{
    (void)world, (void)root;
    memset(leaf->device, 0, sizeof(leaf->device));
}

static void tamper_count(struct world *world, struct lease_root *root, struct lease_leaf *leaf)
{
    (void)world, (void)root;
    leaf->count++;
}

static void tamper_release(struct world *world, struct lease_root *root, struct lease_leaf *leaf)
{
    (void)world, (void)root;
    leaf->release = 20000;
}

static void tamper_kind(struct world *world, struct lease_root *root, struct lease_leaf *leaf)
{
    (void)world, (void)root;
    leaf->kind = LEAF_RENEWAL;
}

static void tamper_ttl(struct world *world, struct lease_root *root, struct lease_leaf *leaf)
{
    (void)world, (void)root;
    leaf->ttl_s = 86400;
}

static void tamper_generation(struct world *world, struct lease_root *root, struct lease_leaf *leaf)
{
    (void)world, (void)leaf;
    root->generation++;
}

static void tamper_vendor(struct world *world, struct lease_root *root, struct lease_leaf *leaf)
{
    (void)world, (void)leaf;
    root->vendor = TEXT("other");
}

static void tamper_payload(struct world *world, struct lease_root *root, struct lease_leaf *leaf)
{
    (void)world, (void)leaf;
    root->payload_hash[31] ^= 1;
}

static void tamper_server_key(struct world *world, struct lease_root *root, struct lease_leaf *leaf)
{
    (void)world, (void)leaf;
    root->server_key[0] ^= 1;
}

static void test_other_leaves(void)
{
    static const struct {
        void (*tamper)(struct world *, struct lease_root *, struct lease_leaf *);
        const char *what;
    } rows[] = {
        {tamper_id, "id"},
        {tamper_nonce, "nonce"},
        {tamper_feature, "feature"},
        {tamper_user, "user"},
        {tamper_host, "host"},
        {tamper_device, "device"},
        {tamper_count, "count"},
        {tamper_release, "release date"},
        {tamper_kind, "kind"},
        {tamper_ttl, "ttl longer than the file's"},
        {tamper_generation, "generation"},
        {tamper_vendor, "vendor"},
        {tamper_payload, "license file that is not shown"},
        {tamper_server_key, "server key"},
    };

    for (size_t index = 0; index < sizeof(rows) / sizeof(rows[0]); index++) {
        struct world *world = world_create();
        licet_error error;
        licet_status status;

        world->tamper = rows[index].tamper;
        status = try_checkout(world, "cad_pro", NULL, 1, NULL, &error);
        ok(status == LICET_MISMATCH || status == LICET_BAD_SIGNATURE,
           "R8.3 a lease signed for another %s is refused", rows[index].what);
        world_destroy(world);
    }
}

static void proof_signature(struct world *world, struct lease_proof *proof)
{
    (void)world;
    proof->signature[10] ^= 1;
}

static void proof_other_key(struct world *world, struct lease_proof *proof)
{
    (void)world;
    root_sign(&proof->root, world->keys.issuing.bytes, proof->signature);
}

static void proof_other_purpose(struct world *world, struct lease_proof *proof)
{
    uint8_t bytes[ROOT_BYTES_MAX] = {0};

    sshsig_make(&world->keys.server, PURPOSE_RECEIPT, text_make(bytes, sizeof(bytes)),
                proof->signature);
}

static void proof_other_root(struct world *world, struct lease_proof *proof)
{
    (void)world;
    memset(proof->root.hash.bytes, 7, sizeof(proof->root.hash.bytes));
    root_sign(&proof->root, world->keys.server.bytes, proof->signature);
}

static void test_other_proofs(void)
{
    static const struct {
        void (*tamper)(struct world *, struct lease_proof *);
        const char *what;
    } rows[] = {
        {proof_signature, "a damaged signature"},
        {proof_other_key, "the signature of a key that signs files"},
        {proof_other_purpose, "a signature made for another purpose"},
        {proof_other_root, "a signed root that the leaf is not under"},
    };

    for (size_t index = 0; index < sizeof(rows) / sizeof(rows[0]); index++) {
        struct world *world = world_create();
        licet_error error;

        world->tamper_proof = rows[index].tamper;
        ok(try_checkout(world, "cad_pro", NULL, 1, NULL, &error) == LICET_BAD_SIGNATURE,
           "INV-29 %s is refused", rows[index].what);
        world_destroy(world);
    }
}

static void test_grants_beyond_the_file(void)
{
    struct world *world = world_create();
    licet_error error;

    world->has_no_proof = true;
    ok(try_checkout(world, "cad_pro", NULL, 1, NULL, &error) == LICET_BAD_SIGNATURE,
       "a grant without a proof is none");
    world->has_no_proof = false;
    ok(try_checkout(world, "unknown", NULL, 1, NULL, &error) == LICET_MISMATCH,
       "R8.3 a feature on no line is refused, though signed");
    ok(try_checkout(world, "sim", "2026-11-24", 1, NULL, &error) == LICET_MISMATCH,
       "R1.3 so is a release after the maintenance date");
    ok(try_checkout(world, "sim", "2026-01-01", 1, NULL, &error) == LICET_OK,
       "R1.3 the last day of maintenance is in it");
    ok(try_checkout(world, "sim", NULL, 3, NULL, &error) == LICET_MISMATCH,
       "R8.3 more seats than all lines have are refused");
    world_serve(world, &world->keys, "acme", 5,
                "INCREMENT cad_pro sn=A-1 model=node-locked seats=10 maintenance=none "
                "expiry=permanent ttl=60s");
    ok(try_checkout(world, "cad_pro", NULL, 1, NULL, &error) == LICET_MISMATCH,
       "R2.5 a line that is not served gives nothing");
    world_serve(world, &world->keys, "acme", 6,
                "INCREMENT cad_pro sn=A-1 seats=10 maintenance=none expiry=2026-11-20 ttl=60s");
    ok(try_checkout(world, "cad_pro", NULL, 1, NULL, &error) == LICET_MISMATCH,
       "R4.4 nor does one that has ended");
    world_serve(world, &world->keys, "acme", 7,
                "INCREMENT cad_pro sn=A-1 seats=10 maintenance=none expiry=2026-11-20 ttl=60s\n"
                "INCREMENT cad_pro sn=A-2 seats=1 maintenance=none expiry=permanent ttl=60s");
    ok(try_checkout(world, "cad_pro", NULL, 1, NULL, &error) == LICET_OK &&
           try_checkout(world, "cad_pro", NULL, 2, NULL, &error) == LICET_MISMATCH,
       "R4.4 nor do its seats count beside those of another line");
    world_destroy(world);
}

#define LAST_SECOND "2026-12-01T12:00:00Z" /* an expiry holds to the end of its date at UTC-12 */

static int64_t last_second(void)
{
    struct unix_time time;
    struct error error;

    if (unix_time_parse(TEXT(LAST_SECOND), &time, &error) != LICET_OK)
        abort();
    return time.s;
}

static void tamper_end_at(struct world *world, struct lease_root *root, struct lease_leaf *leaf)
{
    (void)world, (void)root;
    leaf->end = last_second();
}

static void tamper_end_after(struct world *world, struct lease_root *root, struct lease_leaf *leaf)
{
    (void)world, (void)root;
    leaf->end = last_second() + 1;
}

/* The leaf says no end, so its ttl is what must not pass the line's. */
static void test_ends_beyond_the_file(void)
{
    struct world *world = world_create();
    licet_error error;

    world_serve(world, &world->keys, "acme", 5,
                "INCREMENT cad_pro sn=A-1 seats=10 maintenance=none expiry=2026-11-30 ttl=120s");
    world->tamper = tamper_end_at;
    ok(try_checkout(world, "cad_pro", NULL, 1, NULL, &error) == LICET_OK,
       "R8.3 an end at the end of the line is accepted");
    world->tamper = tamper_end_after;
    ok(try_checkout(world, "cad_pro", NULL, 1, NULL, &error) == LICET_MISMATCH,
       "R8.3 an end a second after that of the line is refused");
    world->tamper = NULL;
    world->ttl_s = 120;
    world->utc = last_second() - world->ttl_s + GRANT_COMMIT_SECONDS_MAX;
    ok(try_checkout(world, "cad_pro", NULL, 1, NULL, &error) == LICET_OK,
       "R8.3 a ttl may pass it by what a commit may take");
    world->utc++;
    ok(try_checkout(world, "cad_pro", NULL, 1, NULL, &error) == LICET_MISMATCH,
       "R8.3 a ttl that goes on longer is refused");
    world_destroy(world);
}

/* ---- the chain ---------------------------------------------------------------------------- */

static void test_emulators(void)
{
    struct world *world = world_create();
    struct world_keys other;
    licet_error error;

    world_keys_make(&other, &world->arena, 91, 2, 3, "acme", "2026-01-01T00:00:00Z",
                    "2027-01-01T00:00:00Z");
    world_serve(world, &other, "acme", 4, WORLD_LINES);
    ok(try_checkout(world, "cad_pro", NULL, 1, NULL, &error) == LICET_UNTRUSTED,
       "T-EMUL a file under somebody else's root is refused");
    world_keys_make(&other, &world->arena, 1, 2, 93, "acme", "2026-01-01T00:00:00Z",
                    "2027-01-01T00:00:00Z");
    world_serve(world, &other, "acme", 4, WORLD_LINES);
    ok(try_checkout(world, "cad_pro", NULL, 1, NULL, &error) == LICET_WRONG_SERVER,
       "T-EMUL a copied file does not serve under another server's key");
    world_keys_make(&other, &world->arena, 1, 92, 3, "other", "2026-01-01T00:00:00Z",
                    "2027-01-01T00:00:00Z");
    world_serve(world, &other, "other", 4, WORLD_LINES);
    ok(try_checkout(world, "cad_pro", NULL, 1, NULL, &error) == LICET_UNTRUSTED,
       "a file of another vendor under the same root is refused");
    world_destroy(world);
}

/* license_sign() would not make such a file. */
static void serve_with_expired_certificate(struct world *world)
{
    struct world_keys old;
    struct text payload, file = text_make(world->file, world->file_size);
    struct buf buf = buf_over(world->file, sizeof(world->file));
    struct error error;
    const char *armor = strstr(world->file, SSHSIG_BEGIN);

    payload = text_head(file, (size_t)(armor - world->file));
    world_keys_make(&old, &world->arena, 1, 2, 3, "acme", "2025-01-01T00:00:00Z",
                    "2026-01-01T00:00:00Z");
    buf.size = payload.size;
    if (sshsig_sign(&old.issuing, &old.certificate, PURPOSE_LICENSE, payload, &buf, &error) !=
        LICET_OK)
        abort();
    world->file_size = buf.size;
}

static licet_status checkout_with_revocations(struct world *world, const char *revocations,
                                              licet_error *error)
{
    licet_transport transport;
    licet_options options = world_options(world, &transport);
    licet_lease lease;
    licet_status status;
    licet *client;

    options.revocations = revocations;
    status = licet_open(&options, &client, error);
    if (status != LICET_OK)
        return status;
    status = licet_checkout(client, "cad_pro", NULL, 1, &lease, error);
    licet_close(client);
    return status;
}

static void test_revocations(void)
{
    struct world *world = world_create();
    struct public_key server = secret_key_public(&world->keys.server);
    struct hash hash = public_key_hash(&server);
    char list[4096], newer[4096], line[512];
    struct buf buf = buf_over(line, sizeof(line) - 1);
    licet_error error;

    world_sign_list(world, "acme", 3, true, list, sizeof(list));
    ok(checkout_with_revocations(world, list, &error) == LICET_REVOKED,
       "R9.3 a file of a revoked issuing key is refused by the list in the product");
    world_sign_list(world, "acme", 2, false, newer, sizeof(newer));
    world->revocations = text_of(newer);
    ok(checkout_with_revocations(world, list, &error) == LICET_REVOKED,
       "R9.3 a list with a lower number does not replace it");
    world_sign_list(world, "acme", 2, false, list, sizeof(list));
    ok(checkout_with_revocations(world, list, &error) == LICET_OK, "an empty list revokes nobody");
    world_sign_list(world, "acme", 3, true, newer, sizeof(newer));
    world->revocations = text_of(newer);
    ok(checkout_with_revocations(world, list, &error) == LICET_REVOKED,
       "R9.3 a newer one, relayed by the server, does");
    newer[100] ^= 1;
    ok(checkout_with_revocations(world, list, &error) != LICET_OK,
       "a damaged list is no answer of a license server");
    world->revocations.size = 0;
    serve_with_expired_certificate(world);
    ok(try_checkout(world, "cad_pro", NULL, 1, NULL, &error) == LICET_UNTRUSTED,
       "a certificate that had ended when the file was issued is refused");
    buf_add_string(&buf, "REVOKED key=");
    hash_print(&hash, &buf);
    buf_add_string(&buf, " from=2026-11-01T00:00:00Z\n" WORLD_LINES);
    line[buf.size] = '\0';
    world_serve(world, &world->keys, "acme", 5, line);
    ok(try_checkout(world, "cad_pro", NULL, 1, NULL, &error) == LICET_REVOKED,
       "R9.3 a server whose key the file revokes is refused");
    world_destroy(world);
}

/* A handle that has a seat learns of a list that revokes the key of the file in use. */
static void test_a_list_for_the_file_in_use(void)
{
    struct world *world = world_create();
    licet *client = world_open(world, NULL);
    licet_lease lease, other;
    licet_lease_info info;
    licet_error error = {0};
    char list[4096], chain[16384];
    size_t size;

    licet_lease_info_init(&info, sizeof(info));
    ok(licet_checkout(client, "cad_pro", NULL, 1, &lease, &error) == LICET_OK, "a seat is held");
    world_sign_list(world, "acme", 1, true, list, sizeof(list));
    world->revocations = text_of(list);
    world_serve(world, &world->keys, "acme", 5, WORLD_LINES);
    ok(licet_checkout(client, "cad_pro", NULL, 1, &other, &error) == LICET_REVOKED,
       "R9.3 the next CHAIN brings the list, and its file is refused");
    ok(licet_chain(client, chain, sizeof(chain), &size, &error) == LICET_NOT_FOUND,
       "R9.3 the file in use is one no more");
    world_serve(world, &world->keys, "acme", 4, WORLD_LINES);
    ok(licet_checkout(client, "cad_pro", NULL, 1, &other, &error) == LICET_REVOKED,
       "R9.3 and stays refused when the server goes back to it");
    ok(licet_lease_get(client, lease, &info, NULL) == LICET_OK && info.left_ms > 0,
       "the seat that is held lasts to its end");
    for (int turn = 0; turn < 100 && licet_tick(client, &error) == LICET_OK; turn++)
        world->now_ms += 1000;
    ok(licet_tick(client, &error) == LICET_LEASE_LOST && strstr(error.text, "revoked") != NULL,
       "R9.3 and is not renewed (%s)", error.text);
    licet_close(client);
    world_destroy(world);
}

static licet_status checkout_with_state(struct world *world, const char *path, const char *list,
                                        licet_error *error)
{
    licet *client = world_open(world, path);
    licet_lease lease;
    licet_status status;

    world->revocations = text_of(list);
    status = licet_checkout(client, "cad_pro", NULL, 1, &lease, error);
    licet_close(client);
    return status;
}

static void test_a_list_that_is_hidden(void)
{
    char path[] = "/tmp/licet-test-lists-XXXXXX";
    struct world *world = world_create();
    char old[4096], new[4096], newest[4096];
    licet_error error = {0};
    int fd = mkstemp(path);

    if (fd >= 0)
        close(fd);
    world_sign_list(world, "acme", 2, false, old, sizeof(old));
    world_sign_list(world, "acme", 3, true, new, sizeof(new));
    world_sign_list(world, "acme", 4, false, newest, sizeof(newest));
    ok(checkout_with_state(world, path, old, &error) == LICET_OK &&
           checkout_with_state(world, path, new, &error) == LICET_REVOKED,
       "R9.3 a server hands on a list that revokes its own file");
    ok(checkout_with_state(world, path, old, &error) == LICET_OLD_GENERATION &&
           strstr(error.text, "newest list") != NULL,
       "R9.3 an older list does not hide it from the next start (%s)", error.text);
    ok(checkout_with_state(world, path, "", &error) == LICET_OLD_GENERATION,
       "R9.3 and neither does none");
    ok(checkout_with_state(world, NULL, old, &error) == LICET_OK,
       "a product that never met it cannot know");
    world->revocations.size = 0;
    ok(checkout_with_state(world, path, newest, &error) == LICET_OK,
       "R9.3 a newer list is welcome");
    unlink(path);
    world_destroy(world);
}

static void test_a_list_of_the_product(void)
{
    char path[] = "/tmp/licet-test-lists-XXXXXX";
    struct world *world = world_create();
    licet_transport transport;
    licet_options options = world_options(world, &transport);
    char shown[4096], own[4096];
    licet_lease lease;
    licet *client;
    licet_error error = {0};
    int fd = mkstemp(path);

    if (fd >= 0)
        close(fd);
    world_sign_list(world, "acme", 5, false, shown, sizeof(shown));
    world_sign_list(world, "acme", 6, false, own, sizeof(own));
    ok(checkout_with_state(world, path, shown, &error) == LICET_OK, "list 5 is seen");
    options.revocations = own;
    options.state_path = path;
    world->revocations.size = 0;
    licet_open(&options, &client, &error);
    ok(licet_checkout(client, "cad_pro", NULL, 1, &lease, &error) == LICET_OK,
       "R9.3 a product that brings a newer list needs none from the server (%s)", error.text);
    licet_close(client);
    ok(checkout_with_state(world, path, shown, &error) == LICET_OK,
       "R9.3 and locks no product out that has only what servers hand on");
    unlink(path);
    world_destroy(world);
}

/* One root may stand for two vendors, and a product may serve both. */
static void test_a_list_of_another_vendor(void)
{
    struct world *world = world_create();
    licet_transport transport;
    licet_options options = world_options(world, &transport);
    char own[4096], other[4096];
    licet_lease lease;
    licet *client;
    licet_error error = {0};

    world_sign_list(world, "acme", 3, true, own, sizeof(own));
    world_sign_list(world, "other", 9, false, other, sizeof(other));
    options.vendor = NULL;
    options.revocations = own;
    world->revocations = text_of(other);
    licet_open(&options, &client, &error);
    ok(licet_checkout(client, "cad_pro", NULL, 1, &lease, &error) == LICET_UNTRUSTED,
       "R9.3 another vendor's list displaces none, whatever its number (%s)", error.text);
    licet_close(client);
    world_destroy(world);
}

/* ---- going back --------------------------------------------------------------------------- */

static void test_going_back(void)
{
    char path[] = "/tmp/licet-test-witness-XXXXXX";
    struct world *world = world_create();
    licet *client;
    licet_lease lease;
    licet_error error;
    int fd = mkstemp(path);

    if (fd >= 0)
        close(fd);
    client = world_open(world, path);
    world_serve(world, &world->keys, "acme", 5, WORLD_LINES);
    licet_checkout(client, "cad_pro", NULL, 1, &lease, &error);
    world_serve(world, &world->keys, "acme", 4, WORLD_LINES);
    ok(licet_checkout(client, "cad_pro", NULL, 1, &lease, &error) == LICET_OLD_GENERATION &&
           strstr(error.text, "install the newest file") != NULL,
       "R7.5 a server that goes back to an older generation is refused");
    licet_close(client);
    client = world_open(world, path);
    ok(licet_checkout(client, "cad_pro", NULL, 1, &lease, &error) == LICET_OLD_GENERATION,
       "R7.5 the state file remembers it for the next start");
    world_serve(world, &world->keys, "acme", 6, WORLD_LINES);
    ok(licet_checkout(client, "cad_pro", NULL, 1, &lease, &error) == LICET_OK,
       "a newer generation is welcome");
    world->epoch = 6;
    ok(licet_checkout(client, "cad_pro", NULL, 1, &lease, &error) == LICET_OLD_GENERATION,
       "R7.5 a server that goes back to an older epoch is refused");
    licet_close(client);
    client = world_open(world, NULL);
    ok(licet_checkout(client, "cad_pro", NULL, 1, &lease, &error) == LICET_OK,
       "a product that never met it cannot know");
    licet_close(client);
    unlink(path);
    world_destroy(world);
}

int main(void)
{
    test_every_byte_flipped();
    test_every_cut();
    test_slow_answers();
    test_nonsense();
    test_replays();
    test_other_leaves();
    test_other_proofs();
    test_grants_beyond_the_file();
    test_ends_beyond_the_file();
    test_emulators();
    test_revocations();
    test_a_list_for_the_file_in_use();
    test_a_list_that_is_hidden();
    test_a_list_of_the_product();
    test_a_list_of_another_vendor();
    test_going_back();
    return tap_done();
}
