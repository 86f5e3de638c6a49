/* SPDX-License-Identifier: MIT */
/*
 * The last 64 KiB of Bochs's ROM, instead of a BIOS: starts a Multiboot image (0.6.96) that lies in the same ROM, with
 * what images look for and a BIOS would leave. scripts/vmm/bochs/boot.bash puts the ROM together:
 *
 *	ROM_START	CPUs, memory in MiB, 32 bits each; the command line with a NUL after it
 *	ROM_IMAGE	the image as it lies in memory (.bin)
 *	0xffff0000	this
 *
 * The reset vector is SDM vol. 3A, 10.1.4; the tables, ACPI 6.4, 5.2; the chip with the power management, Intel's
 * 82371AB (PIIX4), 7.2 and 7.3. The other CPUs wait for their SIPI.
 */
#define ROM_START 0xffe00000
#define ROM_IMAGE 0xffe09000

#define MULTIBOOT_HEADER 0x1badb002
#define MULTIBOOT_START	 0x2badb002

/* Where things go in memory: the extended BIOS data area, where the root pointer is looked for, begins with it. */
#define MULTIBOOT_INFO 0x9000
#define MEMORY_MAP     0x9080
#define STACK	       0x7c00
#define EBDA	       0x9f000
#define EBDA_SEGMENT   0x40e /* in the BIOS data area */

#define PM_BASE   0xb000
#define HPET_BASE 0xfed00000

#define PIC_1 0x20
#define PIC_2 0xa0
#define PORT_92 0x92

	.text
	.code16
	.globl	_start
_start:
start:	cli
	cld
	lgdtl	%cs:(gdt_register - _start)
	movl	%cr0, %eax
	andl	$0x9fffffff, %eax	/* CD and NW are set after RESET */
	orb	$1, %al
	movl	%eax, %cr0
	ljmpl	$8, $protected

	.code32
protected:
	movl	$16, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	%eax, %fs
	movl	%eax, %gs
	movl	$STACK, %esp

	/* The interrupt controllers: vectors 08h and 70h, cascaded, all masked. */
	movb	$0x11, %al
	outb	%al, $PIC_1
	outb	%al, $PIC_2
	movb	$0x08, %al
	outb	%al, $(PIC_1 + 1)
	movb	$0x70, %al
	outb	%al, $(PIC_2 + 1)
	movb	$4, %al
	outb	%al, $(PIC_1 + 1)
	movb	$2, %al
	outb	%al, $(PIC_2 + 1)
	movb	$1, %al
	outb	%al, $(PIC_1 + 1)
	outb	%al, $(PIC_2 + 1)
	movb	$0xff, %al
	outb	%al, $(PIC_1 + 1)
	outb	%al, $(PIC_2 + 1)

	/* Address line 20 is open. */
	inb	$PORT_92, %al
	orb	$2, %al
	andb	$0xfe, %al
	outb	%al, $PORT_92

	/* Power management is device 1, function 3: PMBA, then PMREGMISC.PMIOSE. */
	movl	$0x80000b40, %ebx
	movl	$(PM_BASE + 1), %ecx
	call	pci_write
	movl	$0x80000b80, %ebx
	movl	$1, %ecx
	call	pci_write

	call	make_tables
	call	make_multiboot_info

	/* Load the image by the addresses in its header, which is within the first 8 KiB. */
	movl	$ROM_IMAGE, %ebx
	movl	$2048, %ecx
1:	cmpl	$MULTIBOOT_HEADER, (%ebx)
	je	2f
	addl	$4, %ebx
	loop	1b
3:	hlt				/* there is none; boot.bash has the silence to report */
	jmp	3b
2:	movl	$ROM_IMAGE, %esi
	movl	16(%ebx), %edi		/* load_addr */
	movl	20(%ebx), %ecx		/* load_end_addr */
	subl	%edi, %ecx
	rep movsb
	movl	24(%ebx), %ecx		/* bss_end_addr */
	subl	%edi, %ecx
	xorl	%eax, %eax
	rep stosb
	movl	28(%ebx), %ecx		/* entry_addr */
	movl	$MULTIBOOT_START, %eax
	movl	$MULTIBOOT_INFO, %ebx
	jmp	*%ecx

/* Writes ECX to the register of PCI's configuration space that EBX names. */
pci_write:
	movl	%ebx, %eax
	movl	$0xcf8, %edx
	outl	%eax, %dx
	movl	%ecx, %eax
	movl	$0xcfc, %edx
	outl	%eax, %dx
	ret

/* The command line stays where it is. */
make_multiboot_info:
	movl	$MULTIBOOT_INFO, %edi
	movl	%edi, %ebx
	xorl	%eax, %eax
	movl	$32, %ecx
	rep stosl
	movl	ROM_START + 4, %eax
	decl	%eax
	shll	$10, %eax		/* KiB above 1 MiB */
	movl	$0x45, (%ebx)		/* flags: memory, command line, memory map */
	movl	$(EBDA / 1024), 4(%ebx)
	movl	%eax, 8(%ebx)
	movl	$(ROM_START + 8), 16(%ebx)
	movl	$48, 44(%ebx)
	movl	$MEMORY_MAP, 48(%ebx)
	/* Two entries: size of what follows, start, length, type. */
	movl	$MEMORY_MAP, %ebx
	movl	$20, (%ebx)
	movl	$EBDA, 12(%ebx)
	movl	$1, 20(%ebx)
	movl	$20, 24(%ebx)
	movl	$0x100000, 28(%ebx)
	shll	$10, %eax
	movl	%eax, 36(%ebx)
	movl	$1, 44(%ebx)
	ret

