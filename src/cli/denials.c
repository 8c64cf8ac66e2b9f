/* licet denials: who was refused seats, why, and how often (R8.8). The latest refusal is the last
 * line. */
#include "cli/command.h"
#include "cli/report.h"

static void denials_print_head(void)
{
    printf("%-10s  %-20s  %-12s  %-16s  %-15s  %-11s  %8s  %-20s  %s\n", "VENDOR", "FEATURE",
           "USER", "HOST", "FROM", "CODE", "TIMES", "FIRST", "LAST");
}

static void denials_print_row(const struct report *report, const struct reply_item *row)
{
    report_print_text(report, row, "vendor", 10);
    report_print_text(report, row, "feature", 20);
    report_print_text(report, row, "user", 12);
    report_print_text(report, row, "host", 16);
    report_print_text(report, row, "source", 15);
    report_print_text(report, row, "code", 11);
    printf("%8lld  ", (long long)report_number(report, row, "count"));
    report_print_time(report, row, "first");
    report_print_time(report, row, "last");
    putchar('\n');
}

static const struct report_form denials_form = {
    .name = "denials",
    .command = "DENIALS",
    .nothing = "nobody was refused a seat",
    .print_head = denials_print_head,
    .print_row = denials_print_row,
};

enum status denials_run(int argc, char **argv, struct error *error)
{
    return report_run(&denials_form, argc, argv, error);
}
