/*
 * licetd, the license server: the shell around the seat core. One loop thread decides and talks,
 * one commit thread waits for the disk (commit.h), libuv's pool hashes passwords and writes
 * reports (report.h). What is shared inside this folder stands here.
 *
 *     connection ──command──▶ seat_step ──records──▶ open batch ──▶ commit thread ──▶ journal
 *         ▲                                              │                               │
 *         └────────────── replies, in order ◀────────────┴───────── batch is durable ◀───┘
 */
#ifndef LICET_SERVER_SERVER_H
#define LICET_SERVER_SERVER_H

#include <uv.h>

#include "http/http.h"
#include "license/exchange.h"
#include "license/license.h"
#include "net/listener.h"
#include "resp/command.h"
#include "resp/reader.h"
#include "server/batch.h"
#include "server/commit.h"
#include "server/denials.h"
#include "server/fold.h"
#include "server/options.h"
#include "server/snapshot.h"

#define LICETD_NAME "licetd"

/* Limit: bytes of one read of a connection; 16 pipelined CHECKOUTs with a proof are 4 KiB. */
#define INPUT_BYTES 65536u
/* R10.2: what a client that does not read may leave with us. */
#define OUTPUT_BYTES_MAX (2u * 1024 * 1024)
/* One page of LEASES or FEATURES, or a CHAIN with its 1 MiB file, fits into a scratch of 2 MiB. */
#define SCRATCH_BYTES_MAX (2u * 1024 * 1024)

/* What one event but an installation may add to the journal: leases that are due end first. */
#define SEAT_STEP_BYTES                                                                            \
    ((size_t)(SEAT_ENDS_MAX + SEAT_EFFECT_RECORDS_MAX) *                                           \
     (SEAT_RECORD_BYTES_MAX + JOURNAL_RECORD_OVERHEAD))

struct administrators;
struct source_rates;
struct report_maker;

/* A vendor's list of revoked issuing keys (R9.3), as it was read. */
struct vendor_revocations {
    void *arena_memory, *text_memory;
    struct text
        text; /* what CHAIN gives out; NULL data: none is installed, and the list is empty */
    struct revocations list;
};

/* One vendor that the configuration trusts, and what is installed of it. */
struct vendor {
    const struct vendor_options *options;
    struct trust trust;
    name_id name;
    void *arena_memory, *file_memory; /* of the installed file */
    struct license license;
    struct text file;          /* as read: what CHAIN gives out; NULL data: nothing is installed */
    uint64_t installed_number; /* the record after which it counts */
    /* Not part of `trust`: what is installed is read again at every start, revoked or not. */
    struct vendor_revocations revocations;
    struct hash response_hash; /* R5.2: of the last response accepted; none: no response yet */
};

struct server_counters {
    uint64_t connections, connections_open, connections_http, commands, protocol_errors;
    uint64_t grants, reclaims, renewals, checkins, commits, records, signatures;
    uint64_t denials[STATUSES_COUNT]; /* requests that the core or a rate refused */
};

struct connection_list {
    struct connection *first, *last;
};

struct server {
    struct options options;
    uv_loop_t loop;
    uv_async_t committed;
    uv_check_t turn_end;
    uv_idle_t report_turn; /* active while somebody waits for a page of a report */
    uv_timer_t seat_timer, http_timer, second_timer;
    uv_signal_t signals[2];
    uv_poll_t http_poll;
    struct listener listeners[LISTENS_MAX];
    uint32_t listeners_count;
    struct http_server *http;

    struct seats *seats;
    struct fold fold; /* its core is `seats` */
    struct snapshot_maker snapshots;
    struct names *names;
    void *names_memory;
    size_t names_memory_size;
    struct journal *journal;
    struct names_file *names_file;
    struct denials *denials;
    uint32_t forgets;        /* names that were forgotten since the start */
    struct instant noted_at; /* when notes of them last went to the commit thread */
    struct public_key key;
    struct hash key_hash;
    uint64_t epoch;
    struct vendor vendors[TRUSTED_VENDORS_MAX];
    uint32_t vendors_count;
    struct administrators *administrators;
    struct source_rates *rates;        /* of grants */
    struct source_rates *report_rates; /* of those without a token */

    struct commit commit;
    struct batch batches[2];
    struct batch *open;      /* the other one is free, or the commit thread's */
    uint64_t durable_number; /* every record up to it is on disk */
    size_t in_flight_bytes;  /* records handed to the commit thread and not durable yet */
    uint32_t hashes_waiting; /* passwords on the pool */
    bool is_stopping, is_serving;

    struct seat_now now; /* of this callback */
    struct instant timer_at;
    struct seat_effects effects;
    struct seat_reply reply; /* of the last event that has one */
    struct resp_command command;
    char *input;        /* INPUT_BYTES, for reads of connections that hold nothing back */
    struct buf replies; /* scratch: what one connection gets next */

