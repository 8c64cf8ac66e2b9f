/* R2.7: a file for this device, and no server anywhere. */
#include "world.h"

#include <unistd.h>

#include "tap.h"

#define DEVICE "DEVICE GW-00-1A-2B id=D-1"
#define LINE " maintenance=2027-11-24 expiry=permanent"

static licet_options device_options(struct world *world, licet_transport *transport)
{
    licet_options options = world_options(world, transport);

    options.server = NULL;
    options.device = "GW-00-1A-2B";
    options.device_file = world->file;
    options.device_file_size = world->file_size;
    return options;
}

static licet *device_open_with(struct world *world, const licet_options *options,
                               licet_status *ret_status, licet_error *error)
{
    licet *client = NULL;

    *ret_status = licet_open(options, &client, error);
    if (*ret_status == LICET_OK)
        world_adopt(world, client);
    return client;
}

/* A handle of a file with these lines. */
static licet *device_of(struct world *world, const char *lines)
{
    licet_transport transport;
    licet_options options;
    licet_status status;
    licet_error error;
    licet *client;

    world_sign(world, &world->keys, "acme", 3, DEVICE, lines);
    options = device_options(world, &transport);
    client = device_open_with(world, &options, &status, &error);
    if (client == NULL) {
        fprintf(stderr, "%s\n", error.text);
        abort();
    }
    return client;
}

static licet_status take(licet *client, const char *feature, uint32_t count, licet_lease *ret_lease)
{
    licet_lease unused;

    return licet_checkout(client, feature, "2026-11-24", count,
                          ret_lease == NULL ? &unused : ret_lease, NULL);
}

static void test_a_seat(void)
{
    struct world *world = world_create();
    licet *client = device_of(world, "INCREMENT gateway sn=A-1 seats=1" LINE);
    licet_lease lease = 0;
    licet_error error;
    licet_lease_info info;
    char chain[16384], file[16384];
    uint8_t proof[LICET_PROOF_SIZE_MAX];
    size_t size = 0;

    memcpy(file, world->file, sizeof(file));
    memset(world->file, 'x', sizeof(world->file)); /* borrowed for licet_open() only */
    ok(take(client, "gateway", 1, &lease) == LICET_OK && world->connects == 0,
       "R2.7 a seat is held, and no server was asked");
    info = world_info(client, lease);
    ok(info.state == LICET_STATE_HELD && info.left_ms == INT64_MAX && info.end_s == 0 &&
           info.generation == 3 && strcmp(info.vendor, "acme") == 0 &&
           strcmp(info.device, "GW-00-1A-2B") == 0 && info.number != 0,
       "R2.7 the lease says whose it is, and that it never ends");
    world->now_ms += (int64_t)10 * 366 * 86400 * 1000;
    ok(licet_tick(client, &error) == LICET_OK && licet_wait_ms(client) == UINT32_MAX &&
           licet_fd(client, NULL) == -1 && world->connects == 0 && world->chains == 0,
       "R2.7 ten years later it is held, and nothing wants a turn");
    ok(licet_chain(client, chain, sizeof(chain), &size, &error) == LICET_OK &&
           size == world->file_size && memcmp(chain, file, size) == 0,
       "R2.7 the file is the evidence");
    ok(licet_lease_proof(client, lease, proof, sizeof(proof), &size, &error) == LICET_NOT_FOUND,
       "for no server has signed the lease");
    ok(licet_checkin(client, lease, &error) == LICET_OK && world_info(client, lease).state == 0 &&
           take(client, "gateway", 1, &lease) == LICET_OK,
       "a seat that was given back can be had again");
    licet_close(client);
    world_destroy(world);
}

