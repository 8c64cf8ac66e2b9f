/* What a line means here: names, dates, bindings, fields that are not served. */
#include "files.h"

#include "tap.h"

static struct license license;
static struct arena arena;

static void read_golden(size_t index)
{
    struct trust trust = data_trust();

    arena = fresh_arena();
    if (license_read(golden_read(index), &trust, &arena, &license, NULL) != LICET_OK)
        abort();
}

static bool same_host(const char *left, const char *right)
{
    return host_name_equal(text_of(left), text_of(right)) &&
           host_name_equal(text_of(right), text_of(left));
}

static void test_hosts(void)
{
    ok(same_host("LONDON-LIC01", "london-lic01"), "R1.2 host names compare without case");
    ok(same_host("london-lic01", "London-Lic01.example.net"), "R1.2 short against full");
    ok(same_host("london_lic01", "london-lic01"), "R1.2 an underscore is a dash");
    ok(same_host("a.example.net", "A.EXAMPLE.NET"), "R1.2 full against full");
    ok(!same_host("a.example.net", "a.example.org"), "R1.2 two full names differ in their domain");
    ok(!same_host("london-lic01", "london-lic02") && !same_host("london", "london-lic01") &&
           !same_host("a", "ab.example.net"),
       "R1.2 other hosts are others");
}

static void test_dates(void)
{
    const struct license_increment *line;

    read_golden(8);
    line = &license.increments[0];
    /* 2026-12-24 begins at UTC+14: 10:00 UTC the day before. */
    ok(license_increment_start(line) == 1798020000,
       "R1.3 start is the first second of the date at UTC+14");
    /* 2027-03-01 ends at UTC-12: 12:00 UTC the day after. */
    ok(license_increment_expiry(line) == 1803988800,
       "R1.3 expiry is the end of the date at UTC-12");
    ok(license_increment_refresh_by(line) == 1803902400,
       "R1.3 refresh-by is the end of the date at UTC-12");
    ok(line->maintenance == 20878, "R1.3 maintenance is a bare date");
    ok(license.increments[1].expiry == DATE_MAX_DAYS &&
           license_increment_start(&license.increments[1]) == 0 &&
           license_increment_refresh_by(&license.increments[1]) == 0,
       "R1.3 what is not given is never");
    read_golden(5);
    line = &license.increments[0];
    ok(line->maintenance == FIELD_DATE_NEVER && line->expiry == FIELD_DATE_NEVER &&
           license_increment_expiry(line) == 0,
       "R1.3 maintenance=none and expiry=permanent never end");
    ok(line->seats == SEATS_MAX && line->drain_s == 0 && line->covers.count == 12 &&
           line->feature.size == 64,
       "R1.1 a name of 64 bytes, a billion seats, no drain");
}

static void test_binding(void)
{
    struct public_key server = data_public_key("server"), third = data_public_key("server-3"),
                      stranger = data_public_key("old-server");
    struct unix_time now = {1795600000};
    const struct license_host *host;
    struct error error;

    read_golden(1);
    ok(license_check_server(&license, &server, TEXT("london-lic01"), now, &error) == LICET_OK &&
           license_check_server(&license, &third, TEXT("elsewhere"), now, &error) == LICET_OK,
       "R3.2 each named key serves, whatever the host is called");
    host = license_find_server(&license, &third);
    ok(host != NULL && text_is(host->name, "london_lic03"),
       "R3.1 the SERVER line of a key is found");
    ok(license_check_server(&license, &stranger, TEXT("paris"), now, &error) ==
               LICET_WRONG_SERVER &&
           strstr(error.text, "LONDON-LIC01") != NULL && strstr(error.text, "paris") != NULL &&
           strstr(error.text, "install it there") != NULL,
       "R3.2 another server is told both names");
    ok(license_check_server(&license, &stranger, TEXT("london-lic01.example.net"), now, &error) ==
               LICET_WRONG_SERVER &&
           strstr(error.text, "rekey") != NULL,
       "R7.2 the same name under another key is told of rekeying");
    ok(license_increment_state(&license, &license.increments[0], &stranger) ==
               LICENSE_LINE_NOT_BOUND &&
           license_increment_state(&license, &license.increments[0], &server) ==
               LICENSE_LINE_ENABLED,
       "R2.4 a line is disabled on a server that its file does not name");
    read_golden(3);
    ok(license_check_server(&license, &stranger, TEXT("x"), now, &error) == LICET_REVOKED,
       "R9.3 a server key named in REVOKED is refused from its time on");
    ok(license_check_server(&license, &stranger, TEXT("x"), (struct unix_time){1793491199},
                            &error) == LICET_WRONG_SERVER,
       "R9.3 and not before");
}

