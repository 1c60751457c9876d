"""Where an `hdfs` sink writes: its url and its NameNodes, taken apart without a server at hand."""

from collections.abc import Iterator, Sequence
from urllib.parse import SplitResult, urlsplit

from flumec.runtime.output.webhdfs_location import HdfsLocation

SCHEMES = ("file", "hdfs", "webhdfs", "swebhdfs")
_SECURE = "swebhdfs"
_RPC_PORTS = (8020, 9000)
_PORTS = {"http": 9870, "https": 9871}


def divided(url: str) -> tuple[str, str]:
    """Return a url's folder, up to the first part with an escape, and the template that follows.

    A folder of the host is returned as its path. The journal knows it by what is returned.

    >>> divided("hdfs://lake/logs/web/%Y/%m")
    ('hdfs://lake/logs/web', '%Y/%m')
    >>> divided("file:///srv/logs"), divided("hdfs://lake/%{host}/in")
    (('/srv/logs', ''), ('hdfs://lake', '%{host}/in'))
    """
    found = _split(url)
    parts = found.path.strip("/").split("/")
    fixed = next((i for i, part in enumerate(parts) if "%" in part), len(parts))
    folder, template = "/" + "/".join(parts[:fixed]), "/".join(parts[fixed:])
    if found.scheme == "file":
        return folder, template
    return f"{found.scheme}://{found.netloc}{folder}".rstrip("/"), template


def located(name: str, namenodes: Sequence[str]) -> HdfsLocation:
    """Return the location of a folder's url; without `namenodes` they follow from the url.

    >>> located("hdfs://nn.example.com/logs", ()).namenodes
    ('http://nn.example.com:9870',)
    >>> located("swebhdfs://lake/logs", ["nn1:9871", "http://nn2"]).namenodes
    ('https://nn1:9871', 'http://nn2:9870')
    """
    found = _split(name)
    web = "https" if found.scheme == _SECURE else "http"
    urls = tuple(_web_url(each, web) for each in namenodes or (found.netloc,))
    return HdfsLocation(urls, found.path or "/", prefix=f"{found.scheme}://{found.netloc}")


def nameservice(name: str) -> str:
    """Return what of a url stands for the file system.

    >>> nameservice("hdfs://lake/logs")
    'lake'
    """
    return _split(name).netloc


def mistakes(url: str, namenodes: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a url or its NameNodes: the property to blame, and a sentence."""
    found = _split(url)
    if found.scheme not in SCHEMES:
        known = ", ".join(f"`{scheme}://`" for scheme in SCHEMES)
        yield "path", f"`path` begins with `{found.scheme}://`: there are {known}"
    elif "@" in found.netloc:  # which is not repeated here: there may be a password before it
        yield "path", "`path` names a user before the host: say `user`, and no password in a url"
    elif found.scheme == "file":
        if found.netloc not in ("", "localhost"):
            yield "path", f"`{url}` names the host `{found.netloc}`: write `file:///` and the path"
        if namenodes:
            yield "namenodes", "`file://` has no NameNodes"
    elif not namenodes:
        yield from _without_namenodes(found)
    for each in namenodes:
        if "@" in each:
            yield "namenodes", "a NameNode's address names no user: say `user`, and no password"
        elif not _reachable(each):
            yield "namenodes", f"`{each}` is no NameNode: `nn1.example.com:9870`, or its http url"
        elif (port := urlsplit(f"//{each}").port) in _RPC_PORTS:  # a whole url is taken at its word
            yield "namenodes", f"`{each}`: {port} is the port of HDFS's RPC; WebHDFS has 9870"


def _without_namenodes(found: SplitResult) -> Iterator[tuple[str, str]]:
    """Yield why a url does not say by itself which NameNode to ask."""
    if found.netloc and not _reachable(found.netloc):
        yield "path", f"`{found.netloc}` is no NameNode: `nn.example.com`, or with the port `:9870`"
    elif not found.netloc:
        yield "path", "`path` names no host: it is `hdfs://nn.example.com/…`, or give `namenodes`"
    elif found.port in _RPC_PORTS:
        reason = (
            f"{found.port} is the port of HDFS's RPC, and this sink speaks WebHDFS: leave the port "
            f'out, or say `namenodes = ["{found.hostname}:9870"]`'
        )
        yield "path", reason


def _split(url: str) -> SplitResult:
    """Take a url apart; `?` and `#` are characters of its path, as in Hadoop."""
    scheme, _, rest = url.partition("://")
    netloc, slash, path = rest.partition("/")
    return SplitResult(scheme.lower(), netloc, slash + path, "", "")


def _web_url(namenode: str, web: str) -> str:
    found = urlsplit(namenode if "://" in namenode else f"{web}://{namenode}")
    port = found.port or _PORTS[found.scheme]
    host = f"[{found.hostname}]" if ":" in (found.hostname or "") else found.hostname
    return f"{found.scheme}://{host}:{port}"


def _reachable(namenode: str) -> bool:
    """Whether it is a host with or without a port, or the url of one."""
    try:
        found = urlsplit(namenode if "://" in namenode else f"http://{namenode}")
        return found.scheme in _PORTS and bool(found.hostname) and found.port != 0
    except ValueError:
        return False
