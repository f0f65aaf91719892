/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reader of linked programs: ELF, 32 bits, big-endian, MIPS. Loadable segments
 * become text and pieces; the symbol table gives names, and a file without one
 * is a program all the same. Every offset of the file is checked against its
 * length before it is followed.
 */
#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "nt/image_priv.h"
#include "wire/bytes.h"

struct file {
	const char *name;
	const uint8_t *bytes;
	size_t len;
	struct vn_err *err;
};

/* Offsets and sizes of the fields that are read, as the format lays them out. */
#define EH_TYPE	     offsetof(Elf32_Ehdr, e_type)
#define EH_MACHINE   offsetof(Elf32_Ehdr, e_machine)
#define EH_PHOFF     offsetof(Elf32_Ehdr, e_phoff)
#define EH_SHOFF     offsetof(Elf32_Ehdr, e_shoff)
#define EH_PHENTSIZE offsetof(Elf32_Ehdr, e_phentsize)
#define EH_PHNUM     offsetof(Elf32_Ehdr, e_phnum)
#define EH_SHENTSIZE offsetof(Elf32_Ehdr, e_shentsize)
#define EH_SHNUM     offsetof(Elf32_Ehdr, e_shnum)

static int refuse(const struct file *f, const char *what)
{
	return vn_err_set(f->err, EINVAL, "%s: %s", f->name, what);
}

static bool holds(const struct file *f, uint64_t offset, uint64_t len)
{
	return offset <= f->len && len <= f->len - offset;
}

static uint32_t get32(const uint8_t *p, size_t offset)
{
	return vn_get_be32(p + offset);
}

static uint16_t get16(const uint8_t *p, size_t offset)
{
	return vn_get_be16(p + offset);
}

static int check_header(const struct file *f)
{
	if (f->len < SELFMAG || memcmp(f->bytes, ELFMAG, SELFMAG) != 0)
		return refuse(f, "not an ELF file");
	if (f->len < sizeof(Elf32_Ehdr))
		return refuse(f, "cut short within the ELF header");
	if (f->bytes[EI_CLASS] != ELFCLASS32)
		return refuse(f, "not a 32-bit program; the card runs 32-bit big-endian MIPS");
	if (f->bytes[EI_DATA] != ELFDATA2MSB)
		return refuse(f, "not a big-endian program; the card runs 32-bit big-endian MIPS");
	if (get16(f->bytes, EH_MACHINE) != EM_MIPS)
		return refuse(f, "not a MIPS program; the card runs 32-bit big-endian MIPS");
	if (get16(f->bytes, EH_TYPE) != ET_EXEC)
		return refuse(f, "not a linked executable (object files, shared and "
				 "position-independent ones cannot be loaded)");
	return 0;
}

/* -- Segments ------------------------------------------------------------- */

static bool lies_in(uint32_t addr, uint32_t len, uint32_t base, uint32_t size)
{
	return addr >= base && addr - base <= size && len <= size - (addr - base);
}

static int take_text(struct vn_nt_image *image, const struct file *f, uint32_t addr,
		     const uint8_t *bytes, uint32_t len)
{
	uint32_t first = (addr - VN_NT_TEXT_BASE) / 4;
	uint32_t n = first + (len + 3) / 4;
	uint32_t *text = image->text;

	if (addr % 4 != 0)
		return vn_err_set(f->err, EINVAL, "%s: segment at 0x%08x, not at a word", f->name,
				  addr);
	if (n > image->n_text) {
		text = reallocarray(text, n, sizeof(*text));
		if (!text)
			return vn_err_set(f->err, ENOMEM, "%s: out of memory", f->name);
		memset(text + image->n_text, 0, (n - image->n_text) * sizeof(*text));
		image->text = text;
		image->n_text = n;
	}
	for (uint32_t i = 0; i < len; i++) {
		unsigned int shift = 24 - 8 * (i % 4);
		uint32_t *word = &text[first + i / 4];

		*word = (*word & ~(UINT32_C(0xff) << shift)) | ((uint32_t)bytes[i] << shift);
	}
	return 0;
}

