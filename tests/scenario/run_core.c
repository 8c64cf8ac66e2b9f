/*
 * Runs scenarios on the seat core under a virtual clock. The program plays the shell: it keeps the
 * records, and a restart folds them into a new core. One TAP line a file.
 */
#include <assert.h>
#include <sodium.h>
#include <sys/mman.h>

#include "base/file.h"
#include "base/parse.h"
#include "scenario/script.h"
#include "seat/names.h"
#include "seat/record.h"
#include "seat/seat.h"
#include "tap.h"

#define RECORDS_MAX 4096
#define ANSWERS_MAX 64
#define ANSWER_BYTES_MAX 512
#define SCRIPT_BYTES_MAX 65536
#define FIRST_MS 1000000 /* the machine was up for a while */

struct answer {
    struct text who;
    char text[ANSWER_BYTES_MAX];
};

struct stage {
    const struct script *script;
    struct seats *seats;
    void *memory;
    size_t memory_size;
    struct names *names;
    struct seats_options options;
    struct seat_record records[RECORDS_MAX];
    uint64_t records_count;
    int64_t now_ms, utc_shift_s;
    struct instant timer;
    struct answer answers[ANSWERS_MAX]; /* given and not yet expected */
    uint32_t answers_count;
    struct seat_line lines[SCRIPT_FILE_LINES_MAX];
    struct seat_installation installation;
};

static void *memory_map(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    assert(memory != MAP_FAILED);
    return memory;
}

static struct seat_now stage_now(const struct stage *stage)
{
    int64_t utc = stage->script->start.s + (stage->now_ms - FIRST_MS) / 1000 + stage->utc_shift_s;

    return (struct seat_now){{stage->now_ms}, {utc}};
}

static name_id stage_name(struct stage *stage, struct text text)
{
    name_id id = 0;
    bool is_new;
    struct error error;

    if (text.size > 0 && names_intern(stage->names, text, &id, &is_new, &error) != LICET_OK)
        printf("# %s\n", error.text);
    return id;
}

/* ---- the core ---- */

static void stage_step(struct stage *stage, const struct seat_event *event,
                       struct seat_reply *ret_reply)
{
    struct seat_event step = *event;
    struct seat_effects effects;

    do {
        seat_step(stage->seats, stage_now(stage), &step, &effects);
        assert(stage->records_count + effects.records_count <= RECORDS_MAX);
        memcpy(&stage->records[stage->records_count], effects.records,
               effects.records_count * sizeof(effects.records[0]));
        stage->records_count += effects.records_count;
        if (effects.has_reply)
            *ret_reply = effects.reply;
        step.kind = SEAT_MORE;
    } while (effects.more);
    stage->timer = effects.next_timer;
}

/* Lets time pass up to `until_ms`, with every tick that the core wants on the way. */
static void stage_pass(struct stage *stage, int64_t until_ms)
{
    struct seat_event tick = {.kind = SEAT_TICK};
    struct seat_reply none;

    while (stage->timer.ms <= until_ms) {
        if (stage->timer.ms > stage->now_ms)
            stage->now_ms = stage->timer.ms;
        stage_step(stage, &tick, &none);
    }
    stage->now_ms = until_ms;
}

/* What is in memory is gone; what was answered is in the records, as bytes. */
static bool stage_restart(struct stage *stage)
{
    struct seat_event start = {.kind = SEAT_START};
    struct seat_reply none;
    struct error error;

    munmap(stage->memory, stage->memory_size);
    stage->memory = memory_map(stage->memory_size);
    stage->seats = seats_create(stage->memory, &stage->options);
    for (uint64_t index = 0; index < stage->records_count; index++) {
        uint8_t bytes[SEAT_RECORD_BYTES_MAX];
        size_t size = record_encode(&stage->records[index], bytes), read;
        struct seat_record record;
        enum status status = record_decode(bytes, size, &record, &read, &error);

        if (status == LICET_OK)
            status = seat_apply(stage->seats, index + 1, &record, &error);
        if (status != LICET_OK) {
            printf("# record %u: %s\n", (unsigned)index + 1, error.text);
            return false;
        }
    }
    stage_step(stage, &start, &none);
    return true;
}

/* ---- answers ---- */

static struct buf stage_answer(struct stage *stage, struct text who)
{
    struct answer *answer = &stage->answers[stage->answers_count++];

    assert(stage->answers_count < ANSWERS_MAX);
    *answer = (struct answer){.who = who};
    return buf_over(answer->text, sizeof(answer->text) - 1);
}

