"""A small repository on `main`, ready to release 1.2.0, for the tests of this directory."""

import subprocess
import tempfile
import unittest
from pathlib import Path

import plan

DIGEST = "sha256:" + "ab" * 32
OTHER_DIGEST = "sha256:" + "cd" * 32
REPOSITORY = "Harbour/Slipway"
REFERENCE = f"docker://ghcr.io/harbour/slipway:1.2.0@{DIGEST}"

# `image` is an input here as well: only the one below `runs:` may change.
ACTION = """name: Slipway
inputs:
  image:
    description: 'Alone: the image to deploy'
    required: false

runs:
  using: docker
  # Built from source until it is released.
  image: Dockerfile
  entrypoint: /slipway
  env:
    image: Dockerfile
"""

CHANGELOG = """# Changelog

## Unreleased

* Not out yet.

## [2.0.0] - 2026-12-24

* Two.

## 1.3.0-rc.1

* Candidate.

## 1.2.0 - 2026-11-30

### Added

* Ships.

## 1.1.0

"""


class Repository(unittest.TestCase):
    """A repository on `main`, ready to release 1.2.0."""

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = Path(directory.name)
        self.git("init", "--quiet", "--initial-branch=main")
        self.write("Cargo.toml", '[workspace.package]\nversion = "1.2.0"\n')
        self.write("CHANGELOG.md", CHANGELOG)
        self.write("action.yml", ACTION)
        self.base = self.commit("start")

    def git(self, *arguments: str) -> str:
        who = ["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
        command = ["git", "-C", str(self.root), *who, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def commit(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def set_version(self, version: str) -> None:
        self.write("Cargo.toml", f'[workspace.package]\nversion = "{version}"\n')
        self.base = self.commit(version)

    def decide(self, version: str = "1.2.0", digest: str | None = DIGEST, branch: str = "main") -> plan.Plan:
        return plan.decide(self.root, version, REPOSITORY, branch, digest)

    def refused(self, words: str, **asked: str | None) -> None:
        with self.assertRaises(plan.Refused) as caught:
            self.decide(**asked)  # type: ignore[arg-type]
        self.assertIn(words, str(caught.exception))

    def release(self, decided: plan.Plan) -> str:
        """What the workflow does with a plan: commit beside the branch, tag, back to the branch."""
        self.git("checkout", "--quiet", "--detach")
        plan.carry_out(self.root, decided)
        commit = self.commit(decided.commit_message)
        self.git("tag", decided.tag)
        self.git("checkout", "--quiet", "main")
        return commit
