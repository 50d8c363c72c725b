"""Which folders are watched, and where a watcher keeps what it has to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flows.watch.roots import Root, roots_of
from flows.watch.state import StateFile
from lineage_core.errors import DataFolderError, SettingsError, SourceError
from lineage_core.settings import Settings, load_settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def own(tree: Path, tmp_path: Path) -> Settings:
    for name in ("etl/deep", "views"):
        (tree / name).mkdir(parents=True)
    return load_settings(root=tree, data_dir=tmp_path / "data")


def watched(own: Settings, *names: str) -> list[str]:
    return [str(root.path)[len(str(own.root)) :] for root in roots_of([str(own.root / name) for name in names], own)]


def test_no_folder_means_the_root(own: Settings) -> None:
    assert watched(own) == [""]


def test_a_folder_inside_of_another_is_watched_once(own: Settings) -> None:
    assert watched(own, "views", "etl/deep", "etl", "etl") == ["/etl", "/views"]


def test_folders_must_be_there_and_inside_of_the_root(own: Settings, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="outside of the project root") as caught:
        roots_of([str(tmp_path)], own)
    assert "INGEST_ROOT" in caught.value.hint
    with pytest.raises(SourceError, match="no folder"):
        roots_of([str(own.root / "missing")], own)


def test_a_share_that_comes_back_on_another_device_is_there(own: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    root = Root(str(own.root))
    monkeypatch.setattr(root, "mark", lambda: (-1, 0))
    assert root.is_there(), "it has content"
    for folder in own.root.iterdir():
        folder.rename(folder.parent.parent / folder.name)
    monkeypatch.setattr(root, "mark", lambda: (-2, 0))
    assert not root.is_there(), "an empty mount point"
    monkeypatch.setattr(root, "mark", lambda: (-1, 0))
    assert root.is_there(), "emptied, but the same share"


def test_each_project_and_root_has_a_state_of_its_own(own: Settings, tree: Path) -> None:
    others = [own.model_copy(update=changed) for changed in ({"project": "a/b c"}, {"root": tree / "etl"}, {})]
    folders = {StateFile(settings).folder for settings in others}
    assert len(folders) == 3
    assert all(folder.parent == own.watch_dir for folder in folders)


def test_a_data_folder_that_cannot_be_written_names_the_setting(own: Settings) -> None:
    own.data_dir.write_text("a file")
    with pytest.raises(DataFolderError) as caught:
        StateFile(own).make_folder()
    assert "LINEAGE_DATA_DIR" in caught.value.hint


def test_a_state_that_cannot_be_read_is_none(own: Settings) -> None:
    file = StateFile(own)
    assert file.read() is None
    file.make_folder()
    (file.folder / "state.json").write_text('{"process": ')
    assert file.read() is None
