/* SPDX-License-Identifier: MIT */
/* What the cases of state transfer share. */
#ifndef SVM_STATE_H
#define SVM_STATE_H

#include "intercept.h"

/* Gives the guest values that its mode allows and that are found nowhere else. It cannot be run far. */
void state_fill(struct svm_guest *g);

#endif
