"""``python -m dotnn`` is the command ``dotnn``."""

from .cli.main import main

if __name__ == "__main__":
    main()