/* The tables go to the EBDA, and the MADT, the last of them, gets an entry for each CPU. */
make_tables:
	movw	$(EBDA / 16), EBDA_SEGMENT
	movl	$tables, %esi
	movl	$EBDA, %edi
	movl	$(tables_end - tables), %ecx
	rep movsb
	movl	HPET_BASE, %eax		/* its vendor is in the upper half; where there is no HPET, every bit is set */
	movl	%eax, EBDA + hpet - tables + 36
	cmpl	$-1, %eax
	jne	1f
	subl	$4, EBDA + rsdt - tables + 4
1:	xorl	%eax, %eax
1:	movw	$0x0800, (%edi)		/* a local APIC: type 0, 8 bytes */
	movb	%al, 2(%edi)		/* the processor's number */
	movb	%al, 3(%edi)		/* its APIC's */
	movl	$1, 4(%edi)		/* enabled */
	addl	$8, %edi
	incl	%eax
	cmpl	ROM_START, %eax
	jb	1b
	subl	$(EBDA + madt - tables), %edi
	movl	%edi, EBDA + madt - tables + 4
	movl	$(EBDA + rsdt - tables), %ebx
	call	add_checksum
	movl	$(EBDA + fadt - tables), %ebx
	call	add_checksum
	movl	$(EBDA + dsdt - tables), %ebx
	call	add_checksum
	movl	$(EBDA + madt - tables), %ebx
	call	add_checksum
	movl	$(EBDA + hpet - tables), %ebx
	call	add_checksum
	movl	$EBDA, %ebx
	movl	$20, %ecx
	call	sum
	subb	%al, 8(%ebx)
	ret

/* Makes the sum of all bytes of the table EBX zero. */
add_checksum:
	movl	4(%ebx), %ecx
	call	sum
	subb	%al, 9(%ebx)
	ret

/* The sum of the ECX bytes from EBX on, into AL. */
sum:	xorl	%eax, %eax
1:	addb	-1(%ebx, %ecx), %al
	loop	1b
	ret

	.macro	table_header name, signature, end
	.ascii	"\signature"
	.long	\end - \name
	.byte	1, 0			/* revision, checksum */
	.ascii	"ASSAY BOCHSROM"
	.long	1
	.ascii	"ASSY"
	.long	1
	.endm

	/* Addresses within the tables are those in the EBDA. */
	.balign	16
tables:	.ascii	"RSD PTR "
	.byte	0
	.ascii	"ASSAY "
	.byte	0
	.long	EBDA + rsdt - tables
	.balign	16
rsdt:	table_header rsdt, RSDT, rsdt_end
	.long	EBDA + fadt - tables
	.long	EBDA + madt - tables
	.long	EBDA + hpet - tables	/* the last one, which may be left out */
rsdt_end:
	/* Table 5.9: DSDT at 40, SCI_INT at 46, PM1a_EVT_BLK at 56, PM1a_CNT_BLK at 64, PM_TMR_BLK at 76, their lengths at
	 * 88, flags at 112, of which PROC_C1 says that HLT works; the timer has 24 bits. */
fadt:	table_header fadt, FACP, fadt_end
	.long	0, EBDA + dsdt - tables
	.byte	0, 0
	.word	9
	.fill	8, 1, 0
	.long	PM_BASE, 0, PM_BASE + 4, 0, 0, PM_BASE + 8, 0, 0
	.byte	4, 2, 0, 4
	.fill	20, 1, 0
	.long	4
fadt_end:
	/* Name(_S5_, Package(4) { 0, 0, 0, 0 }): what PM1_CNT.SLP_TYP has to be for soft off (7.4.2). */
dsdt:	table_header dsdt, DSDT, dsdt_end
	.byte	0x08
	.ascii	"_S5_"
	.byte	0x12, 6, 4, 0, 0, 0, 0
dsdt_end:
	/* IA-PC HPET specification 1.0a, 3.2.4: the block's ID, which make_tables fills in, and its address. */
hpet:	table_header hpet, HPET, hpet_end
	.long	0
	.byte	0, 64, 0, 0
	.long	HPET_BASE, 0
	.byte	0
	.word	0
	.byte	0
hpet_end:
madt:	table_header madt, APIC, madt
	.long	0xfee00000, 1		/* the local APICs' address; there are 8259s, too */
	.byte	1, 12, 16, 0		/* an I/O APIC */
	.long	0xfec00000, 0
	.byte	2, 10, 0, 0		/* ISA's interrupt 0 is its input 2 */
	.long	2
	.word	0
tables_end:

	.balign	8
gdt:	.quad	0
	.quad	0x00cf9b000000ffff
	.quad	0x00cf93000000ffff
gdt_register:
	.word	23
	.long	gdt

	/* The reset vector. */
	.org	0xfff0
	.code16
	/* JMP start, which wraps around at 64 KiB; not every assembler takes a displacement for that. */
1:	.byte	0xe9
	.word	(start - (1b + 3)) & 0xffff
	.org	0x10000
