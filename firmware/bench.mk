# SPDX-License-Identifier: BSD-2-Clause
# Builds programs for the soft processors. An application's Makefile sets TARGETS,
# includes this, and says what each target needs beside its own object:
#
#     TARGETS = bounce
#     include ../bench.mk
#     bounce: process.o pktbuff.o memcpy.o
#
# Sources and headers are looked for in the application's folder, then in common/.
# README.md has the words (make, make mif, dis, map, clean) and the variables.

BENCH := $(dir $(lastword $(MAKEFILE_LIST)))

CONTEXT ?= nf
NODLY ?= 1
NF_PLAIN ?= 0
NF_RE2 ?= 0
OPT ?= -O2
MARCH ?= mips32

MAKEFLAGS += -rR
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all mif dis map clean
all: $(TARGETS)
VPATH = $(BENCH)common

ifeq ($(filter $(CONTEXT),nf sim sw),)
$(error CONTEXT=$(CONTEXT): it is nf (the card), sim (the card, with log) or sw (this host))
endif

DEFINES = -DCONTEXT_$(if $(filter nf,$(CONTEXT)),NF,$(if $(filter sim,$(CONTEXT)),SIM,SW))
DEFINES += $(if $(filter 1,$(NF_PLAIN)),-DNF_PLAIN=1) $(if $(filter 1,$(NF_RE2)),-DNF_RE2=1)
CPPFLAGS_ALL = -I. -I$(BENCH)common -I$(BENCH)../src $(DEFINES) $(CPPFLAGS)
CFLAGS_ALL = -std=gnu11 -g $(OPT) -Wall -Wextra -fno-strict-aliasing $(CFLAGS)

# -- What belongs to a context ------------------------------------------------

ifeq ($(CONTEXT),sw)