static void test_counts(void)
{
    struct world *world = world_create();
    licet *client = device_of(world, "INCREMENT pro sn=A-1 seats=1" LINE
                                     " covers=std\nINCREMENT std sn=A-2 seats=1" LINE
                                     "\nINCREMENT wide sn=A-3 seats=3" LINE " overdraft=2");
    licet_lease first, second, third;
    licet_error error = {0};

    ok(take(client, "std", 1, &first) == LICET_OK && take(client, "std", 1, &second) == LICET_OK &&
           licet_checkout(client, "pro", NULL, 1, &third, &error) == LICET_NO_SEAT,
       "R4.3 seats are counted with those that cover them (%s)", error.text);
    licet_checkin(client, first, NULL);
    ok(take(client, "pro", 1, &third) == LICET_OK && take(client, "std", 1, NULL) == LICET_NO_SEAT,
       "R4.3 and assigned so that as many as can be are served");
    ok(take(client, "wide", 6, NULL) == LICET_NO_SEAT &&
           take(client, "wide", 3, &first) == LICET_OK && world_info(client, first).flags == 0 &&
           take(client, "wide", 2, &second) == LICET_OK &&
           world_info(client, second).flags == LICET_FLAG_OVERDRAFT &&
           take(client, "wide", 1, NULL) == LICET_NO_SEAT,
       "overdraft is given, and said");
    licet_close(client);
    world_destroy(world);
}

static void test_refusals(void)
{
    struct world *world = world_create();
    licet *client = device_of(
        world, "INCREMENT old sn=A-1 seats=1 maintenance=2026-11-23 expiry=permanent\n"
               "INCREMENT gone sn=A-2 seats=1 maintenance=2027-11-24 expiry=2026-11-22\n"
               "INCREMENT late sn=A-3 seats=1 start=2027-01-01 maintenance=2027-11-24"
               " expiry=permanent\n"
               "INCREMENT named sn=A-4 seats=1 maintenance=2027-11-24 expiry=permanent bind=name\n"
               "INCREMENT stale sn=A-5 seats=1" LINE " refresh-by=2026-11-22");
    licet_reason reason;
    licet_error error;

    licet_reason_init(&reason, sizeof(reason));
    ok(take(client, "nothing", 1, NULL) == LICET_NO_FEATURE, "a feature without a line");
    ok(take(client, "old", 1, NULL) == LICET_MAINTENANCE, "R1.3 a release after maintenance");
    ok(licet_checkout(client, "old", "2026-11-23", 1, &(licet_lease){0}, NULL) == LICET_OK,
       "R1.3 and one of its last day");
    ok(take(client, "gone", 1, NULL) == LICET_EXPIRED &&
           take(client, "stale", 1, NULL) == LICET_EXPIRED,
       "R1.3 a line that has ended, by expiry or by refresh-by");
    ok(take(client, "late", 1, NULL) == LICET_NOT_STARTED, "R1.3 one that has not begun");
    ok(take(client, "named", 1, NULL) == LICET_DISABLED, "R2.5 one that is disabled");
    ok(licet_why(client, "gone", NULL, 1, &reason, &error) == LICET_OK &&
           reason.status == LICET_EXPIRED && reason.next_free_s == -1 &&
           strstr(reason.text, "gone") != NULL && strstr(reason.text, "vendor") != NULL,
       "licet_why() says the same (%s)", reason.text);
    ok(licet_why(client, "old", NULL, 1, &reason, &error) == LICET_OK &&
           reason.status == LICET_NO_SEAT && reason.seats == 1 && reason.in_use == 1,
       "and counts what this handle holds");
    world->utc = INT64_C(1);
    ok(take(client, "gone", 1, NULL) == LICET_EXPIRED,
       "a clock that was set back wins nothing from before the file's issue");
    licet_close(client);
    world_destroy(world);
}

