"""Build hook of the wheel: it has a program, so it is for one platform, and for every Python 3."""

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Platform(BuildHookInterface):
    def initialize(self, version, build_data):
        build_data["pure_python"] = False
        build_data["tag"] = "py3-none-linux_x86_64"
        build_data["sbom_files"] = ["regesta.cdx.json"]
