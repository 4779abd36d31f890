# SPDX-License-Identifier: BSD-3-Clause
"""The deliberate defects: a file, what stands there (exactly once), what is put in its place, and
what would have to notice. UNIT names programs of `make check`; MODULE names integration tests (an
expression of pytest -k)."""

VERDICT = ("tests/unit/test_verdict", "tests/unit/test_policy", "tests/unit/test_answer")

BOUNDS = ("tests/unit/test_capture_bounds",)


def unit(file, old, new, tests=VERDICT):
    return {"file": file, "old": old, "new": new, "tests": tests}


V = "src/verdict.c"
UNIT = {
    # --- src/verdict.c, from top to bottom
    "score-order": unit(V, "return a->match.score > b->match.score;", "return a->match.score < b->match.score;"),
    "distance-order": unit(V, "return a->match.distance < b->match.distance;",
                           "return a->match.distance > b->match.distance;"),
    "length-order": unit(V, "return a->target.len > b->target.len;", "return a->target.len < b->target.len;"),
    "lexical-order": unit(V, "return order < 0;", "return order > 0;"),
    "configuration-order": unit(V, "return a->order < b->order;", "return a->order > b->order;"),
    "no-client": unit(V, "if (!client || !client->family)\n\t\treturn s->action;",
                      "if (client)\n\t\treturn s->action;"),
    "nearest-place": unit(V, "if (best)\n\t\t\treturn best->action;",
                          "if (best && i)\n\t\t\treturn best->action;"),
    "longest-prefix": unit(V, "rule->prefix.bits < prefix)", "rule->prefix.bits > 0 * prefix + 128)"),
    "exclusion": unit(V, "if (prefix > best_prefix && !excluded) {", "if (prefix > best_prefix) {"),
    "exclusion-wins": unit(V, "rule->exclude || (excluded && rule->prefix.bits == prefix);", "rule->exclude;"),
    "set-order": unit(V, "if (prefix > best_prefix && !excluded) {", "if (prefix >= 0 && !excluded) {"),
    "listed-zone-itself": unit(V, "if (label + zone_labels >= name->nlabels)",
                               "if (label + zone_labels > name->nlabels)"),
    "listed-known": unit(V, "if (set->entries[at].protector || set->entries[at].known)",
                         "if (set->entries[at].protector)"),
    "listed-protected": unit(V, "if (set->entries[at].protector || set->entries[at].known)",
                             "if (set->entries[at].known)"),
    "needs-evidence": unit(V, "if (r->free)\n\t\treturn TS_VERDICT_TYPO;", "return TS_VERDICT_TYPO;"),
    "free-typo": unit(V, "if (r->free)\n\t\treturn TS_VERDICT_TYPO;", ""),
    "evidence-listed-off": unit(V, "if (s->evidence & TS_EVIDENCE_LISTED && ", "if ("),
    "evidence-dns-off": unit(V, "if (s->evidence & TS_EVIDENCE_DNS && ", "if ("),
    "ask-the-zone": unit(V, "counterpart.nlabels > m->nlabels) {", "counterpart.nlabels >= m->nlabels) {"),
    "ask-name": unit(V, "unsigned at = counterpart.nlabels - m->nlabels - 1u;", "unsigned at = 0;"),
    "evidence-said": unit(V, "out->evidence = TS_EVIDENCE_LISTED;", ""),
    "better-stays": unit(V, "if (s->have_typo && !before(r, &s->typo))\n\t\treturn;", ""),
    "qtypes": unit(V, "if (!(t->qtypes & s->qtype_bit) ||", "if ("),
    "mta-sts-at-the-name": unit(V, "(s->qtype_bit == QTYPE_MTA_STS && r->match.suffix == 0)", "0"),
    "wrong-type-said": unit(V, "s->wrong_type = true;", ""),
    "best-ask": unit(V, "if (!s->have_ask || before(r, &s->ask)) {", "if (1) {"),
    "failed-reading": unit(V, "if (!s->no_evidence || before(r, &s->failed))", "if (!s->no_evidence)"),
    "no-evidence-said": unit(V, "s->no_evidence = true;", ""),
    "declared-chain": unit(V, "for (uint32_t i = chain; i; i = s->set->declared[i - 1].next) {",
                           "for (uint32_t i = chain; i; i = 0) {"),
    "declared-said": unit(V, ".declared = true,", ".declared = false,"),
    "typo-always": unit(V, ".free = d->declared->free,", ".free = false,"),
    "typo-for-free": unit(V, ".free = d->declared->free,", ".free = true,"),
    "special-use": unit(V, "if (special)\n\t\t\t\treturn;", ""),
    "public-suffix": unit(V, ".free = !ts_suffix_is_public(ts_name_suffix(qname, label),",
                          ".free = 1 || !ts_suffix_is_public(ts_name_suffix(qname, label),"),
    "client-dependent": unit(V, "out->client_dependent = t->client_dependent;", ""),
    "weighed-again": unit(V, "out->kind = weigh(s->set, s->query->qname, r, out);",
                          "out->kind = TS_VERDICT_TYPO;"),
    "class-in": unit(V, "if (query->qclass != TS_CLASS_IN) {", "if (0) {"),
    "type-first": unit(V, "if (!(bit & set->qtypes) || (bit == QTYPE_MTA_STS && !is_mta_sts(qname))) {",
                       "if (!(bit & set->qtypes)) {"),
    "nearest-protector": unit(V, "if (e->protector && !protector)", "if (e->protector)"),
    "protected": unit(V, "\tif (protector) {\n", "\tif (0) {\n"),
    "own-zone": unit(V, "\tif (own) {\n", "\tif (0) {\n"),
    "arpa": unit(V, "\tif (below_arpa(qname)) {\n", "\tif (0) {\n"),
    "allow": unit(V, "\tif (allow) {\n", "\tif (0) {\n"),
    "allow-until": unit(V, "(!e->until || now < e->until)", "(!e->until || now <= e->until)"),
    "allow-for-ever": unit(V, "(!e->until || now < e->until)", "1"),
    "host-itself": unit(V, "if (e->host_of && label == 0)", "if (e->host_of)"),
    "host": unit(V, "\tif (host) {\n", "\tif (0) {\n"),
    "host-types": unit(V, "out->sinkhole_host = (bit & (QTYPE_A | QTYPE_AAAA)) &&", "out->sinkhole_host ="),
    "host-addresses": unit(V, "(host->sinkhole->a.count || host->sinkhole->aaaa.count);", "1;"),
    "nested-declared": unit(V, "declared[ndeclared++].label = (uint8_t)label;",
                            "declared[0].label = (uint8_t)label; ndeclared = 1;"),
    # That nothing derived is looked for once a declared typo is certain only saves time: no derived
    # score reaches that of what is declared.
    "derived": unit(V, "if (!s.have_typo) /* nothing derived beats what was declared */\n\t\t"
                    "consider_derived(&s, out);", ""),
    "typo-before-ask": unit(V, "if (s.have_typo) {\n\t\tsettle", "if (s.have_typo && !s.have_ask) {\n\t\tsettle"),
    "no-evidence-passes": unit(V, "out->kind = TS_VERDICT_NONE;\n\t\tout->why = TS_WHY_NO_EVIDENCE;\n\t\t"
                               "out->action = TS_ACTION_PASS;", "out->why = TS_WHY_NO_EVIDENCE;"),
    "resolve-absent": unit(V, "if (existence == TS_EXISTS) {", "if (existence != TS_FAILED) {"),
    "resolve-default": unit(V, "verdict->declared ? TS_ON_FAILURE_INTERCEPT : TS_ON_FAILURE_PASS;",
                            "TS_ON_FAILURE_PASS;"),
    "resolve-derived": unit(V, "verdict->declared ? TS_ON_FAILURE_INTERCEPT : TS_ON_FAILURE_PASS;",
                            "TS_ON_FAILURE_INTERCEPT;"),
    "resolve-defer": unit(V, "verdict->action = TS_ACTION_DEFER;", ""),
    "defer-who-is-watched": unit(V, "if (on_failure == TS_ON_FAILURE_DEFER && verdict->action != TS_ACTION_PASS &&\n"
                                 "\t\t\tverdict->action != TS_ACTION_OBSERVE)",
                                 "if (on_failure == TS_ON_FAILURE_DEFER)"),
    "resolve-only-ask": unit(V, "if (verdict->kind != TS_VERDICT_ASK)\n\t\treturn;", ""),
    "evidence-dns-said": unit(V, "verdict->evidence = TS_EVIDENCE_DNS;", ""),
    # --- the capture reader's bounds
    "datagrams-max": unit("src/capture/frag.c", "while (t->count >= DATAGRAMS_MAX)", "while (0)", BOUNDS),
    "fragment-octets-max": unit("src/capture/frag.c", "while (t->octets > OCTETS_MAX && t->oldest != d)", "while (0)",
                                BOUNDS),
    "fragment-pieces-max": unit("src/capture/frag.c", "if (last == i && d->count == RANGES_MAX)",
                                "if (last == i && d->count == RANGES_MAX - 1)", BOUNDS),
    "streams-max": unit("src/capture/tcp.c", "(!s && t->count >= STREAMS_MAX)", "0", BOUNDS),
    "stream-octets-max": unit("src/capture/tcp.c", "(t->octets > OCTETS_MAX || ", "(", BOUNDS),
    "stream-octets-kept": unit("src/capture/tcp.c", "err = keep(t, s, seq, data, len);\n\t\tmake_room(capture, s);",
                               "err = keep(t, s, seq, data, len);", BOUNDS),
    "segment-cost": unit("src/capture/tcp.c", "return sizeof(struct segment) + len;", "return len;", BOUNDS),
    "flow-key": unit("src/capture/capture.c", "return ts_siphash(key, data, sizeof(data));",
                     "return ts_siphash((const uint8_t[16]){*key & 0}, data, sizeof(data));", BOUNDS),
    "flow-key-random": unit("src/capture/capture.c", "if (getrandom(c->key, sizeof(c->key), 0) != (ssize_t)sizeof(c->key)) {",
                            "if (0) {", BOUNDS),
    "hole-octets": unit("src/capture/tcp.c", "s->waiting_octets > STREAM_OCTETS_MAX ||", "", BOUNDS),
    "hole-segments": unit("src/capture/tcp.c", "s->waiting_count > STREAM_SEGMENTS_MAX))", "0))", BOUNDS),
}


