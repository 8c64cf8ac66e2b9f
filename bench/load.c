/*
 * The load generator of `make bench`: many connections, one thread, the same load for licetd and
 * for redis-server. README.md says what each kind of work stands for.
 *
 * Each connection sends a batch of `--depth` commands in one write, reads all replies, and sends
 * the next batch: checkouts of fresh ids, then (mix) renewals, then check-ins of the same ids. It
 * must be cheap, because it shares the machine with the server: commands are copied and patched,
 * replies are skipped by a machine of four states that keeps no bytes. An error reply
 * is counted and its words are shown; the caller throws the whole cell away.
 *
 * Prints one line of key=value on standard output.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/parse.h"
#include "load_command.h"

#define CLIENTS_MAX 65536u
#define DEPTH_MAX 1024u
#define READ_BYTES 65536u     /* 16 replies with a proof are 8 KiB */
#define EVENTS_MAX 256        /* of one epoll_wait */
#define RENEWALS_OF_LEASE 18u /* mix: of 20 commands 18 are heartbeats, 90 % */
#define SET_KEYS 100000u      /* work=set: so many keys in all */
/* Of each pool and lease in redis; licetd has them from its license file (bench/servers.py). */
#define REDIS_SEATS 100000000u
#define REDIS_TTL_MS 3600000u
#define DRAIN_SECONDS_MAX 30u /* after the end, for the check-in of what is still held */
#define NS_OF_SECOND 1000000000u
#define LATENCY_STEPS 32u /* of a doubling: 3 % */
#define LATENCY_BUCKETS (LATENCY_STEPS * 40u)

enum server {
    SERVER_LICET,
    SERVER_REDIS
};
enum work {
    WORK_PAIRS,
    WORK_MIX,
    WORK_CHECKOUTS,
    WORK_FILL,
    WORK_SET,
    WORK_IDLE
};
enum step {
    STEP_CHECKOUT,
    STEP_RENEW,
    STEP_CHECKIN,
    STEP_SET,
    STEP_COUNT
};

struct options {
    enum server server;
    enum work work;
    uint32_t port, clients, depth, milliseconds, warm_milliseconds, pools, vendors, seed, pid;
    uint32_t count; /* work=fill: leases in all */
    bool has_proofs;
    const char *scripts[STEP_COUNT]; /* redis: the hash of the script of a step */
};

/* Where a reply is being read; see reply_skip(). */
enum reading {
    READING_TYPE,
    READING_NUMBER,
    READING_LINE,
    READING_BYTES
};

struct connection {
    int fd;
    enum step step;
    uint32_t index;
    uint32_t batch;         /* commands of the batch on its way */
    uint32_t replies_left;  /* of them */
    uint32_t renewals_left; /* mix */
    uint64_t first_number;  /* the batch's leases are this one and those after it */
    uint64_t sent_ns;
    enum reading reading;
    char type;
    bool is_negative;
    uint64_t items_left; /* of the reply being read, itself included */
    uint64_t number;     /* what READING_NUMBER has read, or bytes left of READING_BYTES */
    char *unsent;        /* what the socket did not take: NULL nearly always */
    size_t unsent_size, unsent_at;
};

struct load {
    struct options options;
    struct load_command commands[STEP_COUNT];
    struct connection *connections;
    uint32_t working_count; /* connections that have not come to their end */
    int epoll;
    uint64_t next_number;
    uint64_t now_ns, begin_ns, end_ns;
    bool is_measuring, is_draining;
    uint64_t ops, errors, cpu_us, own_cpu_us;
    uint64_t measured_from_ns, measured_ns;
    uint64_t latencies[LATENCY_BUCKETS];
    char first_error[160];
    size_t first_error_size;
    char *batch; /* place for the commands of one batch */
    char *input;
};

__attribute__((noreturn, format(printf, 1, 2))) static void fatal(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);

    if (memory == NULL)
        fatal("no memory");
    return memory;
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * NS_OF_SECOND + (uint64_t)time.tv_nsec;
}

