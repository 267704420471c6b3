"""The HTML page: self-contained, the same for the same input, and whole."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest
from report_samples import job, next_release, release

from hatch_tilebox.report.collect import collect_report
from hatch_tilebox.report.page import html_page, json_text

VOID = {"meta", "link", "input", "br", "hr"}


@pytest.fixture
def page(tmp_path):
    (tmp_path / "job.json").write_text(json.dumps(job()))
    return html_page(collect_report(next_release(tmp_path), old=release(tmp_path), job=tmp_path / "job.json"))


class Elements(HTMLParser):
    """Collects elements and checks that they are nested."""

    def __init__(self, page):
        super().__init__()
        self.found, self.open = [], []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_policy_allows_only_the_script_and_the_style_of_the_page(page):
    policy = next(
        values["content"] for tag, values in Elements(page).found if values.get("http-equiv") == "Content-Security-Policy"
    )
    for kind in ("script", "style"):
        (content,) = re.findall(f"<{kind}>(.*?)</{kind}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


def test_nothing_is_loaded_and_no_attribute_has_code_or_style(page):
    for tag, values in Elements(page).found:
        assert not [name for name in values if name.startswith("on") or name in {"style", "src", "action", "srcdoc"}]
        if "href" in values:
            assert values["href"].startswith(("#", "data:image/svg+xml,")), tag


def test_ids_are_unique_and_references_have_targets(page):
    elements = Elements(page).found
    ids = [values["id"] for _, values in elements if "id" in values]
    assert len(ids) == len(set(ids))
    for _, values in elements:
        for name in ("for", "aria-describedby"):
            assert set((values.get(name) or "").split()) <= set(ids)
        if values.get("href", "").startswith("#"):
            assert values["href"][1:] in ids


def test_the_page_is_small_without_its_data_and_the_same_every_time(page, tmp_path):
    again = html_page(
        collect_report(tmp_path / "scene_qa-1.1.0.tbrelease", old=tmp_path / "scene_qa-1.0.0.tbrelease", job=tmp_path / "job.json")
    )
    assert again == page
    assert len(html_page(collect_report(release(tmp_path / "small", of=(), contents={"pyproject.toml": b""})))) < 60_000
    assert len(page) < 300_000


def test_the_changes_are_there(page):
    text = re.sub(r"<[^>]+>", " ", page)
    for words in (
        "Breaking without a new major version",
        "limit: integer",
        "region: new and without default",
        "the version should be v2.0",
    ):
        assert words in text
    assert re.search(r'<tr class="breaking" role="row"><th [^>]+><code>region</code>', page)
    assert re.search(r"numpy</th><td[^>]*>2.5.0</td><td[^>]*>2.4.0</td>", page)
    assert '<span class="add">+        return</span>' in page


def test_the_run_is_there(page):
    assert "CheckScene" in page
    assert "2 in this run, 1 failed" not in page  # it was retried
    assert "No answer yet" in page
    assert page.count('class="attempt') == 5
    assert page.count("not in this release") == page.count('class="box foreign"') == 2  # in both drawings


def test_json_cannot_end_its_element():
    text = json_text({"a": "</script><!--\u2028&"})
    assert not set(text) & set("<>&\u2028")
    assert json.loads(text) == {"a": "</script><!--\u2028&"}


def test_a_run_alone(tmp_path):
    (tmp_path / "job.json").write_text(json.dumps(job()))
    page = html_page(collect_report(None, job=tmp_path / "job.json"))
    assert "<h1>Run of Check</h1>" in page
    assert "not in this release" not in page
    Elements(page)


def test_many_of_everything_are_cut(tmp_path):
    from hatch_tilebox.core.model import Task

    many = tuple(Task(f"acme/Task{number:04}", "v1.0") for number in range(400))
    page = html_page(collect_report(release(tmp_path, of=many)))
    assert "200 more tasks are left out." in page
    assert "250 more tasks are not drawn." in page
    assert len(page) < 700_000