ifeq ($(NF_RE2),1)
$(error NF_RE2=1 with CONTEXT=sw: the host plays the card of release 1.0 only)
endif
CROSS = host
CC = cc
BASE = support.o pktbuff.o sw.o sw_ports.o memcpy.o
COMPILE = $(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -pthread -Dmain=nf_main -MMD -MP -c -o $@ $<
LINK = $(CC) $(CFLAGS_ALL) -pthread $(LDFLAGS) -o $@ $^

else

# The first of the two that is there, unless CROSS names one.
find_tool = $(shell command -v $(1) 2>/dev/null)
GCC = mips-linux-gnu-
ifndef CROSS
CROSS := $(if $(call find_tool,$(GCC)gcc),gcc,$(if $(call find_tool,clang),$(if \
	$(call find_tool,ld.lld),clang,none),none))
endif
# Only what builds needs a compiler.
ifneq ($(filter-out clean,$(or $(MAKECMDGOALS),all)),)
ifeq ($(filter $(CROSS),gcc clang),)
$(error CROSS=$(CROSS): no compiler for big-endian MIPS: install the Debian package \
gcc-mips-linux-gnu, or clang, lld and llvm; CONTEXT=sw needs only the host's compiler)
endif
endif

STACK_TOP ?= $(if $(filter 1,$(NF_RE2)),0x08000000,0x04100000)
BASE = boot.o support.o memcpy.o rt.o $(if $(filter sim,$(CONTEXT)),log.o)
TARGET_FLAGS = -march=$(MARCH) -mabi=32 -msoft-float -mno-abicalls -fno-pic
FREE = -ffreestanding -fno-builtin -ffunction-sections -fdata-sections \
	-fno-stack-protector -fno-asynchronous-unwind-tables
SCRIPT = $(BENCH)common/nf2.ld
LD_FLAGS = -static --build-id=none --gc-sections -z max-page-size=4096 \
	--defsym=STACK_TOP=$(STACK_TOP) -Map=$@.map -T $(SCRIPT) $(LDFLAGS)

ifeq ($(CROSS),clang)
CC = clang --target=mips-linux-gnu
TARGET_CFLAGS = $(TARGET_FLAGS) -G0 $(FREE) -mllvm -disable-mips-delay-filler
TARGET_ASFLAGS = $(TARGET_FLAGS)
LINK = ld.lld $(LD_FLAGS) -o $@ $(filter %.o,$^)
OBJCOPY = llvm-objcopy
OBJDUMP = llvm-objdump
else
CC = $(GCC)gcc
TARGET_CFLAGS = -EB $(TARGET_FLAGS) -G0 -fno-pie $(FREE) -fno-delayed-branch \
	-fno-tree-loop-distribute-patterns
TARGET_ASFLAGS = -EB $(TARGET_FLAGS) -G0 -fno-pie -fno-delayed-branch
LINK = $(GCC)ld -EB $(LD_FLAGS) -o $@ $(filter %.o,$^)
OBJCOPY = $(GCC)objcopy
OBJDUMP = $(GCC)objdump
endif

# The processors have no delay slots. Compilers put a nop into each, which does
# no harm but takes an instruction's time: the filter takes it out (NODLY=0 leaves
# it), and sees to it that nothing else is there.
FILTER = awk -f $(BENCH)noslots.awk -v name=$< -v keep=$(if $(filter 0,$(NODLY)),1,0)
COMPILE = $(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(TARGET_CFLAGS) -MMD -MP -MF $*.d -MT $@ \
		-S -o $*.raw.s $< && \
	$(FILTER) $*.raw.s >$*.s && \
	$(CC) $(TARGET_ASFLAGS) -c -o $@ $*.s

endif

# -- Rules --------------------------------------------------------------------

# Objects of different settings lie at the same place: what they were built with
# is written down, and a change builds them again.
SETTINGS := $(strip $(CONTEXT) $(CROSS) $(NODLY) $(OPT) $(MARCH) $(STACK_TOP) $(CC) \
	$(DEFINES) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS))
ifneq ($(filter-out clean,$(or $(MAKECMDGOALS),all)),)
$(shell echo '$(SETTINGS)' | cmp -s - .context || echo '$(SETTINGS)' >.context)
endif

# A word more behind a target's colon in an application's Makefile is an object
# more; one that is named twice is linked once.
$(TARGETS): %: %.o $(BASE) $(SCRIPT)
	$(LINK)

%.o: %.c .context $(BENCH)bench.mk $(BENCH)noslots.awk
	$(COMPILE)

%.o: %.S .context $(BENCH)bench.mk
	$(CC) $(CPPFLAGS_ALL) $(TARGET_ASFLAGS) -MMD -MP -MF $*.d -MT $@ -c -o $@ $<

.context: ;

ifeq ($(CONTEXT),sw)
mif dis map:
	@echo "make $@: CONTEXT=sw builds programs for this host: no image of the card" >&2; exit 1
else
mif: $(TARGETS:%=%.instr.mif) $(TARGETS:%=%.data.mif)
dis: $(TARGETS:%=%.dis)
map: $(TARGETS)
endif

# Memory images: a section's bytes, four a line, become a word a line.
%.bin.instr: %
	$(OBJCOPY) -O binary --only-section=.text $< $@
%.bin.data: %
	$(OBJCOPY) -O binary --only-section=.data $< $@

$(TARGETS:%=%.instr.mif): %.instr.mif: %.bin.instr
	od -A n -v -t x1 -w4 $< | awk -f $(BENCH)mif.awk >$@
$(TARGETS:%=%.data.mif): %.data.mif: %.bin.data
	od -A n -v -t x1 -w4 $< | awk -f $(BENCH)mif.awk >$@

$(TARGETS:%=%.dis): %.dis: %
	$(OBJDUMP) -d $< >$@

clean:
	rm -f *.o *.s *.d *.bin.instr *.bin.data .context $(TARGETS) \
		$(TARGETS:%=%.instr.mif) $(TARGETS:%=%.data.mif) $(TARGETS:%=%.dis) $(TARGETS:%=%.map)

-include $(wildcard *.d)
