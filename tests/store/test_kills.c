/*
 * Issuing (R6.8) with a real licet-signer: killing the signer or the portal at any moment loses nothing
 * and makes nothing twice.
 */
#include "base/parse.h"

#include "store/issuing.h"

static pid_t signer_pid(void)
{
    struct text text = {NULL, 0};
    uint64_t pid = 0;

    if (file_read(getenv("LICET_TEST_SIGNER_PID"), 32, &text, NULL) != LICET_OK)
        return 0;
    parse_u64(text, 0, INT32_MAX, &pid, NULL);
    file_free(text);
    return (pid_t)pid;
}

/* A portal in a process of its own, that dies in the middle. */
static pid_t portal_start(const char *url)
{
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    if (store_open(url, &store, NULL) != LICET_OK)
        _exit(1);
    start();
    for (;;)
        pause();
}

static unsigned random_below(unsigned limit)
{
    static unsigned long long state = 7;

    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (unsigned)(state >> 33) % limit;
}

static void test_kills(struct engine *engine)
{
    int64_t wanted = count_issues().released;
    struct issuing *issuing;
    struct counts counts;
    enum status status;
    int64_t last = 0;

    for (uint32_t round = 0; round < 30; round++) {
        pid_t portal, signer;

        for (uint32_t i = 0; i < 4; i++) {
            int64_t id = allocate((int)i % SERVERS, 100 + round * 4 + i, &status);

            wanted += id != 0;
            last = id != 0 ? id : last;
        }
        store_close(store);
        portal = portal_start(engine->url);
        usleep(random_below(12000));
        signer = signer_pid();
        if (round % 3 == 0 && signer > 0)
            kill(signer, SIGKILL);
        usleep(random_below(8000));
        kill(portal, SIGKILL);
        waitpid(portal, NULL, 0);
        store_open(engine->url, &store, NULL);
    }
    issuing = start();
    wait_for(issuing, last);
    counts = settle(issuing);
    engine_ok(engine, counts.unsettled == 0 && counts.released == wanted,
              "R6.8 portal and signer killed 30 times: every act has its file");
    printf("#   %lld released, %lld wanted, %lld unsettled\n", (long long)counts.released,
           (long long)wanted, (long long)counts.unsettled);
    issuing_stop(issuing);
}

int main(void)
{
    return issuing_main(test_kills);
}