/* CPU time that a process has used, all its threads, in microseconds; 0 for process 0. */
static uint64_t process_cpu_us(uint32_t pid)
{
    char path[64], line[1024];
    unsigned long long user, system;
    const char *end;
    FILE *file;

    if (pid == 0)
        return 0;
    snprintf(path, sizeof(path), "/proc/%u/stat", pid);
    file = fopen(path, "r");
    if (file == NULL || fgets(line, sizeof(line), file) == NULL)
        fatal("process %u is gone", pid);
    fclose(file);
    end = strrchr(line, ')'); /* a program's name may hold blanks */
    if (end == NULL ||
        sscanf(end, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system) != 2)
        fatal("%s is not understood", path);
    return (user + system) * 1000000u / (uint64_t)sysconf(_SC_CLK_TCK);
}

/* ---- latencies: buckets that grow by 3 % ---- */

static uint32_t latency_bucket(uint64_t ns)
{
    uint32_t doublings;

    if (ns < LATENCY_STEPS)
        return (uint32_t)ns;
    doublings = 63u - (uint32_t)__builtin_clzll(ns) - 5u; /* 2^5 is LATENCY_STEPS */
    return (doublings + 1) * LATENCY_STEPS + (uint32_t)((ns >> doublings) - LATENCY_STEPS);
}

static double latency_us(uint32_t bucket)
{
    uint32_t doublings = bucket / LATENCY_STEPS;

    if (doublings == 0)
        return bucket / 1000.0;
    return (double)((uint64_t)(bucket % LATENCY_STEPS + LATENCY_STEPS) << (doublings - 1)) / 1000.0;
}

static double load_percentile_us(const struct load *load, double share)
{
    uint64_t seen = 0, wanted = (uint64_t)((double)load->ops * share);

    for (uint32_t bucket = 0; bucket < LATENCY_BUCKETS; bucket++) {
        seen += load->latencies[bucket];
        if (seen > wanted)
            return latency_us(bucket);
    }
    return 0;
}

/* ---- commands ---- */

static void load_make_licet_commands(struct load *load)
{
    const char *proof = load->options.has_proofs ? " NONCE {n} PROOF raw" : "";
    char words[LOAD_COMMAND_BYTES_MAX];

    snprintf(words, sizeof(words), "CHECKOUT f{f} {i} USER u{w} HOST h{w}%s%s",
             load->options.vendors > 0 ? " VENDOR v{v}" : "", proof);
    load_command_make(&load->commands[STEP_CHECKOUT], words);
    snprintf(words, sizeof(words), "RENEW {i}%s", proof);
    load_command_make(&load->commands[STEP_RENEW], words);
    load_command_make(&load->commands[STEP_CHECKIN], "CHECKIN {i}");
}

/* The scripts stand in bench/servers.py. */
static void load_make_redis_commands(struct load *load)
{
    const char *const *scripts = load->options.scripts;
    char words[LOAD_COMMAND_BYTES_MAX];

    snprintf(words, sizeof(words), "EVALSHA %s 2 leases ends {i} f{f} u{w}@h{w} %u %u",
             scripts[STEP_CHECKOUT], REDIS_SEATS, REDIS_TTL_MS);
    load_command_make(&load->commands[STEP_CHECKOUT], words);
    snprintf(words, sizeof(words), "EVALSHA %s 2 leases ends {i} %u", scripts[STEP_RENEW],
             REDIS_TTL_MS);
    load_command_make(&load->commands[STEP_RENEW], words);
    snprintf(words, sizeof(words), "EVALSHA %s 2 leases ends {i}", scripts[STEP_CHECKIN]);
    load_command_make(&load->commands[STEP_CHECKIN], words);
    load_command_make(&load->commands[STEP_SET], "SET {i} {n}");
}

static uint64_t mix(uint64_t value)
{
    value += 0x9e3779b97f4a7c15u; /* splitmix64: ids of real clients are random, so are these */
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
    value = (value ^ value >> 27) * 0x94d049bb133111ebu;
    return value ^ value >> 31;
}

/* Lease number `number` of this run: always the same id and feature. */
static void load_make_values(const struct load *load, uint64_t number, struct load_values *values)
{
    uint64_t random = mix(number ^ (uint64_t)load->options.seed << 40);

    values->feature = (uint32_t)(random % load->options.pools);
    if (load->options.vendors > 0)
        values->vendor = (uint32_t)(random / load->options.pools % load->options.vendors);
    values->id[0] = load->options.work == WORK_SET ? mix(random % SET_KEYS) : random;
    values->id[1] = mix(values->id[0]);
    values->nonce[0] = random ^ load->now_ns;
    values->nonce[1] = values->id[1];
}

