"""What a test that was run may have to say."""

from flumec.compiler.diagnostic import Diagnostic


class NotAsExpected(Diagnostic, code="FL650"):
    """A test was run, and what came is not what it expects.

    The notes show what came instead: `-` stands before what is missing, `+` before what should not
    be there. They say when that was, by the test's clock, and what keeps events from coming.

    ## Example

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source logs : taildir {
        files = ["/var/log/a.log"]
      }

      channel spool : file

      sink out : file_roll {
        directory = "/srv/a"
      }

      logs -> regex_filter(r"^ERROR", exclude = true) -> spool
      spool -> out
    }

    test "errors arrive" {
      send(a.logs, body = "ERROR disk full")
      expect(a.out, count = 1)
    }
    ```

    ## Instead

    ```flow
    hosts web = ["web-1"]

    agent a on web {
      source logs : taildir {
        files = ["/var/log/a.log"]
      }

      channel spool : file

      sink out : file_roll {
        directory = "/srv/a"
      }

      logs -> regex_filter(r"^ERROR") -> spool
      spool -> out
    }

    test "errors arrive" {
      send(a.logs, body = "ERROR disk full")
      expect(a.out, count = 1)
    }
    ```
    """

    title: str
    wanted: str
    """Empty where a statement could not be done."""
    came: str
    shown: tuple[str, ...]

    @property
    def message(self) -> str:
        if not self.wanted:
            return f'"{self.title}" cannot go on from here'
        return f'"{self.title}": expected {self.wanted}'

    @property
    def label(self) -> str:
        return self.came

    @property
    def notes(self) -> tuple[str, ...]:
        return self.shown
