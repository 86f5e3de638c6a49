/* SPDX-License-Identifier: MIT */
#include <s390x/insn.h>

#include <string.h>

static u8 pair(u32 left, u32 right)
{
	return (u8)(left << 4 | (right & 0xf));
}

static void put16(u8 *at, u32 value)
{
	at[0] = (u8)(value >> 8);
	at[1] = (u8)value;
}

/* Base and 12 bits of displacement. */
static void put_address(u8 *at, u32 base, s32 displacement)
{
	put16(at, base << 12 | ((u32)displacement & 0xfff));
}

/* 20 bits of displacement, of which the left eight come last; the instruction's last byte. */
static void put_long_address(u8 *at, u32 base, s32 displacement, u16 opcode)
{
	put_address(at, base, displacement);
	at[2] = (u8)((u32)displacement >> 12);
	at[3] = (u8)opcode;
}

static u32 encode_4(enum insn_format format, u16 opcode, const struct insn_fields *f, u8 *b)
{
	switch (format) {
	case INSN_RRE:
		b[1] = (u8)opcode;
		b[3] = pair(f->r1, f->r2);
		break;
	case INSN_RRF:
		b[1] = (u8)opcode;
		b[2] = pair(f->r3 | f->m3, f->m4);
		b[3] = pair(f->r1, f->r2);
		break;
	case INSN_RRD:
		b[1] = (u8)opcode;
		b[2] = pair(f->r1, 0);
		b[3] = pair(f->r3, f->r2);
		break;
	case INSN_RI:
		b[1] = pair(f->r1 | f->m3, opcode);
		put16(b + 2, f->imm);
		break;
	case INSN_RX:
		b[1] = pair(f->r1, f->x2);
		put_address(b + 2, f->b2, f->d2);
		break;
	case INSN_RS:
		b[1] = pair(f->r1, f->r3 | f->m3);
		put_address(b + 2, f->b2, f->d2);
		break;
	case INSN_S:
		b[1] = (u8)opcode;
		put_address(b + 2, f->b2, f->d2);
		break;
	default: /* INSN_SI */
		b[1] = f->i2;
		put_address(b + 2, f->b1, f->d1);
		break;
	}
	return 4;
}

static u32 encode_6(enum insn_format format, u16 opcode, const struct insn_fields *f, u8 *b)
{
	b[5] = (u8)opcode;
	switch (format) {
	case INSN_RIL:
	case INSN_RIL_S:
		b[1] = pair(f->r1 | f->m3, opcode);
		put16(b + 2, f->imm >> 16);
		put16(b + 4, f->imm);
		break;
	case INSN_RIE_A:
		b[1] = pair(f->r1, 0);
		put16(b + 2, f->imm);
		b[4] = pair(f->m3, 0);
		break;
	case INSN_RIE_B:
		b[1] = pair(f->r1, f->r2);
		put16(b + 2, f->imm);
		b[4] = pair(f->m3, 0);
		break;
	case INSN_RIE_C:
		b[1] = pair(f->r1, f->m3);
		put16(b + 2, f->imm);
		b[4] = f->i2;
		break;
	case INSN_RIE_D:
	case INSN_RIE_G:
		b[1] = pair(f->r1, f->r3 | f->m3);
		put16(b + 2, f->imm);
		break;
	case INSN_RIE_F:
		b[1] = pair(f->r1, f->r2);
		b[2] = f->i3;
		b[3] = f->i4;
		b[4] = f->i5;
		break;
	case INSN_RRS:
		b[1] = pair(f->r1, f->r2);
		put_address(b + 2, f->b2, f->d2);
		b[4] = pair(f->m3, 0);
		break;
	case INSN_RIS:
		b[1] = pair(f->r1, f->m3);
		put_address(b + 2, f->b2, f->d2);
		b[4] = f->i2;
		break;
	case INSN_RXE:
		b[1] = pair(f->r1, f->x2);
		put_address(b + 2, f->b2, f->d2);
		b[4] = pair(f->m3, 0);
		break;
	case INSN_RXF:
		b[1] = pair(f->r3, f->x2);
		put_address(b + 2, f->b2, f->d2);
		b[4] = pair(f->r1, 0);
		break;
	case INSN_RXY:
		b[1] = pair(f->r1, f->x2);
		put_long_address(b + 2, f->b2, f->d2, opcode);
		break;
	case INSN_RSY:
		b[1] = pair(f->r1, f->r3 | f->m3);
		put_long_address(b + 2, f->b2, f->d2, opcode);
		break;
	case INSN_RSL:
		b[1] = pair(f->length, 0);
		put_address(b + 2, f->b1, f->d1);
		break;
	case INSN_SIY:
		b[1] = f->i2;
		put_long_address(b + 2, f->b1, f->d1, opcode);
		break;
	case INSN_SIL:
		b[1] = (u8)opcode;
		put_address(b + 2, f->b1, f->d1);
		put16(b + 4, f->imm);
		break;
	default:
		b[1] = format == INSN_SS    ? f->length
		       : format == INSN_SSF ? pair(f->r3, opcode)
					    : (u8)opcode;
		put_address(b + 2, f->b1, f->d1);
		put_address(b + 4, f->b2, f->d2);
		break;
	}
	return 6;
}

u32 insn_encode(enum insn_format format, u16 opcode, const struct insn_fields *f, u8 *bytes)
{
	memset(bytes, 0, 6);
	bytes[0] = (u8)(opcode >> 8);
	/* The first two bits of an instruction say how long it is. */
	switch (bytes[0] >> 6) {
	case 0:
		bytes[1] = format == INSN_E ? (u8)opcode : pair(f->r1 | f->m3, f->r2);
		return 2;
	case 3:
		return encode_6(format, opcode, f, bytes);
	default:
		return encode_4(format, opcode, f, bytes);
	}
}