/* ---- replies ---- */

static void load_note_error(struct load *load, const char *bytes, size_t size)
{
    size_t room = sizeof(load->first_error) - 1 - load->first_error_size;

    if (load->errors != 1)
        return;
    size = size < room ? size : room;
    for (size_t index = 0; index < size; index++) {
        char byte = bytes[index] == '"' ? '\'' : bytes[index];

        load->first_error[load->first_error_size++] = byte;
    }
}

/* A number line has ended. An array adds its items, a bulk string its bytes and line end. */
static void reply_number(struct connection *connection)
{
    bool is_null = connection->is_negative;

    connection->reading = READING_TYPE;
    if (connection->type == '*' && !is_null) {
        connection->items_left += connection->number;
    } else if (connection->type == '$' && !is_null) {
        connection->number += 2;
        connection->reading = READING_BYTES;
        return;
    }
    connection->items_left--;
}

static void reply_begin_item(struct load *load, struct connection *connection, char type)
{
    if (connection->items_left == 0)
        connection->items_left = 1;
    connection->type = type;
    connection->number = 0;
    connection->is_negative = false;
    connection->reading = type == '*' || type == '$' ? READING_NUMBER : READING_LINE;
    if (strchr("+-:*$_", type) == NULL)
        fatal("a reply begins with byte %d", type);
    load->errors += type == '-';
}

/* READING_LINE and READING_BYTES: many bytes at once. How many were taken. */
static size_t reply_skip_run(struct load *load, struct connection *connection, const char *bytes,
                             size_t size)
{
    const char *end;
    size_t taken;

    if (connection->reading == READING_BYTES) {
        taken = connection->number < size ? (size_t)connection->number : size;
        connection->number -= taken;
        if (connection->number > 0)
            return taken;
    } else {
        end = memchr(bytes, '\n', size);
        taken = end == NULL ? size : (size_t)(end - bytes) + 1;
        if (connection->type == '-')
            load_note_error(load, bytes, end == NULL ? taken : taken - 2);
        if (end == NULL)
            return taken;
    }
    connection->reading = READING_TYPE;
    connection->items_left--;
    return taken;
}

/* Takes the bytes of at most one reply; how many. The reply is whole when items_left is 0 and
 * reading is READING_TYPE. */
static size_t reply_skip(struct load *load, struct connection *connection, const char *bytes,
                         size_t size)
{
    size_t at = 0;

    do {
        if (connection->reading == READING_TYPE) {
            reply_begin_item(load, connection, bytes[at++]);
        } else if (connection->reading == READING_NUMBER) {
            char byte = bytes[at++];

            if (byte == '\n')
                reply_number(connection);
            else if (byte == '-')
                connection->is_negative = true;
            else if (byte != '\r')
                connection->number = connection->number * 10 + (uint64_t)(byte - '0');
        } else {
            at += reply_skip_run(load, connection, bytes + at, size - at);
        }
    } while (at < size && (connection->items_left > 0 || connection->reading != READING_TYPE));
    return at;
}

/* ---- connections ---- */

static void connection_watch(struct load *load, struct connection *connection, uint32_t events,
                             int operation)
{
    struct epoll_event event = {.events = events, .data.ptr = connection};

    if (epoll_ctl(load->epoll, operation, connection->fd, &event) != 0)
        fatal("epoll: %s", strerror(errno));
}

/* Ends abruptly: a closing handshake would leave each port in use for a minute. */
static void connection_end(struct load *load, struct connection *connection)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};

    setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    close(connection->fd);
    connection->fd = -1;
    load->working_count--;
}

