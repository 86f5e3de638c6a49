/* SPDX-License-Identifier: MIT */
/* What this machine has: STORE FACILITY LIST EXTENDED, STORE SYSTEM INFORMATION. PoP SA22-7832-13. */
#ifndef ASSAY_S390X_FACILITY_H
#define ASSAY_S390X_FACILITY_H

#include <types.h>

/* Facility bits: PoP, chapter 4, "Facility Indications". */
#define FACILITY_Z_ARCHITECTURE	    1
#define FACILITY_DAT_ENHANCEMENT_1  3
#define FACILITY_SENSE_RUNNING	    9
#define FACILITY_CONDITIONAL_SSKE   10
#define FACILITY_CONFIG_TOPOLOGY    11
#define FACILITY_NONQUIESCING_SKEY  14
#define FACILITY_EDAT_1		    8
#define FACILITY_ETF_2		    16 /* extended translation */
#define FACILITY_MSA		    17 /* message-security assist */
#define FACILITY_LONG_DISPLACEMENT  18
#define FACILITY_EXTENDED_IMMEDIATE 21
#define FACILITY_ETF_3		    22
#define FACILITY_STORE_CLOCK_FAST   25
#define FACILITY_MVCOS		    27
#define FACILITY_ETF3_ENHANCEMENT   30
#define FACILITY_GIEF		    34 /* general-instructions extension */
#define FACILITY_EXECUTE_EXTENSION  35
#define FACILITY_CSST		    32
#define FACILITY_CSST_2		    33
#define FACILITY_FP_EXTENSION	    37
#define FACILITY_SET_PROGRAM_PARM   40
#define FACILITY_FP_SUPPORT	    41 /* FPR-GR transfer, sign handling, IEEE exception simulation */
#define FACILITY_DISTINCT_OPERANDS \
	45 /* also high-word, load/store on condition, interlocked access 1 */
#define FACILITY_MISC_EXT_1		   49 /* also load-and-trap, execution hint, PPA */
#define FACILITY_LOAD_STORE_ON_CONDITION_2 53 /* also load and zero rightmost byte */
#define FACILITY_RRB_MULTIPLE		   66
#define FACILITY_CONSTRAINED_TX		   50
#define FACILITY_MISC_EXT_2		   58
#define FACILITY_MISC_EXT_3		   61
#define FACILITY_TRANSACTIONAL		   73
#define FACILITY_EDAT_2			   78
#define FACILITY_DFP_PACKED		   80
#define FACILITY_VECTOR			   129
#define FACILITY_IEP			   130
#define FACILITY_VECTOR_ENHANCEMENTS_1	   135
#define FACILITY_VECTOR_ENHANCEMENTS_2	   148
#define FACILITY_VECTOR_ENHANCEMENTS_3	   198

/* True if the facility's bit is one. */
bool has_facility(u32 number);

/* Reads the list; before anything asks. */
void facility_init(void);

/*
 * STORE SYSTEM INFORMATION: a block of 4 KiB on a page boundary. Returns the condition code; 3 means
 * that there is no such information.
 */
u32 store_system_information(u32 function, u32 selector1, u32 selector2, void *block);

/* "IBM/8561", and the control program below us, "KVM/Linux", or "" if we run in an LPAR. */
void cpu_describe(char *text, size_t size);
void hypervisor_describe(char *text, size_t size);

#endif
