/* SPDX-License-Identifier: MIT */
#include <x86/pic.h>

#include <x86/io.h>

static const u16 command_ports[] = { [PIC_MASTER] = 0x20, [PIC_SLAVE] = 0xa0 };
static const u16 data_ports[] = { [PIC_MASTER] = 0x21, [PIC_SLAVE] = 0xa1 };
static const u16 elcr_ports[] = { [PIC_MASTER] = 0x4d0, [PIC_SLAVE] = 0x4d1 };
/* ICW3: which input has a slave; the slave's number. */
static const u8 icw3[] = { [PIC_MASTER] = BIT(PIC_CASCADE), [PIC_SLAVE] = PIC_CASCADE };

static bool used;

static void init_three(enum pic pic, u8 icw1, u8 icw2)
{
	used = true;
	outb(command_ports[pic], icw1);
	outb(data_ports[pic], icw2);
	outb(data_ports[pic], icw3[pic]);
}

void pic_init_one(enum pic pic, u8 icw2, u8 icw4)
{
	init_three(pic, PIC_ICW1_INIT | PIC_ICW1_ICW4, icw2);
	outb(data_ports[pic], icw4);
}

void pic_init_without_icw4(enum pic pic, u8 icw2)
{
	init_three(pic, PIC_ICW1_INIT, icw2);
}

void pic_init(u32 first, u8 icw4_master, u8 icw4_slave, u16 mask)
{
	pic_init_one(PIC_MASTER, (u8)first, PIC_ICW4_8086 | icw4_master);
	pic_init_one(PIC_SLAVE, (u8)(first + 8), PIC_ICW4_8086 | icw4_slave);
	pic_set_mask(mask);
}

void pic_set_mask(u16 mask)
{
	outb(data_ports[PIC_MASTER], (u8)mask);
	outb(data_ports[PIC_SLAVE], (u8)(mask >> 8));
}

u16 pic_mask(void)
{
	return (u16)(inb(data_ports[PIC_SLAVE]) << 8 | inb(data_ports[PIC_MASTER]));
}

void pic_command(enum pic pic, u8 command)
{
	outb(command_ports[pic], command);
}

u8 pic_read(enum pic pic)
{
	return inb(command_ports[pic]);
}

static u16 read_both(u8 which)
{
	pic_command(PIC_MASTER, which);
	pic_command(PIC_SLAVE, which);
	return (u16)(pic_read(PIC_SLAVE) << 8 | pic_read(PIC_MASTER));
}

u16 pic_irr(void)
{
	return read_both(PIC_READ_IRR);
}

u16 pic_isr(void)
{
	return read_both(PIC_READ_ISR);
}

u8 pic_poll(enum pic pic)
{
	pic_command(pic, PIC_POLL);
	return pic_read(pic);
}

void pic_eoi(u32 irq)
{
	if (irq >= 8)
		pic_command(PIC_SLAVE, PIC_EOI);
	pic_command(PIC_MASTER, PIC_EOI);
}

void pic_set_elcr(u16 levels)
{
	outb(elcr_ports[PIC_MASTER], (u8)levels);
	outb(elcr_ports[PIC_SLAVE], (u8)(levels >> 8));
}

u16 pic_elcr(void)
{
	return (u16)(inb(elcr_ports[PIC_SLAVE]) << 8 | inb(elcr_ports[PIC_MASTER]));
}

/* ICW1 ends it, too, but not with every 8259 that is emulated; the next case is not to suffer from that. */
static void end_service(void)
{
	for (u8 level = 0; level < 8; level++) {
		pic_command(PIC_MASTER, (u8)(PIC_SPECIFIC_EOI | level));
		pic_command(PIC_SLAVE, (u8)(PIC_SPECIFIC_EOI | level));
	}
}

void pic_restore(void)
{
	if (used) {
		pic_set_elcr(0);
		pic_init(0x20, 0, 0, 0xffff);
		end_service();
	}
	pic_set_mask(0xffff);
	used = false;
}
