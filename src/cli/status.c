/* licet status: what is installed on the license server, and how much of it is in use. */
#include "cli/command.h"
#include "cli/console.h"

static void status_print_file(const json_t *vendor)
{
    if (json_is_null(json_object_get(vendor, "generation"))) {
        printf("%s: no license file is installed; its administrator can: licet install FILE\n",
               console_string(vendor, "vendor", "?"));
        return;
    }
    printf("%s: generation %lld for customer %s, issued %s, serial %s\n  %s\n",
           console_string(vendor, "vendor", "?"), console_number(vendor, "generation"),
           console_string(vendor, "customer", "?"), console_string(vendor, "issued", "?"),
           console_string(vendor, "serial", "?"), console_string(vendor, "hash", "?"));
    if (json_is_true(json_object_get(vendor, "revoked")))
        printf("  The key that signed it is revoked: products that know it refuse the file. Ask "
               "the vendor for a file signed by its new key.\n");
}

static void status_print_vendor(const json_t *vendor)
{
    const json_t *list = json_object_get(vendor, "revocations");

    status_print_file(vendor);
    if (list != NULL)
        printf("  revocation list %lld, issued %s, revoked keys: %lld\n",
               console_number(list, "number"), console_string(list, "issued", "?"),
               console_number(list, "keys"));
}

static void status_print_feature(const json_t *feature)
{
    const json_t *covered_by = json_object_get(feature, "covered_by");
    char seats[48];
    long long overdraft = console_number(feature, "overdraft");
    bool has_line = console_number(feature, "lines") > 0;

    snprintf(seats, sizeof(seats), overdraft > 0 ? "%lld+%lld" : "%lld",
             console_number(feature, "seats"), overdraft);
    if (!has_line)
        snprintf(seats, sizeof(seats), "-");
    printf("  %-24s %12s %8lld %8lld  %-10s  %s", console_string(feature, "feature", "?"), seats,
           console_number(feature, "in_use"), console_number(feature, "overhang"),
           console_string(feature, "maintenance", "-"),
           console_string(feature, "ends", has_line ? "permanent" : "-"));
    if (console_number(feature, "lines_disabled") > 0)
        printf("  (%lld of %lld lines disabled)", console_number(feature, "lines_disabled"),
               console_number(feature, "lines"));
    for (size_t index = 0; index < json_array_size(covered_by); index++)
        printf("%s%s", index == 0 ? "  served through " : ", ",
               console_text(json_array_get(covered_by, index), "?"));
    printf("\n");
}

static void status_print(const json_t *root)
{
    const json_t *vendors = json_object_get(root, "vendors");
    const json_t *features = json_object_get(root, "features");

    printf("%s  licetd %s, running since %s, epoch %lld, %lld lease(s)\nkey %s\n\n",
           console_string(root, "name", "?"), console_string(root, "version", "?"),
           console_string(root, "started", "?"), console_number(root, "epoch"),
           console_number(root, "leases"), console_string(root, "key", "?"));
    for (size_t index = 0; index < json_array_size(vendors); index++)
        status_print_vendor(json_array_get(vendors, index));
    if (json_array_size(features) == 0)
        return;
    printf("\n  %-24s %12s %8s %8s  %-10s  %s\n", "FEATURE", "SEATS", "IN USE", "OVERHANG",
           "MAINTAINED", "ENDS");
    for (size_t index = 0; index < json_array_size(features); index++)
        status_print_feature(json_array_get(features, index));
}

static enum status status_show(bool is_json, struct error *error)
{
    struct call_answer answer = {0};
    enum status status = console_call("/status", (struct text){NULL, 0}, false, &answer, error);
    json_t *root;

    if (status != LICET_OK)
        return status;
    status = console_load(&answer, &root, error);
    if (status == LICET_OK && is_json)
        fwrite(answer.data, 1, answer.size, stdout);
    else if (status == LICET_OK)
        status_print(root);
    if (status == LICET_OK)
        json_decref(root);
    call_finish(&answer);
    return status;
}

enum status status_run(int argc, char **argv, struct error *error)
{
    bool is_json = argc == 2 && strcmp(argv[1], "--json") == 0;

    return argc == 1 || is_json ? status_show(is_json, error) : command_usage("status", error);
}