static void test_ends(void)
{
    struct world *world = world_create();
    licet *client = device_of(world, "INCREMENT term sn=A-1 seats=1 maintenance=2027-11-24"
                                     " expiry=2026-11-30\nINCREMENT term sn=A-2 seats=1" LINE);
    licet_lease forever, cut;
    licet_error error = {0};
    int64_t left;

    take(client, "term", 1, &forever);
    take(client, "term", 1, &cut);
    left = world_info(client, cut).left_ms;
    ok(world_info(client, forever).end_s == 0 && world_info(client, cut).end_s == 1796126400 &&
           left > (1796126400 - world->utc) * 1000 - 100 &&
           left <= (1796126400 - world->utc) * 1000,
       "R4.4 what does not fit beyond an end is cut there");
    world->now_ms += left - 2000;
    ok(licet_tick(client, &error) == LICET_OK && world_info(client, cut).state == LICET_STATE_HELD,
       "it is held to that end");
    ok(licet_wait_ms(client) <= 2000, "which wants a turn");
    world->now_ms += 2000;
    ok(licet_tick(client, &error) == LICET_LEASE_LOST && strstr(error.text, "term") != NULL &&
           world_info(client, cut).state == LICET_STATE_LOST &&
           world_info(client, cut).reason == LICET_EXPIRED && world_info(client, cut).left_ms == 0,
       "and lost then (%s)", error.text);
    ok(world_info(client, forever).state == LICET_STATE_HELD, "the other one goes on");
    ok(licet_checkin(client, cut, &error) == LICET_OK && licet_tick(client, &error) == LICET_OK,
       "the product lets go of it");
    licet_close(client);
    world_destroy(world);
}

/* ---- the file ----------------------------------------------------------------------------- */

static struct {
    struct world *world;
    char list[4096];
    char key_line[256];
} scene;

static void change_nothing(licet_options *options)
{
    (void)options;
}

static void other_serial(licet_options *options)
{
    options->device = "GW-00-1A-2C";
}

static void no_serial(licet_options *options)
{
    options->device = "";
}

static void other_vendor(licet_options *options)
{
    options->vendor = "other";
}

static void other_root(licet_options *options)
{
    options->roots =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBERERERERERERERERERERERERERERERERERERERERER root";
}

static void with_list(licet_options *options)
{
    options->revocations = scene.list;
}

static void with_key(licet_options *options)
{
    options->device_key = scene.key_line;
}

static void with_root_as_key(licet_options *options)
{
    options->device_key = options->roots;
}

static void cut_short(licet_options *options)
{
    options->device_file_size -= 40;
}

static void no_size(licet_options *options)
{
    options->device_file_size = 0;
}

static licet_status open_changed(void (*change)(licet_options *), licet_error *error)
{
    licet_transport transport;
    licet_options options = device_options(scene.world, &transport);
    licet_status status;

    change(&options);
    licet_close(device_open_with(scene.world, &options, &status, error));
    return status;
}

/* The server's key of the world stands for a device's. */
static void sign_with_key(struct world *world, const char *revoked_from)
{
    struct public_key key = secret_key_public(&world->keys.server);
    struct hash hash = public_key_hash(&key);
    char text[512], fingerprint[HASH_TEXT_BYTES + 1];
    struct buf buf = buf_over(fingerprint, HASH_TEXT_BYTES);
    struct buf line = buf_over(scene.key_line, sizeof(scene.key_line) - 1);

    hash_print(&hash, &buf);
    fingerprint[buf.size] = '\0';
    public_key_print(&key, TEXT("device"), &line);
    scene.key_line[line.size] = '\0';
    snprintf(text, sizeof(text), DEVICE " key=%s%s%s%s%s", fingerprint,
             revoked_from == NULL ? "" : "\nREVOKED key=", revoked_from == NULL ? "" : fingerprint,
             revoked_from == NULL ? "" : " from=", revoked_from == NULL ? "" : revoked_from);
    world_sign(world, &world->keys, "acme", 3, text, "INCREMENT gateway sn=A-1 seats=1" LINE);
}

