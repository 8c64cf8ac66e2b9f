/* License files as a vendor would make them, and the operator who installs them. */
#include "sim/world.h"

static int64_t date_draw(struct world *world)
{
    struct random *random = &world->workload;
    int64_t utc = world_now(world).utc.s;
    uint32_t choice = random_below(random, 6);

    if (!world->settings.has_dates || choice < 3)
        return 0;
    if (choice == 3)
        return utc + random_between(random, -20, 5);
    if (choice == 4)
        return utc + random_between(random, 1, 3 * (int64_t)world->settings.ttl_s_max);
    return utc + random_between(random, 1, 400000000);
}

static void line_draw_covers(struct world *world, struct seat_line *line)
{
    uint32_t count = world->settings.has_covers ? random_below(&world->workload, 3) : 0;

    for (uint32_t index = 0; index < count; index++) {
        name_id covered = FIRST_FEATURE + random_below(&world->workload, world->settings.features);

        if (!seating_line_covers(line, covered))
            line->covers[line->covers_count++] = covered;
    }
}

static void line_draw(struct world *world, name_id serial, struct seat_line *line)
{
    const struct settings *settings = &world->settings;
    struct random *random = &world->workload;

    *line = (struct seat_line){.sn = serial, .maintenance = DATE_NONE};
    line->feature = FIRST_FEATURE + serial % settings->features;
    line->seats = 1 + random_below(random, settings->seats_max);
    if (settings->has_overdraft)
        line->overdraft = random_below(random, 3);
    if (settings->has_maintenance && random_below(random, 3) > 0)
        line->maintenance = MAINTENANCE_DAY + random_below(random, 4);
    line->ttl_s = (uint32_t)random_between(random, LEASE_TTL_SECONDS_MIN, settings->ttl_s_max);
    line->drain_s = 1 + random_below(random, settings->drain_s_max);
    line->expiry = date_draw(world);
    if (random_below(random, 3) == 0)
        line->refresh_by = date_draw(world);
    if (settings->has_dates && random_below(random, 8) == 0)
        line->start = world_now(world).utc.s + random_between(random, -10, 60);
    if (settings->has_disabled && random_below(random, 6) == 0)
        line->state = LINE_NOT_SERVED;
    line_draw_covers(world, line);
}

static void file_draw_lines(struct world *world, uint32_t vendor)
{
    struct random *random = &world->workload;
    struct seat_installation *file = &world->files[vendor];

    file->lines_count = 0;
    for (name_id serial = 0; serial < SERIALS_COUNT; serial++) {
        struct seat_line *line = &world->lines[vendor][file->lines_count];
        const struct seat_line *old = NULL;

        for (uint32_t index = 0; index < world->old_files[vendor].lines_count; index++)
            if (world->old_lines[vendor][index].sn == FIRST_SERIAL + serial)
                old = &world->old_lines[vendor][index];
        if (random_below(random, SERIALS_COUNT) >= world->settings.lines)
            continue; /* this line is not in the file */
        line_draw(world, FIRST_SERIAL + serial, line);
        if (old != NULL && random_below(random, 2) == 0) {
            uint32_t seats = line->seats;

            *line = *old; /* only the count changes */
            line->seats = seats;
        }
        file->lines_count++;
    }
}

/* A new file: most often the next generation, sometimes a later one; rarely without any line. */
static void file_draw(struct world *world, uint32_t vendor)
{
    struct random *random = &world->workload;
    struct seat_installation *file = &world->files[vendor];

    world->old_files[vendor] = *file;
    memcpy(world->old_lines[vendor], world->lines[vendor], sizeof(world->lines[vendor]));
    file->vendor = FIRST_VENDOR + vendor;
    file->generation += random_below(random, 8) == 0 ? 1 + random_below(random, 100) : 1;
    for (int index = 0; index < 32; index++)
        file->payload_hash[index] = (uint8_t)(random_next(random) >> 56);
    if (random_below(random, 20) == 0)
        file->lines_count = 0;
    else
        file_draw_lines(world, vendor);
}

static bool file_install(struct world *world, const struct seat_installation *file,
                         const struct seat_line *lines)
{
    struct request request = {.connection = OPERATOR_CONNECTION};
    struct seat_installation installed = *file;

    installed.installed_at = world_now(world).utc.s;
    request.event.kind = SEAT_INSTALL;
    request.event.vendor = file->vendor;
    request.event.installation = &installed;
    request.event.lines = lines;
    return shell_request(world->shell, world_now(world), &request);
}

/* Most often one of which there is no line. */
static uint32_t operator_vendor(struct world *world)
{
    uint32_t vendor = random_below(&world->workload, world->settings.vendors);

    for (uint32_t other = 0; other < world->settings.vendors; other++)
        if (world->files[other].lines_count == 0 && random_below(&world->workload, 4) > 0)
            return other;
    return vendor;
}

int64_t operator_gap_ms(struct world *world)
{
    int64_t gap_ms = random_between(&world->workload, 1, 2 * (int64_t)world->settings.operator_ms);

    for (uint32_t vendor = 0; vendor < world->settings.vendors; vendor++)
        if (world->files[vendor].lines_count == 0)
            return 1 + gap_ms / 8; /* somebody complains */
    return gap_ms;
}

/* Ends a lease that the server shows, and now and then one that it does not. */
static bool operator_end(struct world *world)
{
    struct request request = {.connection = OPERATOR_CONNECTION, .event = {.kind = SEAT_END}};
    uint32_t steps = 1 + random_below(&world->workload, 8);
    struct seat_lease_view view = {.handle = 1};
    uint64_t cursor = 0;

    while (steps-- > 0 &&
           seats_next_lease(world->shell->seats, world_now(world), 0, 0, &cursor, &view))
        ;
    request.event.handle = view.handle;
    return shell_request(world->shell, world_now(world), &request);
}

/* The administrator: ends a lease, or brings a newer file, now and then the same again, an older one, or another text under
 * the same number. */
bool operator_act(struct world *world)
{
    uint32_t vendor = operator_vendor(world);
    uint32_t choice = random_below(&world->workload, 20);
    struct seat_installation other;

    if (choice > 12)
        return operator_end(world);
    if (choice == 0 && world->old_files[vendor].generation > 0)
        return file_install(world, &world->old_files[vendor], world->old_lines[vendor]);
    if (choice == 1 && world->files[vendor].generation > 0)
        return file_install(world, &world->files[vendor], world->lines[vendor]);
    if (choice == 2 && world->files[vendor].generation > 0) {
        other = world->files[vendor];
        other.payload_hash[0] ^= 1;
        return file_install(world, &other, world->lines[vendor]);
    }
    file_draw(world, vendor);
    return file_install(world, &world->files[vendor], world->lines[vendor]);
}
