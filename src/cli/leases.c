/* licet leases: who holds seats. */
#include "cli/command.h"
#include "cli/report.h"

static void leases_print_head(void)
{
    printf("%10s  %-10s  %-20s  %-12s  %-16s  %5s  %-20s  %7s  %s\n", "HANDLE", "VENDOR", "FEATURE",
           "USER", "HOST", "COUNT", "SINCE", "LEFT", "ENDING");
}

static void leases_print_row(const struct report *report, const struct reply_item *row)
{
    printf("%10lld  ", (long long)report_number(report, row, "handle"));
    report_print_text(report, row, "vendor", 10);
    report_print_text(report, row, "feature", 20);
    report_print_text(report, row, "user", 12);
    report_print_text(report, row, "host", 16);
    printf("%5lld  ", (long long)report_number(report, row, "count"));
    report_print_time(report, row, "since");
    printf("%6llds  %s\n", (long long)((report_number(report, row, "left-ms") + 999) / 1000),
           report_number(report, row, "ending") != 0 ? "yes" : "-");
}

static const struct report_form leases_form = {
    .name = "leases",
    .command = "LEASES",
    .nothing = "nobody holds a seat",
    .print_head = leases_print_head,
    .print_row = leases_print_row,
};

enum status leases_run(int argc, char **argv, struct error *error)
{
    return report_run(&leases_form, argc, argv, error);
}
