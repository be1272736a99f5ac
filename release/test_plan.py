"""Releases of small throw-away repositories: `python3 -m unittest discover release`."""

import contextlib
import io
import json
import tempfile
import unittest
from pathlib import Path

import plan
from testing import ACTION, DIGEST, OTHER_DIGEST, REFERENCE, REPOSITORY, Repository


class HappyPath(Repository):
    def test_everything_is_decided(self) -> None:
        decided = self.decide()
        self.assertEqual(decided.tag, "v1.2.0")
        self.assertEqual(decided.moving_tag, "v1")
        self.assertTrue(decided.latest)
        self.assertFalse(decided.prerelease)
        self.assertEqual(decided.image, "ghcr.io/harbour/slipway")
        self.assertEqual(decided.base, self.base)
        self.assertIsNone(decided.tagged)
        self.assertEqual(
            decided.rewrites,
            (plan.Rewrite("action.yml", 10, "  image: Dockerfile", f"  image: {REFERENCE}"),),
        )

    def test_one_line_changes(self) -> None:
        plan.carry_out(self.root, self.decide())
        self.assertEqual(self.git("diff", "--numstat"), "1\t1\taction.yml")
        expected = ACTION.replace("  image: Dockerfile\n  entry", f"  image: {REFERENCE}\n  entry")
        self.assertEqual((self.root / "action.yml").read_text(encoding="utf-8"), expected)

    def test_the_notes_are_the_section_and_the_way_to_check(self) -> None:
        notes = self.decide().notes
        self.assertTrue(notes.startswith("### Added\n\n* Ships.\n\nImage: `ghcr.io/harbour/slipway:1.2.0@sha256:"))
        self.assertIn(f"oci://ghcr.io/harbour/slipway@{DIGEST} --repo Harbour/Slipway", notes)
        for foreign in ("Not out yet", "Candidate", "1.1.0"):
            self.assertNotIn(foreign, notes)

    def test_every_action_is_rewritten(self) -> None:
        self.write(
            "actions/hosting/action.yml",
            ACTION.replace("image: Dockerfile\n  entry", "image: '../../Dockerfile' # shared\n  entry"),
        )
        self.write("actions/hosting/README.md", "runs:\n  image: Dockerfile\n")
        self.commit("a second action")
        decided = self.decide()
        self.assertEqual([change.path for change in decided.rewrites], ["action.yml", "actions/hosting/action.yml"])
        plan.carry_out(self.root, decided)
        for path in ("action.yml", "actions/hosting/action.yml"):
            self.assertIn(f"  image: {REFERENCE}\n  entrypoint", (self.root / path).read_text(encoding="utf-8"))

    def test_before_there_is_an_image(self) -> None:
        decided = self.decide(digest=None)
        self.assertIsNone(decided.reference)
        self.assertEqual([change.after for change in decided.rewrites], ["  image: Dockerfile"])

    def test_a_release_branch_will_do(self) -> None:
        self.assertEqual(self.decide(branch="release/1.2").tag, "v1.2.0")


class MovingTag(Repository):
    def test_a_prerelease_moves_nothing(self) -> None:
        self.set_version("1.3.0-rc.1")
        decided = self.decide("1.3.0-rc.1")
        self.assertTrue(decided.prerelease)
        self.assertIsNone(decided.moving_tag)
        self.assertFalse(decided.latest)

    def test_version_two_moves_v2(self) -> None:
        self.git("tag", "v1.9.0")
        self.set_version("2.0.0")
        self.assertEqual(self.decide("2.0.0").moving_tag, "v2")

    def test_an_older_line_does_not_become_the_latest(self) -> None:
        self.git("tag", "v2.0.0")
        decided = self.decide()
        self.assertEqual(decided.moving_tag, "v1")
        self.assertFalse(decided.latest)

    def test_a_repair_of_an_old_version_does_not_take_users_back(self) -> None:
        self.git("tag", "v1.10.0")
        self.assertIsNone(self.decide().moving_tag)

    def test_candidates_do_not_count_as_newer(self) -> None:
        self.git("tag", "v1.3.0-rc.1")
        self.assertEqual(self.decide().moving_tag, "v1")


