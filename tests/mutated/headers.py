"""Headers that nobody sets, or that are not what they were."""

import re
from collections.abc import Iterator

from flumec.compiler.model import Step
from flumec.compiler.source import Span
from mutated.example import Change, Example, text_of
from mutated.mutant import Mutant, kind
from mutated.sites import arms, chains, components, misspelt, section, steps

OPEN = "http"
"""The source whose clients may send any header, unless it lists them."""


def _set_here(example: Example) -> set[str]:
    """Return the headers that interceptors of the fleet set."""
    found = set()
    for _, _, step in steps(example):
        found |= set(_sets(step))
    return found


def _sets(step: Step) -> Iterator[str]:
    if step.type in ("timestamp", "host") and "header" not in step.values:
        yield step.type
    for name in ("header", "into"):
        if name in step.values:
            yield from re.findall(r"header\.(\w+)", text_of(step.values[name].span))


def fills(step: Step) -> bool:
    """Whether a step sets its header on events alone that came without it."""
    return "preserve" in step.values and step.values["preserve"].value is True


def _is_closed(example: Example) -> bool:
    """Whether no client can send headers that are not listed."""
    sources = components(example, "source", OPEN)
    return all("headers" in source.values for _, source, _ in sources)


def _misspelt(example: Example, span: Span, pattern: str) -> Iterator[Mutant]:
    """Yield each header that a pattern finds, misspelt."""
    for found in re.finditer(pattern, text_of(span)):
        if found[1] in _set_here(example):
            start = span.start + found.start(1)
            place = Span(span.source, start, start + len(found[1]))
            yield Mutant(example, (Change(place, misspelt(found[1])),))


@kind("FL401")
def in_a_route(example: Example) -> Iterator[Mutant]:
    """A route goes by a header that nobody sets."""
    for _, chain in chains(example) if _is_closed(example) else ():
        found = re.search(r"route header\.(\w+)", text_of(chain.span))
        if found:
            yield from _misspelt(example, chain.span, r"route header\.(\w+)")


@kind("FL401")
def in_a_path(example: Example) -> Iterator[Mutant]:
    """A path has a header in it that nobody sets."""
    for _, sink, _ in components(example, "sink"):
        if "path" in sink.values and _is_closed(example):
            yield from _misspelt(example, sink.values["path"].span, r"%\{(\w+)\}")


@kind("FL401", "FL604")
def in_a_key(example: Example) -> Iterator[Mutant]:
    """The key of a `dedup` is a header that nobody sets."""
    for _, sink, _ in components(example, "sink"):
        key = section(sink.values, "dedup").get("key")
        if key is not None:
            yield from _misspelt(example, key.span, r"header\.(\w+)")


@kind("FL401")
def in_a_list(example: Example) -> Iterator[Mutant]:
    """What clients must send is listed under another name than it is used by."""
    for _, source, _ in components(example, "source", OPEN):
        required = section(source.values, "headers").get("required")
        for found in re.finditer(r"header\.(\w+)", text_of(required.span)) if required else ():
            start = required.span.start + found.start(1)
            place = Span(required.span.source, start, start + len(found[1]))
            yield Mutant(example, (Change(place, misspelt(found[1])),))


@kind("FL401")
def in_a_hash(example: Example) -> Iterator[Mutant]:
    """A link goes by the hash of a header that nobody sets."""
    for link in example.fleet.links:
        if "policy" in link.values:
            yield from _misspelt(example, link.values["policy"].span, r"header\.(\w+)")


@kind("FL401")
def in_a_fingerprint(example: Example) -> Iterator[Mutant]:
    """A fingerprint is made of a header that nobody sets."""
    for _, _, step in steps(example, "fingerprint") if _is_closed(example) else ():
        if "of" in step.values:
            yield from _misspelt(example, step.values["of"].span, r"header\.(\w+)")


