#!/usr/bin/env python3
"""Decides a release; `.github/workflows/release.yml` carries out what is printed here.

A release is one commit on top of the branch, named by its tag alone. It differs from its parent in one line of every
`action.yml`: the image, no longer built from the Dockerfile but named by the digest of what was built from the parent.
So the image comes first, then the commit, then the tags.

    release/plan.py --version 1.2.3 --repository OWNER/REPO --branch main --dry-run
    release/plan.py --version 1.2.3 --repository OWNER/REPO --branch main --digest sha256:... \
        --json plan.json --notes notes.md

The first prints the plan and touches nothing, before there is an image. The second also rewrites the files. Both refuse
with exit code 1 and one sentence.
"""

import argparse
import json
import re
import subprocess
import sys
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

REGISTRY = "ghcr.io"
CHANGELOG = "CHANGELOG.md"
ACTION_FILES = ("action.yml", "action.yaml")

# Semantic versions without build metadata: `+` has no place in the tag of an image.
VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?")
STABLE_TAG = re.compile(r"v(\d+)\.(\d+)\.(\d+)")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")
HEADING = re.compile(r"## \[?([^\]\s]+)\]?")
IMAGE_LINE = re.compile(r"(?P<indent>\s+)image:\s*(?P<value>[^#]*?)\s*(#.*)?")


class Refused(Exception):
    """Why there will be no release."""


@dataclass(frozen=True)
class Rewrite:
    """One line of one file, before and after."""

    path: str
    line: int
    before: str
    after: str


@dataclass(frozen=True)
class Plan:
    """Everything the workflow needs to know."""

    version: str
    prerelease: bool
    tag: str
    # The tag that users follow (`v1`), or None when it stays where it is.
    moving_tag: str | None
    # Whether GitHub shows this release as the latest one.
    latest: bool
    image: str
    digest: str | None
    # Image, version and digest; None before there is a digest.
    reference: str | None
    # The commit the image is built from, and the parent of the release commit.
    base: str
    # The release commit, when an earlier try of the same run made it already.
    tagged: str | None
    commit_message: str
    rewrites: tuple[Rewrite, ...]
    notes: str


def git(root: Path, *arguments: str) -> str:
    """The output of a git command."""
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Refused(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def read(path: Path) -> str:
    """The text of a file."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise Refused(f"{path.name} cannot be read: {error.strerror}") from error


def decide(root: Path, version: str, repository: str, branch: str, digest: str | None) -> Plan:
    """The plan, or Refused."""
    check_request(version, repository, branch, digest)
    check_clean(root)
    check_cargo(root, version)
    section = changelog_section(read(root / CHANGELOG), version)

    image = f"{REGISTRY}/{repository.lower()}"
    reference = f"{image}:{version}@{digest}" if digest else None
    tag = f"v{version}"
    base = git(root, "rev-parse", "HEAD").strip()
    rewrites = plan_rewrites(root, reference)
    prerelease = "-" in version
    return Plan(
        version=version,
        prerelease=prerelease,
        tag=tag,
        moving_tag=None if prerelease else moving_tag(version, stable_versions(root)),
        latest=not prerelease and all(numbers(version) >= other for other in stable_versions(root)),
        image=image,
        digest=digest,
        reference=reference,
        base=base,
        tagged=earlier_try(root, tag, base, rewrites if reference else None),
        commit_message=f"release: {tag}\n\nThe image was built from {base}.",
        rewrites=rewrites,
        notes=notes(section, repository, image, reference, digest),
    )


def check_request(version: str, repository: str, branch: str, digest: str | None) -> None:
    """What was asked for must be well formed before it meets a command line or a file."""
    if not VERSION.fullmatch(version):
        raise Refused(f"`{version}` is no version; expected 1.2.3 or 1.2.3-rc.1, without a leading v")
    if not REPOSITORY.fullmatch(repository):
        raise Refused(f"`{repository}` is no repository; expected OWNER/NAME")
    if branch != "main" and not branch.startswith("release/"):
        raise Refused(f"releases are made from `main` or `release/...`, not from `{branch}`")
    if digest is not None and not DIGEST.fullmatch(digest):
        raise Refused(f"`{digest}` is no digest; expected sha256: and 64 hexadecimal digits")


def check_clean(root: Path) -> None:
    """Whatever is not committed was not in the image."""
    changes = git(root, "status", "--porcelain").splitlines()
    if changes:
        raise Refused(f"the tree is dirty: {', '.join(change[3:] for change in changes[:5])}")


def check_cargo(root: Path, version: str) -> None:
    """The binary says Cargo.toml's version; the tag must say the same."""
    manifest = tomllib.loads(read(root / "Cargo.toml"))
    ours = manifest["workspace"]["package"]["version"]
    if ours != version:
        raise Refused(f"Cargo.toml says {ours}, the release was asked for as {version}")


def changelog_section(text: str, version: str) -> str:
    """The lines below the version's heading (`## 1.2.3` or `## [1.2.3]`, a date may follow)."""
    lines = text.splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith("## ")]
    for start, end in zip(starts, [*starts[1:], len(lines)]):
        heading = HEADING.match(lines[start])
        if heading and heading[1] == version:
            section = "\n".join(lines[start + 1 : end]).strip()
            if not section:
                raise Refused(f"{CHANGELOG} has nothing to say below `{lines[start]}`")
            return section
    raise Refused(f"{CHANGELOG} has no section `## {version}`")


