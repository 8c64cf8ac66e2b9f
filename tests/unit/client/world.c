/* The server's side of the conversation, and its vendor. */
#include "world.h"

#include <assert.h>

#include <sodium.h>

#include "license/line.h"
#include "resp/writer.h"
#include "seat/leaf.h"

static void must(enum status status, const struct error *error)
{
    if (status == LICET_OK)
        return;
    fprintf(stderr, "the world cannot be made: %s\n", error_text(error, status));
    abort();
}

/* ---- the vendor --------------------------------------------------------------------------- */

static struct secret_key world_key(uint8_t seed)
{
    uint8_t bytes[KEY_SEED_BYTES];
    struct secret_key key;

    memset(bytes, seed, sizeof(bytes));
    secret_key_init(&key, bytes);
    return key;
}

static struct unix_time world_time(const char *text)
{
    struct unix_time time = {0};
    struct error error;

    must(unix_time_parse(text_of(text), &time, &error), &error);
    return time;
}

void world_keys_make(struct world_keys *keys, struct arena *arena, uint8_t root_seed,
                     uint8_t issuing_seed, uint8_t server_seed, const char *vendor,
                     const char *after, const char *before)
{
    static const uint8_t nonce[CERTIFICATE_NONCE_BYTES] = {7};
    struct buf line = buf_over(keys->root_line, sizeof(keys->root_line) - 1);
    char *principal = arena_take(arena, 1, 128);
    struct public_key root;
    struct error error;

    snprintf(principal, 128, "licensing@%s", vendor);
    keys->root = world_key(root_seed);
    keys->issuing = world_key(issuing_seed);
    keys->server = world_key(server_seed);
    root = secret_key_public(&keys->root);
    public_key_print(&root, TEXT("root"), &line);
    keys->root_line[line.size] = '\0';
    keys->certificate = (struct certificate){
        .key = secret_key_public(&keys->issuing),
        .root = root,
        .serial = 1,
        .id = TEXT("test"),
        .principals_count = 1,
        .after = world_time(after),
        .before = world_time(before),
    };
    keys->certificate.principals[0] = text_of(principal);
    must(certificate_sign(&keys->certificate, &keys->root, nonce, arena, &error), &error);
}

/* Logical lines into wrapped ones. */
static void world_wrap(struct text lines, struct buf *buf)
{
    struct line_writer writer = line_writer_into(buf);
    struct text line, word;

    while (text_split(&lines, '\n', &line) && line.size > 0) {
        while (text_split(&line, ' ', &word))
            line_writer_add(&writer, word);
        line_writer_end(&writer);
    }
}

void world_serve(struct world *world, const struct world_keys *keys, const char *vendor,
                 uint32_t generation, const char *lines)
{
    char place[256];
    struct buf host = buf_over(place, sizeof(place) - 1);
    struct public_key server = secret_key_public(&keys->server);
    struct hash server_hash = public_key_hash(&server);

    buf_add_string(&host, "SERVER LIC01 id=S-1 key=");
    hash_print(&server_hash, &host);
    place[host.size] = '\0';
    world_sign(world, keys, vendor, generation, place, lines);
}

void world_sign(struct world *world, const struct world_keys *keys, const char *vendor,
                uint32_t generation, const char *host, const char *lines)
{
    char draft_text[8192], payload_text[8192];
    struct buf draft = buf_over(draft_text, sizeof(draft_text));
    struct buf payload = buf_over(payload_text, sizeof(payload_text));
    struct buf file = buf_over(world->file, sizeof(world->file));
    struct error error = {0};

    buf_printf(&draft, "LICENSE 1 vendor=%s customer=C-1 generation=%u ", vendor, generation);
    buf_printf(&draft, "issued=2026-11-24T09:12:33Z serial=S-1\n%s\n%s\n", host, lines);
    buf_printf(&payload, "%s\n", LICENSE_FIRST_LINE);
    world_wrap(buf_text(&draft), &payload);
    assert(!draft.is_full && !payload.is_full);
    must(license_sign(buf_text(&payload), &keys->issuing, &keys->certificate, &world->arena, &file,
                      &error),
         &error);
    world->file_size = file.size;
    world->generation = generation;
    world->payload_hash = hash_of(buf_text(&payload));
}

