"""Which variables of the user lead uv elsewhere, and which help it to get there."""

import pytest

from hatch_tilebox.discovery.clean_environment import install_environment
from hatch_tilebox.discovery.uv_variables import drops_variable


@pytest.mark.parametrize(
    "name",
    [
        "UV_INDEX",
        "UV_DEFAULT_INDEX",
        "UV_INDEX_URL",
        "UV_EXTRA_INDEX_URL",
        "UV_FIND_LINKS",
        "UV_EXCLUDE_NEWER",
        "UV_PRERELEASE",
        "UV_OVERRIDE",
        "UV_CONFIG_FILE",
        "UV_NO_BINARY_PACKAGE",
        "UV_FROZEN",
        "UV_PROJECT_ENVIRONMENT",
        "UV_INTERNAL__TEST_DIR",
        "uv_index",
    ],
)
def test_another_resolution_does_not_reach_uv(name, monkeypatch):
    monkeypatch.setenv(name, "elsewhere")
    assert drops_variable(name)
    assert name not in install_environment()


@pytest.mark.parametrize(
    "name",
    [
        "UV_INDEX_ACME_USERNAME",
        "UV_INDEX_ACME_PASSWORD",
        "UV_CACHE_DIR",
        "UV_CREDENTIALS_DIR",
        "UV_HTTP_TIMEOUT",
        "UV_INSECURE_HOST",
        "UV_KEYRING_PROVIDER",
        "UV_NO_BUILD",
        "UV_OFFLINE",
        "UV_PYTHON_INSTALL_MIRROR",
        "UV_SYSTEM_CERTS",
        "HTTPS_PROXY",
        "SSL_CERT_FILE",
    ],
)
def test_the_way_there_stays(name, monkeypatch):
    monkeypatch.setenv(name, "value")
    assert install_environment()[name] == "value"
