"""What the dashboards hold, and what of it is empty while all is well: read before each script, as
world.py is."""

# What selectors ask for that is not there, as a pattern, and why; the two lists hold no others.
ABSENT = {
    # Of a service that has none.
    r'^store_\w+\{job="(frontend|gateway-service)"': "it has no store",
    r'^(job_peer:)?http_client_\w+(:\w+)?\{job="(product|inventory)-service"': "it calls nobody",
    # While all is well. What these wait for the machine cannot make within a minute.
    r"^shop:signal:(mean|deviation|floor|width|upper|lower)": "what is usual is learned for twenty minutes",
    r'^ALERTS\{.*service="(frontend|gateway-service|inventory-service)"': "no alert is about it",
    r"^(sign_ins|session_renewals|access_checks|cross_site_requests_refused)_total": "nobody signs in here",
    r"^http_client_(instance_state|requests_in_flight|retries_total)": "each peer has one instance here, and answers",
    r"^identity_": "the services have no identities here",
    r"^anomaly_events_active": "nothing unusual has been found",
    r"otelcol_exporter_send_failed_spans": "there is no series of it until Jaeger's disk fails",
}

# What Grafana puts in the place of its variables; each value of `service` is one query.
INTERVALS = {"$__rate_interval": "20s", "$__interval": "15s", "$__range": "5m"}
VALUES = {
    "microservices": {"$service": [".+"]},
    "service": {"$service": list(SERVICES)},
    "hosts": {"$instance": [".+"]},
}


def filled(text: str, values: dict[str, str]) -> str:
    for name, value in {**INTERVALS, **values}.items():
        text = text.replace(name, value)
    return text


def fillings(uid: str, text: str) -> Iterator[str]:
    """A text of a dashboard with each of the values of its variable."""
    for name, values in VALUES.get(uid, {}).items():
        if name in text:
            yield from (filled(text, {name: value}) for value in values)
            return
    yield filled(text, {})


def all_panels(dashboard: Any) -> list[Any]:
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def links_of(panel: Any) -> list[str]:
    """The addresses to which a panel leads."""
    defaults, overrides = panel["fieldConfig"]["defaults"], panel["fieldConfig"]["overrides"]
    lists = [defaults.get("links", [])]
    lists += [one["value"] for o in overrides for one in o["properties"] if one["id"] == "links"]
    return [link["url"] for links in lists for link in links]


def is_absent(expr: str) -> bool:
    """Whether a query asks for something that there need not be."""
    return any(re.search(pattern, selector.text) for selector in selectors_of(expr) for pattern in ABSENT)