static void connection_send(struct load *load, struct connection *connection, const char *bytes,
                            size_t size)
{
    ssize_t sent = send(connection->fd, bytes, size, MSG_NOSIGNAL);

    if (sent < 0 && errno != EAGAIN)
        fatal("cannot send to the server: %s", strerror(errno));
    if (sent < 0)
        sent = 0;
    if ((size_t)sent == size)
        return;
    connection->unsent_size = size - (size_t)sent;
    connection->unsent = allocate(1, connection->unsent_size);
    connection->unsent_at = 0;
    memcpy(connection->unsent, bytes + sent, connection->unsent_size);
    connection_watch(load, connection, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
}

static void connection_send_rest(struct load *load, struct connection *connection)
{
    ssize_t sent = send(connection->fd, connection->unsent + connection->unsent_at,
                        connection->unsent_size - connection->unsent_at, MSG_NOSIGNAL);

    if (sent < 0 && errno != EAGAIN)
        fatal("cannot send to the server: %s", strerror(errno));
    connection->unsent_at += sent > 0 ? (size_t)sent : 0;
    if (connection->unsent_at < connection->unsent_size)
        return;
    free(connection->unsent);
    connection->unsent = NULL;
    connection_watch(load, connection, EPOLLIN, EPOLL_CTL_MOD);
}

static void connection_send_batch(struct load *load, struct connection *connection)
{
    const struct load_command *command = &load->commands[connection->step];
    struct load_values values = {.who = connection->index};
    char *at = load->batch;

    for (uint32_t index = 0; index < connection->batch; index++, at += command->size) {
        load_make_values(load, connection->first_number + index, &values);
        load_command_write(command, &values, at);
    }
    connection->replies_left = connection->batch;
    connection->sent_ns = load->now_ns;
    connection_send(load, connection, load->batch, (size_t)(at - load->batch));
}

/* Fresh leases. False when there shall be no more. */
static bool connection_take_numbers(struct load *load, struct connection *connection)
{
    uint64_t left = UINT64_MAX;

    if (load->options.work == WORK_FILL)
        left = load->options.count - load->next_number;
    else if (load->is_draining)
        left = 0;
    connection->batch = left < load->options.depth ? (uint32_t)left : load->options.depth;
    connection->first_number = load->next_number;
    load->next_number += connection->batch;
    return connection->batch > 0;
}

/* The batch that follows the one just answered; ends the connection where none does. */
static void connection_go_on(struct load *load, struct connection *connection)
{
    bool holds_leases = load->options.work == WORK_PAIRS || load->options.work == WORK_MIX;

    if (holds_leases && connection->step != STEP_CHECKIN) {
        bool renews =
            load->options.work == WORK_MIX && connection->renewals_left > 0 && !load->is_draining;

        connection->renewals_left -= renews;
        connection->step = renews ? STEP_RENEW : STEP_CHECKIN;
    } else if (!connection_take_numbers(load, connection)) {
        connection_end(load, connection);
        return;
    } else {
        connection->step = load->options.work == WORK_SET ? STEP_SET : STEP_CHECKOUT;
        connection->renewals_left = RENEWALS_OF_LEASE;
    }
    connection_send_batch(load, connection);
}

static void connection_take_bytes(struct load *load, struct connection *connection, size_t size)
{
    uint64_t waited_ns = load->now_ns - connection->sent_ns;
    uint32_t replies = 0;
    size_t at = 0;

    while (at < size) {
        if (replies == connection->replies_left)
            fatal("the server sent more than it was asked for");
        at += reply_skip(load, connection, load->input + at, size - at);
        replies += connection->items_left == 0 && connection->reading == READING_TYPE;
    }
    connection->replies_left -= replies;
    if (load->is_measuring) {
        load->ops += replies;
        load->latencies[latency_bucket(waited_ns)] += replies;
    }
}

static void connection_serve(struct load *load, struct connection *connection, uint32_t events)
{
    ssize_t size;

    if ((events & EPOLLOUT) != 0 && connection->unsent != NULL)
        connection_send_rest(load, connection);
    if ((events & ~(uint32_t)EPOLLOUT) == 0)
        return;
    size = recv(connection->fd, load->input, READ_BYTES, 0);
    if (size < 0 && errno == EAGAIN)
        return;
    if (size <= 0)
        fatal("the server closed a connection%s%s", load->errors > 0 ? " after: " : "",
              load->first_error);
    connection_take_bytes(load, connection, (size_t)size);
    if (connection->replies_left == 0)
        connection_go_on(load, connection);
}

static void connection_open(struct load *load, uint32_t index)
{
    struct connection *connection = &load->connections[index];
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)load->options.port)};
    int yes = 1;

    connection->index = index;
    connection->step = STEP_CHECKIN; /* nothing is held */
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connection->fd < 0 ||
        connect(connection->fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        fatal("connection %u: %s", index + 1, strerror(errno));
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    load->working_count++;
}

/* ---- a run ---- */

