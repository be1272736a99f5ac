"""Publishing into a throw-away remote, with a stand-in for `gh`: `python3 -m unittest discover release`."""

import contextlib
import io
import json
import os
import subprocess
import tempfile
from pathlib import Path
from unittest import mock

import plan
import publish
from testing import Repository

# Remembers what it was asked; a release exists once it was created.
GH = """#!/bin/sh
echo "$*" >>"$GH_JOURNAL"
case "$1 $2" in
  "release view") grep -q "^release create $3 " "$GH_JOURNAL" ;;
esac
"""


class Publishing(Repository):
    def setUp(self) -> None:
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.elsewhere = Path(directory.name)
        self.remote = self.elsewhere / "remote.git"
        subprocess.run(["git", "init", "--quiet", "--bare", str(self.remote)], check=True)
        self.git("remote", "add", "origin", str(self.remote))
        self.git("push", "--quiet", "origin", "main")

        gh = self.elsewhere / "bin" / "gh"
        gh.parent.mkdir()
        gh.write_text(GH, encoding="utf-8")
        gh.chmod(0o755)
        self.journal = self.elsewhere / "journal"
        self.files = self.elsewhere / "files"
        self.files.mkdir()
        for name in ("slipway-linux-amd64", "SHA256SUMS"):
            (self.files / name).write_text(name, encoding="utf-8")
        path = f"{gh.parent}{os.pathsep}{os.environ['PATH']}"
        environment = mock.patch.dict(os.environ, PATH=path, GH_JOURNAL=str(self.journal))
        environment.start()
        self.addCleanup(environment.stop)

    def publish(self, version: str = "1.2.0") -> None:
        """One run of the publishing job: a fresh checkout of `main`, the plan, the doing."""
        self.git("checkout", "--quiet", "--force", "--detach", "main")
        self.git("fetch", "--quiet", "--tags", "--force")
        decided = self.decide(version)
        plan.carry_out(self.root, decided)
        notes = self.elsewhere / "notes.md"
        notes.write_text(decided.notes, encoding="utf-8")
        with contextlib.chdir(self.root), contextlib.redirect_stdout(io.StringIO()):
            publish.publish(json.loads(plan.as_json(decided)), notes, self.files)

    def on_remote(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.remote), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def created(self) -> list[str]:
        lines = self.journal.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if line.startswith("release create")]

    def test_tags_page_and_files(self) -> None:
        self.publish()
        tags = self.on_remote("for-each-ref", "--format=%(refname:short) %(objectname)", "refs/tags").split("\n")
        names = [tag.split()[0] for tag in tags]
        self.assertEqual(names, ["v1", "v1.2.0"])
        self.assertEqual(len({tag.split()[1] for tag in tags}), 1)
        self.assertEqual(self.on_remote("rev-parse", "v1.2.0^"), self.base)
        self.assertEqual(self.on_remote("diff", "--numstat", "main", "v1.2.0"), "1\t1\taction.yml")
        self.assertEqual(self.on_remote("rev-parse", "main"), self.base)
        (created,) = self.created()
        self.assertIn("release create v1.2.0 --verify-tag --title v1.2.0", created)
        self.assertIn("--latest=true", created)
        self.assertTrue(created.endswith(f"{self.files}/SHA256SUMS {self.files}/slipway-linux-amd64"))

    def test_a_second_try_makes_nothing_twice(self) -> None:
        self.publish()
        before = self.on_remote("show-ref")
        self.publish()
        self.assertEqual(self.on_remote("show-ref"), before)
        self.assertEqual(len(self.created()), 1)

    def test_a_second_try_goes_on_where_the_first_one_broke(self) -> None:
        self.publish()
        first = self.on_remote("rev-parse", "v1.2.0")
        self.on_remote("tag", "--delete", "v1")
        self.journal.unlink()
        self.publish()
        self.assertEqual(self.on_remote("rev-parse", "v1"), first)
        self.assertEqual(len(self.created()), 1)

    def test_a_prerelease_moves_nothing(self) -> None:
        self.set_version("1.3.0-rc.1")
        self.publish("1.3.0-rc.1")
        self.assertEqual(self.on_remote("tag", "--list"), "v1.3.0-rc.1")
        (created,) = self.created()
        self.assertIn("--latest=false --prerelease", created)

    def test_an_occupied_tag_stays_and_ends_the_release(self) -> None:
        self.on_remote("tag", "v1.2.0", "main")
        with self.assertRaises(plan.Refused):
            self.publish()
        self.assertEqual(self.on_remote("rev-parse", "v1.2.0"), self.base)
        self.assertFalse(self.journal.exists())
