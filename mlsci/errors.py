"""The errors that a user can act on; each carries its exit code."""

from collections.abc import Sequence


class MlsciError(Exception):
    """Something went wrong that one sentence explains; shown without a traceback."""

    exit_code = 1


class ConfigError(MlsciError):
    """One or several mistakes in what the user asked for, found before anything was written."""

    exit_code = 2

    def __init__(self, messages: str | Sequence[str]):
        self.messages = [messages] if isinstance(messages, str) else list(messages)
        super().__init__("\n".join(self.messages))


class NonFiniteLoss(MlsciError):
    """The loss became NaN or infinite."""


class CheckpointError(MlsciError):
    """A checkpoint that is missing, damaged, foreign, or not trusted."""


class DownloadError(MlsciError):
    """A data file that is neither here nor to be had, or that has the wrong checksum."""


class Interrupted(MlsciError):
    """The run was told to stop by a signal, and stopped at a step boundary; exit code 128 + signal."""

    def __init__(self, signum: int, *, kept: str = ""):
        self.signum = signum
        self.exit_code = 128 + signum
        super().__init__(f"stopped by signal {signum}" + (f"; {kept}" if kept else ""))
