"""`python -m flumec.compiler` is `flumec`."""

from flumec.compiler.cli import main

main()
