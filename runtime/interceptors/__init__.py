"""Steps of a chain, one interceptor in a file."""

from flumec.runtime.interceptors.fingerprint import Fingerprint
from flumec.runtime.interceptors.host import Host
from flumec.runtime.interceptors.regex_extract import RegexExtract
from flumec.runtime.interceptors.regex_filter import RegexFilter
from flumec.runtime.interceptors.static import Static
from flumec.runtime.interceptors.timestamp import Timestamp

__all__ = ["Fingerprint", "Host", "RegexExtract", "RegexFilter", "Static", "Timestamp"]