void world_sign_list(struct world *world, const char *vendor, uint32_t number, bool is_revoked,
                     char *place, size_t place_size)
{
    struct public_key issuing = secret_key_public(&world->keys.issuing);
    struct revoked_key key = {.key = public_key_hash(&issuing), .from = {1700000000}};
    struct revocations list = {
        .head = {.vendor = text_of(vendor), .number = number, .issued = {1790000000}},
        .keys = &key,
        .keys_count = is_revoked,
    };
    struct buf buf = buf_over(place, place_size - 1);
    struct error error = {0};

    must(revocations_sign(&list, &world->keys.root, &world->arena, &buf, &error), &error);
    place[buf.size] = '\0';
}

/* ---- the server --------------------------------------------------------------------------- */

static void world_grant(struct world *world, const struct checkout_args *args, bool is_renewal,
                        const struct lease_leaf *known, struct buf *out)
{
    struct public_key server = secret_key_public(&world->keys.server);
    struct lease_leaf leaf = *known;
    struct lease_root root = {
        .vendor = TEXT("acme"),
        .generation = world->generation,
        .epoch = world->epoch,
        .time = world->utc,
        .tree_size = 1,
    };
    uint8_t leaf_bytes[LEAF_BYTES], proof_bytes[PROOF_BYTES_MAX];
    struct lease_proof proof = {.index = 0};
    struct buf buf = buf_over(proof_bytes, sizeof(proof_bytes));
    size_t begin = out->size;

    memcpy(leaf.nonce, args->nonce, sizeof(leaf.nonce));
    leaf.kind = is_renewal ? LEAF_RENEWAL : LEAF_GRANT;
    leaf.ttl_s = world->ttl_s;
    memcpy(root.payload_hash, world->payload_hash.bytes, sizeof(root.payload_hash));
    memcpy(root.server_key, server.bytes, sizeof(root.server_key));
    if (world->tamper != NULL)
        world->tamper(world, &root, &leaf);
    leaf_encode(&leaf, leaf_bytes);
    merkle_hash_leaf(leaf_bytes, sizeof(leaf_bytes), &root.hash);
    proof.leaf = leaf;
    proof.root = root;
    root_sign(&root, world->keys.server.bytes, proof.signature);
    if (world->tamper_proof != NULL)
        world->tamper_proof(world, &proof);
    proof_encode(&proof, &buf);
    resp_write_array(out, 6);
    resp_write_simple(out, "GRANTED");
    resp_write_integer(out, 1041);
    resp_write_integer(out, (int64_t)leaf.ttl_s * 1000);
    resp_write_integer(out, root.generation);
    resp_write_integer(out, leaf.flags);
    if (world->has_no_proof)
        resp_write_null(out, RESP_2);
    else
        resp_write_bulk(out, text_make(proof_bytes, buf.size));
    if (world->first_grant_size == 0) {
        world->first_grant_size = out->size - begin;
        memcpy(world->first_grant, out->data + begin, world->first_grant_size);
    }
}

static struct lease_leaf *world_leaf(struct world *world, const uint8_t id[16], bool is_made)
{
    for (uint32_t index = 0; index < world->leaves_count && index < 16; index++) {
        if (memcmp(world->leaves[index].id, id, 16) == 0)
            return &world->leaves[index];
    }
    if (!is_made)
        return NULL;
    world->leaves[world->leaves_count % 16] = (struct lease_leaf){0};
    return &world->leaves[world->leaves_count++ % 16];
}

static void world_answer_lease(struct world *world, const struct checkout_args *args,
                               bool is_renewal, struct buf *out)
{
    struct lease_leaf *leaf = world_leaf(world, args->id, !is_renewal);

    memcpy(world->last_id, args->id, sizeof(world->last_id));
    if (world->denial != LICET_OK) {
        resp_write_status(out, world->denial, NULL);
        return;
    }
    if (world->replays && world->first_grant_size > 0) {
        buf_add(out, world->first_grant, world->first_grant_size);
        return;
    }
    if (leaf == NULL) {
        resp_write_status(out, LICET_NOT_FOUND, NULL);
        return;
    }
    if (!is_renewal) {
        memcpy(leaf->id, args->id, sizeof(leaf->id));
        leaf_hash_name(args->feature, leaf->feature);
        leaf_hash_name(args->user, leaf->user);
        leaf_hash_name(args->host, leaf->host);
        leaf_hash_name(args->device, leaf->device);
        leaf->count = args->count;
        leaf->release = args->release;
    }
    world_grant(world, args, is_renewal, leaf, out);
}

