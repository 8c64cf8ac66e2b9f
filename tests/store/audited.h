/* What each test of a database ends with: licet-portal audit finds nothing. */
#ifndef LICET_TESTS_STORE_AUDITED_H
#define LICET_TESTS_STORE_AUDITED_H

#include "portal/audit/audit.h"

#include "unit/db/engines.h"

__attribute__((unused)) static void audited_print(void *context, const char *line)
{
    (void)context;
    printf("# %s\n", line);
}

/* Without roots (NULL) only what stands in rows is looked at. */
__attribute__((unused)) static void audited(const struct engine *engine, struct store *store,
                                            const struct trust *trust)
{
    struct audit_options options = {.trust = trust, .found = audited_print};
    struct audit_summary summary = {.findings = 1};
    struct error error = {0};

    if (portal_audit(store, &options, &summary, &error) != LICET_OK)
        printf("# %s\n", error.text);
    engine_ok(engine, summary.findings == 0, "INV-1 to INV-9 an audit of it all finds nothing");
}

#endif
