"""What a query asks for, and whether a back end has it: read before each script, as world.py is.

A query is answered in vain when no series comes back, and also when it names a metric, a label or a
value of a label that there is not: behind an `or vector(0)`, or in the condition of an alert, nobody
would see that something was renamed.
"""

import re
import shlex
from typing import Iterator, NamedTuple


class Query(NamedTuple):
    """A question to a back end: where it stands, to whom it goes, and which labels of the answer are
    shown or linked to."""

    where: str
    kind: str
    expr: str
    shown: frozenset[str] = frozenset()
    # Whether the condition of an alert, which is false while all is well.
    is_alert: bool = False
    # The record that is made of the answer.
    record: str = ""


# PromQL, as far as it has to be known to find what is asked for.
STRING = r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\''
NAME = r"[a-zA-Z_:][\w:]*"
BRACES = rf"\{{(?:[^\"'{{}}]|{STRING})*\}}"
SELECTOR = re.compile(rf"(?<![\w.])({NAME})?\s*({BRACES})|(?<![\w.])({NAME})(?!\s*[\w:(])")
GROUPING = re.compile(r"\b(?:by|on|without|ignoring|group_left|group_right)\s*\(([^)]*)\)")
KEYWORDS = {"and", "or", "unless", "by", "on", "without", "ignoring", "bool", "offset", "inf", "nan"}
KEYWORDS |= {"group_left", "group_right"}


class Selector(NamedTuple):
    """What a query asks for."""

    text: str
    # "" where a matcher names it.
    metric: str
    # Those that it matches.
    labels: list[str]


def selectors_of(expr: str) -> Iterator[Selector]:
    """Each selector of an expression in PromQL."""
    if "label_replace(" in expr:
        # Its texts look like anything.
        expr = re.sub(rf"(,\s*)({STRING})", r"\1 0", expr)
    # Neither durations nor the lists of labels are metrics.
    bare = GROUPING.sub(" ", re.sub(r"\[\d[^\]]*\]|\boffset\s+\w+", " ", expr))
    for name, braces, alone in SELECTOR.findall(bare):
        metric = name or alone
        if metric.lower() in KEYWORDS:
            metric = ""
        if metric or braces:
            labels = re.findall(r"([a-zA-Z_]\w*)\s*[=!]", re.sub(STRING, '""', braces))
            named = [label for label in labels if label != "__name__"]
            yield Selector(f"{metric}{braces}", metric, named)