/* total: bytes of all segments so far. What the memories cannot hold lies in the
 * same place, and is no reason to copy a small file thousands of times. */
static int take_segment(struct vn_nt_image *image, const struct file *f, const uint8_t *ph,
			uint64_t *total)
{
	uint32_t addr = get32(ph, offsetof(Elf32_Phdr, p_vaddr));
	uint32_t offset = get32(ph, offsetof(Elf32_Phdr, p_offset));
	uint32_t len = get32(ph, offsetof(Elf32_Phdr, p_filesz));
	uint32_t size = get32(ph, offsetof(Elf32_Phdr, p_memsz));
	int rc;

	if (get32(ph, offsetof(Elf32_Phdr, p_type)) != PT_LOAD || size == 0)
		return 0;
	if (len > size)
		return vn_err_set(f->err, EINVAL,
				  "%s: segment at 0x%08x has more bytes in the "
				  "file (%u) than in memory (%u)",
				  f->name, addr, len, size);
	if (!holds(f, offset, len))
		return vn_err_set(f->err, EINVAL, "%s: cut short within the segment at 0x%08x",
				  f->name, addr);
	*total += len;
	if (*total > VN_NT_DATA_SIZE + 4 * VN_NT_TEXT_WORDS)
		return refuse(f, "segments overlap: there is more than the memories hold");
	if (lies_in(addr, size, VN_NT_TEXT_BASE, 4 * VN_NT_TEXT_WORDS))
		return take_text(image, f, addr, f->bytes + offset, len);
	if (!lies_in(addr, size, VN_NT_DATA_BASE, VN_NT_DATA_SIZE))
		return vn_err_set(f->err, EINVAL,
				  "%s: segment 0x%08x-0x%08x lies outside "
				  "instruction memory (0x%08x, 256 KiB) and data memory "
				  "(0x%08x, 64 MiB)",
				  f->name, addr, addr + (size - 1), VN_NT_TEXT_BASE,
				  VN_NT_DATA_BASE);
	rc = len ? vn_nt_image_add_piece(image, addr, f->bytes + offset, len) : 0;
	return rc < 0 ? vn_err_set(f->err, -rc, "%s: out of memory", f->name) : 0;
}

static int take_segments(struct vn_nt_image *image, const struct file *f)
{
	uint32_t offset = get32(f->bytes, EH_PHOFF);
	uint32_t size = get16(f->bytes, EH_PHENTSIZE);
	uint32_t n = get16(f->bytes, EH_PHNUM);
	uint64_t total = 0;
	int rc = 0;

	if (n > 0 && size < sizeof(Elf32_Phdr))
		return refuse(f, "program headers are too small");
	if (!holds(f, offset, (uint64_t)n * size))
		return refuse(f, "cut short within the program headers");
	for (uint32_t i = 0; !rc && i < n; i++)
		rc = take_segment(image, f, f->bytes + offset + i * size, &total);
	if (!rc && image->n_text == 0)
		rc = refuse(f, "no segment in instruction memory (0x20000000, 256 KiB)");
	return rc;
}

/* -- Names ---------------------------------------------------------------- */

struct table {
	const uint8_t *p;
	uint32_t len;
};

static bool is_name(const struct table *strings, uint32_t at)
{
	return at < strings->len && strings->p[at] != '\0' &&
	       memchr(strings->p + at, '\0', strings->len - at);
}