    struct connection_list doors;   /* connections that have said nothing yet, oldest first */
    struct connection_list talking; /* RESP, and in none of the others */
    struct connection_list stalled; /* with commands that wait for room in a batch */
    struct connection_list reports; /* with commands that wait for their turn to report (R10.1) */
    bool may_report;                /* in such a turn, until its page is written */
    struct report_maker *reporter;
    bool is_report_written; /* by the pool, which must be waited for */
    struct server_counters counters;
    struct unix_time started_at;
    struct instant stranger_logged_at; /* a connection from outside allow= */
};

/* ---- server.c: life */
enum status server_create(const struct options *options, struct server **ret_server,
                          struct error *error);
enum status server_run(struct server *server, struct error *error); /* until SIGTERM or SIGINT */
void server_destroy(struct server *server);

/* ---- act.c: events into the core and their effects out of it */
void server_read_clocks(struct server *server);
/* Whether the journal surely takes what one event may add. */
bool server_has_room(const struct server *server, enum journal_class class, size_t records_bytes);
/* Steps through all calls of one event, queues its records, minds the timer. server->reply holds
 * the reply. Room: SEAT_STEP_BYTES, or what an installation has lines. */
void server_step(struct server *server, const struct seat_event *event);
/* A record that no event makes (REQUEST). */
enum status server_apply(struct server *server, const struct seat_record *record,
                         struct error *error);
/* The number that the next record gets. */
uint64_t server_next_number(const struct server *server);
/* Arms the timer for the core's next wish. */
void server_mind_timer(struct server *server);
/* Calls `run` in the loop when everything decided so far is durable. */
void server_when_durable(struct server *server, void (*run)(void *context), void *context);

/* ---- vendor.c */
struct vendor *server_vendor(struct server *server,
                             struct text name); /* by name; empty: the only one installed */
struct vendor *server_vendor_by_id(struct server *server, name_id id);
/* Whom a text names in its line that begins with `opening` ("LICENSE 1 "); `kind` is what people
 * call such a text. LICET_INVALID, LICET_UNTRUSTED. */
enum status server_vendor_of_text(struct server *server, struct text text, const char *opening,
                                  const char *kind, struct vendor **ret_vendor,
                                  struct error *error);
/* The installed file is signed by a key that the list revokes. */
bool vendor_is_revoked_by(const struct vendor *vendor, const struct revocations *list);

/* ---- end.c (R10.4): ends the lease of this handle and logs that it was `by`; server->reply is the
 * core's. Room in the open batch: SEAT_STEP_BYTES. LICET_NOT_FOUND, LICET_INVALID,
 * LICET_DISK_FULL. */
enum status server_end_lease(struct server *server, struct text handle_text, const char *by,
                             struct error *error);

/* ---- note.c: who is refused, into the table and the journal (R8.8) */
struct refusal {
    struct denial denial; /* names that have an id; the others come as texts */
    struct text feature, user, host, device, source;
};
void server_note_refusal(struct server *server, struct refusal *refusal);
/* Gives the commit thread what is to be noted, where it has written the last, and a full disk would
 * not be the end. `is_last`: at the stop, whatever no note tells of. */
void server_write_notes(struct server *server, bool is_last);

/* ---- forget.c (R10.8): a name out of the memory and the names file */
/* The id of a name that can be forgotten. LICET_NOT_FOUND; LICET_CONFLICT where a license file, the
 * configuration or a running lease has it. Looks at every lease. */
enum status server_find_forgettable(struct server *server, struct text name, name_id *ret_id,
                                    struct error *error);
/* From now on nobody gets this id. When server_when_durable() calls, which is for the caller to
 * ask, the file has lost the name, and server_forgotten() is due. LICET_OVER_LIMIT while another
 * one is being forgotten. The log says that it was `by`, and not what. */
enum status server_forget(struct server *server, name_id id, const char *by, struct error *error);
void server_forgotten(struct server *server, name_id id);

/* ---- state.c: the state folder (R7.1) */
enum status state_open(struct server *server, struct error *error);
void state_close(struct server *server);
/* License files are kept by their payload hash; no name of a file comes from outside. */
enum status state_store_license(struct server *server, const struct hash *payload_hash,
                                struct text file, struct error *error);
/* LICET_DAMAGED where it is missing. The text is yours to free. */
enum status state_load_license(struct server *server, const struct hash *payload_hash,
                               struct text *ret_file, struct error *error);
void state_forget_license(struct server *server, const struct hash *payload_hash);
/* Revocation lists are kept by the names of vendors, as the configuration has them. */
enum status state_store_revocations(struct server *server, const struct vendor *vendor,
                                    struct text list, struct error *error);
