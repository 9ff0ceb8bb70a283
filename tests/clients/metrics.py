"""What `ibid serve --metrics` gives, read by the parser that Prometheus's own Python client has for OpenMetrics.

Usage: metrics.py URL, the address of the numbers
"""

import sys
import urllib.request

from prometheus_client.openmetrics.parser import text_string_to_metric_families

KINDS = {
    "ibid_requests": "counter",
    "ibid_request_duration_seconds": "histogram",
    "ibid_connections": "gauge",
    "ibid_requests_running": "gauge",
    "ibid_collection_documents": "gauge",
    "ibid_collection_chunks": "gauge",
    "ibid_collection_age_seconds": "gauge",
}

with urllib.request.urlopen(sys.argv[1]) as answer:
    kind = answer.headers["content-type"]
    text = answer.read().decode()
assert kind.startswith("application/openmetrics-text; version=1.0.0"), kind
families = {family.name: family for family in text_string_to_metric_families(text)}
for name, kind in KINDS.items():
    assert families[name].type == kind, (name, families.get(name))
    assert families[name].documentation, name
    assert families[name].samples, name
series = sum(len(family.samples) for family in families.values())
assert series < 1000, f"{series} series"
print(f"{len(families)} families, {series} series")