class Refusals(Repository):
    def test_the_changelog_does_not_know_the_version(self) -> None:
        self.set_version("1.2.1")
        self.refused("CHANGELOG.md has no section `## 1.2.1`", version="1.2.1")

    def test_the_changelog_has_nothing_to_say(self) -> None:
        self.set_version("1.1.0")
        self.refused("nothing to say", version="1.1.0")

    def test_there_is_no_changelog(self) -> None:
        (self.root / "CHANGELOG.md").unlink()
        self.commit("gone")
        self.refused("CHANGELOG.md cannot be read")

    def test_cargo_says_something_else(self) -> None:
        self.refused("Cargo.toml says 1.2.0", version="2.0.0")

    def test_versions_are_well_formed(self) -> None:
        for version in ("v1.2.0", "1.2", "1.2.0+build", "01.2.0", "1.2.0 ", "1.2.0\n", "1.2.0; id", ""):
            self.refused("is no version", version=version)

    def test_digests_are_well_formed(self) -> None:
        for digest in (
            "",
            "ab" * 32,
            "sha256:" + "ab" * 31,
            "sha256:" + "AB" * 32,
            DIGEST + "\n",
            "sha512:" + "ab" * 32,
        ):
            self.refused("is no digest", digest=digest)

    def test_other_branches_are_not_released(self) -> None:
        self.refused("not from `develop`", branch="develop")

    def test_the_tree_is_dirty(self) -> None:
        self.write("left-over.txt", "")
        self.refused("the tree is dirty: left-over.txt")

    def test_an_action_names_another_image(self) -> None:
        self.write("action.yml", ACTION.replace("image: Dockerfile\n  entry", "image: docker://debian:13\n  entry"))
        self.commit("foreign")
        self.refused("action.yml:10 names the image `docker://debian:13`")

    def test_an_action_names_no_image(self) -> None:
        self.write("actions/other/action.yml", "runs:\n  using: composite\n  steps: []\n")
        self.commit("composite")
        self.refused("actions/other/action.yml has 0 lines `image:` below `runs:`")

    def test_there_is_no_action(self) -> None:
        self.git("mv", "action.yml", "action.txt")
        self.commit("gone")
        self.refused("there is no action.yml at the root")


class Reruns(Repository):
    def test_the_same_release_again_finds_its_commit(self) -> None:
        first = self.decide()
        commit = self.release(first)
        again = self.decide()
        self.assertEqual(again.tagged, commit)
        self.assertEqual(
            (again.rewrites, again.moving_tag, again.notes), (first.rewrites, first.moving_tag, first.notes)
        )

    def test_a_new_run_for_an_old_version_is_refused_before_it_builds(self) -> None:
        self.release(self.decide())
        self.refused("v1.2.0 exists already", digest=None)

    def test_another_image_under_the_same_version_is_refused(self) -> None:
        self.release(self.decide())
        self.refused("v1.2.0 exists already", digest=OTHER_DIGEST)

    def test_a_tag_on_other_sources_is_refused(self) -> None:
        self.release(self.decide())
        # Even where the files are the same: the image says which commit it was built from.
        self.git("commit", "--quiet", "--allow-empty", "--message", "main went on")
        self.refused("v1.2.0 exists already")

    def test_a_tag_that_holds_more_than_the_release_is_refused(self) -> None:
        self.git("checkout", "--quiet", "--detach")
        plan.carry_out(self.root, self.decide())
        self.write("smuggled.txt", "")
        self.commit("release: v1.2.0")
        self.git("tag", "v1.2.0")
        self.git("checkout", "--quiet", "main")
        self.refused("v1.2.0 exists already")


class CommandLine(Repository):
    def run_plan(self, *arguments: str) -> tuple[int, str, str]:
        asked = ["--root", str(self.root), "--repository", REPOSITORY, "--branch", "main", *arguments]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = plan.main(asked)
        return code, out.getvalue(), err.getvalue()

    def test_a_dry_run_prints_text_and_json_and_touches_nothing(self) -> None:
        code, out, _ = self.run_plan("--version", "1.2.0", "--digest", DIGEST, "--dry-run")
        self.assertEqual(code, 0)
        text, brace, document = out.partition("{")
        self.assertIn("v1.2.0: latest release", text)
        self.assertIn("v1 moves to it", text)
        self.assertEqual(json.loads(brace + document)["rewrites"][0]["path"], "action.yml")
        self.assertEqual(self.git("status", "--porcelain"), "")

    def test_a_real_run_writes_files(self) -> None:
        with tempfile.TemporaryDirectory() as elsewhere:
            decided, notes = Path(elsewhere) / "plan.json", Path(elsewhere) / "notes.md"
            files = ("--json", str(decided), "--notes", str(notes))
            code, _, _ = self.run_plan("--version", "1.2.0", "--digest", DIGEST, *files)
            self.assertEqual(code, 0)
            self.assertEqual(
                json.loads(decided.read_text(encoding="utf-8"))["reference"], REFERENCE.removeprefix("docker://")
            )
            self.assertTrue(notes.read_text(encoding="utf-8").startswith("### Added"))
        self.assertEqual(self.git("status", "--porcelain"), "M action.yml")

    def test_a_refusal_is_one_sentence(self) -> None:
        self.assertEqual(
            self.run_plan("--version", "3.0.0", "--dry-run"),
            (1, "", "refused: Cargo.toml says 1.2.0, the release was asked for as 3.0.0\n"),
        )


class ThisRepository(unittest.TestCase):
    def test_the_image_line_of_our_own_actions_is_found(self) -> None:
        root = Path(__file__).resolve().parent.parent
        for path in (root / "action.yml", *root.glob("actions/*/action.yml")):
            _, line = plan.image_line(str(path), path.read_text(encoding="utf-8"))
            self.assertRegex(line, r"^  image: (.*Dockerfile( #.*)?|docker://.*@sha256:.*)$")


if __name__ == "__main__":
    unittest.main()