static void answer_seconds(struct buf *buf, int64_t ms)
{
    if (ms % 1000 == 0)
        buf_printf(buf, "%lld", (long long)(ms / 1000));
    else
        buf_printf(buf, "%lld.%03lld", (long long)(ms / 1000), (long long)(ms % 1000));
    buf_add_string(buf, "s");
}

static void answer_granted(struct buf *buf, const struct seat_reply *reply)
{
    buf_add_string(buf, "granted ttl ");
    answer_seconds(buf, reply->ttl_ms);
    if (reply->count > 1)
        buf_printf(buf, " count %u", reply->count);
    if ((reply->flags & SEAT_FLAG_OVERDRAFT) != 0)
        buf_add_string(buf, " overdraft");
    if (reply->end != 0) {
        buf_add_string(buf, " until ");
        unix_time_print((struct unix_time){reply->end}, buf);
    }
}

static void answer_denied(struct stage *stage, struct buf *buf, const struct seat_reply *reply)
{
    struct text feature = names_text(stage->names, reply->denial.feature);

    buf_printf(buf, "%s ", status_word(reply->status));
    if (reply->denial.is_ended_by_administrator) {
        buf_add_string(buf, "by an administrator");
        return;
    }
    if (reply->status != LICET_NO_SEAT) {
        buf_add_string(buf, status_text(reply->status));
        return;
    }
    buf_printf(buf, "every seat of %.*s is in use", TEXT_ARGS(feature));
    if (reply->denial.next_free_ms >= 0)
        buf_printf(buf, "; the next is free in %llds",
                   (long long)((reply->denial.next_free_ms + 999) / 1000));
}

/* ---- commands ---- */

static struct lease_id id_of(struct text text)
{
    struct lease_id id;

    crypto_generichash(id.bytes, sizeof(id.bytes), (const uint8_t *)text.data, text.size, NULL, 0);
    return id;
}

static name_id stage_name_with(struct stage *stage, struct text who, const char *suffix)
{
    char place[NAME_MAX_BYTES];
    struct buf buf = buf_over(place, sizeof(place));

    buf_add_text(&buf, who);
    buf_add_string(&buf, suffix);
    return stage_name(stage, buf_text(&buf));
}

static bool command_option(struct stage *stage, struct text key, struct text value,
                           struct seat_event *event)
{
    struct date date;

    if (text_is(key, "COUNT"))
        return parse_u32(value, 0, UINT32_MAX, &event->count, NULL) == LICET_OK;
    if (text_is(key, "RELEASE")) {
        if (date_parse(value, &date, NULL) != LICET_OK)
            return false;
        event->release = (uint32_t)date.days;
        return true;
    }
    if (text_is(key, "USER"))
        event->user = stage_name(stage, value);
    else if (text_is(key, "HOST"))
        event->host = stage_name(stage, value);
    else if (text_is(key, "DEVICE"))
        event->device = stage_name(stage, value);
    else if (text_is(key, "VENDOR"))
        event->vendor = stage_name(stage, value);
    else
        return false;
    return true;
}

static bool command_event(struct stage *stage, struct text who, const struct text *words,
                          uint32_t count, struct seat_event *event)
{
    uint32_t next = event->kind == SEAT_CHECKOUT ? 2 : 1;

    event->vendor = stage_name(stage, TEXT("acme"));
    event->user = stage_name(stage, who);
    event->host = stage_name_with(stage, who, "-pc");
    event->device = stage_name_with(stage, who, "-key");
    event->source = stage_name_with(stage, who, "-address");
    event->count = 1;
    if (event->kind == SEAT_CHECKOUT && count > 1)
        event->feature = stage_name(stage, words[1]);
    if (count <= next || !text_starts_with(words[next], "id:"))
        return false;
    event->id = id_of(words[next]);
    for (next++; next + 1 < count; next += 2)
        if (!command_option(stage, words[next], words[next + 1], event))
            return false;
    return next == count;
}

static bool command_seat(struct stage *stage, struct text who, enum seat_event_kind kind,
                         const struct text *words, uint32_t count)
{
    struct seat_event event = {.kind = kind};
    struct seat_reply reply = {.status = LICET_SYSTEM};
    struct buf buf;

    if (!command_event(stage, who, words, count, &event))
        return false;
    stage_step(stage, &event, &reply);
    buf = stage_answer(stage, who);
    if (reply.status != LICET_OK)
        answer_denied(stage, &buf, &reply);
    else if (kind == SEAT_CHECKIN)
        buf_add_string(&buf, "ended");
    else
        answer_granted(&buf, &reply);
    return true;
}

