/* Options, the environment, memory: what licet_open() refuses and what it takes. */
#include "world.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tap.h"

static const char root_line[] =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBERERERERERERERERERERERERERERERERERERERERER root";

static licet_status open_with(void (*change)(licet_options *), licet_error *error)
{
    licet_options options;
    licet *client = NULL;
    licet_status status;

    licet_options_init(&options, sizeof(options));
    options.server = "127.0.0.1:7380";
    options.roots = root_line;
    change(&options);
    status = licet_open(&options, &client, error);
    licet_close(client);
    return status;
}

#define CHANGE(name, statement)                                                                    \
    static void name(licet_options *options)                                                       \
    {                                                                                              \
        statement;                                                                                 \
    }

CHANGE(nothing, (void)options)
CHANGE(no_server, options->server = NULL)
CHANGE(bad_server, options->server = "license.example:port")
CHANGE(empty_port, options->server = "license.example:")
CHANGE(large_port, options->server = "license.example:65536")
CHANGE(open_bracket, options->server = "[::1")
CHANGE(no_roots, options->roots = NULL)
CHANGE(bad_roots, options->roots = "ssh-rsa AAAA x")
CHANGE(many_roots, static char many[1024]; many[0] = '\0'; for (int i = 0; i < 5; i++)
           snprintf(many + strlen(many), sizeof(many) - strlen(many), "%s\n", root_line);
       options->roots = many)
CHANGE(two_roots, static char two[512];
       snprintf(two, sizeof(two), "# current and next\n%s\n\n%s\n", root_line, root_line);
       options->roots = two)
CHANGE(bad_vendor, options->vendor = "a b")
CHANGE(bad_user, options->user = "a b")
CHANGE(empty_host, options->host = "")
CHANGE(long_device,
       options->device = "0123456789012345678901234567890123456789012345678901234567890"
                         "1234")
CHANGE(no_timeout, options->timeout_ms = 0)
CHANGE(long_timeout, options->timeout_ms = 60001)
CHANGE(no_leases, options->leases_max = 0)
CHANGE(many_leases, options->leases_max = 65)
CHANGE(bad_list, options->revocations = "REVOCATIONS 1 vendor=acme number=1\n")
CHANGE(no_callbacks, static licet_transport transport = {.size = sizeof(transport)};
       options->transport = &transport)
CHANGE(short_options, options->size = 4)

static void test_refused(void)
{
    static const struct {
        void (*change)(licet_options *);
        const char *what;
    } rows[] = {
        {bad_server, "a port that is no number"},
        {empty_port, "an empty port"},
        {large_port, "port 65536"},
        {open_bracket, "a bracket that is not closed"},
        {no_roots, "no root key"},
        {many_roots, "five root keys"},
        {bad_vendor, "a vendor with a blank"},
        {bad_user, "a user with a blank"},
        {empty_host, "an empty host"},
        {long_device, "a device of 65 bytes"},
        {no_timeout, "no time at all"},
        {long_timeout, "more than a minute"},
        {no_leases, "no lease"},
        {many_leases, "65 leases"},
        {bad_list, "a revocation list that nobody signed"},
        {no_callbacks, "a transport without callbacks"},
        {short_options, "options that were not set up"},
    };
    licet_error error;

    ok(open_with(nothing, &error) == LICET_OK, "server and root are enough");
    ok(open_with(two_roots, &error) == LICET_OK, "current and next root, comments, empty lines");
    for (size_t index = 0; index < sizeof(rows) / sizeof(rows[0]); index++) {
        licet_status status;

        error.text[0] = '\0';
        status = open_with(rows[index].change, &error);
        ok(status == LICET_INVALID && error.status == status && error.text[0] != '\0',
           "%s: refused, with a sentence", rows[index].what);
    }
    ok(open_with(bad_roots, &error) == LICET_UNSUPPORTED, "a root of another kind is named so");
    ok(licet_open(NULL, NULL, &error) == LICET_INVALID, "NULL is an error, not a crash");
}