static void load_begin(struct load *load)
{
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (load->epoll < 0)
        fatal("epoll: %s", strerror(errno));
    load->now_ns = clock_ns(CLOCK_MONOTONIC);
    load->begin_ns = load->now_ns + load->options.warm_milliseconds * 1000000ull;
    load->end_ns = load->begin_ns + load->options.milliseconds * 1000000ull;
    for (uint32_t index = 0; index < load->options.clients; index++) {
        struct connection *connection = &load->connections[index];

        fcntl(connection->fd, F_SETFL, O_NONBLOCK);
        connection_watch(load, connection, EPOLLIN, EPOLL_CTL_ADD);
        connection_go_on(load, connection);
        /* Order: the first lease of each is renewed less often, so that not all check in at once.
         */
        connection->renewals_left = index % (RENEWALS_OF_LEASE + 1);
    }
}

/* Reads the clock; begins and ends what is measured. */
static void load_mind_time(struct load *load)
{
    bool is_last = load->working_count == 0;

    load->now_ns = clock_ns(CLOCK_MONOTONIC);
    if (!load->is_measuring && !load->is_draining && load->now_ns >= load->begin_ns) {
        load->is_measuring = true;
        load->measured_from_ns = load->now_ns;
        load->cpu_us = process_cpu_us(load->options.pid);
        load->own_cpu_us = process_cpu_us((uint32_t)getpid());
    }
    if (load->is_measuring &&
        (is_last || (load->options.work != WORK_FILL && load->now_ns >= load->end_ns))) {
        load->is_measuring = false;
        load->is_draining = true;
        load->measured_ns = load->now_ns - load->measured_from_ns;
        load->cpu_us = process_cpu_us(load->options.pid) - load->cpu_us;
        load->own_cpu_us = process_cpu_us((uint32_t)getpid()) - load->own_cpu_us;
    }
    if (load->is_draining &&
        load->now_ns > load->end_ns + DRAIN_SECONDS_MAX * (uint64_t)NS_OF_SECOND &&
        load->options.work != WORK_FILL)
        fatal("%u connections wait for replies that do not come", load->working_count);
}

static void load_run(struct load *load)
{
    struct epoll_event events[EVENTS_MAX];

    load_begin(load);
    while (load->working_count > 0) {
        int count = epoll_wait(load->epoll, events, EVENTS_MAX, 100);

        if (count < 0 && errno != EINTR)
            fatal("epoll: %s", strerror(errno));
        load_mind_time(load);
        for (int index = 0; index < count; index++)
            connection_serve(load, events[index].data.ptr, events[index].events);
    }
    load_mind_time(load);
}

static void load_print(const struct load *load)
{
    double seconds = (double)load->measured_ns / NS_OF_SECOND;
    double ops = (double)load->ops;

    printf("ops=%llu seconds=%.3f ops_s=%.0f p50_us=%.0f p99_us=%.0f cpu_us=%.3f own_cpu_us=%.3f "
           "errors=%llu"
           " first_error=\"%s\"\n",
           (unsigned long long)load->ops, seconds, ops / seconds, load_percentile_us(load, 0.50),
           load_percentile_us(load, 0.99), (double)load->cpu_us / (ops > 0 ? ops : 1),
           (double)load->own_cpu_us / (ops > 0 ? ops : 1), (unsigned long long)load->errors,
           load->first_error);
}

/* A connection that says one PING: silent ones would be taken for a flood. */
static void load_open_idle(struct load *load, uint32_t index)
{
    static const char ping[] = "*1\r\n$4\r\nPING\r\n";
    char reply[7];
    int fd;

    connection_open(load, index);
    fd = load->connections[index].fd;
    if (send(fd, ping, sizeof(ping) - 1, MSG_NOSIGNAL) != sizeof(ping) - 1 ||
        recv(fd, reply, sizeof(reply), MSG_WAITALL) != sizeof(reply) ||
        memcmp(reply, "+PONG\r\n", sizeof(reply)) != 0)
        fatal("connection %u: no answer to PING", index + 1);
}

/* All stay until standard input ends. */
static void load_hold_idle(struct load *load)
{
    for (uint32_t index = 0; index < load->options.clients; index++)
        load_open_idle(load, index);
    printf("ready=%u\n", load->options.clients);
    fflush(stdout);
    while (getchar() != EOF)
        ;
    for (uint32_t index = 0; index < load->options.clients; index++)
        connection_end(load, &load->connections[index]);
}

