"""What the documentation site's hooks leave out and show, and what its check finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.docs.check import faults
from tools.docs.hooks import on_config, on_page_content, on_post_page


def site(folder: Path, body: str) -> list[str]:
    (folder / "other").mkdir()
    (folder / "other" / "index.html").write_text('<h2 id="there">There</h2>')
    (folder / "index.html").write_text(f'<a id="top"></a>{body}')
    return list(faults(folder))


@pytest.mark.parametrize(
    "body",
    [
        '<a href="other/">x</a><a href="other/#there">x</a><a href="#top">x</a>',
        '<a href="https://example.org/">x</a><a href="mailto:a@example.org">x</a>',
        '<link rel="canonical" href="https://example.org/"><link rel="icon" href="other/index.html">',
    ],
)
def test_a_site_without_faults(tmp_path: Path, body: str) -> None:
    assert site(tmp_path, body) == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('<a href="gone/">x</a>', "gone/ does not exist"),
        ('<a href="other/#gone">x</a>', "other/#gone has no such heading"),
        ('<a href="#gone">x</a>', "#gone has no such heading"),
        ('<img src="gone.png">', "gone.png does not exist"),
        ('<script src="https://cdn.example.org/x.js"></script>', "loads https://cdn.example.org/x.js"),
        ('<link rel="stylesheet" href="//fonts.example.org/x.css">', "loads //fonts.example.org/x.css"),
    ],
)
def test_faults_of_a_site(tmp_path: Path, body: str, fault: str) -> None:
    (found,) = site(tmp_path, body)
    assert found.startswith("index.html: ")
    assert fault in found


def test_pages_that_are_still_to_come_are_left_out_of_the_navigation(tmp_path: Path) -> None:
    (tmp_path / "here.md").write_text("# Here\n")
    nav = [{"Here": "here.md"}, {"Part": [{"Later": "later.md"}, {"Here": "here.md"}]}]
    config = on_config({"nav": nav, "docs_dir": str(tmp_path)})
    assert config["nav"] == [{"Here": "here.md"}, {"Part": [{"Here": "here.md"}]}]


def test_a_page_asks_no_host_about_the_repository() -> None:
    page = '<a href="https://example.org" class="md-source" data-md-component="source">x</a>'
    assert on_post_page(page) == '<a href="https://example.org" class="md-source">x</a>'


def test_roles_of_docstrings_are_shown_as_names() -> None:
    html = "<p>a :class:<code>~a.b.Result</code> of :func:<code>made</code></p><p>.. code-block:: python</p>"
    assert on_page_content(html) == "<p>a <code>Result</code> of <code>made</code></p>"
