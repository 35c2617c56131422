"""What outside tools report about lineage: nobody adds to another's run, and nobody changes what the past knew."""

import datetime


def event(run, time="2026-11-30T10:00:00Z", outputs=()):
    return {"eventTime": time, "run": {"runId": run}, "job": {"namespace": "airflow", "name": "daily"},
            "inputs": [{"namespace": "s3://raw", "name": "loans.parquet"}],
            "outputs": [{"namespace": space, "name": name} for space, name in outputs]}


def test_a_run_belongs_to_whoever_reported_it_first(house):
    """Attack: a second contributor makes somebody's pipeline look as if it had written other data."""
    house.carl.ok("POST", "/api/v1/lineage", event("11111111-1111-4111-8111-111111111111"))
    more = event("11111111-1111-4111-8111-111111111111", outputs=[("s3://raw", "poisoned.parquet")])
    refused = house.dora.call("POST", "/api/v1/lineage", more)
    assert refused.status == 403 and "somebody else" in refused.text, refused
    house.carl.ok("POST", "/api/v1/lineage", more)


def test_an_event_with_an_old_time_leaves_the_past_as_it_was(house):
    """Attack: lineage as of last week shows an edge that was added today."""
    house.carl.ok("POST", "/api/v1/lineage", event("22222222-2222-4222-8222-222222222222", "2020-01-01T00:00:00Z"))
    node = "job/airflow/daily%2322222222-2222-4222-8222-222222222222"
    before = (datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert len(house.carl.ok("GET", f"/api/v1/lineage/graph?node={node}")["nodes"]) == 2
    past = house.carl.call("GET", f"/api/v1/lineage/graph?node={node}&at={before}")
    assert past.status == 404 or len(past.json["nodes"]) <= 1, past.text


def test_what_outside_tools_report_is_for_those_who_may_read_everything(house):
    """Nina may use nina-* only: names of others' jobs and tables have no owner whose names could be compared with hers."""
    house.carl.ok("POST", "/api/v1/lineage", event("33333333-3333-4333-8333-333333333333", outputs=[("pg://hr", "salaries")]))
    node = "/api/v1/lineage/graph?node=openlineage/pg://hr/salaries&direction=both"
    assert house.dora.get(node).status == 200
    for path in (node, node.replace("graph", "export") + "&format=openlineage"):
        refused = house.nina.get(path)
        assert refused.status == 403 and "layoffs" not in refused.text and "daily" not in refused.text, refused
