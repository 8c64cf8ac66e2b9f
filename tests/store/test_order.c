/*
 * From an order to activated entitlements, on both engines: the two numbers, every act in every
 * state, the codes, and who may redeem them.
 */
#include "license/code.h"
#include "portal/entitlement/entitlement.h"

#include "store/orders.h"

/* ---- tests */

static enum status place_changed(struct placing *placing)
{
    struct error error = {0};
    enum status status = store_transact(store, act_place, placing, &error);

    printf("#   %s\n", error.text);
    return status;
}

static void test_place(struct engine *engine)
{
    struct placing placing = {.form = good_form()};

    placing.form.customer_number = TEXT(STRANGER);
    engine_ok(engine, place_changed(&placing) == LICET_NOT_FOUND,
              "an order with another customer's number is refused");
    placing.form.customer_number = TEXT("C-4829137");
    engine_ok(engine, place_changed(&placing) == LICET_INVALID,
              "an order with a mistyped number is refused before it is looked up");
    placing.form = good_form();
    placing.form.contact = TEXT("anna@customer.example\r\nBcc: eve@example.org");
    engine_ok(engine, place_changed(&placing) == LICET_INVALID,
              "an address that would be another header is refused");
    placing.form = good_form();
    placing.form.lines_count = 0;
    engine_ok(engine, place_changed(&placing) == LICET_INVALID,
              "an order without lines is refused");
    placing.form = good_form();
    good_lines[1].seats = 0;
    engine_ok(engine, place_changed(&placing) == LICET_INVALID, "a line without seats is refused");
    placing.form = good_form();
    good_lines[1].maintenance = TEXT("2027-02-30");
    engine_ok(engine, place_changed(&placing) == LICET_INVALID,
              "a maintenance date that is no day is refused");
    placing.form = good_form();
    good_lines[1].expiry = TEXT("2026-11-17"); /* `now` is on the day after */
    engine_ok(engine, place_changed(&placing) == LICET_INVALID,
              "seats that ended yesterday are not ordered");
    good_lines[1].expiry = TEXT("2026-11-18");
    engine_ok(engine, place_changed(&placing) == LICET_OK, "seats that end today are");
    placing.form = good_form();
    good_lines[0].edition_id = 99;
    engine_ok(engine, place_changed(&placing) == LICET_NOT_FOUND,
              "a line of no edition is refused");
    engine_ok(engine, place_good() > 0, "the good form is an order");
}

/* From each state the acts that lead on, and where to: `-` refuses. The letters are those of the
 * states in their order: d s h a f r c. */
static const char step_table[ORDER_CANCELLED + 1][ORDER_ACTS_COUNT + 1] = {
    /*                 submit hold resume approve reject cancel fulfil */
    [ORDER_DRAFT] = "s----c-",     [ORDER_SUBMITTED] = "-h-arc-", [ORDER_ON_HOLD] = "--s-rc-",
    [ORDER_APPROVED] = "-h---cf",  [ORDER_FULFILLED] = "-------", [ORDER_REJECTED] = "-------",
    [ORDER_CANCELLED] = "-------",
};
static const char state_letters[] = "dshafrc";

static void test_steps(struct engine *engine)
{
    unsigned wrong = 0;

    for (unsigned state = 0; state <= ORDER_CANCELLED; state++) {
        for (unsigned act = 0; act < ORDER_ACTS_COUNT; act++) {
            struct reading reading = {.id = order_in((enum order_state)state)};
            char letter = step_table[state][act];
            enum status status = step(reading.id, (enum order_act)act, "because");

            store_read(store, act_read, &reading, NULL);
            if (status != (letter == '-' ? LICET_CONFLICT : LICET_OK) ||
                state_letters[reading.order.state] !=
                    (letter == '-' ? state_letters[state] : letter)) {
                printf("# %s in %s: %d, %s\n", order_act_name((enum order_act)act),
                       order_state_name((enum order_state)state), status,
                       order_state_name(reading.order.state));
                wrong++;
            }
        }
    }
    engine_ok(engine, wrong == 0, "every act in every state leads where the table says");
    engine_ok(engine, step(order_in(ORDER_SUBMITTED), ORDER_REJECT, "") == LICET_INVALID,
              "whoever rejects gives a reason");
}

static void *fulfil_run(void *argument)
{
    const int64_t *id = argument;

    return (void *)(uintptr_t)(step(*id, ORDER_FULFIL, "") == LICET_OK);
}

static void test_fulfil(struct engine *engine)
{
    struct reading before = {.id = order_in(ORDER_APPROVED)}, after = {.id = before.id};
    pthread_t threads[8];
    unsigned done = 0;
    struct license_code code;
    bool is_right;

    for (int i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, fulfil_run, &before.id);
    for (int i = 0; i < 8; i++) {
        void *result;

        pthread_join(threads[i], &result);
        done += result != NULL;
    }
    engine_ok(engine, done == 1, "of eight who fulfil an order at once, one does");
    engine_ok(engine, store_read(store, act_read, &after, NULL) == LICET_OK, "it can be read");
    engine_ok(engine,
              after.mails_count == 1 && after.mails[0].state == MAIL_WAITING &&
                  text_is(after.mails[0].recipient, "anna@customer.example"),
              "one confirmation waits for its sender");
    is_right = after.entitlements_count == 8 && after.available[0] == 7 && after.owned[0] == 7 &&
               after.available[1] == 500 && after.owned[1] == 500;
    engine_ok(engine, is_right, "R6.1 each line's seats are available, and owned");
    engine_ok(engine,
              license_code_parse(after.entitlements[0].code, &code, NULL) == LICET_OK &&
                  !text_equal(after.entitlements[0].code, after.entitlements[1].code),
              "R6.10 each line has a license code of its own");
    engine_ok(engine,
              text_equal(text_skip(after.order.number, 2),
                         text_head(text_skip(after.entitlements[1].sn, 3), 5)) &&
                  text_is(text_skip(after.entitlements[1].sn, 8), "-1"),
              "its sn is the order's number and the line's");
}

