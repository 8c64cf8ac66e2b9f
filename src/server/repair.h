/* `licetd repair` and `licetd check`: what an administrator does when licetd refuses to start, and
 * before it is that late. */
#ifndef LICET_SERVER_REPAIR_H
#define LICET_SERVER_REPAIR_H

#include "server/options.h"

/* Reads the whole journal, also what a start passes over because a snapshot stands for it. licetd
 * must not run. */
enum status journal_act_check(const struct options *options, struct error *error);

/* Keeps the longest valid part of journal and names, moves the rest aside as evidence, and says on
 * standard output what was kept and what was lost. The next start begins a new epoch. */
enum status journal_act_repair(const struct options *options, struct error *error);

#endif
