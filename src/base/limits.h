/*
 * Every maximum of Licet, each with the arithmetic that chose it. A limit that no situation of a
 * real site reaches is still here: it is what makes a sum checkable and a buffer a constant.
 */
#ifndef LICET_BASE_LIMITS_H
#define LICET_BASE_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* An error sentence names a line, two values of up to 64 bytes and a remedy: 3 x 64 + 300 bytes of
 * words. */
#define ERROR_TEXT_MAX 512

/* R1.1: feature, vendor, user, host and device names. */
#define NAME_MAX_BYTES 64

/* R2.1: a license file. 256 lines of 400 bytes are 100 KiB; 1 MiB leaves room for ten products of
 * that size. */
#define LICENSE_FILE_BYTES_MAX (1024 * 1024)
/* R5: a response is a license file behind at most 256 RESULT lines of 200 bytes and a block. */
#define RESPONSE_BYTES_MAX (LICENSE_FILE_BYTES_MAX + 64 * 1024)
/* R6.8: a checkpoint of the issue log is one line of at most 300 bytes, x- fields apart, and a block
 * of 3,328. */
#define CHECKPOINT_BYTES_MAX ((size_t)16 * 1024)
/* R2.3: the column before which a line is wrapped, backslash counted. */
#define LICENSE_COLUMN_MAX 76

/* A count of seats: no vendor has sold more users than people live; 10^9 keeps every sum of a file
 * in 64 bits. */
#define SEATS_MAX 1000000000u

/* The longest duration a field may hold: 10 years in seconds fits 32 bits nine times over. */
#define DURATION_SECONDS_MAX 315360000u

/* R4.3: lines of one cover family; a flow over 256 lines and the classes of their dates stays under
 * a millisecond. */
#define FAMILY_LINES_MAX 256
/* Lines of one license file: 1 MiB holds 4,096 lines of 256 bytes. */
#define LICENSE_LINES_MAX 4096
/* Lines of an order, each an entitlement with a license code of its own in one mail: 100 codes are
 * ten printed pages of a form that people fill in. */
#define ORDER_LINES_MAX 100u
/* R2.1: SERVER lines of one file. Three is the largest set that fail-over needs: one serves, one
 * stands by, one is rebuilt. */
#define LICENSE_SERVERS_MAX 3
/* Fields of one line: 24 known ones, 31 further covers= and parts= each, and as many again of a
 * later version. */
#define LICENSE_FIELDS_MAX 160
/* The keys of an INCREMENT line: 27, of at most 17 letters and a blank. */
#define LICENSE_KEYS_BYTES_MAX 512
/* Fields that a request lists (R2.5), and their text with blanks between. */
#define REQUEST_SERVES_MAX 64
#define REQUEST_SERVES_BYTES_MAX (REQUEST_SERVES_MAX * (NAME_MAX_BYTES + 1))
/* ACT lines of one request: a site of 100 products that renews each and surrenders some of each. */
#define REQUEST_ACTS_MAX 256
/* Revoked keys of one list or file: a vendor with a key a month for 80 years, or a server rekeyed
 * weekly for 20. */
#define REVOKED_KEYS_MAX 1024
/* R9.3: the root's list of revoked issuing keys. One key in ten years is many; 16 KiB hold the
 * lines of 150. */
#define REVOCATIONS_BYTES_MAX ((size_t)16 * 1024)

/* covers= items on one line: a suite of a large vendor has a dozen editions. */
#define LINE_COVERS_MAX 32

/* One request: nobody checks out more at once than the largest file grants; the sum with all leases
 * fits 64 bits. */
#define LEASE_COUNT_MAX SEATS_MAX

/* R1.4: the defaults of a line, in seconds. */
#define LEASE_TTL_SECONDS 300u
#define DRAIN_SECONDS 86400u
/* The shortest ttl a line may give: below it the heartbeats of a site would be most of its traffic.
 */
#define LEASE_TTL_SECONDS_MIN 10u
#define LEASE_TTL_SECONDS_MAX 86400u
/* R8.5: what the server waits beyond the end that the client counts. */
#define LEASE_MARGIN_MS 1000
/* R1.4, R8.1: how long an ended id stays ended, and how many of one source are kept. 65,536 ended
 * leases within ten minutes are 109 a second: beyond any honest machine, and 64 such sources fill
 * the 4 million places of a server. */
#define TOMBSTONE_SECONDS 600
#define TOMBSTONES_OF_SOURCE_MAX 65536u

/* Leases in one server: the goal counts up to 5,000,000. With tombstones in the same places,
 * 2^23. */
#define LEASES_MAX (1u << 23)
/* R10.4: live leases of one source address: a whole site behind one address translation. */
#define LEASES_OF_SOURCE_MAX 65536u
/* Vendors with a license file on one server: a design house counts a dozen. */
#define VENDORS_MAX 64
/* R4.1: how far a generation may lie above the installed one: a change an hour for six weeks of
 * silence. */
#define GENERATION_STEP_MAX 1000u
/* Names of users, hosts, devices, features, sources: two new ones for every fourth lease. */
#define NAMES_MAX (1u << 22)
/* Features with seats or holders: the goal counts 50,000. */
#define POOLS_MAX (1u << 16)

/* R10.2: what a stranger may send. CHECKOUT with every option is 19 arguments, its name included;
 * the longest honest one is a token of AUTH. A command is then 20 x (1,024 + 9 for "$1024" and two
 * line ends) + 5 for its first line = 20,665 bytes. */
#define RESP_STRANGER_ARGUMENTS_MAX 20u
#define RESP_STRANGER_ARGUMENT_BYTES_MAX 1024u
#define RESP_STRANGER_COMMAND_BYTES_MAX 20665u
/* After AUTH: COMMAND DOCS may name every command there is (some 30), and nothing carries a file.
 */
