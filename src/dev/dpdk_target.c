/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a target of the dpdk driver says: a port as DPDK's own programs take it
 * (--vdev, --allow), and between its arguments words of ours. Those begin with
 * eal- or port-, as no driver's do, so that everything else is handed on as it
 * is and a driver that we never heard of has its arguments.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "dev/dpdk_priv.h"

enum kind { SWITCH, NUMBER, TEXT };

struct word {
	const char *name;
	enum kind kind;
	size_t offset;
	uint64_t min, max; /* of a number */
};

#define OFF(member) offsetof(struct vn_dpdk_target, member)

static const struct word words[] = {
	{ "eal-huge", SWITCH, OFF(huge), 0, 0 },
	{ "eal-no-huge", SWITCH, OFF(no_huge), 0, 0 },
	{ "eal-mem", NUMBER, OFF(mem_mb), 16, 1 << 20 },
	{ "eal-core", NUMBER, OFF(core), 0, CPU_SETSIZE - 1 },
	{ "eal-huge-dir", TEXT, OFF(huge_dir), 0, 0 },
	{ "eal-file-prefix", TEXT, OFF(file_prefix), 0, 0 },
	{ "eal-iova", TEXT, OFF(iova), 0, 0 },
	{ "eal-driver", TEXT, OFF(driver), 0, 0 },
	{ "port-txqs", NUMBER, OFF(port.n_txq), 1, VN_DPDK_QUEUES },
	{ "port-rxqs", NUMBER, OFF(port.n_rxq), 1, VN_DPDK_QUEUES },
	{ "port-txd", NUMBER, OFF(port.tx_desc), 32, 32768 },
	{ "port-rxd", NUMBER, OFF(port.rx_desc), 32, 32768 },
	{ "port-mtu", NUMBER, OFF(port.mtu), 68, 65535 },
};

static bool is_ours(const char *word)
{
	return !strncmp(word, "eal-", 4) || !strncmp(word, "port-", 5);
}

static int apply(struct vn_dpdk_target *t, const struct word *w, const char *value,
		 struct vn_err *err)
{
	void *field = (char *)t + w->offset;

	switch (w->kind) {
	case SWITCH:
		*(bool *)field = true;
		return 0;
	case TEXT:
		*(const char **)field = value;
		return 0;
	case NUMBER:
		if (w->offset == OFF(core))
			t->has_core = true;
		return vn_parse_quantity(w->name, value, vn_units_none, w->min, w->max, field, err);
	}
	return -EINVAL;
}

static int apply_word(struct vn_dpdk_target *t, char *word, struct vn_err *err)
{
	char *value = strchr(word, '=');

	if (value)
		*value++ = '\0';
	for (size_t i = 0; i < VN_ARRAY_SIZE(words); i++)
		if (!strcmp(words[i].name, word) && (words[i].kind == SWITCH) == !value)
			return apply(t, &words[i], value, err);
	return vn_err_set(
		err, EINVAL,
		"%s: %s: words are eal-huge, eal-no-huge, eal-mem=MB, eal-core=CPU, "
		"eal-huge-dir=DIR, eal-file-prefix=TEXT, eal-iova=pa|va, eal-driver=FILE, "
		"port-txqs=N, port-rxqs=N, port-txd=N, port-rxd=N, port-mtu=N",
		t->name, word);
}

/* An argument of the port's driver that names an interface frames go out on. */
static void note_iface(struct vn_dpdk_target *t, const char *word)
{
	static const char *const keys[] = { "iface=", "tx_iface=", "remote=" };

	for (size_t i = 0; i < VN_ARRAY_SIZE(keys); i++) {
		size_t n = strlen(keys[i]);

		if (!strncmp(word, keys[i], n) && t->n_ifaces < VN_DPDK_IFACES)
			snprintf(t->ifaces[t->n_ifaces++], sizeof(t->ifaces[0]), "%s", word + n);
	}
}

static bool is_pci_address(const char *name)
{
	return !fnmatch("[0-9a-fA-F][0-9a-fA-F]:[0-9a-fA-F][0-9a-fA-F].[0-7]", name, 0) ||
	       !fnmatch("????:[0-9a-fA-F][0-9a-fA-F]:[0-9a-fA-F][0-9a-fA-F].[0-7]", name, 0);
}

static int check(const struct vn_dpdk_target *t, struct vn_err *err)
{
	if (t->huge && t->no_huge)
		return vn_err_set(err, EINVAL, "%s: eal-huge and eal-no-huge: one of them",
				  t->name);
	if (t->iova && strcmp(t->iova, "pa") && strcmp(t->iova, "va"))
		return vn_err_set(err, EINVAL, "%s: eal-iova=%s: is pa or va", t->name, t->iova);
	return 0;
}

/* Ours are taken out, what remains is put together again: it only gets shorter. */
static int sort_words(struct vn_dpdk_target *t, char *text, struct vn_err *err)
{
	char *save = NULL, *end = t->devargs;
	int rc = 0;

	for (char *w = strtok_r(text, ",", &save); w && !rc; w = strtok_r(NULL, ",", &save)) {
		if (is_ours(w) && end != t->devargs) {
			rc = apply_word(t, w, err);
			continue;
		}
		if (end != t->devargs)
			*end++ = ',';
		else
			snprintf(t->name, sizeof(t->name), "%s", w);
		note_iface(t, w);
		end = stpcpy(end, w);
	}
	return rc;
}

int vn_dpdk_target_init(struct vn_dpdk_target *t, const char *text, struct vn_err *err)
{
	int rc;

	memset(t, 0, sizeof(*t));
	if (!*text || *text == ',')
		return vn_err_set(err, EINVAL,
				  "dpdk: needs a port: a PCI address, or a virtual device such as "
				  "net_null0 or net_af_packet0,iface=eth0");
	t->copy = strdup(text);
	t->devargs = malloc(strlen(text) + 1);
	if (!t->copy || !t->devargs) {
		vn_dpdk_target_fini(t);
		return vn_err_set(err, ENOMEM, "%s: no memory", text);
	}
	if (strcspn(text, ",") >= sizeof(t->name))
		rc = vn_err_set(err, EINVAL, "%s: a port's name has at most %zu characters", text,
				sizeof(t->name) - 1);
	else
		rc = sort_words(t, t->copy, err);
	t->is_pci = is_pci_address(t->name);
	if (!rc)
		rc = check(t, err);
	if (rc)
		vn_dpdk_target_fini(t);
	return rc;
}

void vn_dpdk_target_fini(struct vn_dpdk_target *t)
{
	free(t->copy);
	free(t->devargs);
	t->copy = t->devargs = NULL;
}