/* END id: by the handle of the lease with this id. */
static bool command_end(struct stage *stage, struct text who, struct text id)
{
    struct seat_event event = {.kind = SEAT_END};
    struct seat_reply reply = {.status = LICET_SYSTEM};
    struct lease_id of = id_of(id);
    struct seat_lease_view view;
    struct buf buf;

    if (!seats_find_lease(stage->seats, stage_now(stage), &of, &view))
        return false;
    event.handle = view.handle;
    stage_step(stage, &event, &reply);
    buf = stage_answer(stage, who);
    buf_add_string(&buf, reply.status == LICET_OK ? "ended" : status_word(reply.status));
    return true;
}

/* WHY feature [options]: what a CHECKOUT would be told, and nothing happens. */
static bool command_why(struct stage *stage, struct text who, const struct text *words,
                        uint32_t count)
{
    struct seat_event event = {.kind = SEAT_CHECKOUT};
    struct text asked[SCRIPT_WORDS_MAX + 1];
    struct seat_reply reply;
    struct buf buf;

    if (count < 2)
        return false;
    asked[0] = words[0];
    asked[1] = words[1];
    asked[2] = TEXT("id:why");
    for (uint32_t index = 2; index < count; index++)
        asked[index + 1] = words[index];
    if (!command_event(stage, who, asked, count + 1, &event))
        return false;
    seat_why(stage->seats, stage_now(stage), &event, &reply);
    buf = stage_answer(stage, who);
    if (reply.status == LICET_OK)
        buf_add_string(&buf, "a seat is free");
    else
        answer_denied(stage, &buf, &reply);
    return true;
}

static void stage_features(struct stage *stage, struct text who)
{
    struct buf buf = stage_answer(stage, who);
    struct seat_feature_view view;
    uint64_t cursor = 0;

    while (seats_next_feature(stage->seats, stage_now(stage), &cursor, &view)) {
        if (buf.size > 0)
            buf_add_string(&buf, "; ");
        buf_printf(&buf, "%.*s %llu of %llu in use",
                   TEXT_ARGS(names_text(stage->names, view.feature)),
                   (unsigned long long)view.in_use, (unsigned long long)view.seats);
        if (view.overdraft_in_use > 0)
            buf_printf(&buf, ", overdraft %llu", (unsigned long long)view.overdraft_in_use);
        if (view.overhang > 0)
            buf_printf(&buf, ", overhang %llu", (unsigned long long)view.overhang);
        if (view.lines_disabled > 0)
            buf_printf(&buf, ", disabled lines %u", view.lines_disabled);
    }
    if (buf.size == 0)
        buf_add_string(&buf, "none");
}

static void stage_leases(struct stage *stage, struct text who)
{
    struct buf buf = stage_answer(stage, who);
    struct seat_lease_view view;
    uint64_t cursor = 0;

    while (seats_next_lease(stage->seats, stage_now(stage), stage_name(stage, TEXT("acme")), 0,
                            &cursor, &view)) {
        buf_printf(&buf, "%s%.*s %.*s x%u%s", buf.size > 0 ? "; " : "",
                   TEXT_ARGS(names_text(stage->names, view.feature)),
                   TEXT_ARGS(names_text(stage->names, view.user)), view.count,
                   view.is_ending ? " ending" : "");
    }
    if (buf.size == 0)
        buf_add_string(&buf, "none");
}

/* The rows of a receipt (docs/rules.md 5): seats and held-over seats of each line. */
static void stage_receipt(struct stage *stage, struct text who)
{
    struct buf buf = stage_answer(stage, who);
    struct seat_line line;
    uint64_t cursor = 0;

    while (seats_next_line(stage->seats, stage_name(stage, TEXT("acme")), &cursor, &line)) {
        bool is_former = line.state == LINE_FORMER;

        if (is_former && line.held_over == 0)
            continue;
        buf_printf(&buf, "%s%.*s %u", buf.size > 0 ? "; " : "",
                   TEXT_ARGS(names_text(stage->names, line.sn)), is_former ? 0 : line.seats);
        if (line.held_over > 0)
            buf_printf(&buf, " held over %u", line.held_over);
    }
    if (buf.size == 0)
        buf_add_string(&buf, "none");
}

/* ---- license files ---- */

static bool line_duration(struct text value, uint32_t *seconds)
{
    int64_t ms;

    if (script_duration(value, &ms, NULL) != LICET_OK)
        return false;
    *seconds = (uint32_t)(ms / 1000);
    return true;
}

