"""Reports in a real browser: both themes, all widths, keyboard, accessibility, print, and the commands of the forms."""

from __future__ import annotations

import json
import shlex
from itertools import pairwise

import pytest
from browser_support import THEMES, WIDTHS, opened
from browser_support import browser as browser  # noqa: PLC0414 -- a fixture
from report_samples import CHECK, job, next_release, release

from hatch_tilebox.core.model import Task
from hatch_tilebox.inputs.encode import encode_input
from hatch_tilebox.report.collect import collect_report
from hatch_tilebox.report.page import html_page

pytestmark = pytest.mark.needs_tool("chromium")


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A page with all sections."""
    folder = tmp_path_factory.mktemp("report")
    (folder / "job.json").write_text(json.dumps(job()))
    page = html_page(collect_report(next_release(folder), old=release(folder), job=folder / "job.json"))
    (folder / "report.html").write_text(page, "utf-8")
    return folder / "report.html"


# Text that leaves the box in which it is drawn, and parts that overlap.
OVERFLOW = """() => {
  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth) found.push(`page: ${root.scrollWidth} > ${innerWidth}`);
  for (const box of document.querySelectorAll("svg.box, .treemap .chart svg svg")) {
    const outer = box.querySelector("rect").getBoundingClientRect();
    if (!outer.width) continue;
    for (const text of box.querySelectorAll("text")) {
      const inner = text.getBoundingClientRect();
      if (inner.right > outer.right + 1 || inner.bottom > outer.bottom + 1) found.push(`text: ${text.textContent}`);
    }
  }
  const boxes = [...document.querySelectorAll("svg.box")].map((box) => box.querySelector("rect").getBoundingClientRect());
  const shown = boxes.filter((box) => box.width);
  for (const [i, a] of shown.entries())
    for (const b of shown.slice(i + 1))
      if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom) found.push("boxes overlap");
  return found;
}"""

# The contrast of every visible text with the nearest background behind it.
CONTRAST = """() => {
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const color = parse(getComputedStyle(node).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const node = text.parentElement;
    if (!text.data.trim() || !node.getClientRects().length || node.closest("script, .hidden, .skip")) continue;
    const svg = node.closest("svg");
    const style = getComputedStyle(node);
    const front = parse(svg ? style.fill : style.color);
    const rect = svg && (svg.querySelector(":scope > rect") || null);
    const back = rect ? parse(getComputedStyle(rect).fill) : behind(svg ? svg.parentElement : node);
    const [high, low] = [light(front), light(back)].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) found.push(`${ratio.toFixed(2)} ${text.data.trim().slice(0, 40)}`);
  }
  return [...new Set(found)];
}"""


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_overflows_overlaps_or_is_hard_to_read(browser, report, width, theme):
    with opened(browser, report, width=width, theme=theme) as witness:
        assert witness.evaluate(OVERFLOW) == []
        witness.open_details()
        assert witness.evaluate(OVERFLOW) == []
        assert witness.evaluate(CONTRAST) == []
        background = witness.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert (sum(map(int, background[4:-1].split(","))) < 200) == (theme == "dark")
        assert witness.events == []


def test_names_and_roles_for_assistive_technology(browser, report):
    with opened(browser, report) as witness:
        witness.open_details()
        nodes = witness.page.context.new_cdp_session(witness.page).send("Accessibility.getFullAXTree")["nodes"]
        known = [node for node in nodes if not node["ignored"]]
        role = lambda node: node["role"]["value"]  # noqa: E731 -- short
        name = lambda node: node.get("name", {}).get("value", "")  # noqa: E731
        roles = [role(node) for node in known]
        assert [roles.count(one) for one in ("main", "banner", "navigation", "contentinfo")] == [1, 1, 1, 1]
        named = {
            "button",
            "textbox",
            "combobox",
            "link",
            "image",
            "form",
            "region",
            "heading",
            "DisclosureTriangle",
            "columnheader",
        }
        assert [node for node in known if role(node) in named and not name(node).strip()] == []
        levels = [
            next(item["value"]["value"] for item in node["properties"] if item["name"] == "level")
            for node in known
            if role(node) == "heading"
        ]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        assert "Changed tasks" in witness.page.get_by_role("main").aria_snapshot()
        assert witness.page.get_by_role("rowheader", name="region").count() >= 1


@pytest.mark.parametrize("width", [360, 1440])
def test_the_timeline_is_a_table_at_every_width(browser, report, width):
    with opened(browser, report, width=width) as witness:
        table = witness.page.get_by_role("table", name="Tasks, parents before their subtasks")
        assert table.get_by_role("rowheader").all_inner_texts() == ["Check", "CheckScene", "CheckScene", "Report", "Archive"]
        assert table.get_by_role("columnheader").count() == 5
        assert "WARN No answer yet" in table.locator("rect.attempt title").nth(1).text_content()


def test_everything_is_reached_by_keyboard(browser, report):
    with opened(browser, report, width=360) as witness:
        witness.page.keyboard.press("Tab")
        assert witness.evaluate("document.activeElement.className") == "skip"
        assert witness.page.locator(".skip").bounding_box()["width"] > 100
        witness.page.keyboard.press("Enter")
        assert witness.evaluate("location.hash") == "#content"
        scrolling = "[...document.querySelectorAll('*')].filter((n) => n.scrollWidth > n.clientWidth + 1 && "
        scrolling += (
            "['auto', 'scroll'].includes(getComputedStyle(n).overflowX) && n.tabIndex < 0 && n.localName !== 'textarea').length"
        )
        witness.open_details()
        assert witness.evaluate(scrolling) == 0


def test_motion_is_reduced_on_request(browser, report):
    for preference, behaviour in (("reduce", "auto"), ("no-preference", "smooth")):
        with opened(browser, report, reduced_motion=preference) as witness:
            assert witness.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == behaviour


def test_print_shows_everything_on_white(browser, report):
    with opened(browser, report, theme="dark") as witness:
        witness.page.emulate_media(media="print")
        witness.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert witness.evaluate("document.querySelectorAll('details:not([open])').length") == 0
        assert witness.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
        assert witness.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
        assert witness.evaluate(CONTRAST) == []
        assert witness.page.pdf(format="A4")[:5] == b"%PDF-"
        witness.evaluate("dispatchEvent(new Event('afterprint'))")
        assert witness.evaluate("document.querySelectorAll('details:not([open])').length") > 5


def command(witness, name):
    form = witness.page.get_by_role("form", name=f"Input of {name}", exact=True)
    return form, lambda: shlex.split(form.locator("output").text_content())


def test_a_form_gives_the_command_for_its_input(browser, report):
    name = "acme.org/scene-qa/Check"
    with opened(browser, report) as witness:
        witness.open_details()
        form, words = command(witness, name)
        form.get_by_label("scenes").fill('[{"scene_id": "it\'s \\"A\\""}]')
        form.get_by_label("limit").fill("it's")
        form.get_by_label("region").fill("north & <south>")
        form.get_by_label("max_cloud_cover").fill("0.25")
        form.get_by_label("dry_run").select_option("true")
        found = words()
        assert found[:6] == [
            "hatch-tilebox",
            "run",
            str(report.with_name("scene_qa-1.1.0.tbrelease")),
            "--task",
            f"{name}@v1.0",
            "--input",
        ]
        assert json.loads(found[6]) == {
            "scenes": [{"scene_id": 'it\'s "A"'}],
            "limit": "it's",
            "region": "north & <south>",
            "max_cloud_cover": 0.25,
            "dry_run": True,
        }
        assert form.get_by_role("alert").text_content() == ""
        form.get_by_label("max_cloud_cover").fill("a lot")
        assert form.get_by_role("alert").text_content() == "max_cloud_cover is not a valid number"
        form.get_by_label("max_cloud_cover").fill("")
        form.get_by_label("scenes").fill("[")
        assert form.get_by_role("alert").text_content() == "scenes is not valid JSON"
        form.get_by_label("scenes").fill("")
        assert form.get_by_role("alert").text_content() == "scenes is missing"
        assert witness.events == []


def test_large_numbers_keep_their_digits_and_enter_does_not_leave_the_page(browser, tmp_path):
    path = release(tmp_path, of=(Task("Count", "v1.0", {"type": "integer"}), Task("Check", "v1.0", CHECK)))
    (tmp_path / "report.html").write_text(html_page(collect_report(path)), "utf-8")
    with opened(browser, tmp_path / "report.html") as witness:
        witness.open_details()
        form, words = command(witness, "Count")
        form.get_by_label("Input").fill("12345678901234567890")
        form.get_by_label("Input").press("Enter")
        assert words()[-2:] == ["--input", "12345678901234567890"]
        form, words = command(witness, "Check")
        form.get_by_label("limit").fill("4")
        encode_input(Task("Check", "v1.0", CHECK), words()[-1].encode())
        assert witness.events == []


def test_triggers_have_their_options(browser, report):
    with opened(browser, report) as witness:
        witness.open_details()
        form, words = command(witness, "acme.org/scene-qa/Watch")
        form.get_by_label("Object").fill("a b.tif")
        form.get_by_label("Location").fill("gs://bucket")
        assert words()[5:] == ["--object", "a b.tif", "--location", "gs://bucket"]