static void test_environment(void)
{
    char path[] = "/tmp/licet-test-root-XXXXXX";
    int fd = mkstemp(path);
    licet_error error;

    ok(fd >= 0 && write(fd, root_line, sizeof(root_line) - 1) > 0, "a file with a root key");
    close(fd);
    unsetenv("LICET_SERVER");
    unsetenv("LICET_ROOT");
    ok(open_with(no_server, &error) == LICET_INVALID && strstr(error.text, "LICET_SERVER") != NULL,
       "without a server the sentence says where to name it");
    setenv("LICET_SERVER", "127.0.0.1:1", 1);
    ok(open_with(no_server, &error) == LICET_OK, "LICET_SERVER is read where no server is given");
    setenv("LICET_ROOT", path, 1);
    ok(open_with(no_roots, &error) == LICET_OK, "LICET_ROOT is read where no root is given");
    setenv("LICET_SERVER", ":::", 1);
    setenv("LICET_ROOT", "/does/not/exist", 1);
    ok(open_with(nothing, &error) == LICET_OK,
       "neither is looked at where the product gives its own");
    ok(open_with(no_roots, &error) == LICET_INVALID &&
           strstr(error.text, "/does/not/exist") != NULL,
       "a file that is not there is named");
    unlink(path);
}

/* What was found in the field: a product whose trust anchor came out of user settings. */
static void test_a_pinned_root_stays(void)
{
    char path[] = "/tmp/licet-test-root-XXXXXX";
    struct world *world = world_create();
    struct world_keys other;
    licet_lease lease;
    licet_error error;
    licet *client;
    int fd = mkstemp(path);

    world_keys_make(&other, &world->arena, 91, 92, 3, "acme", "2026-01-01T00:00:00Z",
                    "2027-01-01T00:00:00Z");
    ok(fd >= 0 && write(fd, other.root_line, strlen(other.root_line)) > 0, "somebody's own root");
    close(fd);
    setenv("LICET_ROOT", path, 1);
    world_serve(world, &other, "acme", 4, WORLD_LINES);
    client = world_open(world, NULL);
    ok(licet_checkout(client, "cad_pro", NULL, 1, &lease, &error) == LICET_UNTRUSTED,
       "LICET_ROOT never replaces a root that a product pins");
    licet_close(client);
    unlink(path);
    world_destroy(world);
}

static void test_memory(void)
{
    struct rlimit before, none;
    licet_error error;
    licet_status status;

    getrlimit(RLIMIT_AS, &before);
    none = before;
    none.rlim_cur = 1;
    setrlimit(RLIMIT_AS, &none);
    status = open_with(nothing, &error);
    setrlimit(RLIMIT_AS, &before);
    ok(status == LICET_NO_MEMORY, "INV-30 where memory is refused licet_open() says so");
    ok(open_with(nothing, &error) == LICET_OK, "and works when there is some again");
}

/* Pages of the handle's mapping that are really there. */
static size_t resident_bytes(const licet *client)
{
    static unsigned char pages[65536];
    size_t count = (client->memory_size + 4095) / 4096, resident = 0;

    if (count > sizeof(pages) ||
        mincore((void *)(uintptr_t)client, client->memory_size, pages) != 0)
        return SIZE_MAX;
    for (size_t index = 0; index < count; index++)
        resident += pages[index] & 1;
    return resident * 4096;
}

static void test_footprint(void)
{
    struct world *world = world_create();
    licet *client = world_open(world, NULL);
    size_t before = resident_bytes(client), after;
    licet_lease lease;
    licet_error error;

    licet_checkout(client, "cad_pro", NULL, 1, &lease, &error);
    after = resident_bytes(client);
    printf("# a handle takes %zu KiB, holding a lease under a small file %zu KiB, of %zu KiB of"
           " addresses\n",
           before / 1024, after / 1024, client->memory_size / 1024);
    ok(after <= (size_t)256 * 1024, "a handle that holds a lease takes at most 256 KiB");
    licet_close(client);
    world_destroy(world);
}

static void test_an_older_program(void)
{
    licet_options options;

    memset(&options, 0x55, sizeof(options));
    licet_options_init(&options, offsetof(licet_options, leases_max));
    ok(options.size == offsetof(licet_options, leases_max) && options.timeout_ms == 5000 &&
           options.leases_max == 0x55555555,
       "a program that knows fewer options is not written past its struct");
    licet_options_init(NULL, 8);
    ok(true, "NULL is survived");
}

int main(void)
{
    test_refused();
    test_environment();
    test_a_pinned_root_stays();
    test_memory();
    test_footprint();
    test_an_older_program();
    return tap_done();
}
