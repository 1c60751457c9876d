"""The folders of an HDFS, as a sink's hold on them needs them; all is durable once answered."""

from flumec.runtime.output.webhdfs_client import WebHdfs


class WebHdfsTree:
    """Folders by their paths."""

    move_by_hand = "hdfs dfs -mv"

    def __init__(self, remote: WebHdfs) -> None:
        self._remote = remote

    def folders(self, path: str) -> list[str]:
        """Return the names of the folders in a folder; raise FileNotFoundError."""
        return [entry.name for entry in self._remote.entries(path) if entry.is_folder]

    def make(self, path: str) -> None:
        """Make a folder and its parents."""
        self._remote.make(path)

    def move(self, old: str, new: str) -> None:
        """Rename a folder; raise FileExistsError or FileNotFoundError."""
        self._remote.move(old, new)

    def remove(self, path: str) -> None:
        """Remove an empty folder."""
        self._remote.remove(path)

    def settle(self, path: str) -> None:
        """Do nothing: the NameNode answers a change once it is in its edit log on disk."""
