/* Words for what deny() found. */
#include "seat/denial.h"

static void denial_date(int64_t utc, struct buf *buf)
{
    unix_time_print((struct unix_time){utc}, buf);
}

/* Rounded up: nobody is told to come back too early. */
static void denial_seconds(int64_t ms, struct buf *buf)
{
    buf_add_u64(buf, (uint64_t)(ms + 999) / 1000);
    buf_add_string(buf, "s");
}

static void denial_ending(const struct seat_reply *reply, struct text feature, struct buf *buf)
{
    buf_add_string(buf, "the installed license file has fewer seats of ");
    buf_add_text(buf, feature);
    buf_add_string(buf, " than are in use; this lease is not renewed and ends in ");
    denial_seconds(reply->ttl_ms, buf);
    buf_add_string(buf, "; the license administrator can allocate more seats");
}

static void denial_no_seat(const struct seat_reply *reply, struct text feature, struct buf *buf)
{
    const struct seat_denial *denial = &reply->denial;
    bool is_large = denial->seats > 0 && denial->in_use < denial->seats;

    if (denial->seats > 0 && denial->asked > denial->seats) {
        buf_printf(buf, "%u seats were asked for, and there are %llu of ", denial->asked,
                   (unsigned long long)denial->seats);
        buf_add_text(buf, feature);
        buf_add_string(buf, "; the license administrator can allocate more seats");
        return;
    }
    buf_add_string(buf, is_large ? "fewer seats of " : "every seat of ");
    buf_add_text(buf, feature);
    buf_add_string(buf, is_large ? " are free than were asked for" : " is in use");
    if (denial->overhang > 0)
        buf_printf(buf, " and %llu more than the license file has",
                   (unsigned long long)denial->overhang);
    if (denial->next_free_ms >= 0) {
        buf_add_string(buf, "; the next is free in ");
        denial_seconds(denial->next_free_ms, buf);
    } else {
        buf_add_string(buf, "; the license administrator can allocate more seats");
    }
}

static void denial_maintenance(const struct seat_reply *reply, struct text feature, struct buf *buf)
{
    buf_add_string(buf, "this release is newer than the maintenance date of ");
    buf_add_text(buf, feature);
    buf_add_string(buf, ", ");
    date_print((struct date){(int32_t)reply->denial.maintenance}, buf);
    buf_add_string(buf, "; an older release runs, or the license administrator renews maintenance");
}

static void denial_time(const struct seat_reply *reply, struct text feature, struct buf *buf)
{
    bool has_begun = reply->status == LICET_EXPIRED;

    buf_add_string(buf, "the right to run ");
    buf_add_text(buf, feature);
    buf_add_string(buf, has_begun ? " ended at " : " begins at ");
    denial_date(reply->denial.since, buf);
    if (reply->denial.is_refresh_by)
        buf_add_string(buf, ", when a newer license file was due; the license administrator can "
                            "fetch it and have it installed");
    else if (has_begun)
        buf_add_string(buf, "; the license administrator can renew it");
}

static void denial_disabled(const struct seat_reply *reply, struct text feature, struct buf *buf)
{
    static const char *const reasons[] = {
        [LINE_ENABLED] = "",
        [LINE_UNKNOWN_FIELD] = " needs a newer licetd; the server's administrator can install it",
        [LINE_NOT_SERVED] =
            " has a restriction that this licetd does not serve yet; a newer one may",
        [LINE_NOT_BOUND] =
            " is bound to another machine; the license administrator can allocate it to this one",
        [LINE_FORMER] = "",
    };

    buf_add_string(buf, "the license file's line for ");
    buf_add_text(buf, feature);
    buf_add_string(buf, reasons[reply->denial.line_state]);
}

static void denial_limit(const struct seat_reply *reply, const struct names *names, struct buf *buf)
{
    if (reply->denial.limit_source != 0) {
        buf_add_text(buf, names_text(names, reply->denial.limit_source));
        buf_add_string(buf, " holds ");
    } else {
        buf_add_string(buf, "this license server holds ");
    }
    buf_printf(buf, "%u leases, the maximum; the server's administrator can end some or raise it",
               reply->denial.limit);
}

static void denial_no_feature(struct text feature, struct buf *buf)
{
    buf_add_string(buf, "no installed license file has ");
    buf_add_text(buf, feature);
    buf_add_string(buf, "; the license administrator can allocate it to this server");
}

void seat_denial_print(const struct seat_reply *reply, const struct names *names, struct buf *buf)
{
    struct text feature = names_text(names, reply->denial.feature);
    /* Without a denial there is nothing to explain: the list's own text says it. */
    enum status status = feature.size == 0 ? LICET_OK : reply->status;

    if (status != LICET_OK && reply->denial.is_ending)
        denial_ending(reply, feature, buf);
    else if (status == LICET_NO_SEAT)
        denial_no_seat(reply, feature, buf);
    else if (status == LICET_MAINTENANCE)
        denial_maintenance(reply, feature, buf);
    else if (status == LICET_EXPIRED || status == LICET_NOT_STARTED)
        denial_time(reply, feature, buf);
    else if (status == LICET_DISABLED)
        denial_disabled(reply, feature, buf);
    else if (status == LICET_OVER_LIMIT)
        denial_limit(reply, names, buf);
    else if (status == LICET_NO_FEATURE)
        denial_no_feature(feature, buf);
    else if (reply->denial.is_ended_by_administrator)
        buf_add_string(buf,
                       "an administrator of the license server has ended this lease; ask again "
                       "with a new id");
    else if (status == LICET_NO_FILE)
        buf_add_string(buf,
                       "no license file is installed; the server's administrator can install it");
    else
        buf_add_string(buf, status_text(reply->status));
}
