"""The command ``dotnn``: one module per subcommand, each parsing its arguments and calling the API."""
