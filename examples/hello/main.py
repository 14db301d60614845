"""The smallest package: a class, a function, no SDK."""


class ServiceRunner:
    """One object per replica; its methods are the functions."""

    def run(self, name: str) -> str:
        """Greets somebody."""
        print(f"greeting {name}")
        return f"Hello, {name}!"
