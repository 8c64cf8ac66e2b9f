/*
 * Functions that this project does not use, made into compile errors. Force-included before every
 * source file: the headers come first, so that only our own uses are caught.
 *
 * strcpy, strcat, sprintf: no bound.  strtok: hidden state.  atoi, strtol: silent errors (use
 * base/parse.h). localtime, gmtime: static buffers, and a time zone nobody asked for (use
 * base/time.h).
 */
#ifndef LICET_BASE_BANNED_H
#define LICET_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat sprintf strtok atoi strtol localtime gmtime

#endif