struct activation {
    char code[64];
    int64_t customer_id;
    enum entitlement_state state;
};

static enum status act_activate(struct db_transaction *transaction, void *context,
                                struct error *error)
{
    struct activation *activation = context;
    struct arena arena = arena_over(place, sizeof(place));
    struct entitlement entitlement;
    enum status status =
        entitlement_activate(transaction, text_of(activation->code), &activation->customer_id, 1,
                             now, &arena, &entitlement, error);

    if (status == LICET_OK)
        activation->state = entitlement.state;
    return status;
}

static void test_activate(struct engine *engine)
{
    struct reading reading = {.id = order_in(ORDER_FULFILLED)};
    struct activation activation = {.customer_id = world.stranger_id};
    struct error foreign = {0}, unknown = {0};
    struct license_code other = license_code_make((const uint8_t[CODE_RANDOM_BYTES]){1});

    store_read(store, act_read, &reading, NULL);
    snprintf(activation.code, sizeof(activation.code), " %.*s",
             TEXT_ARGS(reading.entitlements[0].code));
    engine_ok(engine, store_transact(store, act_activate, &activation, &foreign) == LICET_NOT_FOUND,
              "R6.10 another customer cannot redeem the code");
    activation.customer_id = world.customer_id;
    for (char *at = activation.code; *at != '\0'; at++)
        *at = *at >= 'A' && *at <= 'Z' ? (char)(*at + 32) : *at;
    engine_ok(engine,
              store_transact(store, act_activate, &activation, NULL) == LICET_OK &&
                  activation.state == ENTITLEMENT_ACTIVATED,
              "R6.10 the customer on the order can, as people type");
    engine_ok(engine, store_transact(store, act_activate, &activation, NULL) == LICET_OK,
              "and again, with nothing changed");
    memcpy(activation.code, other.text, sizeof(other.text));
    engine_ok(engine,
              store_transact(store, act_activate, &activation, &unknown) == LICET_NOT_FOUND &&
                  strcmp(foreign.text, unknown.text) == 0,
              "R6.10 foreign and unknown codes have one answer");
}

static enum status act_second(struct db_transaction *transaction, void *context,
                              struct error *error)
{
    struct number number = number_draw_digits('R');
    struct agreement agreement = {.program_id = world.program_id,
                                  .customer_id = world.customer_id,
                                  .number = text_of(number.text),
                                  .created = now};

    return store_agreement_insert(transaction, &agreement, context, error);
}

static enum status act_end(struct db_transaction *transaction, void *context, struct error *error)
{
    (void)context;
    return store_agreement_end(transaction, world.agreement_id, error);
}

static void test_agreement(struct engine *engine)
{
    int64_t draft = place_good(), id = 0;
    struct placing placing = {.form = good_form()};

    engine_ok(engine, store_transact(store, act_second, &id, NULL) == LICET_CONFLICT,
              "a customer has one active agreement at a time");
    engine_ok(engine,
              store_transact(store, act_end, NULL, NULL) == LICET_OK &&
                  store_transact(store, act_end, NULL, NULL) == LICET_CONFLICT,
              "an agreement ends once");
    engine_ok(engine, place_changed(&placing) == LICET_CONFLICT,
              "nothing is ordered under an agreement that has ended");
    engine_ok(engine, step(draft, ORDER_SUBMIT, "") == LICET_CONFLICT, "nor is a draft submitted");
    engine_ok(engine, store_transact(store, act_second, &id, NULL) == LICET_OK && id > 0,
              "then the customer can have a new one");
}

static void test_engine(struct engine *engine)
{
    struct error error = {0};

    if (engine_ok(engine, store_open(engine->url, &store, &error) == LICET_OK, "the store opens") &&
        engine_ok(engine, store_transact(store, world_insert, NULL, &error) == LICET_OK,
                  "there is something to order")) {
        test_place(engine);
        test_steps(engine);
        test_fulfil(engine);
        test_activate(engine);
        test_agreement(engine);
        audited(engine, store, NULL);
    } else {
        printf("# %s\n", error.text);
    }
    store_close(store);
    store = NULL;
}

/* Every wrong digit and every two neighbours that changed places, in 200 numbers. */
static void test_numbers(void)
{
    unsigned missed = 0;

    for (int i = 0; i < 200; i++) {
        struct number number = number_draw_digits('C'), parsed;

        for (int at = 2; at < NUMBER_TEXT_BYTES; at++) {
            struct number wrong = number;

            for (char digit = '0'; digit <= '9'; digit++) {
                wrong.text[at] = digit;
                missed += digit != number.text[at] &&
                          number_parse_digits(text_of(wrong.text), 'C', &parsed, NULL) == LICET_OK;
            }
            wrong = number;
            wrong.text[at] = number.text[at - 1];
            wrong.text[at - 1] = number.text[at];
            missed += at > 2 && number.text[at] != number.text[at - 1] &&
                      number_parse_digits(text_of(wrong.text), 'C', &parsed, NULL) == LICET_OK;
        }
    }
    ok(missed == 0, "every wrong digit of a number and every swap is noticed (%u were not)",
       missed);
}

int main(void)
{
    test_numbers();
    on_engines(test_engine);
    return tap_done();
}
