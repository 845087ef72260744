"""Which topics a language lacks, from clusters and how many documents of each language they have. Pure."""

from __future__ import annotations

import math

from xling.errors import InvalidInput
from xling.explore.results import Clusters, Coverage, Gap

CHANCE = 0.02
"""Probability by which so few documents would be there by chance, for a gap to be one."""


def gaps_of(clusters: Clusters, share: float) -> Coverage:
    """The table of topics and languages, and what is missing in it.

    Were topics the same in all languages, a cluster of n documents would have n · p of a language whose share of all
    documents is p, give or take the root of it. A gap has at most `share` of that, and less than chance would give
    (binomial).

    Args:
        clusters: The topics.
        share: As above.

    Raises:
        InvalidInput: There is but one language.
    """
    known = {lang: number for lang, number in clusters.languages.items() if lang != "und"}
    if len(known) < 2:
        raise InvalidInput("coverage compares languages, and these documents are all in one, or in unknown ones")
    clustered = sum(sum(cluster.languages.get(lang, 0) for lang in known) for cluster in clusters.clusters)
    gaps = []
    for cluster in clusters.clusters:
        size = sum(cluster.languages.get(lang, 0) for lang in known)
        for lang in known:
            there = cluster.languages.get(lang, 0)
            whole = sum(each.languages.get(lang, 0) for each in clusters.clusters)
            if size == there or clustered == whole:
                continue
            # The share that a language has elsewhere: a topic that it lacks must not lower what is expected of it.
            p = (whole - there) / (clustered - size) if clustered > size else whole / clustered
            # Of the documents in other languages one learns how large the topic is.
            expected = (size - there) * p / (1 - p) if p < 1 else float(size)
            if there <= share * expected and at_most(there, size, p) < CHANCE:
                gaps.append(
                    Gap(
                        cluster=cluster.number,
                        name=cluster.name,
                        lang=lang,
                        documents=there,
                        expected=round(expected, 1),
                        examples=cluster.documents,
                    )
                )
    gaps.sort(key=lambda gap: (-(gap.expected - gap.documents), gap.cluster, gap.lang))
    return Coverage(languages=known, clusters=clusters.clusters, gaps=tuple(gaps))


def at_most(k: int, n: int, p: float) -> float:
    """Probability of k successes or fewer in n trials."""
    if p <= 0.0 or k >= n:
        return 1.0
    if p >= 1.0:
        return 0.0
    logs = [
        math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) + i * math.log(p) + (n - i) * math.log1p(-p)
        for i in range(k + 1)
    ]
    highest = max(logs)
    return min(math.exp(highest) * math.fsum(math.exp(log - highest) for log in logs), 1.0)