#define RESP_ARGUMENTS_MAX 64u
#define RESP_ARGUMENT_BYTES_MAX 16384u
#define RESP_COMMAND_BYTES_MAX 65536u

/* R10.1: features or leases that one turn of licetd's loop looks at for reports. A row takes
 * 0.5 us (LEASES) to 0.7 us (FEATURES) to look up and to write, so a page of 1,000 is 0.5 to 0.7 ms
 * of a turn, and one page is all that a turn writes. */
#define REPORT_PLACES_A_TURN 1000u
/* R10.4: reports that one source address may have in a second without a token. All of 50,000
 * features are 50 pages; 100 pages of 0.7 ms are a fourteenth of the loop. */
#define REPORTS_OF_SOURCE_A_SECOND 100u

/* R8.8: denials of one (who, what, why) are one row. 4,096 rows of 112 bytes are 450 KiB: a site of
 * 1,000 users, each refused four features. A power of two. */
#define DENIALS_MAX 4096u
/* Notes of denials in the journal: 16 of 57 bytes and a group's header of 112 every 5 s are 18 MB a
 * day at most, so that a flood of a year stays under the 8 GiB that are kept. A row that has a note
 * gets its next a minute later. Whoever was refused stays 400 days, as old segments do. */
#define DENIAL_NOTES_A_FLUSH 16u
#define DENIAL_FLUSH_MS 5000
#define DENIAL_NOTE_MS 60000
#define DENIAL_DAYS 400
/* R10.8: new names that denials may leave behind: 4,096 at once (1,000 users with host and address),
 * and one a minute after that. A flood of invented names then needs 7 years for NAMES_MAX. */
#define DENIAL_NAMES_MAX 4096u
#define DENIAL_NAME_MS 60000

/* What liblicet reads. R10.2 caps a server's output at 2 MiB (CHAIN: a file of 1 MiB); a line is an
 * error's word and sentence; a page of LEASES is rows in a list in a pair with the cursor, and one
 * level is to spare. */
#define REPLY_BYTES_MAX 2097152u
#define REPLY_LINE_BYTES_MAX 1024u
#define REPLY_DEPTH_MAX 4u

/* R8.2: the grants and renewals under one signed root, a power of two. 65,536 are a million a
 * second at a commit of 65 ms; the tree then takes 2 x 65,536 x 32 bytes = 4 MiB. */
#define MERKLE_DEPTH_MAX 16u
#define MERKLE_LEAVES_MAX (1u << MERKLE_DEPTH_MAX)

/* R9.4: what one frame to the signer may hold. The largest item is a payload of 1 MiB; a portal that
 * numbers 128 waiting files of 32 KiB at once sends 4 MiB. */
#define SIGNER_FRAME_BYTES_MAX (4u * 1024 * 1024)
#define SIGNER_ITEMS_MAX 128u
/* Connections to the signer: a portal has one, its successor another, and people look at it. With 8
 * all records of a turn, 8 x 128 x (553 + 4) bytes, are 0.55 MiB of the 1.25 MiB of a group. */
#define SIGNER_CONNECTIONS_MAX 8u
/* Why staff released a cap: a sentence. */
#define SIGNER_REASON_BYTES_MAX 256u
/* Kind 1, two hashes of 32, time, issued, number and seats of 8, four sizes of 2, three names of 64,
 * a reason. */
#define SIGNER_RECORD_BYTES_MAX (1u + 64 + 32 + 8 + 3 * NAME_MAX_BYTES + SIGNER_REASON_BYTES_MAX)
/* Certificates of one issuing key: one a year for eight years. */
#define SIGNER_CERTIFICATES_MAX 8u
/* R9.4: how far ahead of the signer's clock, and how old, a text may say it was issued. */
#define SIGNER_AHEAD_SECONDS 600
#define SIGNER_AGE_SECONDS (7 * 86400)

/* $1 to $64 of one statement, and the columns of one row: the widest table counts some 30. */
#define DB_ARGUMENTS_MAX 64
#define DB_COLUMNS_MAX 64
/* Connections of one process: more than two a core only wait for each other, and PostgreSQL's 100
 * are shared by six portals of 16. */
#define DB_CONNECTIONS_MAX 16u
/* How long one waits for its turn while another process writes: a migration of a million rows. */
#define DB_BUSY_MS 30000
/* A transaction of PostgreSQL runs again after a deadlock or on a lost connection. Pauses double
 * from 10 ms, at random: 7 of them are 1.3 s at most, the time of a restart. */
#define DB_ATTEMPTS_MAX 8u
#define DB_PAUSE_MS 10u
/* What one statement, one wait for a row and one silence inside a transaction may take: an act of
 * the portal takes milliseconds, and a lock is never held while somebody thinks. A portal that was
 * cut off in its turn loses it while the next still waits (a third of DB_BUSY_MS). */
#define DB_STATEMENT_MS 30000
#define DB_LOCK_MS 10000
#define DB_IDLE_MS 10000
/* One value: a license file of 1 MiB and as much again. */
#define DB_VALUE_BYTES_MAX (2 * 1024 * 1024)

/* What an organisation and a person are called: the longest name of a company that is registered has
 * 160 letters, two bytes each where it is not English. */
#define ORGANIZATION_NAME_BYTES_MAX 320
#define PERSON_NAME_BYTES_MAX 160
/* A program, a product, an edition: eighty letters of two bytes fit on a line of an invoice. */
#define CATALOG_NAME_BYTES_MAX 160

/* A log line: event, ten fields of a name each, and the message of an error. */
#define LOG_LINE_MAX 2048

#endif
