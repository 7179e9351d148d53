"""Opening the directory that settings name, also where the library for it is not installed."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
sys.modules["ldap"] = None  # as if it were not installed
from csrdesk.config import DirectorySettings
from csrdesk.errors import ConfigError
from csrdesk.services.directory.opening import open_directory
try:
    open_directory(DirectorySettings(kind="ad", controllers=("ldaps://dc1.example.org",)), None)
except ConfigError as error:
    print(error.key, error.message)
"""


def test_without_its_library_active_directory_is_a_settings_error_that_says_what_to_install() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("directory.kind Active Directory needs python-ldap")
    assert "pip install 'csrdesk[ad]'" in done.stdout


def test_without_a_directory_none_is_opened_and_none_is_loaded() -> None:
    program = (
        "import sys\nfrom csrdesk.config import DirectorySettings\n"
        "from csrdesk.services.directory.opening import open_directory\n"
        "print(open_directory(DirectorySettings(), None), 'ldap' in sys.modules, 'httpx' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["None", "False", "False"]
