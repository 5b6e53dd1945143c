"""Whether a number is as good as the one it is measured against."""


def reaches(ours: float, published: float, *, better: str, within: float) -> bool:
    """Whether ours is not above ("lower"), not below ("higher"), or to a share `within` equal to the published one."""
    if better == "equal":
        return abs(ours - published) <= within * abs(published)
    return ours <= published if better == "lower" else ours >= published