/* ---- command line ---- */

static const char usage[] =
    "usage: load --server licet|redis --work pairs|mix|checkouts|fill|set|idle --port N [--clients "
    "N]\n"
    "            [--depth N] [--milliseconds N] [--warm-milliseconds N] [--count N] [--pools N]\n"
    "            [--vendors N] [--proofs] [--seed N] [--pid N] [--checkout HASH] [--renew HASH]\n"
    "            [--checkin HASH]\n";

static uint32_t choose(const char *value, const char *const *names, uint32_t count)
{
    for (uint32_t index = 0; index < count; index++) {
        if (strcmp(value, names[index]) == 0)
            return index;
    }
    fatal("\"%s\" is none of the choices\n%s", value, usage);
}

static void options_read(int argc, char **argv, struct options *options)
{
    static const char *const servers[] = {"licet", "redis"};
    static const char *const works[] = {"pairs", "mix", "checkouts", "fill", "set", "idle"};
    static const struct option flags[] = {
        {"port", required_argument, NULL, 0},
        {"clients", required_argument, NULL, 0},
        {"depth", required_argument, NULL, 0},
        {"milliseconds", required_argument, NULL, 0},
        {"pools", required_argument, NULL, 0},
        {"vendors", required_argument, NULL, 0},
        {"seed", required_argument, NULL, 0},
        {"pid", required_argument, NULL, 0},
        {"count", required_argument, NULL, 0},
        {"warm-milliseconds", required_argument, NULL, 0},
        {"checkout", required_argument, NULL, 'o'},
        {"renew", required_argument, NULL, 'r'},
        {"checkin", required_argument, NULL, 'i'},
        {"proofs", no_argument, NULL, 'p'},
        {"server", required_argument, NULL, 's'},
        {"work", required_argument, NULL, 'w'},
        {NULL, 0, NULL, 0},
    };
    uint32_t *const numbers[] = {
        &options->port,  &options->clients,          &options->depth, &options->milliseconds,
        &options->pools, &options->vendors,          &options->seed,  &options->pid,
        &options->count, &options->warm_milliseconds};
    struct error error;
    int flag, index = 0;

    while ((flag = getopt_long(argc, argv, "", flags, &index)) != -1) {
        switch (flag) {
        case 0:
            if (parse_u32(text_of(optarg), 0, UINT32_MAX, numbers[index], &error) != LICET_OK)
                fatal("--%s: %s", flags[index].name, error.text);
            break;
        case 'o':
            options->scripts[STEP_CHECKOUT] = optarg;
            break;
        case 'r':
            options->scripts[STEP_RENEW] = optarg;
            break;
        case 'i':
            options->scripts[STEP_CHECKIN] = optarg;
            break;
        case 'p':
            options->has_proofs = true;
            break;
        case 's':
            options->server = (enum server)choose(optarg, servers, 2);
            break;
        case 'w':
            options->work = (enum work)choose(optarg, works, 6);
            break;
        default:
            fatal("the command line is not understood\n%s", usage);
        }
    }
    if (optind < argc || options->port == 0 || options->port > UINT16_MAX ||
        options->clients == 0 || options->clients > CLIENTS_MAX || options->depth == 0 ||
        options->depth > DEPTH_MAX || options->pools == 0 || options->pools > 100000 ||
        options->vendors > 100 || (options->work == WORK_SET && options->server != SERVER_REDIS))
        fatal("an option is missing or out of its range\n%s", usage);
}

int main(int argc, char **argv)
{
    static struct load load = {.options = {.clients = 1,
                                           .depth = 1,
                                           .milliseconds = 1000,
                                           .pools = 1,
                                           .scripts = {"-", "-", "-", "-"}}};

    options_read(argc, argv, &load.options);
    load.connections = allocate(load.options.clients, sizeof(*load.connections));
    load.batch = allocate(load.options.depth, LOAD_COMMAND_BYTES_MAX);
    load.input = allocate(1, READ_BYTES);
    if (load.options.work == WORK_IDLE) {
        load_hold_idle(&load);
        return 0;
    }
    for (uint32_t index = 0; index < load.options.clients; index++)
        connection_open(&load, index);
    if (load.options.server == SERVER_LICET)
        load_make_licet_commands(&load);
    else
        load_make_redis_commands(&load);
    load_run(&load);
    load_print(&load);
    return 0;
}
