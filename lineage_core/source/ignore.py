"""What discovery leaves out: hidden, version-control and editor files, and what `.lineageignore` names."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

IGNORE_FILE = ".lineageignore"
"""Patterns in gitignore syntax, in any folder; a deeper file decides before a higher one."""

VCS_FOLDERS = frozenset({"CVS", "RCS", "SCCS", "_darcs"})
"""Folders of version control that are not hidden by a dot."""

LEFT_OUT: tuple[tuple[str, str], ...] = (
    (".*", "hidden; Vim's .x.sql.swp, Emacs's .#x.sql and macOS's ._x.sql among them"),
    ("~*", "Visual Studio's and SSMS's ~vs12AB.sql and ~AutoRecover, Office's ~$x.sql"),
    ("*~", "Emacs, Vim, gedit, Kate: the version before the last save"),
    ("#*#", "Emacs: not saved yet"),
    ("*.sw[a-p]", "Vim's swap file where it does not hide it"),
    ("4913", "Vim's probe whether it may write here"),
    ("*.kate-swp", "Kate"),
    ("*___jb_*___", "JetBrains: x.sql___jb_tmp___ while it saves"),
    ("*.bak", "a backup, by its own word; x.bak.sql is a SQL file as any other"),
    ("*.orig", "left over by a merge"),
    ("*.rej", "left over by a patch"),
    ("*.tmp", "not finished"),
)
"""Names that are never ingested unless given by themselves, and whose they are. In fnmatch syntax."""

_LEFT_OUT = re.compile("|".join(fnmatch.translate(pattern) for pattern, _ in LEFT_OUT))


def left_out(name: str) -> bool:
    """Whether a file or folder is left out by its name alone."""
    return _LEFT_OUT.match(name) is not None


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The patterns of one folder's ignore file, on top of those of the folders above."""

    folder: str
    """Absolute path that the patterns are relative to."""
    spec: GitIgnoreSpec
    above: IgnoreRules | None = None

    def ignores(self, path: str, *, folder: bool) -> bool:
        """Whether a path below `self.folder` is ignored.

        Args:
            path: absolute.
            folder: the path is a folder, which patterns such as `build/` ask for.
        """
        rules: IgnoreRules | None = self
        while rules is not None:
            relative = path[len(rules.folder.rstrip("/")) + 1 :]
            verdict = rules.spec.check_file(relative + "/" if folder else relative).include
            if verdict is not None:
                return verdict
            rules = rules.above
        return False


def read_rules(folder: str, above: IgnoreRules | None) -> tuple[IgnoreRules | None, list[str]]:
    """The rules of a folder that has an ignore file, and what is wrong with it.

    Args:
        folder: absolute path.
        above: rules of the folders above it.

    Returns:
        Rules (those above, if the file has none), and messages: the file cannot be read, or a line is no pattern.
    """
    try:
        lines = Path(folder, IGNORE_FILE).read_text("utf-8", "surrogateescape").splitlines()
    except OSError as error:
        return above, [f"cannot be read: {error.strerror}"]
    good, problems = [], []
    for number, line in enumerate(lines, 1):
        try:
            GitIgnoreSpec.from_lines([line])
        except ValueError as error:
            problems.append(f"line {number} is no gitignore pattern: {error}")
        else:
            good.append(line)
    return (IgnoreRules(folder, GitIgnoreSpec.from_lines(good), above) if good else above), problems