static void test_other_files(void)
{
    struct world *world = scene.world = world_create();
    licet_error error = {0};
    uint32_t taken = 0;

    ok(open_changed(change_nothing, &error) == LICET_WRONG_SERVER &&
           strstr(error.text, "LIC01") != NULL,
       "R2.7 a file for a license server is no file for a device (%s)", error.text);
    world_sign(world, &world->keys, "acme", 3, DEVICE, "INCREMENT gateway sn=A-1 seats=1" LINE);
    ok(open_changed(change_nothing, &error) == LICET_OK, "R2.7 one for this device is (%s)",
       error.text);
    ok(open_changed(other_serial, &error) == LICET_WRONG_SERVER &&
           strstr(error.text, "GW-00-1A-2B") != NULL && strstr(error.text, "GW-00-1A-2C") != NULL,
       "R2.7 one for another device is not (%s)", error.text);
    ok(open_changed(no_serial, &error) == LICET_WRONG_SERVER,
       "R2.7 a device without a name has none");
    ok(open_changed(other_vendor, &error) == LICET_UNTRUSTED &&
           open_changed(other_root, &error) == LICET_UNTRUSTED,
       "R9.1 another vendor's is not, and none under another root");
    world_sign_list(world, "acme", 1, true, scene.list, sizeof(scene.list));
    ok(open_changed(with_list, &error) == LICET_REVOKED,
       "R9.3 one of a key that the product knows as revoked is not");
    ok(open_changed(cut_short, &error) == LICET_INVALID &&
           open_changed(no_size, &error) == LICET_INVALID,
       "a cut file, an empty file");
    for (size_t at = 0; at < world->file_size; at += 5) {
        world->file[at] ^= 1;
        taken += open_changed(change_nothing, &error) == LICET_OK;
        world->file[at] ^= 1;
    }
    ok(taken == 0, "R2.6 a file with a bit changed is refused wherever it is");
    sign_with_key(world, NULL);
    ok(open_changed(with_key, &error) == LICET_OK &&
           open_changed(change_nothing, &error) == LICET_WRONG_SERVER &&
           open_changed(with_root_as_key, &error) == LICET_WRONG_SERVER,
       "R2.7 a file that names a key wants that key (%s)", error.text);
    sign_with_key(world, "2026-01-01T00:00:00Z");
    ok(open_changed(with_key, &error) == LICET_REVOKED, "R9.3 and none that the file revokes");
    world_destroy(world);
}

static licet_status open_generation(const char *path, uint32_t generation, const char *serial,
                                    licet_error *error)
{
    struct world *world = scene.world;
    licet_transport transport;
    licet_options options;
    licet_status status;
    char host[128];

    snprintf(host, sizeof(host), "DEVICE %s id=D-1", serial);
    world_sign(world, &world->keys, "acme", generation, host,
               "INCREMENT gateway sn=A-1 seats=1" LINE);
    options = device_options(world, &transport);
    options.device = serial;
    options.state_path = path;
    licet_close(device_open_with(world, &options, &status, error));
    return status;
}

static void test_going_back(void)
{
    char path[] = "/tmp/licet-test-device-XXXXXX";
    licet_error error = {0};
    int fd = mkstemp(path);

    if (fd >= 0)
        close(fd);
    scene.world = world_create();
    ok(open_generation(path, 5, "GW-1", &error) == LICET_OK &&
           open_generation(path, 4, "GW-1", &error) == LICET_OLD_GENERATION,
       "R2.7 the highest generation is kept in the state path (%s)", error.text);
    ok(open_generation(path, 5, "GW-1", &error) == LICET_OK &&
           open_generation(path, 6, "GW-1", &error) == LICET_OK &&
           open_generation(path, 5, "GW-1", &error) == LICET_OLD_GENERATION,
       "R2.7 the same one and newer ones are welcome");
    ok(open_generation(path, 1, "GW-2", &error) == LICET_OK, "R2.7 each device has its own");
    ok(open_generation(NULL, 4, "GW-1", &error) == LICET_OK,
       "without a state path nothing is kept");
    unlink(path);
    world_destroy(scene.world);
}

int main(void)
{
    test_a_seat();
    test_counts();
    test_refusals();
    test_ends();
    test_other_files();
    test_going_back();
    return tap_done();
}