def plan_rewrites(root: Path, reference: str | None) -> tuple[Rewrite, ...]:
    """The image line of every action in the repository. One that is forgotten would be built from source for ever."""
    tracked = [path for path in git(root, "ls-files", "-z").split("\0") if path]
    paths = [path for path in tracked if PurePosixPath(path).name in ACTION_FILES]
    if "action.yml" not in paths:
        raise Refused("there is no action.yml at the root")
    return tuple(rewrite(path, read(root / path), reference) for path in sorted(paths))


def rewrite(path: str, text: str, reference: str | None) -> Rewrite:
    """The one line of an action that changes."""
    number, line = image_line(path, text)
    match = IMAGE_LINE.fullmatch(line)
    assert match is not None, "image_line only returns such lines"
    value = match["value"].strip("'\"")
    if PurePosixPath(value).name != "Dockerfile" or "://" in value:
        raise Refused(f"{path}:{number} names the image `{value}`; expected a Dockerfile of this repository")
    after = f"{match['indent']}image: docker://{reference}" if reference else line
    return Rewrite(path=path, line=number, before=line, after=after)


def image_line(path: str, text: str) -> tuple[int, str]:
    """Number and text of `image:` directly below `runs:`; an input may be called `image`, too."""
    found: list[tuple[int, str]] = []
    inside, indent = False, None
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        depth = len(line) - len(line.lstrip())
        if depth == 0:
            inside, indent = line.startswith("runs:"), None
            continue
        indent = depth if indent is None else indent
        if inside and depth == indent and IMAGE_LINE.fullmatch(line):
            found.append((number, line))
    if len(found) != 1:
        raise Refused(f"{path} has {len(found)} lines `image:` below `runs:`; expected one")
    return found[0]


def numbers(version: str) -> tuple[int, int, int]:
    """The three numbers of a version."""
    match = VERSION.fullmatch(version)
    assert match is not None, "versions are checked first"
    return int(match[1]), int(match[2]), int(match[3])


def stable_versions(root: Path) -> list[tuple[int, int, int]]:
    """Every released version that is no pre-release."""
    matches = [STABLE_TAG.fullmatch(tag) for tag in git(root, "tag", "--list").split()]
    return [(int(match[1]), int(match[2]), int(match[3])) for match in matches if match]


def moving_tag(version: str, released: list[tuple[int, int, int]]) -> str | None:
    """`v1` for 1.x.y, unless a newer 1.x.y is out: a repair of an old version must not take its users back."""
    ours = numbers(version)
    if any(other > ours for other in released if other[0] == ours[0]):
        return None
    return f"v{ours[0]}"