static void test_not_served(void)
{
    static const char *const restricting[] = {"model", "dup", "hold", "bind", "loan", "parts"};
    static const char *const permitting[] = {"burst",  "advisory",          "grace", "grace-seats",
                                             "borrow", "early-return-hold", "linger"};
    static const char *const served[] = {"sn",     "seats",      "start",  "maintenance",
                                         "expiry", "refresh-by", "covers", "overdraft",
                                         "drain",  "ttl"};
    char bytes[256];
    struct buf buf = buf_over(bytes, sizeof(bytes));
    unsigned wrong = 0;

    for (size_t index = 0; index < sizeof(restricting) / sizeof(restricting[0]); index++) {
        const struct field_row *row = field_row_find(LINE_INCREMENT, text_of(restricting[index]));

        wrong += row == NULL || row->effect != FIELD_RESTRICTS || row->is_served ? 1 : 0;
    }
    for (size_t index = 0; index < sizeof(permitting) / sizeof(permitting[0]); index++) {
        const struct field_row *row = field_row_find(LINE_INCREMENT, text_of(permitting[index]));

        wrong += row == NULL || row->effect != FIELD_PERMITS || row->is_served ? 1 : 0;
    }
    for (size_t index = 0; index < sizeof(served) / sizeof(served[0]); index++) {
        const struct field_row *row = field_row_find(LINE_INCREMENT, text_of(served[index]));

        wrong += row == NULL || !row->is_served ? 1 : 0;
    }
    ok(wrong == 0, "R2.5 the table knows which fields restrict, which permit, which are served");
    read_golden(6);
    ok(license_increment_state(&license, &license.increments[0], NULL) == LICENSE_LINE_NOT_SERVED,
       "R2.5 a restricting field that is not served disables its line");
    license_increment_why(&license, &license.increments[0], NULL, &buf);
    ok(text_is(buf_text(&buf), "needs a later licetd, which serves model bind parts dup hold loan"),
       "R2.5 and says which");
    buf = buf_over(bytes, sizeof(bytes));
    license_increment_not_served(&license.increments[0], &buf);
    ok(text_is(buf_text(&buf), "burst advisory grace grace-seats borrow early-return-hold linger"),
       "R2.5 permitting fields are listed as not served");
    buf = buf_over(bytes, sizeof(bytes));
    license_not_served_by(
        &license,
        TEXT("sn type model seats start maintenance expiry bind refresh-by covers "
             "parts overdraft burst advisory grace-seats early-return-hold linger "
             "dup hold drain ttl loan"),
        &buf);
    ok(text_is(buf_text(&buf), "grace borrow"), "R2.5 what a request does not list is not served");
    buf = buf_over(bytes, sizeof(bytes));
    license_not_served_by(&license, TEXT("borrowed"), &buf);
    ok(!buf.is_full && buf.size > 100, "R2.5 all fields of a line have room");
    read_golden(9);
    ok(license_increment_state(&license, &license.increments[0], NULL) == LICENSE_LINE_NOT_SERVED,
       "R3.2 bind=name is not served yet");
    read_golden(1);
    buf = buf_over(bytes, sizeof(bytes));
    license_increment_why(&license, &license.increments[0], NULL, &buf);
    license_increment_not_served(&license.increments[0], &buf);
    ok(buf.size == 0, "a line of served fields has no remark");
}

int main(int argc, char **argv)
{
    assert(argc == 2);
    data_folder = argv[1];
    test_hosts();
    test_dates();
    test_binding();
    test_not_served();
    return tap_done();
}