static void world_answer_chain(struct world *world, struct buf *out)
{
    char line[256];
    struct buf key = buf_over(line, sizeof(line));
    struct public_key server = secret_key_public(&world->keys.server);

    public_key_print(&server, TEXT("LIC01"), &key);
    resp_write_array(out, world->revocations.size > 0 ? 3 : 2);
    resp_write_bulk(out, text_make(world->file, world->file_size));
    resp_write_bulk(out, buf_text(&key));
    if (world->revocations.size > 0)
        resp_write_bulk(out, world->revocations);
}

static void world_answer_why(struct buf *out)
{
    resp_write_array(out, 8);
    resp_write_simple(out, "REFUSED");
    resp_write_simple(out, "NOSEAT");
    resp_write_bulk(out, TEXT("every seat of cad_pro is in use"));
    resp_write_integer(out, 10);
    resp_write_integer(out, 10);
    resp_write_integer(out, 0);
    resp_write_integer(out, 36);
    resp_write_simple(out, "seats");
}

static void world_answer(struct world *world, const struct resp_command *command, struct buf *out)
{
    const struct text *arguments = command->arguments + 1;
    uint32_t count = command->arguments_count - 1;
    struct text name = command->arguments[0];
    struct checkout_args args = {0};
    struct error error;

    if (text_is(name, "CHAIN")) {
        world->chains++;
        world_answer_chain(world, out);
    } else if (text_is(name, "CHECKOUT")) {
        world->checkouts++;
        must(checkout_args_parse(arguments, count, &args, &error), &error);
        world_answer_lease(world, &args, false, out);
    } else if (text_is(name, "RENEW")) {
        world->renews++;
        must(renew_args_parse(arguments, count, &args, &error), &error);
        world_answer_lease(world, &args, true, out);
    } else if (text_is(name, "CHECKIN")) {
        world->checkins++;
        must(checkin_args_parse(arguments, count, &args, &error), &error);
        resp_write_array(out, 2);
        resp_write_simple(out, "ENDED");
        resp_write_integer(out, 1041);
    } else if (text_is(name, "WHY")) {
        world->whys++;
        must(why_args_parse(arguments, count, &args, &error), &error);
        world_answer_why(out);
    } else {
        resp_write_status(out, LICET_UNSUPPORTED, NULL);
    }
}

static void world_serve_bytes(struct world *world)
{
    struct resp_limits limits = RESP_LIMITS_STRANGER;
    struct resp_command command;
    struct buf out = {world->out, world->out_size, sizeof(world->out), false};
    struct error error;

    while (resp_read(&world->reader, text_make(world->in, world->in_size), &limits, &command,
                     &error) == RESP_COMMAND) {
        world_answer(world, &command, &out);
        if (world->is_silent)
            out.size = world->out_size;
        memmove(world->in, world->in + command.size, world->in_size - command.size);
        world->in_size -= command.size;
    }
    assert(!world->reader.is_broken && !out.is_full);
    world->out_size = out.size;
}

/* ---- the wire ----------------------------------------------------------------------------- */

static licet_status world_connect(void *context, const char *server, uint32_t timeout_ms,
                                  licet_error *error)
{
    struct world *world = context;

    (void)server;
    world->now_ms += timeout_ms;
    if (world->is_black_hole)
        return LICET_TIMEOUT;
    if (world->is_down) {
        snprintf(error->text, sizeof(error->text), "nobody is at home");
        return LICET_UNREACHABLE;
    }
    world->connects++;
    world->is_connected = true;
    world->reader = (struct resp_reader){0};
    world->in_size = world->out_size = world->out_at = 0;
    world->sent = 0;
    return LICET_OK;
}

static int64_t world_write(void *context, const void *data, size_t data_size, uint32_t timeout_ms)
{
    struct world *world = context;
    size_t room = sizeof(world->in) - world->in_size;
    size_t size = data_size < room ? data_size : room;

    (void)timeout_ms;
    if (!world->is_connected)
        return -1;
    memcpy(world->in + world->in_size, data, size);
    world->in_size += size;
    world_serve_bytes(world);
    return (int64_t)size;
}

