# SPDX-License-Identifier: BSD-2-Clause
# Five words for people; meson and ninja do the work, scripts/ what is around it.
#   make demo      build, then five seconds of traffic in a namespace of its own
#   make check     build in every way and run every test
#   make bench     build, then measure (ALL=1: everything)
#   make install   DESTDIR and PREFIX as usual
#   make clean     remove what the other words made

BUILD  ?= build
PREFIX ?= /usr/local

.PHONY: all demo check bench install clean

all:
	@scripts/build.sh $(BUILD)

demo:
	@BUILD=$(BUILD) scripts/demo.sh

check:
	@scripts/check.sh

bench:
	@BUILD=$(BUILD) scripts/bench.sh

install:
	@scripts/build.sh $(BUILD) -Dprefix=$(abspath $(PREFIX))
	@DESTDIR=$(DESTDIR) meson install -C $(BUILD) --quiet

clean:
	rm -rf $(BUILD) build-check demo-out
