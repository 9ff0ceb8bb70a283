@d
class A(B):
    """Rye."""
    def f(self):
        return f"{x}"

async def g(): pass