/* LICET_NOT_FOUND where none is installed. The text is yours to free. */
enum status state_load_revocations(struct server *server, const struct vendor *vendor,
                                   struct text *ret_list, struct error *error);
/* The hash of the last response accepted, kept in the same way. */
enum status state_store_response(struct server *server, const struct vendor *vendor,
                                 struct text hash, struct error *error);
enum status state_load_response(struct server *server, const struct vendor *vendor,
                                struct text *ret_hash, struct error *error);
/* How many files of names a repair has put aside, as they were. */
uint32_t state_count_damaged_names(const struct server *server);

/* ---- install.c: from a license file to seats (R4.1, R4.2) */
struct installation_change {
    struct text sn;
    struct text feature;
    uint32_t old_seats, new_seats;
    const struct license_increment *old_line, *new_line; /* NULL: there is none */
    bool is_shrinking;
};

struct installation {
    struct vendor *vendor;
    void *arena_memory, *file_memory;
    struct license license;
    struct text file;          /* a copy */
    struct hash response_hash; /* of the response that brought it; none: it came alone */
    bool is_installed_already; /* the same payload: nothing to do but to print the receipt again */
    uint32_t installed_generation; /* 0: none */
    bool is_other_customer;        /* R3.4: licetd asks before the customer of its file changes */
    bool shrinks;
    struct installation_change *changes;
    uint32_t changes_count;
};

/* Reads and judges a file, or the response that brings it, against what is installed. Nothing is
 * changed. Finish it, whatever is returned. */
enum status installation_prepare(struct server *server, struct text text,
                                 struct installation *ret_installation, struct error *error);
/* Shows whom the drain of this file would end, if all who run now stayed (R4.2). Nothing is changed.
 */
enum status installation_rehearse(struct server *server, const struct installation *installation,
                                  const struct seat_drain_watcher *watcher, struct error *error);
/* Stores the file and gives its lines to the core; durable when server_when_durable() calls. The
 * vendor takes the file and its parsed form over. `ret_replaced` is the file before it, or none:
 * only when the new one is durable may the caller have it forgotten. The log says that it was `by`.
 */
enum status installation_commit(struct server *server, struct installation *installation,
                                const char *by, struct hash *ret_replaced, struct error *error);
void installation_finish(struct installation *installation);
/* At start: the file of what the journal says is installed. */
enum status installation_restore(struct server *server, struct vendor *vendor, struct error *error);

/* ---- response.c: what a portal answers (R5.2) */
/* Reads a response that brings a file, with the roots of its vendor. The memory is yours to free,
 * whatever is returned; the response lies in it. LICET_NO_FILE where none comes with it. */
enum status response_open(struct server *server, struct text text, void **ret_memory,
                          struct response *ret_response, struct error *error);
/* The file in it is the one that it names, and for the server that it names, which has this key.
 * LICET_MISMATCH, LICET_WRONG_SERVER. */
enum status response_check_file(const struct response *response, const struct license *license,
                                const struct public_key *key, struct error *error);
/* From now on requests name it; on disk when it returns. Order: after its file is durable, or a
 * request would name what a crash undoes. */
enum status response_accept(struct server *server, struct vendor *vendor, const struct hash *hash,
                            struct error *error);
enum status response_restore(struct server *server, struct vendor *vendor, struct error *error);

/* ---- revocation.c: the vendor's list of revoked issuing keys (R9.3) */
struct revocation_installation {
    struct vendor *vendor;
    struct vendor_revocations revocations; /* a copy, read */
    bool is_installed_already;             /* the same list: nothing to do */
    uint32_t installed_number;             /* 0: none */
    bool revokes_file;                     /* vendor_is_revoked_by() it */
};

/* Reads and judges a list against what is installed. Nothing is changed. Finish it, whatever is
 * returned. LICET_OLD_GENERATION for a lower number, LICET_CONFLICT for another list of the same. */
enum status revocation_prepare(struct server *server, struct text text,
                               struct revocation_installation *ret_installation,
                               struct error *error);
/* On disk when it returns; the vendor takes the list over. The log says that it was `by`. */
enum status revocation_commit(struct server *server, struct revocation_installation *installation,
                              const char *by, struct error *error);
void revocation_finish(struct revocation_installation *installation);
/* At start, after installation_restore(): the list that is installed, if any. */
enum status revocation_restore(struct server *server, struct vendor *vendor, struct error *error);

/* ---- console/routes.c */
extern const struct http_route server_routes[];
extern const size_t server_routes_count;
enum status server_identify(void *context, struct http_exchange *exchange, struct text bearer,
                            enum http_role *ret_role, struct error *error);

/* ---- commands/table.c */
extern const struct command *const server_commands[];
extern const size_t server_commands_count;

#endif
