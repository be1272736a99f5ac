#!/usr/bin/env python3
"""Makes the release that `plan.py` decided: commit, tag, release page, moving tag, in this order.

    release/publish.py PLAN.json NOTES.md DIRECTORY_OF_FILES

Runs in the checkout whose files `plan.py` has rewritten, with `gh` signed in through GH_TOKEN. Every step is left out
where an earlier try made it, so that a failed job can simply be run again.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

NAME = "user.name=github-actions[bot]"
MAIL = "user.email=41898282+github-actions[bot]@users.noreply.github.com"


def run(*command: str) -> str:
    """Runs a command, shows it, returns its output; a failure ends the release."""
    print("$", " ".join(command), flush=True)
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def publish(plan: dict[str, Any], notes: Path, files: Path) -> None:
    """Everything that others can see, the tag that users follow last."""
    # git asks gh for the token; it is in no file and in no command line.
    run("gh", "auth", "setup-git")
    commit = plan["tagged"] or tagged_commit(plan)
    if not released(plan["tag"]):
        run(*release_command(plan, notes, files))
    if plan["moving_tag"]:
        run("git", "push", "--quiet", "--force", "origin", f"{commit}:refs/tags/{plan['moving_tag']}")


def tagged_commit(plan: dict[str, Any]) -> str:
    """Commits the rewritten files and nothing else, and pushes the commit under its tag alone."""
    paths = [change["path"] for change in plan["rewrites"]]
    run("git", "-c", NAME, "-c", MAIL, "commit", "--quiet", "--message", plan["commit_message"], "--", *paths)
    commit = run("git", "rev-parse", "HEAD")
    run("git", "push", "--quiet", "origin", f"{commit}:refs/tags/{plan['tag']}")
    return commit


def released(tag: str) -> bool:
    """Whether the release page exists."""
    return subprocess.run(["gh", "release", "view", tag], capture_output=True, check=False).returncode == 0


def release_command(plan: dict[str, Any], notes: Path, files: Path) -> list[str]:
    """The files go up with the page: an immutable release takes none later."""
    tag = plan["tag"]
    command = ["gh", "release", "create", tag, "--verify-tag", "--title", tag, "--notes-file", str(notes)]
    command.append(f"--latest={str(plan['latest']).lower()}")
    if plan["prerelease"]:
        command.append("--prerelease")
    return command + [str(path) for path in sorted(files.iterdir())]


if __name__ == "__main__":
    publish(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2]), Path(sys.argv[3]))
