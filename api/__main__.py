"""``python -m dotnn`` is the command ``dotnn``."""

from .cli.main import main  # pyright: ignore[reportMissingImports]

if __name__ == "__main__":
    main()