def module(file, old, new, tests):
    return {"file": file, "old": old, "new": new, "tests": tests}


Q, C = "module/query.c", "module/cache.c"
MODULE = {
    "purge": module(C, "if (!entry_changed(p, qinfo, e->data))", "if (!entry_changed(p, qinfo, e->data) || p->m)",
                    "test_cache__answers or test_reload__keeps"),
    "purge-aliases": module(C, "if (reply->an_numrrsets == 0)\n\t\treturn false;", "return false;",
                            "test_cache__answers"),
    "purge-both-cd": module(C, "if (qinfo->qtype == LDNS_RR_TYPE_AAAA) /* whose key has the CD bit in it */", "if (0)",
                            "test_module_leaks"),
    "hot-client-dependent": module(C, "if (verdict->client_dependent)\n\t\treturn true;", "",
                                   "test_clients"),
    "hot-observed-ask": module(C, "return verdict->evidence == TS_EVIDENCE_DNS;", "return false;",
                               "test_several_policies or test_module_live"),
    "judged-again-when-done": module(
        Q, "if (q->minfo[m->id] != tag(s) && judge_wire(s, q, wire, len, first, &name, &v))",
        "if (0 && judge_wire(s, q, wire, len, first, &name, &v))", "test_in_flight"),
    "alias-walk": module(Q, "while (reply && ts_chain_next(reply, &wire, &len, &aliases))\n\t\tif (judge_wire",
                         "while (0 && ts_chain_next(reply, &wire, &len, &aliases))\n\t\tif (judge_wire", "test_alias"),
    "alias-stored": module(Q, "\tif (hot)\n\t\tq->no_cache_store = 1;", "", "test_alias or test_module_undisturbed"),
    "stale-during-check": module(
        Q, "/* Or serve-expired-client-timeout hands out the stale real answer while we wait. */\n\tq->no_cache_lookup = 1;",
        "", "test_stale"),
    "own-queries-forgotten": module(Q, "if (hot)\n\t\t\tts_cache_forget(q->env, &q->qinfo);", "",
                                    "test_prefetch or test_module_leaks"),
    "own-queries-real": module(Q, "if (for_supers(q) && (!done || !real))", "if (0)", "test_undisturbed"),
    "shared-clients": module(Q, "if (t.taken > 0 && (t.passed > 0 || !t.same)) {", "if (0) {", "test_clients__at_once"),
    "shared-reply": module(Q, "if (state->shown) {\n\t\tstruct reply_info *reply = NULL;",
                           "if (0) {\n\t\tstruct reply_info *reply = NULL;", "test_clients__at_once"),
    "dns64": module(Q, "return mesh->super_set.count == 0 || for_dns64(q);", "return mesh->super_set.count == 0;",
                    "test_dns64"),
    "dns64-stores": module(Q, "if (m->id > 0 && state->answered)\n\t\tts_cache_forget(q->env, &q->qinfo);", "",
                           "test_dns64"),
    "validator-queries": module(Q, "if (q->is_valrec || q->is_priming)\n\t\treturn false;", "",
                                "test_signed or test_undisturbed or test_world"),
    "check-cap": module(Q, "if (atomic_fetch_add(&m->asking, 1) >= m->conf.evidence_max) {",
                        "if (atomic_fetch_add(&m->asking, 1) >= 1u << 30) {", "test_check__a_flood"),
    "check-count": module(Q, "\tif (state->counted)\n\t\tatomic_fetch_sub(&m->asking, 1);", "", "test_check"),
    "bogus-check": module(Q, "if (reply->security == sec_status_bogus)\n\t\t\treturn;", "", "test_check__that_fails"),
    "alert-of-pass": module(Q, "v->kind != TS_VERDICT_TYPO || v->action == TS_ACTION_PASS)", "0)",
                            "test_module_live or test_clients"),
    "alert-cached": module(Q, "if (s->observing) {", "if (0) {", "test_several_policies"),
    "without-policy": module(Q, "if (s->defer && ", "if (0 && ", "test_without_a_policy"),
    "last-good": module("module/watcher.c",
                        "source->recalled = ts_source_recall(m, source, &options) == TS_OK;", "",
                        "test_bad_policy__at_a_reload or test_zone__a_bad"),
    "own-zones": module("module/watcher.c", "err = add_own(w, p->str);", "err = TS_OK;",
                        "test_beside or test_module_leaks"),
    "host-build": module("module/host.c", "if (expected(found.hex))\n\t\t\treturn true;", "return true;", "test_abi"),
    "state-symlink": module(
        "module/source.c", "\t(void)unlink(fresh);\n\tint fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,",
        "\tint fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,", "test_files__a_symbolic_link"),
}
