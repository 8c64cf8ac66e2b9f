/* licet-portal audit, as people and scripts read it. */
#include <inttypes.h>

#include "base/clock.h"
#include "portal/audit/audit.h"
#include "portal/portal.h"

static void print_finding(void *context, const char *line)
{
    fprintf(context, "finding: %s\n", line);
}

static void print_summary(FILE *file, const struct audit_summary *summary, bool has_roots,
                          struct unix_time now)
{
    char place[32];
    struct buf time = buf_over(place, sizeof(place));

    unix_time_print(now, &time);
    fprintf(file,
            "audit at %.*s: order-lines=%" PRIu64 " entitlements=%" PRIu64 " ledger-rows=%" PRIu64
            " servers=%" PRIu64 " generations=%" PRIu64,
            TEXT_ARGS(buf_text(&time)), summary->order_lines, summary->entitlements, summary->steps,
            summary->servers, summary->generations);
    if (has_roots)
        fprintf(file,
                " files=%" PRIu64 " log-size=%" PRIu64 " receipts=%" PRIu64 " exchanges=%" PRIu64,
                summary->files, summary->log_size, summary->receipts, summary->exchanges);
    fprintf(file, " findings=%" PRIu64 "%s\n", summary->findings,
            has_roots ? "" : " (no root=: no file, receipt, request or log was looked at)");
}

enum status portal_audit_print(const struct portal_options *options, FILE *file,
                               struct error *error)
{
    struct trust trust;
    struct audit_options audit = {.trust = &trust, .found = print_finding, .context = file};
    struct audit_summary summary;
    struct unix_time now = clock_unix();
    struct store *store;
    enum status status = portal_options_trust(options, &trust, error);

    if (status == LICET_OK)
        status = store_open_existing(options->database, &store, error);
    if (status != LICET_OK)
        return status;
    status = portal_audit(store, &audit, &summary, error);
    store_close(store);
    if (status != LICET_OK)
        return status;
    print_summary(file, &summary, trust.roots_count > 0, now);
    if (summary.findings > 0)
        return error_set(error, LICET_DAMAGED, "the audit has %" PRIu64 " findings",
                         summary.findings);
    return LICET_OK;
}