def earlier_try(root: Path, tag: str, base: str, rewrites: tuple[Rewrite, ...] | None) -> str | None:
    """The commit of an existing tag, if it is the very release that is planned; any other tag is never touched."""
    if tag not in git(root, "tag", "--list", tag).split():
        return None
    commit = git(root, "rev-parse", f"{tag}^{{commit}}").strip()
    if rewrites is None or not is_release_of(root, commit, base, rewrites):
        raise Refused(f"{tag} exists already, at {commit}; a released version is never made again")
    return commit


def is_release_of(root: Path, commit: str, base: str, rewrites: tuple[Rewrite, ...]) -> bool:
    """Whether the commit is its base with these rewrites and nothing else."""
    if git(root, "rev-list", "--parents", "-n", "1", commit).split()[1:] != [base]:
        return False
    changed = git(root, "diff", "--name-only", "-z", base, commit).split("\0")
    if sorted(path for path in changed if path) != sorted(change.path for change in rewrites):
        return False
    return all(
        git(root, "show", f"{commit}:{change.path}") == rewritten(git(root, "show", f"{base}:{change.path}"), change)
        for change in rewrites
    )


def rewritten(text: str, change: Rewrite) -> str:
    """The text with the one line replaced."""
    lines = text.splitlines(keepends=True)
    lines[change.line - 1] = lines[change.line - 1].replace(change.before, change.after)
    return "".join(lines)


def notes(section: str, repository: str, image: str, reference: str | None, digest: str | None) -> str:
    """What the release page says: the changelog, which image this is, and how to check where it came from."""
    if reference is None:
        return section + "\n"
    return (
        f"{section}\n\n"
        f"Image: `{reference}` (linux/amd64, linux/arm64)\n\n"
        f"Where it was built can be checked:\n\n"
        f"```\ngh attestation verify oci://{image}@{digest} --repo {repository}\n```\n"
    )


def as_text(plan: Plan) -> str:
    """The plan for people."""
    moves = f"{plan.moving_tag} moves to it" if plan.moving_tag else "no moving tag follows"
    kind = "pre-release" if plan.prerelease else "latest release" if plan.latest else "release"
    lines = [
        f"{plan.tag}: {kind}, from {plan.base}",
        f"  image   {plan.reference or plan.image + ':' + plan.version + ' (not built yet)'}",
        *(f"  file    {change.path}:{change.line}: {change.after.strip()}" for change in plan.rewrites),
        f"  tags    {plan.tag}" + (f" (exists: {plan.tagged})" if plan.tagged else "") + f"; {moves}",
        f"  notes   {len(plan.notes.splitlines())} lines",
    ]
    return "\n".join(lines)


def as_json(plan: Plan) -> str:
    """The plan for the workflow."""
    return json.dumps(asdict(plan), indent=2)


def carry_out(root: Path, plan: Plan) -> None:
    """Rewrites the files. Everything else is the workflow's."""
    for change in plan.rewrites:
        path = root / change.path
        path.write_text(rewritten(read(path), change), encoding="utf-8")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Decides a release")
    parser.add_argument("--version", required=True, help="such as 1.2.3 or 1.2.3-rc.1")
    parser.add_argument("--repository", required=True, help="OWNER/NAME")
    parser.add_argument("--branch", required=True, help="the branch that is released")
    parser.add_argument("--digest", help="digest of the image that was pushed; may be absent with --dry-run")
    parser.add_argument("--root", type=Path, default=Path("."), help="the checkout")
    parser.add_argument("--json", type=Path, help="file for the plan as JSON")
    parser.add_argument("--notes", type=Path, help="file for the text of the release")
    parser.add_argument("--dry-run", action="store_true", help="print the plan as text and JSON, rewrite nothing")
    asked = parser.parse_args(arguments)
    if asked.digest is None and not asked.dry_run:
        parser.error("--digest is needed, or --dry-run")
    try:
        plan = decide(asked.root, asked.version, asked.repository, asked.branch, asked.digest)
    except Refused as refusal:
        print(f"refused: {refusal}", file=sys.stderr)
        return 1
    print(as_text(plan))
    if asked.dry_run:
        print(as_json(plan))
    else:
        carry_out(asked.root, plan)
    if asked.json:
        asked.json.write_text(as_json(plan) + "\n", encoding="utf-8")
    if asked.notes:
        asked.notes.write_text(plan.notes, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