static bool is_wanted(const struct table *strings, const uint8_t *sym)
{
	uint32_t addr = get32(sym, offsetof(Elf32_Sym, st_value));
	unsigned int type = ELF32_ST_TYPE(sym[offsetof(Elf32_Sym, st_info)]);

	return (type == STT_FUNC || type == STT_OBJECT) &&
	       get16(sym, offsetof(Elf32_Sym, st_shndx)) != SHN_UNDEF &&
	       is_name(strings, get32(sym, offsetof(Elf32_Sym, st_name))) &&
	       (lies_in(addr, 1, VN_NT_TEXT_BASE, 4 * VN_NT_TEXT_WORDS) ||
		lies_in(addr, 1, VN_NT_DATA_BASE, VN_NT_DATA_SIZE));
}

static int take_symbols(struct vn_nt_image *image, const struct file *f, const struct table *table,
			const struct table *strings)
{
	uint32_t n = table->len / sizeof(Elf32_Sym);
	struct vn_nt_symbol *s;

	image->symbols = calloc(n + 1, sizeof(*image->symbols));
	if (!image->symbols)
		return vn_err_set(f->err, ENOMEM, "%s: out of memory", f->name);
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *sym = table->p + i * sizeof(Elf32_Sym);

		if (!is_wanted(strings, sym))
			continue;
		s = &image->symbols[image->n_symbols];
		s->addr = get32(sym, offsetof(Elf32_Sym, st_value));
		s->size = get32(sym, offsetof(Elf32_Sym, st_size));
		s->name =
			strdup((const char *)strings->p + get32(sym, offsetof(Elf32_Sym, st_name)));
		if (!s->name)
			return vn_err_set(f->err, ENOMEM, "%s: out of memory", f->name);
		image->n_symbols++;
	}
	vn_nt_image_sort_symbols(image);
	return 0;
}

/* The contents of a section; false when they reach behind the file. */
static bool section(const struct file *f, const uint8_t *sh, struct table *t)
{
	uint32_t offset = get32(sh, offsetof(Elf32_Shdr, sh_offset));

	t->len = get32(sh, offsetof(Elf32_Shdr, sh_size));
	if (!holds(f, offset, t->len))
		return false;
	t->p = f->bytes + offset;
	return true;
}

static int take_names(struct vn_nt_image *image, const struct file *f)
{
	uint32_t offset = get32(f->bytes, EH_SHOFF);
	uint32_t size = get16(f->bytes, EH_SHENTSIZE);
	uint32_t n = get16(f->bytes, EH_SHNUM);
	struct table table, strings;

	if (n > 0 && size < sizeof(Elf32_Shdr))
		return refuse(f, "section headers are too small");
	if (!holds(f, offset, (uint64_t)n * size))
		return refuse(f, "cut short within the section headers");
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *sh = f->bytes + offset + i * size;
		uint32_t link = get32(sh, offsetof(Elf32_Shdr, sh_link));

		if (get32(sh, offsetof(Elf32_Shdr, sh_type)) != SHT_SYMTAB)
			continue;
		if (link >= n)
			return refuse(f, "symbol table without its strings");
		if (!section(f, sh, &table) ||
		    !section(f, f->bytes + offset + link * size, &strings))
			return refuse(f, "cut short within the symbol table");
		return take_symbols(image, f, &table, &strings);
	}
	return 0;
}

int vn_nt_image_parse_elf(struct vn_nt_image *image, const char *name, const uint8_t *bytes,
			  size_t len, struct vn_err *err)
{
	const struct file f = { name, bytes, len, err };
	int rc = check_header(&f);

	vn_nt_image_fini(image);
	if (!rc)
		rc = take_segments(image, &f);
	if (!rc)
		rc = take_names(image, &f);
	if (rc < 0)
		vn_nt_image_fini(image);
	return rc;
}

int vn_nt_image_read_elf(struct vn_nt_image *image, const char *path, struct vn_err *err)
{
	uint8_t *bytes;
	size_t len;
	int rc = vn_nt_file_read(path, VN_NT_ELF_MAX, &bytes, &len, err);

	if (rc < 0)
		return rc;
	rc = vn_nt_image_parse_elf(image, path, bytes, len, err);
	free(bytes);
	return rc;
}
