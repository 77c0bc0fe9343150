"""How handbook and plugin are published: workflows call scripts that are here and can be tried by hand."""

from __future__ import annotations

import os
import re
import subprocess

import pytest
import yaml

from .checks import tools
from .checks.pages import page_paths, read_page
from .checks.places import ROOT, WEBSITE

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PUBLISH = WEBSITE / "scripts/publish"


def steps(path):
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_scripts_and_targets_that_a_workflow_calls_are_there(path):
    commands = "\n".join(step["run"] for step in steps(path) if "run" in step)
    scripts = re.findall(r"(?:^|\s)(website/(?:scripts|checks)/[\w/-]+)", commands)
    targets = re.findall(r"\bmake ([a-z-]+)", commands)
    assert scripts or targets
    assert all(os.access(ROOT / script, os.X_OK) for script in scripts)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_do_no_more_than_it_says(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert "permissions" in workflow
    assert not re.search(r"secrets\.(?!GITHUB_TOKEN)", path.read_text(encoding="utf-8"))
    assert all(re.search(r"@(v\d+|release/v\d+)$", step["uses"]) for step in steps(path) if "uses" in step)


def test_every_page_has_somebody_who_is_asked():
    lines = (ROOT / ".github/CODEOWNERS").read_text(encoding="utf-8").splitlines()
    owned = {line.split()[0]: line.split()[1] for line in lines if not line.startswith("#")}
    for path in page_paths():
        role = read_page(path).front_matter["owner"]
        assert owned[f"/{path.relative_to(ROOT)}"] == f"@massgen/{role}"


def test_archived_versions_are_listed_the_newest_first(tmp_path):
    for version in ("0.1.96", "0.1.97"):
        (tmp_path / "v" / version).mkdir(parents=True)
    tools.run("node", [str(PUBLISH / "versions"), str(tmp_path), "/Handbook/"])
    page = (tmp_path / "v/index.html").read_text(encoding="utf-8")
    assert re.findall(r'href="(/Handbook/v/[^"]+)"', page) == ["/Handbook/v/0.1.97/", "/Handbook/v/0.1.96/"]


def test_nothing_is_written_when_the_handbook_describes_the_version_already(tmp_path):
    ours = (WEBSITE / "facts.json").read_text(encoding="utf-8").split('"massgen_version": "')[1].split('"')[0]
    done = subprocess.run(
        [PUBLISH / "watch", tmp_path, ours], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert "is what the handbook describes" in done.stdout
    assert not list(tmp_path.iterdir())
