/* SPDX-License-Identifier: MIT */
/* Compiled once for each image, with its name: lib/<arch>/machine.c prints it. */
extern const char image_name[];
const char image_name[] = IMAGE_NAME;