static bool world_is_cut(const struct world *world)
{
    return world->cut_at >= 0 && world->connects == 1;
}

static int64_t world_read(void *context, void *data, size_t data_size, uint32_t timeout_ms)
{
    struct world *world = context;
    size_t size = world->out_size - world->out_at;

    if (!world->is_connected || (world_is_cut(world) && world->sent >= world->cut_at))
        return -1;
    if (size == 0 || world->now_ms < world->delay_until) {
        world->now_ms += timeout_ms;
        return 0;
    }
    size = size < data_size ? size : data_size;
    size = size < world->chunk ? size : world->chunk;
    if (world_is_cut(world) && (int64_t)size > world->cut_at - world->sent)
        size = (size_t)(world->cut_at - world->sent);
    memcpy(data, world->out + world->out_at, size);
    if (world->flip_at >= world->sent && world->flip_at < world->sent + (int64_t)size)
        ((uint8_t *)data)[world->flip_at - world->sent] ^= world->flip_with;
    world->out_at += size;
    world->sent += (int64_t)size;
    return (int64_t)size;
}

static void world_close(void *context)
{
    struct world *world = context;

    world->is_connected = false;
}

licet_transport world_transport(struct world *world)
{
    return (licet_transport){
        .size = sizeof(licet_transport),
        .context = world,
        .connect = world_connect,
        .read = world_read,
        .write = world_write,
        .close = world_close,
    };
}

/* ---- a product ---------------------------------------------------------------------------- */

static struct instant world_clock(void *context)
{
    struct world *world = context;

    world->now_ms++;
    return (struct instant){world->now_ms};
}

static struct unix_time world_calendar(void *context)
{
    const struct world *world = context;

    return (struct unix_time){world->utc};
}

static void world_rest(void *context, uint32_t ms)
{
    struct world *world = context;

    world->now_ms += ms;
}

licet_options world_options(struct world *world, licet_transport *transport)
{
    licet_options options;

    licet_options_init(&options, sizeof(options));
    *transport = world_transport(world);
    options.server = "license.example:7380";
    options.roots = world->keys.root_line;
    options.vendor = "acme";
    options.user = "ada";
    options.host = "desk7";
    options.device = "d-1";
    options.timeout_ms = 1000;
    options.transport = transport;
    return options;
}

void world_adopt(struct world *world, licet *client)
{
    client->clock = world_clock;
    client->rest = world_rest;
    client->calendar = world_calendar;
    client->clock_context = world;
}

licet *world_open(struct world *world, const char *state_path)
{
    licet_transport transport;
    licet_options options = world_options(world, &transport);
    licet_error error;
    licet *client;

    options.state_path = state_path;
    if (licet_open(&options, &client, &error) != LICET_OK) {
        fprintf(stderr, "%s\n", error.text);
        abort();
    }
    world_adopt(world, client);
    return client;
}

licet_lease_info world_info(const licet *client, licet_lease lease)
{
    licet_lease_info info;

    licet_lease_info_init(&info, sizeof(info));
    if (licet_lease_get(client, lease, &info, NULL) != LICET_OK)
        info.state = 0;
    return info;
}

#define WORLD_ARENA_BYTES ((size_t)64 * 1024 * 1024)

struct world *world_create(void)
{
    struct world *world = calloc(1, sizeof(*world));

    if (world == NULL || sodium_init() < 0)
        abort();
    world->arena_memory = malloc(WORLD_ARENA_BYTES);
    world->arena = arena_over(world->arena_memory, WORLD_ARENA_BYTES);
    world->epoch = 7;
    world->ttl_s = WORLD_TTL_S;
    world->utc = world_time("2026-11-24T10:00:00Z").s;
    world->flip_at = world->cut_at = -1;
    world->flip_with = 1;
    world->chunk = SIZE_MAX;
    world->now_ms = 1000000;
    world_keys_make(&world->keys, &world->arena, 1, 2, 3, "acme", "2026-01-01T00:00:00Z",
                    "2027-01-01T00:00:00Z");
    world_serve(world, &world->keys, "acme", 4, WORLD_LINES);
    return world;
}

void world_destroy(struct world *world)
{
    free(world->arena_memory);
    free(world);
}