class Answers:
    """What the back ends of a machine answered since a moment.

    `absent` are patterns of selectors, and of records, that there need not be, with the reason;
    `needed` are those of them that something was excused by."""

    def __init__(self, machine: Any, since: float, trace_label: str, absent: dict[str, str]) -> None:
        self.machine, self.since, self.trace_label = machine, since, trace_label
        self.absent, self.needed = absent, set[str]()
        self._done: set[Query] = set()
        self._present: set[str] = set()
        self._labels: dict[str, set[str]] = {}

    def in_vain(self, queries: list[Query]) -> dict[str, str]:
        """The queries that have not been answered by now, and what is wrong with each."""
        troubles = {}
        for query in queries:
            if query in self._done:
                continue
            if trouble := self.trouble(query):
                troubles[f"{query.where}: {query.expr}"] = trouble
            else:
                self._done.add(query)
        return troubles

    def trouble(self, query: Query) -> str | None:
        """What is wrong with a query, if anything."""
        kinds = {
            "prometheus": self._of_metrics,
            "exemplars": self._of_exemplars,
            "loki": self._of_lines,
            "jaeger": self._of_traces,
        }
        return kinds[query.kind](query)

    def ask(self, url: str, **query: str) -> Any:
        """The JSON at a URL; what is no valid query fails at once."""
        words = [f"--data-urlencode {shlex.quote(f'{name}={value}')}" for name, value in query.items()]
        status, text = self.machine.execute(
            f"curl -sS --max-time 20 {curl_headers(url)} '{url}' --get {' '.join(words)}"
        )
        assert status == 0 and text.startswith("{"), f"{url} {query}: {text}"
        answer = json.loads(text)
        assert answer.get("status", "success") == "success", f"{query}: {answer}"
        return answer

    def series(self, expr: str) -> list[dict[str, str]]:
        """The labels of the series that a query was answered with at some moment."""
        answer = self.ask(f"{PROMETHEUS}/api/v1/query_range", query=expr, step="5", **self._time())
        results = answer["data"]["result"]
        return [one["metric"] for one in results if any(v != "NaN" for _, v in one["values"])]

    def exemplars(self, expr: str) -> list[Any]:
        """The exemplars of the histograms in a query."""
        answer = self.ask(f"{PROMETHEUS}/api/v1/query_exemplars", query=expr, **self._time())
        return [exemplar for one in answer["data"] for exemplar in one["exemplars"]]

    def _time(self) -> dict[str, str]:
        return {"start": str(self.since), "end": str(time.time())}

    def _is_absent(self, text: str) -> bool:
        found = {pattern for pattern in self.absent if re.search(pattern, text)}
        self.needed |= found
        return bool(found)

    def _labels_of(self, selector: Selector) -> set[str]:
        name = selector.metric or selector.text
        if not self._labels.get(name):
            self._labels[name] = set(self.ask(f"{PROMETHEUS}/api/v1/labels", **{"match[]": name})["data"])
        return self._labels[name]

    def _is_there(self, selector: Selector) -> bool:
        if selector.text not in self._present and self.series(selector.text):
            self._present.add(selector.text)
        return selector.text in self._present

    def _of_metrics(self, query: Query) -> str | None:
        given = self.series(query.expr)
        absent = self._is_absent(query.record)
        # What label_replace makes is there.
        labels = set(re.findall(r'label_replace\(.*?"(\w+)", "\$1"', query.expr))
        for selector in selectors_of(query.expr):
            if self._is_absent(selector.text):
                absent = True
                continue
            its = self._labels_of(selector)
            if not its:
                return f"there is no metric {selector.metric or selector.text}"
            for label in selector.labels:
                if label not in its:
                    return f"{selector.metric} has no label {label}"
            labels |= its
            if not self._is_there(selector):
                return f"there is no {selector.text}"
        if not absent:
            for label in {name.strip() for names in GROUPING.findall(query.expr) for name in names.split(",")}:
                if label and label not in labels:
                    return f"there is no label {label}"
        if given:
            return without_shown(query, given)
        return None if absent or query.is_alert else "no data"

    def _of_exemplars(self, query: Query) -> str | None:
        if any(self._is_absent(selector.text) for selector in selectors_of(query.expr)):
            return None
        labels = {name for exemplar in self.exemplars(query.expr) for name in exemplar["labels"]}
        return None if self.trace_label in labels else f"no exemplar has {self.trace_label}: {labels}"

    def _of_lines(self, query: Query) -> str | None:
        stream = re.search(BRACES, query.expr)
        assert stream, query

        def lines(expr: str) -> list[Any]:
            return self.ask(f"{LOKI}/loki/api/v1/query_range", query=expr, since="1h")["data"]["result"]

        given = lines(query.expr)
        if query.is_alert:
            given = lines(stream[0])
        return without_shown(query, [one.get("metric", {}) for one in given]) if given else "no lines"

    def _of_traces(self, query: Query) -> str | None:
        target = json.loads(query.expr)
        wanted = {name: str(target[name]) for name in ("service", "operation", "limit") if target.get(name)}
        found = self.ask(f"{JAEGER}/api/traces", **wanted, lookback="1h")["data"]
        return None if found else "no traces"


def without_shown(query: Query, given: list[dict[str, str]]) -> str | None:
    """Which label is shown, or linked to, that no series of the answer has."""
    missing = [name for name in query.shown if not any(name in labels for labels in given)]
    return f"the answer has no label {missing}" if missing else None