/* R1.3: an end holds to the end of its date at UTC-12. */
static bool line_end(struct text value, int64_t *end)
{
    struct date date;

    if (text_is(value, "permanent"))
        return true;
    if (date_parse(value, &date, NULL) != LICET_OK)
        return false;
    *end = date_end_everywhere(date).s;
    return true;
}

static bool line_dates(struct text key, struct text value, struct seat_line *line)
{
    struct date date;

    if (text_is(key, "expiry"))
        return line_end(value, &line->expiry);
    if (text_is(key, "refresh-by"))
        return line_end(value, &line->refresh_by);
    if (text_is(key, "maintenance") && text_is(value, "none"))
        return true;
    if (date_parse(value, &date, NULL) != LICET_OK)
        return false;
    if (text_is(key, "maintenance"))
        line->maintenance = (uint32_t)date.days;
    else if (text_is(key, "start"))
        line->start = date_begin_anywhere(date).s;
    else
        return false;
    return true;
}

static bool line_field(struct stage *stage, struct text key, struct text value,
                       struct seat_line *line)
{
    if (text_is(key, "sn"))
        line->sn = stage_name(stage, value);
    else if (text_is(key, "seats"))
        return parse_u32(value, 1, SEATS_MAX, &line->seats, NULL) == LICET_OK;
    else if (text_is(key, "overdraft"))
        return parse_u32(value, 1, SEATS_MAX, &line->overdraft, NULL) == LICET_OK;
    else if (text_is(key, "covers") && line->covers_count < LINE_COVERS_MAX)
        line->covers[line->covers_count++] = stage_name(stage, value);
    else if (text_is(key, "ttl"))
        return line_duration(value, &line->ttl_s);
    else if (text_is(key, "drain"))
        return line_duration(value, &line->drain_s);
    else if (text_is(key, "model") || text_is(key, "hold"))
        line->state = LINE_NOT_SERVED; /* R2.5: it restricts, and is not served yet */
    else if (text_is(key, "later-than-this-server"))
        line->state = LINE_UNKNOWN_FIELD;
    else
        return line_dates(key, value, line);
    return true;
}

static bool line_read(struct stage *stage, struct text text, struct seat_line *line)
{
    struct text words[SCRIPT_WORDS_MAX];
    uint32_t count = script_words(text, words);

    *line = (struct seat_line){
        .maintenance = DATE_NONE, .ttl_s = LEASE_TTL_SECONDS, .drain_s = DRAIN_SECONDS};
    if (count < 3)
        return false;
    line->feature = stage_name(stage, words[1]);
    for (uint32_t index = 2; index < count; index++) {
        size_t equals = text_find(words[index], '=');

        if (!line_field(stage, text_head(words[index], equals), text_skip(words[index], equals + 1),
                        line))
            return false;
    }
    return true;
}

static bool command_install(struct stage *stage, struct text who, struct text number)
{
    const struct script_file *file = NULL;
    struct seat_event event = {.kind = SEAT_INSTALL};
    struct seat_reply reply = {.status = LICET_SYSTEM};
    uint32_t position, generation;
    struct buf buf;

    if (parse_u32(number, 1, SCRIPT_FILES_MAX, &position, NULL) != LICET_OK ||
        position > stage->script->files_count)
        return false;
    file = &stage->script->files[position - 1];
    for (uint32_t index = 0; index < file->lines_count; index++)
        if (!line_read(stage, file->lines[index], &stage->lines[index]))
            return false;
    generation = file->generation;
    stage->installation = (struct seat_installation){.vendor = stage_name(stage, TEXT("acme")),
                                                     .generation = generation,
                                                     .installed_at = stage_now(stage).utc.s,
                                                     .lines_count = file->lines_count};
    stage->installation.payload_hash[0] = (uint8_t)position; /* which text it is */
    event.vendor = stage->installation.vendor;
    event.installation = &stage->installation;
    event.lines = stage->lines;
    stage_step(stage, &event, &reply);
    buf = stage_answer(stage, who);
    if (reply.status == LICET_OK)
        buf_printf(&buf, "installed generation %u", reply.generation);
    else
        answer_denied(stage, &buf, &reply);
    return true;
}

