#!/usr/bin/env python3
r"""Agent `lambda`, for host localhost.

Backslashes \ and '''quotes''' and a tab:\tin what is said about an agent,
in two lines.

    class -> static(…) -> regex_filter(…) -> __name__, File, class_
    __name__ -> Agent
    File -> global
    class_ -> print

Made by flumec from names.flow (7e02f07302bc). Change that file, not this one.
"""

from pathlib import Path

from flumec.runtime import Agent, Header
from flumec.runtime.channels import File, Memory
from flumec.runtime.interceptors import RegexFilter, Static
from flumec.runtime.sinks import FileRoll, Null
from flumec.runtime.sources import Taildir

# A doc comment with \ and """.
# see names.flow:9
class__ = Taildir(
    "class",
    files=(
        '/var/log/100%/it\'s "quoted"/*.log',
        "/srv/Zähler/漢字.log",
        r"/srv/localhost\u202e",
    ),
    rotation="none",
)

# see names.flow:18
__name___ = File("__name__")

# see names.flow:20
File_ = File("File")

# see names.flow:22
class_ = Memory("class_")

# see names.flow:24
Agent_ = FileRoll("Agent", directory=Path('/srv/my "logs"/100%'), path="%{it's}/%Y")

# see names.flow:29
global_ = Null("global")

# see names.flow:31
print = Null("print")

agent = Agent(
    "lambda",
    host="localhost",
    address="localhost",
    columns=("it's", "timestamp"),
)
agent.flow(
    class__,
    Static(Header("it's"), '"so"'),
    RegexFilter(r"^\d+ \\ '"),
    to=(__name___, File_, class_),
)
agent.deliver(__name___, Agent_)
agent.deliver(File_, global_)
agent.deliver(class_, print)

if __name__ == "__main__":
    agent.run()
