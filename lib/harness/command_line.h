/* SPDX-License-Identifier: MIT */
/*
 * How much of a command line a test kernel keeps, its end included: the names of every case of the largest image, with commas
 * between. One that does not fit ends the run with "Bail out!"; none is cut without a word. For assembly, too.
 */
#ifndef ASSAY_HARNESS_COMMAND_LINE_H
#define ASSAY_HARNESS_COMMAND_LINE_H

#define COMMAND_LINE_SIZE 0x8000

#endif