static bool stage_command(struct stage *stage, const struct script_step *step)
{
    struct text words[SCRIPT_WORDS_MAX];
    uint32_t count = script_words(step->text, words);

    if (text_is(words[0], "CHECKOUT"))
        return command_seat(stage, step->who, SEAT_CHECKOUT, words, count);
    if (text_is(words[0], "RENEW"))
        return command_seat(stage, step->who, SEAT_RENEW, words, count);
    if (text_is(words[0], "CHECKIN"))
        return command_seat(stage, step->who, SEAT_CHECKIN, words, count);
    if (text_is(words[0], "END") && count == 2)
        return command_end(stage, step->who, words[1]);
    if (text_is(words[0], "WHY"))
        return command_why(stage, step->who, words, count);
    if (text_is(words[0], "INSTALL") && count == 2)
        return command_install(stage, step->who, words[1]);
    if (text_is(words[0], "FEATURES"))
        stage_features(stage, step->who);
    else if (text_is(words[0], "LEASES"))
        stage_leases(stage, step->who);
    else if (text_is(words[0], "RECEIPT"))
        stage_receipt(stage, step->who);
    else
        return false;
    return true;
}

/* ---- a scenario ---- */

static bool answer_fits(const char *given, struct text expected)
{
    struct text text = text_of(given);

    if (text_equal(text, expected))
        return true;
    /* one word of capitals leaves the sentence open */
    return text_find(expected, ' ') == expected.size && text.size > expected.size &&
           text_equal(text_head(text, expected.size), expected) && text.data[expected.size] == ' ';
}

static bool stage_expect(struct stage *stage, const struct script_step *step)
{
    for (uint32_t index = 0; index < stage->answers_count; index++) {
        struct answer answer = stage->answers[index];

        if (!text_equal(answer.who, step->who))
            continue;
        memmove(&stage->answers[index], &stage->answers[index + 1],
                (stage->answers_count - index - 1) * sizeof(answer));
        stage->answers_count--;
        if (answer_fits(answer.text, step->text))
            return true;
        printf("#   line %u: %.*s got      %s\n#           %.*s expected %.*s\n", step->line,
               TEXT_ARGS(step->who), answer.text, TEXT_ARGS(step->who), TEXT_ARGS(step->text));
        return false;
    }
    printf("#   line %u: %.*s got no answer\n", step->line, TEXT_ARGS(step->who));
    return false;
}

static bool stage_do(struct stage *stage, const struct script_step *step)
{
    stage_pass(stage, FIRST_MS + step->at_ms);
    switch (step->kind) {
    case STEP_COMMAND:
        if (stage_command(stage, step))
            return true;
        printf("#   line %u: this command is not understood\n", step->line);
        return false;
    case STEP_ANSWER:
        return stage_expect(stage, step);
    case STEP_RESTART:
        return stage_restart(stage);
    case STEP_UTC:
        stage->utc_shift_s += step->utc.s - stage_now(stage).utc.s;
        stage->timer.ms = stage->now_ms; /* the system tells a server of it: dates may have come */
        stage_pass(stage, stage->now_ms);
        return true;
    }
    return false;
}

static bool scenario_play(const struct script *script)
{
    struct stage *stage = calloc(1, sizeof(*stage));
    size_t names_size = names_memory(4096);
    void *names_place = memory_map(names_size);
    bool holds;

    assert(stage != NULL);
    stage->script = script;
    stage->names = names_create(names_place, 4096, (const uint8_t[16]){0});
    stage->options =
        (struct seats_options){.leases_max = 8192, .pools_max = 256, .names_max = 4096};
    stage->memory_size = seats_memory(&stage->options);
    stage->memory = memory_map(stage->memory_size);
    stage->now_ms = FIRST_MS;
    stage->timer.ms = INT64_MAX;
    holds = stage_restart(stage);
    for (uint32_t index = 0; holds && index < script->steps_count; index++)
        holds = stage_do(stage, &script->steps[index]);
    if (holds && stage->answers_count > 0) {
        printf("#   nothing expects the answer \"%s\"\n", stage->answers[0].text);
        holds = false;
    }
    munmap(stage->memory, stage->memory_size);
    munmap(names_place, names_size);
    free(stage);
    return holds;
}

static void scenario_run(const char *path)
{
    static struct script script;
    struct text text;
    struct error error;

    if (file_read(path, SCRIPT_BYTES_MAX, &text, &error) != LICET_OK) {
        ok(false, "%s: %s", path, error.text);
        return;
    }
    if (script_read(text, &script, &error) != LICET_OK)
        ok(false, "%s: %s", path, error.text);
    else if (!ok(scenario_play(&script), "%.*s", TEXT_ARGS(script.show)))
        printf("#   in %s\n", path);
    free((char *)(uintptr_t)text.data);
}

int main(int argc, char **argv)
{
    if (sodium_init() < 0)
        return 1;
    for (int index = 1; index < argc; index++)
        scenario_run(argv[index]);
    return tap_done();
}