@kind("FL401", "FL402", "FL403")
def not_set(example: Example) -> Iterator[Mutant]:
    """An interceptor is left out whose header is used."""
    for _, chain, step in steps(example) if _is_closed(example) else ():
        text = "\n".join(source.text for source in example.fleet.sources)
        used = [
            name for name in _sets(step)
            if re.search(rf"%\{{{name}\}}|(key = |route |hash\(|of = \[)header\.{name}\b", text)
        ]  # fmt: skip
        before = [one for one in chain.steps if one.span.start < step.span.start]
        others = {name for one in before for name in _sets(one)}
        if used and step in chain.steps and not fills(step) and not others & set(used):
            source = chain.span.source
            end = source.text.index("->", step.span.end) + 3
            yield Mutant(
                example, (Change(Span(source, step.span.start, end), ""),), _read(example, used)
            )


def _read(example: Example, names: list[str]) -> tuple[Span, ...]:
    """Return where headers are read: in paths, keys, policies and routes, whose arms count too."""
    places = []
    for source in example.fleet.sources:
        for name in names:
            read = rf"%\{{{name}\}}|(key = |route |hash\(|of = \[)header\.{name}\b"
            places += [Span(source, *one.span()) for one in re.finditer(read, source.text)]
    for _, _, route, arm in arms(example):
        if route.header in names:
            places += arm.spans
    return tuple(places)


@kind("FL408")
def one_value(example: Example) -> Iterator[Mutant]:
    """A link goes by the hash of a header that has one value."""
    for link in example.fleet.links:
        found = re.search(r"hash\(header\.(\w+)\)", text_of(link.span))
        for _, chain, step in steps(example, "regex_extract") if found else ():
            if found and found[1] in _sets(step):
                source = chain.span.source
                end = source.text.index("->", step.span.end) + 3
                cut = Change(Span(source, step.span.start, end), "")
                yield Mutant(example, (cut,), (link.values["policy"].span,))


@kind("FL404")
def set_on_one_way(example: Example) -> Iterator[Mutant]:
    """One of two sources of a path with a time in it sets no `timestamp`."""
    all_of_them = list(steps(example, "timestamp"))
    for agent, chain, step in all_of_them:
        if len(all_of_them) > 1 and step in chain.steps:
            source = chain.span.source
            end = source.text.index("->", step.span.end) + 3
            cut = Change(Span(source, step.span.start, end), "")
            yield Mutant(example, (cut,), (agent.components[chain.start].name_span,))


@kind("FL401", "FL402")
def set_too_late(example: Example) -> Iterator[Mutant]:
    """A fingerprint is made before the header that it is made of."""
    for _, chain in chains(example):
        for one, two in zip(chain.steps, chain.steps[1:], strict=False):
            if two.type == "fingerprint" and "of" in two.values:
                made = set(re.findall(r"header\.(\w+)", text_of(two.values["of"].span)))
                if made & set(_sets(one)) and not fills(one):
                    changes = (
                        Change(one.span, text_of(two.span)),
                        Change(two.span, text_of(one.span)),
                    )
                    yield Mutant(example, changes)


@kind("FL403")
def never_seen(example: Example) -> Iterator[Mutant]:
    """A route has a value that its header never has."""
    for _, chain in chains(example):
        found = re.search(r"route header\.(\w+)", text_of(chain.span))
        set_by = [step for _, _, step in steps(example) if found and found[1] in _sets(step)]
        if set_by and all(step.type == "static" for step in set_by):
            for arm in chain.end.arms:  # type: ignore[union-attr]
                for span in arm.spans:
                    yield Mutant(example, (Change(span, f'"{misspelt(text_of(span)[1:-1])}"'),))


@kind("FL604", "FL343", "FL911")
def known_by_the_tag(example: Example) -> Iterator[Mutant]:
    """Copies that enter on two machines are known by their tag, which is another on each."""
    for _, sink, _ in components(example, "sink"):
        key = section(sink.values, "dedup").get("key")
        if key is not None and text_of(key.span) != "tag" and not _is_closed(example):
            yield Mutant(example, (Change(key.span, "tag"),))
