"""Reports as Markdown and Mermaid, also about releases that try to write markup."""

from __future__ import annotations

import re

import pytest
from report_samples import SCENE, next_release, release

from hatch_tilebox.core.model import Task
from hatch_tilebox.report.collect import collect_report
from hatch_tilebox.report.markdown import code, markdown, mermaid_graph


def test_the_changes_in_a_pull_request(tmp_path):
    text = markdown(collect_report(next_release(tmp_path), old=release(tmp_path)))
    assert text.startswith("## `scene-qa 1.0.0 → 1.1.0`\n\n**Breaking without a new major version**: `acme.org/scene-qa/Check`\n")
    assert "| `acme.org/scene-qa/Check` | `v1.0` | **breaking** | `limit: " in text
    assert "| `Check` | `region` | - | `string` | **breaking** |" in text
    assert "| `Check` | `limit` | `integer (at least 1)` | `string` | **breaking** |" in text
    assert "| `numpy` | `2.5.0` | `2.4.0` |" in text
    assert "| Packages to download | 26.4 MiB | 25.5 MiB |" in text
    assert "```mermaid\nflowchart LR\n" in text


def test_a_release(tmp_path):
    text = markdown(collect_report(release(tmp_path)))
    assert "| Environment | `S3_BUCKET` |" in text
    assert '| `acme.org/scene-qa/CheckScene` | `v1.0` | - | `scene_id: string, level: "L1C" or "L2A" = "L1C"` |' in text
    assert "| cron schedule |" in text


@pytest.mark.parametrize(
    ("value", "span"),
    [
        ("a", "`a`"),
        ("a`b", "``a`b``"),
        ("`a`", "`` `a` ``"),
        ("a|b", "`a\\|b`"),
        ("a\nb", "`a\\nb`"),
        ("", "-"),
        ("\u202eb", "`\\u202eb`"),
        ("https://user:secret@example.org/", "`https://example.org/`"),
    ],
)
def test_code_spans(value, span):
    assert code(value) == span


HOSTILE = "@all <img src=x> [a](javascript:1) `| ``` |\n# x"


def test_a_name_is_never_markup(tmp_path):
    tasks = (Task(f"{HOSTILE}/Check", "v1.0", {"type": "object", "properties": {HOSTILE: SCENE}}, HOSTILE),)
    old = release(tmp_path, of=tasks)
    text = markdown(collect_report(release(tmp_path, "1.1.0", of=()), old=old))
    outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
    assert not set("@[]#") & set(re.sub(r"^#+ ", "", outside, flags=re.MULTILINE))
    assert "<img" not in outside


def test_a_label_of_the_graph_is_never_markup(tmp_path):
    text = mermaid_graph(collect_report(release(tmp_path, of=(Task(f'{HOSTILE}"]', "v1.0"),))).graph)
    assert re.fullmatch(r'flowchart LR\n  t0\["[\w #;]*<br/>v1#46;0"\]\n', text)
